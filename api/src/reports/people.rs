//! What people did at sources, and what is due: flow tests, inspections, work.

use std::collections::{BTreeMap, HashMap};

use firemain_domain::Timestamp;
use firemain_domain::source::{KindName, Status};
use firemain_domain::time::DAY_MS;
use firemain_store::register::RegisterError;
use firemain_store::register::history::Visit;

use super::Ground;
use super::sources::Lived;
use super::table::{Cell, Column, Section, figure, key};

/// A flow test holds for five years (NFPA 291).
const TEST_DAYS: i64 = 1_826;

const TESTS: &[Column] = &[
    figure("done", ""),
    figure("sources_tested", ""),
    figure("owing_flow", ""),
    figure("due_at_end", ""),
];
const INSPECTIONS: &[Column] = &[
    key("kind"),
    figure("done", ""),
    figure("sources_inspected", ""),
    figure("sources", ""),
    figure("due_at_end", ""),
];
const WORK: &[Column] = &[
    figure("found", ""),
    figure("done", ""),
    figure("open_at_end", ""),
];

/// Visits of the unit's sources: how many within the period, and each source's last.
#[derive(Default)]
struct Visits<'a> {
    done: BTreeMap<KindName, u64>,
    visited: BTreeMap<KindName, u64>,
    last: HashMap<&'a str, Timestamp>,
}

/// Three sections.
pub fn sections(ground: &Ground<'_>) -> Result<[Section; 3], RegisterError> {
    let tests = visits(ground, Visit::FlowTest)?;
    let inspections = visits(ground, Visit::Inspection)?;
    Ok([
        flow_tests(ground, &tests),
        inspected(ground, &inspections),
        work(ground)?,
    ])
}

fn visits<'a>(ground: &'a Ground<'_>, what: Visit) -> Result<Visits<'a>, RegisterError> {
    let mut visits = Visits::default();
    ground
        .register
        .visits(what, ground.until, &mut |code, at| {
            let Some(lived) = ground.sources.in_unit(code) else {
                return;
            };
            let before = visits.last.insert(&*lived.code, at);
            let Some(kind) = lived.was.as_ref().map(|was| was.kind) else {
                return;
            };
            if at >= ground.from {
                *visits.done.entry(kind).or_default() += 1;
                let first = before.is_none_or(|before| before < ground.from);
                *visits.visited.entry(kind).or_default() += u64::from(first);
            }
        })?;
    Ok(visits)
}

fn flow_tests(ground: &Ground<'_>, tests: &Visits<'_>) -> Section {
    let owes = |lived: &&Lived| {
        let was = lived.was.as_ref();
        lived.serves()
            && was.is_some_and(|was| was.kind == KindName::Hydrant && was.flow_lps.is_some())
    };
    let owing: Vec<_> = ground.sources.of_unit().filter(owes).collect();
    let oldest = ground.until.plus_ms(-TEST_DAYS * DAY_MS);
    let due = owing.iter().filter(|lived| {
        let last = tests.last.get(&*lived.code);
        last.is_none_or(|at| *at < oldest)
    });
    let of_hydrants = |counts: &BTreeMap<KindName, u64>| {
        Cell::Count(counts.get(&KindName::Hydrant).copied().unwrap_or_default())
    };
    let row = vec![
        of_hydrants(&tests.done),
        of_hydrants(&tests.visited),
        Cell::count(owing.len()),
        Cell::count(due.count()),
    ];
    Section {
        code: "flow_tests",
        columns: TESTS,
        rows: vec![row],
    }
}

fn inspected(ground: &Ground<'_>, visits: &Visits<'_>) -> Section {
    let mut rows = Vec::new();
    for kind in KindName::ALL {
        let there = ground.sources.of_unit().filter(|lived| {
            let was = lived.was.as_ref();
            was.is_some_and(|was| {
                was.kind == kind && matches!(was.status, Status::InService | Status::OutOfService)
            })
        });
        let cycle_ms = i64::from(ground.asked.inspection_days.of_kind(kind)) * DAY_MS;
        let (mut sources, mut due) = (0, 0);
        for lived in there {
            sources += 1;
            let entered = lived.statuses.first().map(|(at, _)| *at);
            let since = visits.last.get(&*lived.code).copied().or(entered);
            let is_due = since.is_none_or(|since| since.plus_ms(cycle_ms) < ground.until);
            due += u64::from(is_due);
        }
        let of_kind = |counts: &BTreeMap<KindName, u64>| counts.get(&kind).copied().unwrap_or(0);
        rows.push(vec![
            Cell::Code(kind.name()),
            Cell::Count(of_kind(&visits.done)),
            Cell::Count(of_kind(&visits.visited)),
            Cell::Count(sources),
            Cell::Count(due),
        ]);
    }
    Section {
        code: "inspections",
        columns: INSPECTIONS,
        rows,
    }
}

fn work(ground: &Ground<'_>) -> Result<Section, RegisterError> {
    let (mut found, mut done, mut open) = (0, 0, 0);
    let (from, until) = (ground.from, ground.until);
    ground
        .register
        .work_until(until, &mut |code, found_at, done_at| {
            if ground.sources.in_unit(code).is_none() {
                return;
            }
            let done_at = done_at.filter(|at| *at < until);
            found += u64::from(found_at >= from);
            done += u64::from(done_at.is_some_and(|at| at >= from));
            open += u64::from(done_at.is_none());
        })?;
    Ok(Section {
        code: "work",
        columns: WORK,
        rows: vec![vec![
            Cell::Count(found),
            Cell::Count(done),
            Cell::Count(open),
        ]],
    })
}
