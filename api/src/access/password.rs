//! Passwords: argon2id with the parameters of the OWASP Password Storage Cheat Sheet (19 MiB, two
//! passes, one lane), bounds as NIST SP 800-63B section 5.1.1 has them: length counts, not classes
//! of characters.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use firemain_store::register::access::PasswordHash;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Characters of a password at least.
const LEAST_PASSWORD: usize = 10;
/// Bytes of a password at most.
pub const MOST_PASSWORD: usize = 256;
/// Tried first by whoever guesses.
const COMMON: [&str; 12] = [
    "1234567890",
    "0123456789",
    "password12",
    "password123",
    "password1234",
    "qwertyuiop",
    "q1w2e3r4t5",
    "administrator",
    "firemain123",
    "matkhau123",
    "abcd123456",
    "iloveyou123",
];

/// Why a password was not hashed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too easy to guess, or cannot be one.
    #[error("the password {0}")]
    Poor(String),
    /// The system gives no memory or randomness.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

/// Refuses passwords that are guessed first.
///
/// # Errors
/// What is wrong with it.
pub fn check_password(name: &str, password: &str) -> Result<(), String> {
    let length = password.chars().count();
    if length < LEAST_PASSWORD || password.len() > MOST_PASSWORD {
        return Err(format!(
            "must have {LEAST_PASSWORD} to {MOST_PASSWORD} characters: several words are easily remembered"
        ));
    }
    let lower = password.to_lowercase();
    let one = password.chars().next();
    let same = password.chars().all(|c| Some(c) == one);
    if same || COMMON.contains(&&*lower) || (name.len() > 3 && lower.contains(name)) {
        return Err("is among those that are guessed first: choose another".to_owned());
    }
    Ok(())
}

/// The hash of a password that will do.
///
/// # Errors
/// When it is poor, or the system gives no randomness.
pub fn hash_password(name: &str, password: &str) -> Result<PasswordHash, PasswordError> {
    check_password(name, password).map_err(PasswordError::Poor)?;
    let failed = |e: &dyn std::fmt::Display| PasswordError::Failed(e.to_string());
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|e| failed(&e))?;
    hash(password, &salt).map_err(|e| failed(&e))
}

fn hash(password: &str, salt: &[u8]) -> Result<PasswordHash, argon2::password_hash::Error> {
    let hashed: Phc = hasher().hash_password_with_salt(password.as_bytes(), salt)?;
    Ok(PasswordHash(hashed.to_string()))
}

/// Whether a password is the one that was hashed.
pub fn fits(password: &str, hash: &PasswordHash) -> bool {
    if password.len() > MOST_PASSWORD {
        return false;
    }
    Phc::new(&hash.0).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash that no password fits, as dear to compare with as any: for names that nobody has.
#[expect(clippy::format_collect, reason = "a few bytes, seldom")]
pub fn nobodys_hash() -> &'static PasswordHash {
    static HASH: LazyLock<PasswordHash> = LazyLock::new(|| {
        let mut chance = [0_u8; 32];
        let _ = getrandom::fill(&mut chance);
        let (salt, password) = chance.split_at(16);
        let password: String = password.iter().map(|byte| format!("{byte:02x}")).collect();
        hash(&password, salt).unwrap_or_else(|_| PasswordHash(String::new()))
    });
    &HASH
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_salted_and_fits_its_password_only() {
        let one = hash_password("lan", "năm chiếc lá").unwrap();
        let other = hash_password("lan", "năm chiếc lá").unwrap();
        assert!(
            one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            one.0
        );
        assert_ne!(one, other, "each has its own salt");
        assert!(fits("năm chiếc lá", &one));
        assert!(!fits("nam chiec la", &one));
        assert!(!fits("anything", nobodys_hash()));
        assert!(!format!("{one:?}").contains("argon2"));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for poor in [
            "short",
            "1234567890",
            "aaaaaaaaaaaa",
            "Password123",
            "hoang-2026-hoang",
        ] {
            assert!(check_password("hoang", poor).is_err(), "{poor}");
        }
        assert!(check_password("lan", &"x y".repeat(100)).is_err());
        assert_eq!(check_password("lan", "ba con mèo đen"), Ok(()));
    }
}
