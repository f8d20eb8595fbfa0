//! Sensors of different makes: how often they report, in what steps, and how right they are.

use firemain_domain::source::{ReportMode, Source};

use crate::noise::{draw, share};

/// Of pressure sensors: accuracy (0.1, 0.25, 0.5 and 1 % of 16 bar) and smallest step, kPa.
const PRESSURE: [(f64, f64); 4] = [(1.6, 0.1), (4.0, 0.5), (8.0, 0.5), (16.0, 2.5)];
/// Of level sensors: accuracy and smallest step, m; the last is ultrasonic.
const LEVEL: [(f64, f64); 3] = [(0.01, 0.001), (0.02, 0.002), (0.05, 0.01)];

/// Seconds between reports, with the share of devices that report no more often.
const HYDRANT_S: [(f64, u32); 4] = [(0.08, 60), (0.25, 300), (0.45, 600), (1.0, 900)];
const TANK_S: [(f64, u32); 3] = [(0.2, 900), (0.4, 1_800), (1.0, 3_600)];
const DRAW_POINT_S: [(f64, u32); 2] = [(0.4, 3_600), (1.0, 21_600)];
/// Heartbeats of devices that report on change.
const HEARTBEAT_S: [(f64, u32); 3] = [(0.3, 21_600), (0.6, 43_200), (1.0, 86_400)];
const ON_CHANGE_SHARE: f64 = 0.15;

/// Gives a hydrant's device a make.
pub(super) fn vary_hydrant(source: &mut Source, chance: u64) {
    let of = |what: u64| draw(chance, what, 0);
    let (accuracy, step) = PRESSURE[(of(1) % PRESSURE.len() as u64) as usize];
    source.sensor.accuracy = Some(accuracy);
    source.sensor.resolution = Some(step);
    if share(of(2)) < ON_CHANGE_SHARE {
        source.reporting.mode = ReportMode::OnChange;
        source.reporting.interval_s = Some(pick(&HEARTBEAT_S, of(3)));
    } else {
        source.reporting.interval_s = Some(pick(&HYDRANT_S, of(3)));
    }
}

/// Gives a tank's device a make.
pub(super) fn vary_tank(source: &mut Source, chance: u64) {
    vary_level(source, chance);
    source.reporting.interval_s = Some(pick(&TANK_S, draw(chance, 3, 0)));
}

/// Gives a draw point's device a make.
pub(super) fn vary_draw_point(source: &mut Source, chance: u64) {
    vary_level(source, chance);
    source.reporting.interval_s = Some(pick(&DRAW_POINT_S, draw(chance, 3, 0)));
}

fn vary_level(source: &mut Source, chance: u64) {
    let (accuracy, step) = LEVEL[(draw(chance, 1, 0) % LEVEL.len() as u64) as usize];
    source.sensor.accuracy = Some(accuracy);
    source.sensor.resolution = Some(step);
}

fn pick(shares: &[(f64, u32)], chance: u64) -> u32 {
    let drawn = share(chance);
    shares
        .iter()
        .find(|(upto, _)| drawn < *upto)
        .map_or(900, |(_, seconds)| *seconds)
}
