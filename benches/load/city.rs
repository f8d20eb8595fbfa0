//! The city: hydrants on a grid, 130 m apart, in zones of some four thousand, and the probes whose
//! alerts are timed.

use std::fmt::Write;

/// Sources that report nothing until an alert is to be timed.
pub(crate) const PROBES: u32 = 300;
/// Degrees between two hydrants.
const STEP_DEG: f64 = 0.0012;
const SOUTH: f64 = 20.5;
const WEST: f64 = 105.2;

/// Hydrants in a row of the grid.
pub(crate) fn row(sources: u32) -> u32 {
    f64::from(sources).sqrt().ceil() as u32
}

/// Somewhere in the middle of the city, another place for each `n`.
pub(crate) fn place(sources: u32, n: u32) -> (f64, f64) {
    let side = f64::from(row(sources)) * STEP_DEG;
    let (a, b) = (
        n.wrapping_mul(7_919) % 1_000,
        n.wrapping_mul(104_729) % 1_000,
    );
    let inside = |part: u32| side * (0.1 + 0.8 * f64::from(part) / 1_000.0);
    (SOUTH + inside(a), WEST + inside(b))
}

/// The register as people would import it.
pub(crate) fn register(sources: u32, interval_s: u64) -> String {
    let row = row(sources);
    let mut csv = String::from(
        "code,kind,name,lat,lon,device,unit,zone,required_pressure_kpa,report_interval_s\n",
    );
    for n in 0..sources {
        let (lat, lon) = (
            SOUTH + f64::from(n / row) * STEP_DEG,
            WEST + f64::from(n % row) * STEP_DEG,
        );
        let zone = n / row / 64 * 1_000 + n % row / 64;
        let _ = writeln!(
            csv,
            "TR-{n:07},hydrant,{} Hàng Bạc,{lat:.4},{lon:.4},dev-{n:07},P. {},Z-{zone},98.1,{interval_s}",
            n % 999,
            n % 126
        );
    }
    for n in 0..PROBES {
        let _ = writeln!(
            csv,
            "PR-{n:04},hydrant,Probe {n},{:.4},{WEST},probe-{n:04},P. 0,,98.1,86400",
            SOUTH - 1.0 - f64::from(n) * 0.01
        );
    }
    csv
}

/// The topic of a device.
pub(crate) fn topic(n: u32) -> String {
    format!("firemain/v1/dev-{n:07}/telemetry")
}

/// What it says in a round: one in a hundred is short of water.
pub(crate) fn payload(n: u32, round: u32, at_ms: i64) -> String {
    let kpa = if n.is_multiple_of(100) {
        60
    } else {
        200 + n.wrapping_add(round.wrapping_mul(7)) % 9
    };
    format!("{{\"at\":{at_ms},\"seq\":{round},\"pressure_kpa\":{kpa}.5,\"flow_lps\":0.0}}")
}
