//! Which rules should find a device's fault, and from when.

use std::borrow::Cow;

use firemain_domain::source::{KindName, ReportMode, Source};
use firemain_domain::time::{DAY_MS, HOUR_MS};

use crate::device::Fault;

/// A drift so great shows against the neighbours, kPa, after so long.
const DRIFT_KPA: f64 = 20.0;
const DRIFT_MS: i64 = 14 * DAY_MS;
/// Rules that should find a device's fault; none where it was too short to show, or hurts nobody.
pub(super) fn of_fault(
    cause: &'static str,
    size: Option<f64>,
    source: &Source,
    lasted_ms: i64,
) -> Vec<Cow<'static, str>> {
    let hydrant = source.kind_name() == KindName::Hydrant;
    let main_tap = source.taps_main() && source.reporting.mode == ReportMode::Periodic;
    let shows = |reports: i64| lasted_ms > reports * source.interval_ms();
    let size = size.unwrap_or(0.0);
    let is = |name: &'static str| cause == Fault::cause_of(name);
    let rules: &[&'static str] = if is("spike") || is("spike_pair") {
        if hydrant && shows(8) { &["SPIKE"] } else { &[] }
    } else if is("stuck") {
        let least_ms = match source.kind_name() {
            KindName::Hydrant if main_tap => 13 * HOUR_MS,
            KindName::Tank => 15 * DAY_MS,
            _ => i64::MAX,
        };
        if lasted_ms > least_ms {
            &["FLATLINE"]
        } else {
            &[]
        }
    } else if is("erratic") {
        if main_tap && shows(14) {
            &["DEVICE"]
        } else {
            &[]
        }
    } else if is("wrong_scale") {
        if shows(4) { &["DEVICE"] } else { &[] }
    } else if is("drift") || is("offset") {
        let days = lasted_ms as f64 / DAY_MS as f64;
        let grown = if is("drift") { size * days } else { size };
        if main_tap && grown.abs() > DRIFT_KPA && lasted_ms > DRIFT_MS {
            &["DRIFT"]
        } else {
            &[]
        }
    } else if is("clock_skew") {
        if size.abs() > 360.0 && shows(5) {
            &["CLOCK"]
        } else {
            &[]
        }
    } else if is("clock_1970") {
        if shows(5) { &["CLOCK"] } else { &[] }
    } else if is("replay") || is("replay_old") || is("replay_values") {
        if shows(14) { &["REPLAY"] } else { &[] }
    } else if is("dead_battery") {
        if shows(3) { &["DEVICE", "STALE"] } else { &[] }
    } else if is("low_battery") || is("flapping_battery") || is("tilt") || is("tamper") {
        if shows(3) { &["DEVICE"] } else { &[] }
    } else {
        &[]
    };
    rules.iter().map(|rule| Cow::Borrowed(*rule)).collect()
}
