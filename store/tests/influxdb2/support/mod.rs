//! A real influxd, a stand-in for one, and points to write. Processes, ports and waiting are those
//! of the whole-system tests.
#![allow(
    dead_code,
    reason = "the shared parts of the bench serve other tests too"
)]

#[path = "../../../../tests/support/until.rs"]
mod until;

#[path = "../../../../tests/support/port.rs"]
mod port;
#[path = "../../../../tests/support/process.rs"]
mod process;
#[path = "../../../../tests/support/servers.rs"]
mod servers;

mod influx;
mod stand_in;

use firemain_domain::source::KindName;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Point, Query, Value};

pub(crate) use influx::Influx;
pub(crate) use stand_in::{Heard, Says, StandIn};

/// 2026-11-24T08:00:00Z.
pub(crate) const EIGHT_O_CLOCK: Timestamp = Timestamp::from_ms(1_795_507_200_000);

pub(crate) fn pressure(source: &str, ms: i64, kpa: f64) -> Point {
    point(source, Quantity::PressureKpa, ms, 0, kpa)
}

pub(crate) fn point(source: &str, quantity: Quantity, ms: i64, mark: u32, value: f64) -> Point {
    let (kind, at) = (KindName::Hydrant, EIGHT_O_CLOCK.plus_ms(ms));
    Point {
        source: source.into(),
        kind,
        quantity,
        at,
        mark,
        value,
    }
}

/// The day after eight o'clock.
pub(crate) fn day(source: &str) -> Query {
    let (from, until) = (EIGHT_O_CLOCK, EIGHT_O_CLOCK.plus_ms(86_400_000));
    Query {
        source: source.into(),
        quantities: Vec::new(),
        from,
        until,
    }
}

pub(crate) fn value(point: &Point) -> Value {
    Value {
        quantity: point.quantity,
        at: point.at,
        mark: point.mark,
        value: point.value,
    }
}
