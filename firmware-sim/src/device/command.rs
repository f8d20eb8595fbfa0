//! Commands to a device: `{"id":…,"set":{"report_interval_s":…,…},"expires_at":…}`, answered by the
//! event `command_done`.

use firemain_domain::Timestamp;
use serde_json::Value;

/// It looks at the water once a minute, and reports no more often.
const INTERVAL_S: std::ops::RangeInclusive<f64> = 60.0..=604_800.0;

/// What a command sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Setting {
    /// Seconds between reports.
    ReportIntervalS(u32),
    /// Seconds between samples.
    SampleIntervalS(u32),
    /// By how much the main quantity must change to be told at once, in its unit.
    ReportDelta(f32),
}

/// A command as read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    /// Its id, echoed in the answer.
    pub(crate) id: String,
    /// What to set, or why that cannot be.
    pub(crate) settings: Result<Vec<Setting>, String>,
}

/// Reads a command; `None` for bytes that are none (without an id there is nobody to answer).
pub(crate) fn read(payload: &[u8], now: Timestamp) -> Option<Command> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let id = match value.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(n) => n.to_string(),
        _ => return None,
    };
    Some(Command {
        id,
        settings: settings(&value, now),
    })
}

fn settings(value: &Value, now: Timestamp) -> Result<Vec<Setting>, String> {
    if expiry(value).is_some_and(|at| at < now) {
        return Err("expired".into());
    }
    let Some(Value::Object(set)) = value.get("set") else {
        return Err("nothing to set".into());
    };
    set.iter().map(|(key, value)| setting(key, value)).collect()
}

fn expiry(value: &Value) -> Option<Timestamp> {
    match value.get("expires_at")? {
        Value::String(text) => Timestamp::parse(text),
        other => other.as_i64().map(Timestamp::from_ms),
    }
}

fn setting(key: &str, value: &Value) -> Result<Setting, String> {
    let number = value
        .as_f64()
        .ok_or_else(|| format!("{key} must be a number"))?;
    let seconds = || {
        if INTERVAL_S.contains(&number) {
            Ok(number as u32)
        } else {
            Err(format!(
                "{key} must lie between {} and {} s",
                INTERVAL_S.start(),
                INTERVAL_S.end()
            ))
        }
    };
    match key {
        "report_interval_s" => seconds().map(Setting::ReportIntervalS),
        "sample_interval_s" => seconds().map(Setting::SampleIntervalS),
        "report_delta_kpa" | "report_delta_m" if number > 0.0 => {
            Ok(Setting::ReportDelta(number as f32))
        }
        "report_delta_kpa" | "report_delta_m" => Err(format!("{key} must be above 0")),
        _ => Err(format!("unknown setting {key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_and_a_bad_one_says_why() {
        let now = Timestamp::from_ms(1_764_000_000_000);
        let good = read(br#"{"id":"c1","set":{"report_interval_s":300}}"#, now).unwrap();
        assert_eq!(
            good,
            Command {
                id: "c1".into(),
                settings: Ok(vec![Setting::ReportIntervalS(300)])
            }
        );
        let old = read(
            br#"{"id":"c2","set":{"report_interval_s":300},"expires_at":"2020-01-01T00:00:00Z"}"#,
            now,
        )
        .unwrap();
        assert_eq!(old.settings, Err("expired".into()));
        assert!(
            read(br#"{"id":"c3","set":{"report_interval_s":1}}"#, now)
                .unwrap()
                .settings
                .is_err()
        );
        assert!(
            read(br#"{"id":"c4","set":{"colour":1}}"#, now)
                .unwrap()
                .settings
                .is_err()
        );
        assert_eq!(read(b"nonsense", now), None);
    }
}
