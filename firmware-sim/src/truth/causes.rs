//! Which happening was behind it: the newest one in force at the source, or in its zone.

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use crate::scenario::EventKind;

/// Water needs some time to come back after its cause is gone.
const AFTERMATH_MS: i64 = 3 * HOUR_MS;

/// Which happening it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) kind: EventKind,
    /// Its number among the happenings; 0 where it has none.
    pub(crate) event: u32,
}

/// One happening, where and when it is in force.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cause {
    pub(crate) kind: EventKind,
    pub(crate) event: u32,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// The sources it befalls directly; empty: the whole zone.
    pub(crate) sources: Vec<u32>,
}

impl Cause {
    const fn why(&self) -> Why {
        Why {
            kind: self.kind,
            event: self.event,
        }
    }

    fn covers(&self, at: Timestamp, aftermath_ms: i64) -> bool {
        self.from <= at
            && self
                .until
                .is_none_or(|until| at <= until.plus_ms(aftermath_ms))
    }
}

/// The happenings by zone.
#[derive(Clone, Debug)]
pub(crate) struct Causes {
    by_zone: Vec<Vec<Cause>>,
    fires: Vec<Fire>,
}

/// A fire as it is known to whoever fights it, with the sources within reach.
#[derive(Clone, Debug)]
struct Fire {
    from: Timestamp,
    until: Option<Timestamp>,
    sources: Vec<u32>,
}

impl Causes {
    pub(crate) fn new(zones: usize) -> Self {
        Self {
            by_zone: vec![Vec::new(); zones],
            fires: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, zone: usize, cause: Cause) {
        self.by_zone[zone].push(cause);
    }

    /// A fire is called in, and `sources` are within its reach, rising.
    pub(crate) fn add_fire(
        &mut self,
        sources: Vec<u32>,
        from: Timestamp,
        until: Option<Timestamp>,
    ) {
        self.fires.push(Fire {
            from,
            until,
            sources,
        });
    }

    /// Whether a fire burns within reach of `source` at `at`.
    pub(crate) fn burns_near(&self, source: u32, at: Timestamp) -> bool {
        self.fires.iter().any(|fire| {
            fire.from <= at
                && fire.until.is_none_or(|until| at <= until)
                && fire.sources.binary_search(&source).is_ok()
        })
    }

    /// Ends what is in force of that kind at that source.
    pub(crate) fn end(&mut self, zone: usize, kind: EventKind, source: u32, at: Timestamp) {
        for cause in &mut self.by_zone[zone] {
            if cause.kind == kind
                && cause.sources.contains(&source)
                && cause.until.is_none_or(|until| until > at)
            {
                cause.until = Some(at);
            }
        }
    }

    /// Forgets what was over a day ago.
    pub(crate) fn prune(&mut self, now: Timestamp) {
        for zone in &mut self.by_zone {
            zone.retain(|cause| cause.until.is_none_or(|until| now.since_ms(until) < DAY_MS));
        }
        let lasts = |fire: &Fire| fire.until.is_none_or(|until| now.since_ms(until) < DAY_MS);
        self.fires.retain(lasts);
    }

    /// What changed the level of the tank or open water `source` between two moments: its mains
    /// have no part in it.
    pub(crate) fn of_store(
        &self,
        zone: usize,
        source: u32,
        (from, until): (Timestamp, Timestamp),
    ) -> Option<Why> {
        self.by_zone[zone]
            .iter()
            .filter(|cause| {
                matches!(
                    cause.kind,
                    EventKind::TankDraw
                        | EventKind::TankLeak
                        | EventKind::TankSeep
                        | EventKind::LakeFall
                ) && cause.sources.contains(&source)
                    && cause.from <= until
                    && cause
                        .until
                        .is_none_or(|end| end.plus_ms(AFTERMATH_MS) >= from)
            })
            .max_by_key(|cause| cause.from)
            .map(Cause::why)
    }

    /// What made the tank `source` leak at `at`.
    pub(crate) fn of_leak(&self, zone: usize, source: u32, at: Timestamp) -> Option<Why> {
        self.by_zone[zone]
            .iter()
            .filter(|cause| {
                matches!(cause.kind, EventKind::TankLeak | EventKind::TankSeep)
                    && cause.sources.contains(&source)
                    && cause.covers(at, AFTERMATH_MS)
            })
            .max_by_key(|cause| cause.from)
            .map(Cause::why)
    }

    /// What changed the water of the hydrant `source` at `at`; of a whole zone, where `source` is
    /// none of its hydrants.
    pub(crate) fn of_water(&self, zone: usize, source: u32, at: Timestamp) -> Option<Why> {
        let wets = |cause: &&Cause| {
            !matches!(
                cause.kind,
                EventKind::Outage
                    | EventKind::GatewayDead
                    | EventKind::GatewayCut
                    | EventKind::Sensor(_)
            ) && cause.covers(at, AFTERMATH_MS)
        };
        let here = |cause: &&Cause| cause.sources.contains(&source);
        let all = &self.by_zone[zone];
        let newest_own = all
            .iter()
            .filter(wets)
            .filter(here)
            .max_by_key(|cause| cause.from);
        let newest = || {
            let spreads = |cause: &&Cause| {
                matches!(
                    cause.kind,
                    EventKind::Fire
                        | EventKind::Theft
                        | EventKind::Burst
                        | EventKind::PumpStop
                        | EventKind::SupplyStop
                        | EventKind::ClosedMain
                        | EventKind::PermittedUse
                        | EventKind::FlowTest
                        | EventKind::Maintenance
                        | EventKind::Overpressure
                )
            };
            all.iter()
                .filter(wets)
                .filter(spreads)
                .max_by_key(|cause| cause.from)
        };
        newest_own.or_else(newest).map(Cause::why)
    }

    /// What kept `source` silent from `from` on.
    pub(crate) fn of_silence(
        &self,
        zone: usize,
        source: u32,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<Why> {
        self.by_zone[zone]
            .iter()
            .filter(|cause| {
                matches!(
                    cause.kind,
                    EventKind::Outage
                        | EventKind::GatewayDead
                        | EventKind::GatewayCut
                        | EventKind::Sensor("dead_battery" | "replay" | "lost_messages")
                ) && (cause.sources.is_empty() || cause.sources.contains(&source))
                    && cause.from <= until
                    && cause.until.is_none_or(|end| end >= from)
            })
            .min_by_key(|cause| cause.from)
            .map(Cause::why)
    }

    /// Whether somebody draws from `source` without leave at `at`.
    pub(crate) fn is_theft(&self, zone: usize, source: u32, at: Timestamp) -> bool {
        self.by_zone[zone].iter().any(|cause| {
            cause.kind == EventKind::Theft && cause.sources.contains(&source) && cause.covers(at, 0)
        })
    }
}
