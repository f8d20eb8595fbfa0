//! Moments and numbers as people in Vietnam read them.

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Asia/Ho_Chi_Minh: seven hours ahead of UTC, without summer time.
const OFFSET_MS: i64 = 7 * HOUR_MS;

/// `08:15`.
pub fn time(at: Timestamp) -> String {
    let ms = (at.ms() + OFFSET_MS).rem_euclid(DAY_MS);
    format!("{:02}:{:02}", ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS)
}

/// Day and month.
pub fn day_month(at: Timestamp) -> (u8, u8) {
    let text = at.plus_ms(OFFSET_MS).to_string();
    let part = |range| {
        text.get(range)
            .and_then(|part: &str| part.parse().ok())
            .unwrap_or(0)
    };
    (part(8..10), part(5..7))
}

/// `23/11`.
pub fn date(at: Timestamp) -> String {
    let (day, month) = day_month(at);
    format!("{day:02}/{month:02}")
}

/// A number with so many decimals and this mark before them.
pub fn number(value: f64, decimals: usize, mark: char) -> String {
    let rounded = format!("{value:.decimals$}");
    // Nothing is "-0".
    let rounded = if rounded
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'))
    {
        rounded.trim_start_matches('-').to_owned()
    } else {
        rounded
    };
    rounded.replace('.', &mark.to_string())
}

/// A whole number where it is one, else one decimal.
pub fn round(value: f64, mark: char) -> String {
    let whole = (value - value.round()).abs() < 0.05;
    number(value, usize::from(!whole), mark)
}
