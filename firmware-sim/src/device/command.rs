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
    /// Crossing this is told at once.
    ThresholdLow(f32),
    /// And this.
    ThresholdHigh(f32),
    /// Is added to what the sensor reads.
    CalibrationOffset(f32),
}

/// What a device measures, and so in which unit it can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measures {
    /// Pressure, kPa.
    Pressure,
    /// A level, m.
    Level,
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
pub(crate) fn read(payload: &[u8], measures: Measures, now: Timestamp) -> Option<Command> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let id = match value.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(n) => n.to_string(),
        _ => return None,
    };
    Some(Command {
        id,
        settings: settings(&value, measures, now),
    })
}

fn settings(value: &Value, measures: Measures, now: Timestamp) -> Result<Vec<Setting>, String> {
    if expiry(value).is_some_and(|at| at < now) {
        return Err("expired".into());
    }
    let Some(Value::Object(set)) = value.get("set") else {
        return Err("nothing to set".into());
    };
    set.iter()
        .map(|(key, value)| setting(key, value, measures))
        .collect()
}

fn expiry(value: &Value) -> Option<Timestamp> {
    match value.get("expires_at")? {
        Value::String(text) => Timestamp::parse(text),
        other => other.as_i64().map(Timestamp::from_ms),
    }
}

fn setting(key: &str, value: &Value, measures: Measures) -> Result<Setting, String> {
    let number = value
        .as_f64()
        .ok_or_else(|| format!("{key} must be a number"))?;
    let within = |least: f64, most: f64, unit: &str| {
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(format!("{key} must lie between {least} and {most} {unit}"))
        }
    };
    let seconds = || within(*INTERVAL_S.start(), *INTERVAL_S.end(), "s").map(|s| s as u32);
    match key {
        "report_interval_s" => return seconds().map(Setting::ReportIntervalS),
        "sample_interval_s" => return seconds().map(Setting::SampleIntervalS),
        _ => {}
    }
    let (what, of) = match key.rsplit_once('_') {
        Some((what, "kpa")) => (what, Measures::Pressure),
        Some((what, "m")) => (what, Measures::Level),
        _ => return Err(format!("unknown setting {key}")),
    };
    // The bounds that docs/wire.md asks of devices.
    let (unit, delta, threshold, offset) = match of {
        Measures::Pressure => ("kPa", (0.1, 1_000.0), (0.0, 2_500.0), 200.0),
        Measures::Level => ("m", (0.001, 10.0), (-50.0, 100.0), 5.0),
    };
    let bounds = match what {
        "report_delta" => delta,
        "threshold_low" | "threshold_high" => threshold,
        "calibration_offset" => (-offset, offset),
        _ => return Err(format!("unknown setting {key}")),
    };
    if of != measures {
        return Err(format!("{key}: it does not measure that"));
    }
    let number = within(bounds.0, bounds.1, unit)? as f32;
    Ok(match what {
        "report_delta" => Setting::ReportDelta(number),
        "threshold_low" => Setting::ThresholdLow(number),
        "threshold_high" => Setting::ThresholdHigh(number),
        _ => Setting::CalibrationOffset(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);

    fn said(set: &str) -> Result<Vec<Setting>, String> {
        let command = format!(r#"{{"id":"c","set":{set}}}"#);
        read(command.as_bytes(), Measures::Pressure, NOW)
            .unwrap()
            .settings
    }

    #[test]
    fn a_command_is_read_and_a_bad_one_says_why() {
        let good = br#"{"id":"c1","set":{"report_interval_s":300}}"#;
        assert_eq!(
            read(good, Measures::Level, NOW).unwrap(),
            Command {
                id: "c1".into(),
                settings: Ok(vec![Setting::ReportIntervalS(300)])
            }
        );
        let old =
            br#"{"id":"c2","set":{"report_interval_s":300},"expires_at":"2020-01-01T00:00:00Z"}"#;
        let old = read(old, Measures::Level, NOW).unwrap();
        assert_eq!(old.settings, Err("expired".into()));
        assert_eq!(read(b"nonsense", Measures::Level, NOW), None);
        assert_eq!(
            said(r#"{"report_interval_s":1}"#),
            Err("report_interval_s must lie between 60 and 604800 s".into())
        );
        assert_eq!(
            said(r#"{"colour":1}"#),
            Err("unknown setting colour".into())
        );
        assert_eq!(said(r#"{"a_kpa":1}"#), Err("unknown setting a_kpa".into()));
    }

    #[test]
    fn everything_that_people_can_ask_for_is_taken_within_its_bounds() {
        assert_eq!(
            said(r#"{"threshold_low_kpa":90,"threshold_high_kpa":600}"#),
            Ok(vec![
                Setting::ThresholdHigh(600.0),
                Setting::ThresholdLow(90.0)
            ])
        );
        assert_eq!(
            said(r#"{"calibration_offset_kpa":-12.5,"report_delta_kpa":5}"#),
            Ok(vec![
                Setting::CalibrationOffset(-12.5),
                Setting::ReportDelta(5.0)
            ])
        );
        for (set, why) in [
            (
                r#"{"calibration_offset_kpa":201}"#,
                "calibration_offset_kpa must lie between -200 and 200 kPa",
            ),
            (
                r#"{"threshold_low_m":1}"#,
                "threshold_low_m: it does not measure that",
            ),
            (
                r#"{"report_delta_kpa":"5"}"#,
                "report_delta_kpa must be a number",
            ),
        ] {
            assert_eq!(said(set), Err(why.to_owned()));
        }
    }
}
