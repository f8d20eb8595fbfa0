//! What was built against what was planned, year by year.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::local_time::LocalDate;
use firemain_domain::source::{KindName, Status};
use firemain_store::register::RegisterError;

use super::Ground;
use super::sources::Lived;
use super::table::{Cell, Column, Section, figure, key};

/// The years of the city's plan, which are told whatever the period is.
const PLAN: std::ops::RangeInclusive<i16> = 2025..=2030;

const COLUMNS: &[Column] = &[
    key("kind"),
    key("year"),
    figure("target", ""),
    figure("in_service_at_year_end", ""),
    figure("short_of_target", ""),
    figure("put_in_service", ""),
    figure("planned_at_year_end", ""),
    figure("out_of_service_at_year_end", ""),
    figure("removed", ""),
];

/// One row for each kind and year.
pub fn section(ground: &Ground<'_>) -> Result<Section, RegisterError> {
    let unit = unit_code(ground);
    let mut targets: HashMap<(KindName, u16), u32> = HashMap::new();
    for target in ground.register.targets()? {
        let same = target.unit.as_deref() == unit;
        if let Some(sources) = target.sources.filter(|_| same) {
            targets.insert((target.kind, target.year), sources);
        }
    }
    let last = LocalDate::at(ground.until.plus_ms(-1)).year;
    let mut rows = Vec::new();
    for kind in KindName::ALL {
        for year in PLAN {
            let target = targets.get(&(kind, year as u16)).copied();
            if year > last && target.is_none() {
                continue;
            }
            rows.push(row(ground, kind, year, target, year <= last));
        }
    }
    Ok(Section {
        code: "built_against_planned",
        columns: COLUMNS,
        rows,
    })
}

/// By what targets are set: the unit's code.
fn unit_code<'a>(ground: &'a Ground<'_>) -> Option<&'a str> {
    let wanted = ground.asked.unit.as_deref()?;
    let unit = ground.map.as_ref().and_then(|map| map.named(wanted));
    Some(unit.map_or(wanted, |unit| &*unit.code))
}

fn row(
    ground: &Ground<'_>,
    kind: KindName,
    year: i16,
    target: Option<u32>,
    begun: bool,
) -> Vec<Cell> {
    let first_of = |year| LocalDate::new(year, 1, 1).map_or(Timestamp::MAX, LocalDate::midnight);
    let (begin, end) = (first_of(year), first_of(year + 1).min(ground.until));
    let mut counts = [0_u64; 5];
    for lived in ground.sources.of_unit() {
        if kind_of(lived) != Some(kind) {
            continue;
        }
        let at_end = lived.status_at(end.plus_ms(-1));
        counts[0] += u64::from(at_end == Some(Status::InService));
        counts[1] += u64::from(first_in_service(lived).is_some_and(|at| at >= begin && at < end));
        counts[2] += u64::from(at_end == Some(Status::Planned));
        counts[3] += u64::from(at_end == Some(Status::OutOfService));
        counts[4] += u64::from(removed_within(lived, begin, end));
    }
    let target_cell = target.map_or(Cell::Nothing, |n| Cell::Count(n.into()));
    let mut row = vec![
        Cell::Code(kind.name()),
        Cell::Text(year.to_string()),
        target_cell,
    ];
    if begun {
        let short = target.map(|target| u64::from(target).saturating_sub(counts[0]));
        let short = short.map_or(Cell::Nothing, Cell::Count);
        let [serving, built, planned, out, removed] = counts.map(Cell::Count);
        row.extend([serving, short, built, planned, out, removed]);
    } else {
        row.extend(std::iter::repeat_n(Cell::Nothing, 6));
    }
    row
}

/// What was struck from the register has no kind any more, and is counted no more.
fn kind_of(lived: &Lived) -> Option<KindName> {
    lived.was.as_ref().map(|was| was.kind)
}

fn first_in_service(lived: &Lived) -> Option<Timestamp> {
    let mut statuses = lived.statuses.iter();
    let first = statuses.find(|(_, status)| *status == Some(Status::InService));
    first.map(|(at, _)| *at)
}

fn removed_within(lived: &Lived, begin: Timestamp, end: Timestamp) -> bool {
    lived
        .statuses
        .iter()
        .any(|(at, status)| *status == Some(Status::Removed) && *at >= begin && *at < end)
}
