//! From spans to the truth file's lines: what each deserves, and what should have been raised.
//!
//! In: spans, drops and happenings. Out: [`Truth`]s. The dwells are those of the rules' defaults;
//! a rule that wants two samples may see the second only two reports after the water fell.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::source::{Kind, ReportMode, Source};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::causes::Why;
use super::drops::{Calm, Drop};
use super::faults::of_fault;
use super::keeper::{Kept, Span, What};
use super::{About, Truth};
use crate::scenario::EventKind;

/// A tank's fall that tells of a leak, mm a day: covered and open ones.
const LEAK_MM_PER_DAY: (f64, f64) = (2.0, 8.0);
/// A slope is believed from so many days on, and so many steps of the sensor.
const LEAK_DAYS: f64 = 3.0;
const LEAK_STEPS: f64 = 5.0;
/// A neighbour in use excuses so great a fall, for so long.
const EXCUSED_KPA: f32 = 30.0;
const EXCUSED_MS: i64 = HOUR_MS;
/// An evening low that came on so many of the seven days before is a habit.
const HABIT_DAYS: usize = 3;
const HABIT_MS: i64 = 90 * MINUTE_MS;

/// Something that the scenario let happen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened {
    /// From 1, rising.
    pub(crate) number: u32,
    pub(crate) kind: EventKind,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) zone: Option<usize>,
    pub(crate) sources: Vec<u32>,
    pub(crate) size: Option<f64>,
}

/// Whose water and devices are told of.
pub(crate) struct Teller<'a> {
    pub(crate) now: Timestamp,
    pub(crate) sources: &'a [Source],
    pub(crate) zone_names: Vec<&'a str>,
    /// A hydrant's zone's usual water and its place among the zone's hydrants.
    pub(crate) calm_of: &'a dyn Fn(u32) -> Option<(&'a Calm, usize)>,
    /// The happenings, by their numbers.
    pub(crate) happened: &'a [Happened],
}

impl Teller<'_> {
    /// All lines, in order of their beginning.
    pub(crate) fn tell(&self, spans: &[Span], drops: impl Iterator<Item = Drop>) -> Vec<Truth> {
        let mut lines: Vec<Truth> = spans.iter().map(|span| self.line(span)).collect();
        excuse_habits(&mut lines, spans);
        lines.extend(drops.map(|drop| self.drop(&drop)));
        lines.extend(self.happenings(&lines));
        lines.sort_by(|a, b| (a.from, &a.source, &a.what).cmp(&(b.from, &b.source, &b.what)));
        lines
    }

    fn line(&self, span: &Span) -> Truth {
        let source = &self.sources[span.source as usize];
        let lasted_ms = span.until.unwrap_or(self.now).since_ms(span.from);
        let mut line = Truth {
            source: source.code.clone(),
            severity: span.severity,
            event: span.why.and_then(event_name),
            zone: source.zone.clone(),
            critical_from: span.critical.map(|(from, _)| from),
            critical_until: span.critical.map(|(_, until)| until),
            worst: (!span.worst.is_nan()).then(|| thousandths(f64::from(span.worst))),
            ..Truth::of("", span.from, span.until)
        };
        match span.kept {
            Kept::Water(what) => {
                line.what = what.name().into();
                line.cause = span
                    .why
                    .map_or(what.by_itself(), |why| why.kind.name())
                    .into();
                let is_known = span.why.is_some_and(|w| w.kind == EventKind::Maintenance);
                if is_known {
                    line.severity = line.severity.min(Some(Severity::Minor));
                } else {
                    line.expects = self.expects(what, span, source, lasted_ms);
                    line.page = self.deserves_page(what, span, source, lasted_ms);
                }
            }
            Kept::Stale => {
                line.what = "stale".into();
                line.about = About::Silence;
                line.cause = span.why.map_or("unknown", |why| why.kind.name()).into();
                line.page = true;
                line.expects = vec!["STALE".into()];
            }
            Kept::Fault {
                cause,
                found_by,
                size,
            } => {
                line.what = found_by.into();
                line.about = About::Device;
                line.cause = cause.into();
                line.size = size;
                line.expects = of_fault(cause, size, source, lasted_ms);
            }
        }
        line
    }

    /// Rules that should find a span of water; none where it was too short, or no sensor could tell.
    fn expects(
        &self,
        what: What,
        span: &Span,
        source: &Source,
        lasted_ms: i64,
    ) -> Vec<Cow<'static, str>> {
        let due_ms = due_ms(what, source);
        let rules: &[&'static str] = match what {
            What::LowStatic if span.clear_ms > due_ms => &["LOW_STATIC", "ZONE_DROP"],
            What::LowResidual if span.clear_ms > due_ms => &["LOW_RESIDUAL"],
            What::HighPressure if span.clear_ms > due_ms => &["HIGH_PRESSURE"],
            What::FlowDeficit if span.severity.is_some() && span.clear_ms > due_ms => {
                &["FLOW_DEFICIT", "LOW_STATIC"]
            }
            What::InUse if lasted_ms > due_ms => &["IN_USE", "UNAUTHORISED_USE"],
            What::UnauthorisedUse if lasted_ms > due_ms => &["UNAUTHORISED_USE"],
            What::TankLow if span.clear_ms > due_ms => &["TANK_LOW", "REFILL_LATE"],
            What::TankDrawoff if lasted_ms > due_ms => &["TANK_DRAWOFF"],
            What::RefillLate if lasted_ms > due_ms => &["REFILL_LATE", "TANK_LOW"],
            What::TankLeak if self.leak_shows(span, source, lasted_ms) => &["TANK_LEAK"],
            What::DrawLow if span.clear_ms > due_ms => &["DRAW_LOW"],
            _ => &[],
        };
        rules.iter().map(|rule| Cow::Borrowed(*rule)).collect()
    }

    fn deserves_page(&self, what: What, span: &Span, source: &Source, lasted_ms: i64) -> bool {
        let long = match what {
            // Everybody knows that there is no water at this hour. But whoever fights the fire is
            // told, and nobody who tells them is wrong.
            What::DryAtFire => return false,
            What::UnauthorisedUse | What::RefillLate => lasted_ms,
            What::HighPressure => span
                .critical
                .map_or(0, |(from, until)| until.since_ms(from)),
            _ => span.clear_ms,
        } > due_ms(what, source);
        long && span.severity >= Some(Severity::Major) && !self.is_excused(what, span)
    }

    /// Whether a neighbour that draws water excuses it.
    fn is_excused(&self, what: What, span: &Span) -> bool {
        let by_use = span.why.is_some_and(|why| draws(why.kind));
        let fell = || {
            let (calm, hydrant) = (self.calm_of)(span.source)?;
            Some(calm.usual(hydrant, span.from)?.0 - span.worst)
        };
        what == What::LowStatic
            && by_use
            && span.critical.is_none()
            && span.clear_ms <= EXCUSED_MS
            && fell().is_none_or(|kpa| kpa <= EXCUSED_KPA)
    }

    fn leak_shows(&self, span: &Span, source: &Source, lasted_ms: i64) -> bool {
        let Kind::Tank(tank) = &source.kind else {
            return false;
        };
        let happened = span.why.and_then(|why| self.happened_as(why));
        let mm_per_day = happened.and_then(|happened| {
            let size = happened.size?;
            match happened.kind {
                EventKind::TankSeep => Some(size),
                EventKind::TankLeak => Some(size * 1_000.0 / tank.area_m2?),
                _ => None,
            }
        });
        let days = lasted_ms as f64 / DAY_MS as f64;
        let limit = if tank.open {
            LEAK_MM_PER_DAY.1
        } else {
            LEAK_MM_PER_DAY.0
        };
        let step_mm = source.sensor.resolution.unwrap_or(0.002) * 1_000.0;
        // A tank of daily use is filled each night: its leak is within its people's water.
        !tank.daily_use
            && mm_per_day.is_some_and(|mm| {
                days >= LEAK_DAYS && mm > limit * 1.25 && mm * days >= LEAK_STEPS * step_mm
            })
    }

    fn happened_as(&self, why: Why) -> Option<&Happened> {
        let found = self.happened.binary_search_by_key(&why.event, |h| h.number);
        self.happened.get(found.ok()?)
    }

    fn drop(&self, drop: &Drop) -> Truth {
        let lasted_ms = drop.until.unwrap_or(self.now).since_ms(drop.from);
        let members = || drop.members.iter().map(|n| &self.sources[*n as usize]);
        let interval_ms = members().map(report_ms).max().unwrap_or(0);
        let is_long = lasted_ms > 4 * interval_ms.min(15 * MINUTE_MS);
        let kind = drop.why.map(|why| why.kind);
        let is_known = kind == Some(EventKind::Maintenance);
        Truth {
            severity: Some(if is_known {
                Severity::Minor
            } else {
                Severity::Critical
            }),
            cause: kind.map_or("demand", EventKind::name).into(),
            about: About::Zone,
            event: drop.why.and_then(event_name),
            expects: if is_long && !is_known {
                vec!["ZONE_DROP".into()]
            } else {
                Vec::new()
            },
            page: is_long && !is_known && !kind.is_some_and(draws),
            zone: self.zone_names.get(drop.zone).map(|name| (*name).into()),
            members: members().map(|s| s.code.clone()).collect(),
            ..Truth::of("zone_drop", drop.from, drop.until)
        }
    }

    /// A line for each happening but sensors' faults, with all that came of it.
    fn happenings(&self, lines: &[Truth]) -> Vec<Truth> {
        let mut came: BTreeMap<&str, (BTreeSet<&Cow<'static, str>>, bool)> = BTreeMap::new();
        for line in lines {
            if let Some(event) = &line.event {
                let came = came.entry(event).or_default();
                came.0.extend(&line.expects);
                came.1 |= line.page;
            }
        }
        let told = self.happened.iter().filter(|happened| {
            happened.from <= self.now && !matches!(happened.kind, EventKind::Sensor(_))
        });
        told.map(|happened| {
            let why = Why {
                kind: happened.kind,
                event: happened.number,
            };
            let event = event_name(why);
            let came = event.as_deref().and_then(|event| came.get(event));
            let is_gateway = matches!(
                happened.kind,
                EventKind::GatewayDead | EventKind::GatewayCut
            );
            let members = happened.sources.iter();
            Truth {
                cause: happened.kind.name().into(),
                about: if is_gateway {
                    About::Gateway
                } else {
                    About::Happening
                },
                expects: came.map_or_else(Vec::new, |(rules, _)| {
                    rules.iter().map(|rule| (*rule).clone()).collect()
                }),
                page: came.is_some_and(|(_, page)| *page),
                event,
                zone: happened
                    .zone
                    .and_then(|zone| self.zone_names.get(zone))
                    .map(|name| (*name).into()),
                members: members
                    .map(|n| self.sources[*n as usize].code.clone())
                    .collect(),
                size: happened.size,
                ..Truth::of(
                    if is_gateway { "gateway" } else { "happening" },
                    happened.from,
                    happened.until.filter(|until| *until <= self.now),
                )
            }
        })
        .collect()
    }
}

fn event_name(why: Why) -> Option<String> {
    (why.event > 0).then(|| format!("e{}", why.event))
}

/// Whether somebody draws water then.
const fn draws(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Fire | EventKind::Theft | EventKind::PermittedUse | EventKind::FlowTest
    )
}

fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// How long its next report may be in coming, ms; an on-change device tells within some samples.
fn report_ms(source: &Source) -> i64 {
    match source.reporting.mode {
        ReportMode::Periodic => source.interval_ms(),
        ReportMode::OnChange => source.interval_ms().min(5 * MINUTE_MS),
    }
}

/// A rule's dwell and the reports it needs: what lasts no longer than this need not be found.
fn due_ms(what: What, source: &Source) -> i64 {
    let reports = |n: i64| n * report_ms(source);
    // While water flows, a device reports each minute.
    let in_use = 2 * MINUTE_MS;
    match what {
        What::LowStatic | What::DryAtFire => 10 * MINUTE_MS + reports(2),
        What::LowResidual => 2 * MINUTE_MS + in_use,
        What::HighPressure | What::FlowDeficit | What::TankLow => 30 * MINUTE_MS + reports(2),
        What::InUse => MINUTE_MS + in_use,
        What::UnauthorisedUse => 15 * MINUTE_MS + in_use,
        What::TankDrawoff | What::RefillLate => reports(2),
        What::TankLeak => 3 * DAY_MS,
        What::DrawLow => 6 * HOUR_MS + reports(2),
    }
}

/// The same low hour on three of the seven days before is the water company's work, not a page.
fn excuse_habits(lines: &mut [Truth], spans: &[Span]) {
    let mut of_source: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, span) in spans.iter().enumerate() {
        if span.kept == Kept::Water(What::LowStatic) && span.why.is_none() {
            of_source.entry(span.source).or_default().push(i);
        }
    }
    for own in of_source.values_mut() {
        own.sort_by_key(|i| spans[*i].from);
        for n in 0..own.len() {
            let at = spans[own[n]].from;
            let same_hour = |from: Timestamp| {
                let apart = at.since_ms(from).rem_euclid(DAY_MS);
                apart.min(DAY_MS - apart) <= HABIT_MS
            };
            let days: BTreeSet<i64> = own[..n]
                .iter()
                .map(|i| spans[*i].from)
                .filter(|from| at.since_ms(*from) <= 7 * DAY_MS + HABIT_MS && same_hour(*from))
                .map(|from| (at.since_ms(from) + DAY_MS / 2).div_euclid(DAY_MS))
                .filter(|days_ago| *days_ago > 0)
                .collect();
            if days.len() >= HABIT_DAYS {
                lines[own[n]].page = false;
            }
        }
    }
}
