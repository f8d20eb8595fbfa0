//! What devices tell of themselves beside what they measure: firmware, starts, settings.

use firemain_domain::Timestamp;
use firemain_domain::change::Settings;
use firemain_domain::report::{EventKind, Report};
use firemain_store::register::devices::DeviceNews;
use serde::Deserialize;

/// What a status or a boot event may tell beside what is measured.
#[derive(Default, Deserialize)]
struct Told {
    firmware: Option<String>,
    config: Option<Settings>,
}

/// What a message tells of its device; nothing in all but few of them.
pub(super) fn told(
    report: &Report,
    topic: &str,
    payload: &[u8],
    at: Timestamp,
) -> Option<DeviceNews> {
    let mut boots = report.events.iter().filter(|e| e.what == EventKind::Boot);
    let boot_at = boots
        .next_back()
        .map(|event| event.at.unwrap_or(at).min(at));
    if boot_at.is_none() && !topic.ends_with("/status") {
        return None;
    }
    let told: Told = serde_json::from_slice(payload).unwrap_or_default();
    let empty = told.firmware.is_none() && told.config.is_none();
    (boot_at.is_some() || !empty).then(|| DeviceNews {
        device: report.device.clone(),
        at,
        firmware: told.firmware.filter(|version| !version.trim().is_empty()),
        boot_at,
        config: told.config,
    })
}

#[cfg(test)]
mod tests {
    use firemain_wire::{Decoder, Limits, Subscription};

    use super::*;

    const AT: Timestamp = Timestamp::from_ms(1_764_000_000_000);

    fn of(topic: &str, payload: &str) -> Option<DeviceNews> {
        let topic = format!("firemain/v1/D-1/{topic}");
        let mut decoder = Decoder::new(Subscription::defaults(), Limits::default());
        let decoded = decoder.decode(&topic, payload.as_bytes(), AT).unwrap();
        assert_eq!(decoded.reports[0].unknown_fields, 0, "{payload}");
        told(&decoded.reports[0], &topic, payload.as_bytes(), AT)
    }

    #[test]
    fn status_and_start_tell_of_the_device_and_readings_do_not() {
        let status = r#"{"online":true,"firmware":"2.4.1","config":{"report_interval_s":900}}"#;
        let news = of("status", status).unwrap();
        assert_eq!(news.firmware.as_deref(), Some("2.4.1"));
        assert_eq!(news.config.unwrap()["report_interval_s"], 900);
        assert_eq!(news.boot_at, None);
        let boot = r#"{"at":1763999990000,"event":"boot","firmware":"2.5.0"}"#;
        let news = of("event", boot).unwrap();
        assert_eq!(news.boot_at, Some(AT.plus_ms(-10_000)));
        assert_eq!(news.firmware.as_deref(), Some("2.5.0"));
        let early = r#"{"at":1764000900000,"event":"boot"}"#;
        assert_eq!(
            of("event", early).unwrap().boot_at,
            Some(AT),
            "a clock ahead"
        );
        assert_eq!(of("status", r#"{"online":true}"#), None);
        assert_eq!(of("event", r#"{"event":"cap_open"}"#), None);
        assert_eq!(of("telemetry", r#"{"pressure_kpa":215.0}"#), None);
    }
}
