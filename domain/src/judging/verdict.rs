//! The verdict table: first match wins. Silence makes `unknown`, or leaves `unusable`; it never
//! improves anything. Dwell delays pages, never verdicts.

use super::codes::{Notes, Reasons};
use super::flow::{known_flow, use_counts};
use super::health::is_sick;
use super::outcome::{
    Basis, Evidence, Measured, Note, Reason, RuleName, Severity, Standing, Verdict,
};
use super::rules::{Assessment, Rules};
use super::sample::Seen;
use super::state::{One, Stance};
use crate::quantity::Quantity;
use crate::source::{Kind, Status};
use crate::time::Timestamp;

/// The rules that make a source degraded while they hold, with the reason each gives.
const SHORT: [(RuleName, Reason); 6] = [
    (RuleName::LowStatic, Reason::LowStatic),
    (RuleName::LowResidual, Reason::LowResidual),
    (RuleName::HighPressure, Reason::HighPressure),
    (RuleName::FlowDeficit, Reason::FlowDeficit),
    (RuleName::TankLow, Reason::TankLow),
    (RuleName::DrawLow, Reason::DrawLow),
];

/// What goes on around a source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// A neighbour of its zone is drawing.
    pub shared_main: bool,
    /// Since when its zone, or the part of it that it stands in, is dropping.
    pub zone_drops: Option<Timestamp>,
}

/// How a source stands now.
pub fn stance(one: &One, rules: &Rules, around: Around, now: Timestamp) -> Stance {
    let (verdict, reasons) = verdict(one, rules, around, now);
    let mut notes = Notes::default();
    if around.shared_main {
        notes.push(Note::SharedMain);
    }
    if one.state.is_drawing() {
        notes.push(Note::InUse);
    }
    let before = &one.state.stance;
    let same = before.told && before.verdict == verdict && before.reasons == reasons;
    let since = if same { before.since } else { now };
    Stance {
        verdict,
        reasons,
        notes,
        since,
        told: true,
    }
}

fn verdict(one: &One, rules: &Rules, around: Around, now: Timestamp) -> (Verdict, Reasons) {
    type Row = fn(&One, &Rules, Around, Timestamp) -> Reasons;
    const TABLE: [(Verdict, Row); 4] = [
        (Verdict::Unusable, unusable),
        (Verdict::Unknown, unknown),
        (Verdict::Degraded, short),
        (Verdict::Degraded, unproven),
    ];
    for (verdict, row) in TABLE {
        let reasons = row(one, rules, around, now);
        if !reasons.is_empty() {
            return (verdict, reasons);
        }
    }
    (Verdict::Usable, Reasons::default())
}

/// Out of service, being worked on, outside its supply hours, or beyond a critical limit by two
/// samples of a sensor that is not sick. The last stays when the source then falls silent.
fn unusable(one: &One, rules: &Rules, _: Around, now: Timestamp) -> Reasons {
    let by_person = match one.settings.source.status {
        Status::Planned => Some(Reason::Planned),
        Status::Removed => Some(Reason::Removed),
        Status::OutOfService => Some(Reason::OutOfService),
        Status::InService if one.settings.found().is_some_and(|i| !i.operable) => {
            Some(Reason::Inoperable)
        }
        Status::InService if one.settings.found().is_some_and(|i| i.obstructed) => {
            Some(Reason::Obstructed)
        }
        Status::InService if one.settings.in_maintenance(now) => Some(Reason::Maintenance),
        Status::InService if !one.settings.supplied(now) => Some(Reason::SupplyHours),
        Status::InService => None,
    };
    let on_change = one.settings.on_change();
    let beyond = |rule: RuleName| match one.state.condition(rule) {
        Some(condition) if rule == RuleName::DrawLow => condition
            .run
            .as_ref()
            .is_some_and(|run| run.samples >= 2 || (on_change && condition.has_dwelt())),
        Some(condition) => condition.is_critical(on_change),
        None => false,
    };
    let sick = is_sick(one, rules);
    let by_readings = [
        (RuleName::LowStatic, Reason::LowStatic),
        (RuleName::HighPressure, Reason::HighPressure),
        (RuleName::TankLow, Reason::TankLow),
        (RuleName::DrawLow, Reason::DrawLow),
    ]
    .into_iter()
    .filter(|(rule, _)| one.settings.is_in_service() && !sick && beyond(*rule))
    .map(|(_, reason)| reason);
    by_person.into_iter().chain(by_readings).collect()
}

/// Never heard, silent, sick, nothing required, nothing that what is required could be judged by, or a
/// barrel whose zone is dropping: at rest it says nothing, and what it once proved is past.
fn unknown(one: &One, rules: &Rules, around: Around, _: Timestamp) -> Reasons {
    if !has_requirement(one) {
        return Reasons::from_iter([Reason::NoRequirement]);
    }
    let mut reasons = Reasons::default();
    if one.state.heard_at.is_none() {
        // It speaks, and all it says cannot be.
        let reason = if one.state.newest_invalid {
            Reason::Invalid
        } else {
            Reason::NoData
        };
        reasons.push(reason);
    } else if one.state.silent {
        reasons.push(Reason::Stale);
    }
    if is_sick(one, rules) {
        reasons.push(Reason::SensorSick);
    }
    if reasons.is_empty() && !has_evidence(one) {
        reasons.push(Reason::NoEvidence);
    }
    if around
        .zone_drops
        .is_some_and(|since| is_barrel_without_fresh_evidence(one, since))
    {
        reasons.push(Reason::ZoneDropping);
    }
    reasons
}

fn is_barrel_without_fresh_evidence(one: &One, since: Timestamp) -> bool {
    let source = &one.settings.source;
    let barrel = matches!(source.kind, Kind::Hydrant { .. }) && !source.taps_main();
    let used = one.state.use_proof.as_deref().map(|proof| proof.at);
    let seen = one.state.use_seen_at.filter(|_| one.state.is_drawing());
    let tested = one.settings.tests().last().map(|test| test.at);
    let newest = [used, seen, tested].into_iter().flatten().max();
    barrel && newest.is_none_or(|at| at < since)
}

fn has_requirement(one: &One) -> bool {
    let source = &one.settings.source;
    let required = *source.requirement;
    match &source.kind {
        Kind::Hydrant { .. } => required.pressure_kpa.is_some() || required.flow_lps.is_some(),
        Kind::Tank(_) => required.volume_m3.is_some(),
        // What a draw point owes are the norm's limits to its own apron and bed.
        Kind::DrawPoint(point) => point.apron_level_m.is_some() || point.bed_level_m.is_some(),
    }
}

fn has_evidence(one: &One) -> bool {
    let source = &one.settings.source;
    match &source.kind {
        Kind::Hydrant { .. } if source.taps_main() => {
            source.requirement.pressure_kpa.is_none() || one.state.last().pressure_kpa.is_some()
        }
        // A barrel at rest says nothing; flow that is owed and unproven has a row of its own.
        Kind::Hydrant { .. } => {
            source.requirement.flow_lps.is_some()
                || one.state.use_proof.is_some()
                || !one.settings.tests().is_empty()
        }
        Kind::Tank(tank) => tank.area_m2.is_some() && one.state.last().level_m.is_some(),
        Kind::DrawPoint(_) => one.state.last().level_m.is_some(),
    }
}

/// Below a requirement or above a limit by the newest samples, a doubtful one included; or short by
/// the newest use.
fn short(one: &One, rules: &Rules, _: Around, now: Timestamp) -> Reasons {
    let short_by_use = is_short_by_use(one, now);
    SHORT
        .into_iter()
        .filter(|(rule, reason)| {
            one.state.holds(*rule)
                || (*reason == Reason::FlowDeficit && short_by_use)
                || doubt_holds(one, rules, *rule, now)
        })
        .map(|(_, reason)| reason)
        .collect()
}

/// Whether its newest use showed that it cannot give what it owes, and nothing later says otherwise.
fn is_short_by_use(one: &One, now: Timestamp) -> bool {
    let source = &one.settings.source;
    let matters = source.requirement.flow_lps.is_some() || !source.taps_main();
    let tested = one.settings.tests().last().map(|test| test.at);
    let missed = one.state.use_proof.as_deref().filter(|proof| !proof.met);
    matters
        && missed.is_some_and(|proof| {
            tested.is_none_or(|tested| tested <= proof.at)
                && use_counts(&one.settings, &one.state, proof, now)
        })
}

/// Whether a sample that may yet turn out a spike would be short by this rule: the map tells the
/// truth at once, also where it is not sure of it.
fn doubt_holds(one: &One, rules: &Rules, name: RuleName, now: Timestamp) -> bool {
    one.state.suspects().iter().any(|suspect| {
        let seen = seen(one, suspect, rules, now);
        rules.table().into_iter().filter(|rule| rule.name() == name).any(|rule| {
            matches!(rule.assess(&seen), Assessment::Holds { severity, .. } if severity > Severity::Info)
        })
    })
}

/// Pressure at rest is fine, but no test or use in date proves the flow that is owed.
fn unproven(one: &One, rules: &Rules, _: Around, now: Timestamp) -> Reasons {
    let source = &one.settings.source;
    let owed = matches!(source.kind, Kind::Hydrant { .. }) && source.requirement.flow_lps.is_some();
    if owed
        && known_flow(&one.settings, &one.state, rules, now)
            .proven
            .is_none()
    {
        Reasons::from_iter([Reason::FlowUnproven])
    } else {
        Reasons::default()
    }
}

/// What the rules see of a sample of this source.
pub fn seen<'a>(
    one: &'a One,
    sample: &'a super::sample::Taken,
    rules: &Rules,
    now: Timestamp,
) -> Seen<'a> {
    let flow = known_flow(&one.settings, &one.state, rules, now);
    Seen {
        source: &one.settings.source,
        sample,
        normal: one.state.normal.map(f64::from),
        drawing: one.state.is_drawing(),
        confirmed_use: one.state.is_open(RuleName::InUse),
        has_meter: one.state.last().flow_lps.is_some(),
        cap_open: sample.cap_open.or(one.state.last().cap_open),
        at_rest_kpa: one.state.at_rest_kpa,
        rated_flow: flow.least,
        normal_flow_lps: flow.normal_lps,
    }
}

/// The whole of how a source stands: its stance with the numbers it rests on.
pub fn standing(one: &One, rules: &Rules, now: Timestamp) -> Standing {
    let Stance {
        verdict,
        reasons,
        notes,
        since,
        ..
    } = one.state.stance;
    let flow = known_flow(&one.settings, &one.state, rules, now);
    let evidence = evidence(one, rules, flow.rated, now);
    let heard_at = one.state.heard_at;
    Standing {
        verdict,
        reasons: reasons.list(),
        notes: notes.list(),
        evidence,
        since,
        heard_at,
        available_flow: flow.rated,
    }
}

fn evidence(one: &One, rules: &Rules, rated: Option<Measured>, now: Timestamp) -> Evidence {
    let source = &one.settings.source;
    let newest = one.state.suspects().last().copied();
    let newest = &newest.unwrap_or_else(|| one.state.last());
    let seen = seen(one, newest, rules, now);
    let mut measured = Vec::new();
    match &source.kind {
        Kind::Hydrant { .. } => {
            if let Some(p) = newest
                .pressure_kpa
                .filter(|_| source.taps_main() || seen.drawing)
            {
                let basis = if seen.drawing {
                    Basis::InUse
                } else {
                    Basis::StaticPressure
                };
                measured.push(match source.requirement.pressure_kpa {
                    Some(required) => seen.at_least(basis, Quantity::PressureKpa, p, required),
                    None => bare(basis, Quantity::PressureKpa, p, newest.at),
                });
            }
            if let Some(q) = newest.flow_lps.filter(|_| seen.drawing) {
                measured.push(bare(Basis::InUse, Quantity::FlowLps, q, newest.at));
            }
            measured.extend(rated);
        }
        Kind::Tank(tank) => {
            if let Some(level) = newest.level_m {
                let required = source.requirement.volume_m3;
                measured.extend(tank.volume_m3(level).map(|volume| match required {
                    Some(required) => {
                        seen.at_least(Basis::Level, Quantity::VolumeTotalM3, volume, required)
                    }
                    None => bare(Basis::Level, Quantity::VolumeTotalM3, volume, newest.at),
                }));
                measured.push(bare(Basis::Level, Quantity::LevelM, level, newest.at));
            }
        }
        Kind::DrawPoint(_) => measured.extend(rules.draw_low.measured(&seen)),
    }
    Evidence { measured }
}

fn bare(basis: Basis, quantity: Quantity, value: f64, at: Timestamp) -> Measured {
    Measured {
        basis,
        quantity,
        value,
        limit: None,
        margin: None,
        at,
    }
}
