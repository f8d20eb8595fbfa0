//! Names under which people log in.

/// Names under which firemain itself or its command line is on record.
const TAKEN: [&str; 5] = ["local", "import", "demo", "firemain", "cli"];

/// Refuses what cannot be the name of a user.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '@' | '+')
    };
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(1..=64).contains(&name.len()) || !name.chars().all(good) || !begins {
        return Err(
            "must have 1 to 64 lower-case letters, digits, `.`, `_`, `-`, `@` or `+`, beginning with a letter or digit"
                .to_owned(),
        );
    }
    if TAKEN.contains(&name) {
        return Err("is the name of a part of firemain: choose another".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_pass_for_another_nor_break_a_line() {
        for good in ["lan", "nguyen.van.a", "a@pccc.example", "114"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in [
            "", "Lan", "lan ", "lan\n", "key:x", "local", "../x", "lân", "'; --",
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
