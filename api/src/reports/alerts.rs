//! Alerts, and how soon they were answered.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::{RuleName, Severity};
use firemain_store::register::RegisterError;
use firemain_store::register::history::AlertRow;

use super::Ground;
use super::table::{Cell, Column, Section, figure, key};

const ALERTS: &[Column] = &[
    key("rule"),
    key("severity"),
    figure("raised", ""),
    figure("paged", ""),
    figure("open_at_end", ""),
];
const RESPONSE: &[Column] = &[
    key("severity"),
    figure("raised", ""),
    figure("acknowledged", ""),
    figure("acknowledged_median_s", "s"),
    figure("acknowledged_p90_s", "s"),
    figure("cleared", ""),
    figure("cleared_median_s", "s"),
    figure("cleared_p90_s", "s"),
];

#[derive(Default)]
struct Counted {
    raised: u64,
    paged: u64,
    open: u64,
}

#[derive(Default)]
struct Answered {
    raised: u64,
    acknowledged_s: Vec<f32>,
    cleared_s: Vec<f32>,
}

/// Alerts by rule and severity, and the times of response by severity.
pub fn sections(ground: &Ground<'_>) -> Result<[Section; 2], RegisterError> {
    let mut counts: BTreeMap<(&'static str, Severity), Counted> = BTreeMap::new();
    let mut answers: BTreeMap<Severity, Answered> = BTreeMap::new();
    let (from, until) = (ground.from, ground.until);
    ground.register.alerts_within(from, until, &mut |row| {
        let Some(rule) = rule_of(&row) else { return };
        if !ours(ground, &row) {
            return;
        }
        let counted = counts.entry((rule, row.highest)).or_default();
        counted.open += u64::from(row.cleared_at.is_none_or(|at| at >= until));
        if row.raised_at < from {
            return;
        }
        counted.raised += 1;
        counted.paged += u64::from(row.pages);
        let answered = answers.entry(row.highest).or_default();
        answered.raised += 1;
        let after = |at: Option<Timestamp>| {
            let at = at.filter(|at| *at < until)?;
            Some((at.since_ms(row.raised_at).max(0) as f64 / 1e3) as f32)
        };
        answered.acknowledged_s.extend(after(row.acknowledged_at));
        answered.cleared_s.extend(after(row.cleared_at));
    })?;
    let alerts = counts.into_iter().map(|((rule, severity), counted)| {
        vec![
            Cell::Code(rule),
            Cell::Code(severity_code(severity)),
            Cell::Count(counted.raised),
            Cell::Count(counted.paged),
            Cell::Count(counted.open),
        ]
    });
    let response = answers.into_iter().rev().map(|(severity, mut answered)| {
        let (taken, over) = (&mut answered.acknowledged_s, &mut answered.cleared_s);
        vec![
            Cell::Code(severity_code(severity)),
            Cell::Count(answered.raised),
            Cell::count(taken.len()),
            quantile(taken, 0.5),
            quantile(taken, 0.9),
            Cell::count(over.len()),
            quantile(over, 0.5),
            quantile(over, 0.9),
        ]
    });
    Ok([
        Section {
            code: "alerts",
            columns: ALERTS,
            rows: alerts.collect(),
        },
        Section {
            code: "response",
            columns: RESPONSE,
            rows: response.collect(),
        },
    ])
}

/// Of the unit: by its source. What is about a zone, a gateway or firemain belongs to the city.
fn ours(ground: &Ground<'_>, row: &AlertRow) -> bool {
    ground.asked.unit.is_none() || ground.sources.in_unit(&row.subject).is_some()
}

fn rule_of(row: &AlertRow) -> Option<&'static str> {
    let known = RuleName::ALL.into_iter().map(RuleName::name);
    known.into_iter().find(|name| *name == row.rule)
}

const fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    }
}

/// The smallest value that at least this share reaches: a value that occurred.
fn quantile(values: &mut [f32], share: f64) -> Cell {
    values.sort_unstable_by(f32::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    let value = values.get(rank.max(1) - 1).copied();
    Cell::number(value.map(f64::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        let mut times = [50.0, 10.0, 40.0, 20.0, 30.0];
        assert_eq!(quantile(&mut times, 0.5), Cell::Number(30.0));
        assert_eq!(quantile(&mut times, 0.9), Cell::Number(50.0));
        assert_eq!(quantile(&mut [7.0], 0.5), Cell::Number(7.0));
        assert_eq!(quantile(&mut [], 0.5), Cell::Nothing);
    }
}
