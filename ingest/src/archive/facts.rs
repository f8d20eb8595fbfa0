//! What devices tell of themselves beside what they measure: firmware, starts, settings.

use std::sync::Arc;

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
    topic: &Arc<str>,
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
