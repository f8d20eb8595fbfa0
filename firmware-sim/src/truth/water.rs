//! The water against what its sources owe.

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::source::{Kind, Source};
use firemain_domain::time::HOUR_MS;

use super::causes::Why;
use super::drops::{Calm, Look};
use super::keeper::Sighting;
use super::limits::Limits;
use super::{Causes, Keeper, What};
use crate::water::{Drawn, Stretch};

/// At or below this a main is as good as dry, kPa.
const CRITICAL_KPA: f64 = 30.0;
/// QCVN 10:2025/BCA H.1.1.2: 60 m at most in a combined main.
const HIGH_KPA: f64 = 590.0;
/// TCVN 6379:2024: a hydrant's working pressure.
const HIGHEST_KPA: f64 = 1_000.0;
const RESIDUAL_FROM_LPS: f64 = 5.0;
const IN_USE_LPS: f64 = 1.0;
/// A draw point's lowest water below its apron (QCVN 10:2025/BCA, Fig. H.1), m.
const LIFT_M: f64 = 5.0;
/// Its thinnest layer (QCVN 01:2021 2.10.5), m.
const LAYER_M: f64 = 0.5;
/// One zone's stretch of water, with who stands in it.
pub(crate) struct Seen<'a> {
    pub(crate) zone: usize,
    pub(crate) first_source: usize,
    pub(crate) stretch: &'a Stretch<'a>,
    pub(crate) limits: &'a [Limits],
    /// What is usual here.
    pub(crate) calm: Option<&'a Calm>,
    /// Whether water is owed at this hour.
    pub(crate) is_owed: bool,
    /// Whether flow tests are known to whoever judges.
    pub(crate) tested: bool,
    pub(crate) causes: &'a Causes,
}

/// When something was so, in a stretch: at all, beyond what the sensor cannot tell apart, and beyond
/// the critical limit.
#[derive(Clone, Copy, Debug, Default)]
struct When {
    at_all: Option<(Timestamp, Timestamp)>,
    clearly: Option<(Timestamp, Timestamp)>,
    critically: Option<(Timestamp, Timestamp)>,
}

impl When {
    fn sighting(
        &self,
        worst: f64,
        worse_above: bool,
        severity: Option<Severity>,
    ) -> Option<Sighting> {
        Some(Sighting {
            span: self.at_all?,
            severity,
            worst,
            worse_above,
            critical: self.critically,
            clear_ms: self.clearly.map_or(0, |(from, until)| until.since_ms(from)),
        })
    }

    /// `clear` where it was clearly so, else minor.
    fn severity(&self, clear: Severity) -> Severity {
        if self.clearly.is_some() {
            clear
        } else {
            Severity::Minor
        }
    }
}

impl Keeper {
    /// Takes note of a stretch of water in one zone.
    pub(crate) fn see(&mut self, seen: &Seen<'_>) {
        if !self.keeps() {
            return;
        }
        for local in 0..seen.stretch.from_kpa.len() {
            let drawn = seen
                .stretch
                .drawn
                .iter()
                .find(|drawn| drawn.hydrant == local);
            self.see_hydrant(seen, local, drawn);
        }
        self.see_drop(seen);
    }

    fn see_drop(&mut self, seen: &Seen<'_>) {
        let Some(calm) = seen.calm else {
            return;
        };
        let stretch = seen.stretch;
        let watched = |local: usize| !seen.limits[seen.first_source + local].static_kpa.is_nan();
        for (at, kpa) in [
            (stretch.from, stretch.from_kpa),
            (stretch.until, stretch.until_kpa),
        ] {
            let look = Look {
                zone: seen.zone,
                first_source: seen.first_source,
                at,
                kpa,
                calm,
                is_owed: seen.is_owed,
            };
            // No source has the number MAX: the zone's newest cause is asked for.
            self.drops.see(&look, watched, || {
                seen.causes.of_water(seen.zone, u32::MAX, at)
            });
        }
    }

    fn see_hydrant(&mut self, seen: &Seen<'_>, local: usize, drawn: Option<&Drawn>) {
        let source = (seen.first_source + local) as u32;
        let limits = seen.limits[seen.first_source + local];
        let stretch = seen.stretch;
        let (a, b) = (
            f64::from(stretch.from_kpa[local]),
            f64::from(stretch.until_kpa[local]),
        );
        let (low, high) = (a.min(b), a.max(b));
        let cause = |at: Timestamp| move || seen.causes.of_water(seen.zone, source, at);
        let owed = |limit: f32| {
            if seen.is_owed {
                f64::from(limit)
            } else {
                f64::NAN
            }
        };
        let accuracy = f64::from(limits.accuracy_kpa);
        let below = |limit: f64, critical: f64| When {
            at_all: under(stretch, (a, b), limit),
            clearly: under(stretch, (a, b), limit - accuracy),
            critically: under(stretch, (a, b), limit.min(critical)),
        };

        let when = below(owed(limits.static_kpa), CRITICAL_KPA);
        let severity = if when.critically.is_some() {
            Severity::Critical
        } else {
            when.severity(Severity::Major)
        };
        let sighting = when.sighting(low, false, Some(severity));
        self.note(source, What::LowStatic, stretch.until, sighting, cause);

        // Nothing may hide a dry source beside a fire: it is dry, whatever is owed at this hour.
        let dry = !seen.is_owed
            && !limits.static_kpa.is_nan()
            && seen.causes.burns_near(source, stretch.until);
        let limit = CRITICAL_KPA.min(f64::from(limits.static_kpa));
        let when = if dry {
            below(limit, limit)
        } else {
            When::default()
        };
        let sighting = when.sighting(low, false, Some(Severity::Critical));
        let by_hours = |_: Timestamp| || None;
        self.note(source, What::DryAtFire, stretch.until, sighting, by_hours);

        let in_use = drawn.is_some_and(|drawn| drawn.wanted_lps >= RESIDUAL_FROM_LPS);
        let limit = owed(limits.residual_kpa);
        let when = if in_use {
            below(limit, limit)
        } else {
            When::default()
        };
        let sighting = when.sighting(low, false, Some(when.severity(Severity::Critical)));
        self.note(source, What::LowResidual, stretch.until, sighting, cause);

        let when = if drawn.is_some() {
            When::default()
        } else {
            below(owed(limits.deficit_kpa), f64::NEG_INFINITY)
        };
        let told = seen.tested && low >= f64::from(limits.tested_kpa);
        let severity = told.then_some(when.severity(Severity::Major));
        let sighting = when.sighting(low, false, severity);
        self.note(source, What::FlowDeficit, stretch.until, sighting, cause);

        let above = |limit: f64| under(stretch, (-a, -b), -limit);
        let when = When {
            at_all: above(HIGH_KPA),
            clearly: above(HIGH_KPA + accuracy),
            critically: above(HIGHEST_KPA),
        };
        let severity = if when.critically.is_some() {
            Severity::Critical
        } else {
            Severity::Minor
        };
        let sighting = when.sighting(high, true, Some(severity));
        self.note(source, What::HighPressure, stretch.until, sighting, cause);

        self.see_use(seen, source, drawn);
    }

    fn see_use(&mut self, seen: &Seen<'_>, source: u32, drawn: Option<&Drawn>) {
        let stretch = seen.stretch;
        let cause = |at: Timestamp| move || seen.causes.of_water(seen.zone, source, at);
        let lps = drawn.map_or(0.0, |drawn| drawn.from_lps.max(drawn.until_lps));
        let whole = (lps > IN_USE_LPS).then_some((stretch.from, stretch.until));
        let when = |span| When {
            at_all: span,
            clearly: span,
            critically: None,
        };
        let used = when(whole).sighting(lps, true, Some(Severity::Info));
        self.note(source, What::InUse, stretch.until, used, cause);
        let stolen = whole.filter(|_| seen.causes.is_theft(seen.zone, source, stretch.from));
        let stolen = when(stolen).sighting(lps, true, Some(Severity::Major));
        self.note(source, What::UnauthorisedUse, stretch.until, stolen, cause);
    }

    fn note<F: FnOnce() -> Option<Why>>(
        &mut self,
        source: u32,
        what: What,
        upto: Timestamp,
        sighting: Option<Sighting>,
        cause: impl FnOnce(Timestamp) -> F,
    ) {
        match sighting {
            Some(sighting) => self.hold(source, what, &sighting, cause(sighting.span.0)),
            None => self.calm(source, what, upto),
        }
    }
}

/// When a straight line from `a` to `b` over the stretch lies below `limit`.
fn under(stretch: &Stretch<'_>, (a, b): (f64, f64), limit: f64) -> Option<(Timestamp, Timestamp)> {
    let crossing = || {
        let part = (limit - a) / (b - a);
        stretch
            .from
            .plus_ms((stretch.until.since_ms(stretch.from) as f64 * part) as i64)
    };
    match (a < limit, b < limit) {
        (true, true) => Some((stretch.from, stretch.until)),
        (true, false) => Some((stretch.from, crossing())),
        (false, true) => Some((crossing(), stretch.until)),
        (false, false) => None,
    }
}

/// What is remembered of a tank from one look to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TankEye {
    drawing: bool,
    drawn_until: Option<Timestamp>,
    /// What lowered it last; remembered, for a tank stays low long after.
    cause: Option<Why>,
}

/// A tank as it truly stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TankSight {
    pub(crate) volume_m3: f64,
    pub(crate) draws: bool,
    pub(crate) leaks: bool,
}

impl Keeper {
    /// Takes note of how a tank stood since the tick before.
    pub(crate) fn see_tank(
        &mut self,
        (zone, source): (usize, u32),
        owner: &Source,
        eye: &mut TankEye,
        sight: TankSight,
        (before, now): (Timestamp, Timestamp),
        causes: &Causes,
    ) {
        let by = |why: Option<Why>| move |_: Timestamp| move || why;
        let span = Some((before, now));
        let when = |is: bool, clearly: bool, critically: bool| When {
            at_all: span.filter(|_| is),
            clearly: span.filter(|_| is && clearly),
            critically: span.filter(|_| is && critically),
        };
        let volume_m3 = sight.volume_m3;
        let told = |when: When, severity| when.sighting(volume_m3, false, Some(severity));
        let lowered = causes.of_store(zone, source, (before, now));
        let drawn = told(when(sight.draws, true, false), Severity::Info);
        self.note(source, What::TankDrawoff, now, drawn, by(lowered));
        let leaks = told(when(sight.leaks, true, false), Severity::Minor);
        let leak = |_: Timestamp| move || causes.of_leak(zone, source, now);
        self.note(source, What::TankLeak, now, leaks, leak);
        eye.cause = lowered.or(eye.cause);
        if eye.drawing && !sight.draws {
            eye.drawn_until = Some(now);
        }
        eye.drawing = sight.draws;
        let Some(required) = owner.requirement.volume_m3 else {
            return;
        };
        let low = volume_m3 < required;
        if !low {
            eye.drawn_until = None;
            if !sight.draws && !sight.leaks {
                eye.cause = None;
            }
        }
        let cause = by(eye.cause);
        let is_critical = volume_m3 < required / 2.0;
        let when_low = when(low, volume_m3 < required - tolerance_m3(owner), is_critical);
        let severity = if is_critical {
            Severity::Critical
        } else {
            when_low.severity(Severity::Major)
        };
        self.note(source, What::TankLow, now, told(when_low, severity), cause);
        let refill_ms = (refill_hours(owner) * HOUR_MS as f64) as i64;
        let late = eye
            .drawn_until
            .is_some_and(|until| now.since_ms(until) > refill_ms);
        let late = told(when(late, true, false), Severity::Major);
        self.note(source, What::RefillLate, now, late, cause);
    }

    /// Takes note of how a draw point's water stood since the tick before.
    pub(crate) fn see_draw_point(
        &mut self,
        (zone, source): (usize, u32),
        owner: &Source,
        level_m: f64,
        (before, now): (Timestamp, Timestamp),
        causes: &Causes,
    ) {
        let Kind::DrawPoint(shape) = &owner.kind else {
            return;
        };
        let deep = shape
            .below_apron_m(level_m)
            .map_or(f64::MIN, |m| m - LIFT_M);
        let thin = shape.layer_m(level_m).map_or(f64::MIN, |m| LAYER_M - m);
        let by_m = deep.max(thin);
        let span = Some((before, now));
        let when = When {
            at_all: span.filter(|_| by_m > 0.0),
            clearly: span.filter(|_| by_m > owner.sensor.accuracy.unwrap_or(0.02)),
            critically: None,
        };
        let sighting = when.sighting(by_m, true, Some(when.severity(Severity::Major)));
        let cause = |_: Timestamp| move || causes.of_store(zone, source, (before, now));
        self.note(source, What::DrawLow, now, sighting, cause);
    }
}

fn tolerance_m3(owner: &Source) -> f64 {
    match &owner.kind {
        Kind::Tank(tank) => owner.sensor.accuracy.unwrap_or(0.02) * tank.area_m2.unwrap_or(0.0),
        _ => 0.0,
    }
}

fn refill_hours(owner: &Source) -> f64 {
    match &owner.kind {
        Kind::Tank(tank) => tank.refill_hours.unwrap_or(72.0),
        _ => 72.0,
    }
}
