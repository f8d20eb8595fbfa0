//! Joins what is seen piece by piece into spans with a beginning and an end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::time::MINUTE_MS;

use super::{About, Truth};
use crate::scenario::EventKind;

/// A span interrupted for no longer than this is one.
const MERGE_MS: i64 = 5 * MINUTE_MS;
/// Truths kept at most.
const MOST_TRUTHS: usize = 2_000_000;

/// What can be true of a source's water or its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum What {
    LowStatic,
    LowResidual,
    HighPressure,
    FlowDeficit,
    InUse,
    UnauthorisedUse,
    TankLow,
    TankDrawoff,
    TankLeak,
    RefillLate,
    DrawLow,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::LowStatic => "low_static",
            Self::LowResidual => "low_residual",
            Self::HighPressure => "high_pressure",
            Self::FlowDeficit => "flow_deficit",
            Self::InUse => "in_use",
            Self::UnauthorisedUse => "unauthorised_use",
            Self::TankLow => "tank_low",
            Self::TankDrawoff => "tank_drawoff",
            Self::TankLeak => "tank_leak",
            Self::RefillLate => "refill_late",
            Self::DrawLow => "draw_low",
        }
    }

    /// What stands for a cause where no happening explains it.
    const fn by_itself(self) -> &'static str {
        match self {
            Self::LowStatic | Self::LowResidual | Self::HighPressure | Self::FlowDeficit => {
                "demand"
            }
            Self::DrawLow => "weather",
            _ => "use",
        }
    }
}

#[derive(Clone, Debug)]
struct Open {
    from: Timestamp,
    until: Timestamp,
    severity: Option<Severity>,
    cause: Option<EventKind>,
}

#[derive(Clone, Debug)]
struct OpenFault {
    from: Timestamp,
    found_by: &'static str,
}

/// Keeps the truths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeper {
    keeps: bool,
    open: BTreeMap<(u32, What), Open>,
    /// Which of [`What`] is open, by source: spares a million look-ups each step.
    flags: Vec<u16>,
    faults: BTreeMap<(u32, &'static str), OpenFault>,
    done: Vec<(u32, Truth)>,
    left_out: u64,
}

impl Keeper {
    pub(crate) fn new(sources: usize, keeps: bool) -> Self {
        Self {
            keeps,
            flags: vec![0; if keeps { sources } else { 0 }],
            ..Self::default()
        }
    }

    pub(crate) const fn keeps(&self) -> bool {
        self.keeps
    }

    /// Truths that found no more room.
    pub(crate) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// It was so from `from` until `until`.
    pub(crate) fn hold(
        &mut self,
        source: u32,
        what: What,
        (from, until): (Timestamp, Timestamp),
        severity: Option<Severity>,
        cause: impl FnOnce() -> Option<EventKind>,
    ) {
        if !self.keeps {
            return;
        }
        if let Some(open) = self.open.get_mut(&(source, what)) {
            if from.since_ms(open.until) <= MERGE_MS {
                open.until = open.until.max(until);
                open.severity = open.severity.max(severity);
                return;
            }
            self.finish(source, what);
        }
        self.flags[source as usize] |= 1 << what as u8;
        self.open.insert(
            (source, what),
            Open {
                from,
                until,
                severity,
                cause: cause(),
            },
        );
    }

    /// It was not so until `upto`.
    pub(crate) fn calm(&mut self, source: u32, what: What, upto: Timestamp) {
        if !self.keeps || self.flags[source as usize] & 1 << what as u8 == 0 {
            return;
        }
        if self
            .open
            .get(&(source, what))
            .is_some_and(|open| upto.since_ms(open.until) > MERGE_MS)
        {
            self.finish(source, what);
        }
    }

    fn finish(&mut self, source: u32, what: What) {
        self.flags[source as usize] &= !(1 << what as u8);
        let Some(open) = self.open.remove(&(source, what)) else {
            return;
        };
        self.keep(source, truth_of(what, &open, Some(open.until)));
    }

    fn keep(&mut self, source: u32, truth: Truth) {
        if self.done.len() < MOST_TRUTHS {
            self.done.push((source, truth));
        } else {
            self.left_out += 1;
        }
    }

    /// A device's fault begins.
    pub(crate) fn fault_begins(
        &mut self,
        source: u32,
        cause: &'static str,
        found_by: &'static str,
        at: Timestamp,
    ) {
        if self.keeps {
            self.faults
                .entry((source, cause))
                .or_insert(OpenFault { from: at, found_by });
        }
    }

    /// It is mended.
    pub(crate) fn fault_ends(&mut self, source: u32, cause: &'static str, at: Timestamp) {
        if let Some(fault) = self.faults.remove(&(source, cause)) {
            self.keep(source, truth_of_fault(cause, &fault, Some(at)));
        }
    }

    /// The device was silent.
    pub(crate) fn silent(
        &mut self,
        source: u32,
        from: Timestamp,
        until: Option<Timestamp>,
        cause: Option<EventKind>,
    ) {
        if self.keeps {
            self.keep(
                source,
                Truth {
                    severity: Some(Severity::Major),
                    cause: Cow::Borrowed(cause.map_or("unknown", EventKind::name)),
                    about: About::Silence,
                    page: true,
                    expects: vec!["STALE".into()],
                    ..Truth::of("stale", from, until)
                },
            );
        }
    }

    /// All that was true up to now, with the sources' numbers, in order of its beginning; what
    /// lasts has no end.
    pub(crate) fn all(mut self, now: Timestamp) -> Vec<(u32, Truth)> {
        for ((source, what), open) in &self.open {
            let lasts = now.since_ms(open.until) <= MERGE_MS;
            self.done.push((
                *source,
                truth_of(*what, open, (!lasts).then_some(open.until)),
            ));
        }
        for ((source, cause), fault) in &self.faults {
            self.done
                .push((*source, truth_of_fault(cause, fault, None)));
        }
        self.done
            .sort_by(|a, b| (a.1.from, a.0, &a.1.what).cmp(&(b.1.from, b.0, &b.1.what)));
        self.done
    }
}

fn truth_of(what: What, open: &Open, until: Option<Timestamp>) -> Truth {
    Truth {
        severity: open.severity,
        cause: Cow::Borrowed(open.cause.map_or(what.by_itself(), EventKind::name)),
        page: open.severity >= Some(Severity::Major),
        ..Truth::of(what.name(), open.from, until)
    }
}

fn truth_of_fault(cause: &'static str, fault: &OpenFault, until: Option<Timestamp>) -> Truth {
    let severity = match fault.found_by {
        "spike" | "replay" => Severity::Info,
        _ => Severity::Minor,
    };
    Truth {
        severity: Some(severity),
        cause: Cow::Borrowed(cause),
        about: About::Device,
        ..Truth::of(fault.found_by, fault.from, until)
    }
}
