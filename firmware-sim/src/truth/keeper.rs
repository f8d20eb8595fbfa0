//! Joins what is seen piece by piece into spans with a beginning and an end.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::time::MINUTE_MS;

use super::causes::Why;
use super::drops::Drops;

/// A span interrupted for no longer than this is one.
const MERGE_MS: i64 = 5 * MINUTE_MS;
/// Truths kept at most.
const MOST_TRUTHS: usize = 2_000_000;

/// What can be true of a source's water.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum What {
    LowStatic,
    /// As good as dry beside a fire, at an hour at which no water is owed.
    DryAtFire,
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
    /// By the rule that must find it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LowStatic | Self::DryAtFire => "low_static",
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

    /// How often it is looked at, ms: each zone's mains when one of its devices is, the rest at ticks.
    const fn seen_each_ms(self) -> i64 {
        match self {
            Self::TankLow
            | Self::TankDrawoff
            | Self::TankLeak
            | Self::RefillLate
            | Self::DrawLow => MERGE_MS,
            _ => MINUTE_MS,
        }
    }

    /// What stands for a cause where no happening explains it.
    pub(crate) const fn by_itself(self) -> &'static str {
        match self {
            Self::DryAtFire => "supply_hours",
            Self::LowStatic | Self::LowResidual | Self::HighPressure | Self::FlowDeficit => {
                "demand"
            }
            Self::DrawLow => "weather",
            _ => "use",
        }
    }
}

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    /// A source's water.
    Water(What),
    /// It was not heard.
    Stale,
    /// Its device's fault.
    Fault {
        cause: &'static str,
        found_by: &'static str,
        size: Option<f64>,
    },
}

/// A span of time in which something was so at a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) source: u32,
    pub(crate) kept: Kept,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) severity: Option<Severity>,
    pub(crate) why: Option<Why>,
    /// The worst true value; `NaN`: none.
    pub(crate) worst: f32,
    /// First and last moment beyond the critical limit.
    pub(crate) critical: Option<(Timestamp, Timestamp)>,
    /// How long it was so beyond what the sensor cannot tell apart, ms.
    pub(crate) clear_ms: i64,
}

impl Span {
    /// One of which only its time is known.
    const fn of(source: u32, kept: Kept, from: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            source,
            kept,
            from,
            until,
            severity: None,
            why: None,
            worst: f32::NAN,
            critical: None,
            clear_ms: 0,
        }
    }
}

/// What was seen over a piece of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) span: (Timestamp, Timestamp),
    pub(crate) severity: Option<Severity>,
    pub(crate) worst: f64,
    /// Whether greater values are worse.
    pub(crate) worse_above: bool,
    pub(crate) critical: Option<(Timestamp, Timestamp)>,
    pub(crate) clear_ms: i64,
}

/// Keeps the truths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeper {
    keeps: bool,
    /// `until` of an open span is how far it was seen.
    open: BTreeMap<(u32, What), (Span, Timestamp)>,
    /// Which of [`What`] is open, by source: spares a million look-ups each step.
    flags: Vec<u16>,
    faults: BTreeMap<(u32, &'static str), Span>,
    done: Vec<Span>,
    left_out: u64,
    pub(super) drops: Drops,
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

    /// It was so as was seen.
    pub(crate) fn hold(
        &mut self,
        source: u32,
        what: What,
        seen: &Sighting,
        why: impl FnOnce() -> Option<Why>,
    ) {
        if !self.keeps {
            return;
        }
        let (from, until) = seen.span;
        if let Some((span, upto)) = self.open.get_mut(&(source, what)) {
            if from.since_ms(*upto) <= MERGE_MS {
                *upto = (*upto).max(until);
                join(span, seen);
                return;
            }
            self.finish(source, what);
        }
        self.flags[source as usize] |= 1 << what as u8;
        let mut span = Span::of(source, Kept::Water(what), from, None);
        span.why = why();
        join(&mut span, seen);
        self.open.insert((source, what), (span, until));
    }

    /// It was not so until `upto`.
    pub(crate) fn calm(&mut self, source: u32, what: What, upto: Timestamp) {
        if !self.keeps || self.flags[source as usize] & 1 << what as u8 == 0 {
            return;
        }
        if self
            .open
            .get(&(source, what))
            .is_some_and(|(_, until)| upto.since_ms(*until) > MERGE_MS)
        {
            self.finish(source, what);
        }
    }

    fn finish(&mut self, source: u32, what: What) {
        self.flags[source as usize] &= !(1 << what as u8);
        if let Some((mut span, until)) = self.open.remove(&(source, what)) {
            span.until = Some(until);
            self.keep(span);
        }
    }

    fn keep(&mut self, span: Span) {
        if self.done.len() < MOST_TRUTHS {
            self.done.push(span);
        } else {
            self.left_out += 1;
        }
    }

    /// A device's fault begins.
    pub(crate) fn fault_begins(
        &mut self,
        source: u32,
        fault: (&'static str, &'static str, Option<f64>),
        why: Option<Why>,
        at: Timestamp,
    ) {
        let (cause, found_by, size) = fault;
        if self.keeps {
            let kept = Kept::Fault {
                cause,
                found_by,
                size,
            };
            let mut span = Span::of(source, kept, at, None);
            span.why = why;
            span.severity = Some(match found_by {
                "spike" | "replay" | "nothing" => Severity::Info,
                _ => Severity::Minor,
            });
            self.faults.entry((source, cause)).or_insert(span);
        }
    }

    /// It is mended.
    pub(crate) fn fault_ends(&mut self, source: u32, cause: &'static str, at: Timestamp) {
        if let Some(mut span) = self.faults.remove(&(source, cause)) {
            span.until = Some(at);
            self.keep(span);
        }
    }

    /// The device was silent.
    pub(crate) fn silent(
        &mut self,
        source: u32,
        from: Timestamp,
        until: Option<Timestamp>,
        why: Option<Why>,
    ) {
        if self.keeps {
            let mut span = Span::of(source, Kept::Stale, from, until);
            span.severity = Some(Severity::Major);
            span.why = why;
            self.keep(span);
        }
    }

    /// All that was true up to now, in order of its beginning, and the zones' drops; what lasts has
    /// no end.
    pub(crate) fn all(mut self, now: Timestamp) -> (Vec<Span>, Drops) {
        for ((_, what), (mut span, until)) in self.open {
            let lasts = now.since_ms(until) <= what.seen_each_ms();
            span.until = (!lasts).then_some(until);
            self.done.push(span);
        }
        self.done.extend(self.faults.into_values());
        (self.done, self.drops)
    }
}

fn join(span: &mut Span, seen: &Sighting) {
    span.severity = span.severity.max(seen.severity);
    let worst = seen.worst as f32;
    span.worst = if seen.worse_above {
        span.worst.max(worst)
    } else {
        span.worst.min(worst)
    };
    span.critical = match (span.critical, seen.critical) {
        (Some((from, _)), Some((_, until))) => Some((from, until)),
        (before, now) => before.or(now),
    };
    span.clear_ms += seen.clear_ms;
}
