//! Lengths of time as people write them: `2h30m`, `45s`, `3d`.

use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

const LONGEST_MS: i64 = 3_660 * DAY_MS;

/// Reads `1d2h30m15s` and the like, as milliseconds; up to ten years.
///
/// # Errors
/// Says what to write instead.
pub(crate) fn read(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "`{text}` is not a length of time: write for instance `90s`, `15m`, `2h30m` or `3d`"
        )
    };
    let mut total = 0_i64;
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .filter(|n| *n > 0)
            .ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let units = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(units);
        let unit_ms = match unit.trim() {
            "d" => DAY_MS,
            "h" => HOUR_MS,
            "m" | "min" => MINUTE_MS,
            "s" => SECOND_MS,
            "ms" => 1,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        total = number
            .checked_mul(unit_ms)
            .and_then(|ms| total.checked_add(ms))
            .ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    if total > LONGEST_MS {
        return Err(format!("`{text}` is longer than ten years"));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for (text, ms) in [
            ("2h30m", 9_000_000),
            ("90s", 90_000),
            ("3d", 3 * DAY_MS),
            ("1d 2h", 26 * HOUR_MS),
            ("0", 0),
        ] {
            assert_eq!(read(text).unwrap(), ms, "{text}");
        }
        for wrong in [
            "",
            "h",
            "5",
            "2 weeks",
            "-1h",
            "9999999d",
            "99999999999999999999s",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
