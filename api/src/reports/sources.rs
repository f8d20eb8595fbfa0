//! Which sources there were, and what each was over time.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::Verdict;
use firemain_domain::source::{SourceCode, Status};
use firemain_store::register::history::{LifeRow, Was};
use firemain_store::register::{Register, RegisterError};

use super::Ground;
use super::availability::Stands;
use super::table::{Cell, Column, Section, figure, key};
use crate::units::{UnitMap, unit_at};

/// Every source that was entered before the end, with what it was since when.
#[derive(Debug, Default)]
pub struct Sources {
    all: Vec<Lived>,
}

/// One source's life.
#[derive(Debug)]
pub struct Lived {
    /// Its code.
    pub code: SourceCode,
    /// What it was at the end; `None`: struck from the register.
    pub was: Option<Was>,
    /// Its status since when; `None`: struck. The oldest first.
    pub statuses: Vec<(Timestamp, Option<Status>)>,
    /// Whether it belongs to the unit asked for.
    pub in_unit: bool,
}

impl Lived {
    /// Its status at a moment; `None`: it was not in the register.
    pub fn status_at(&self, at: Timestamp) -> Option<Status> {
        let before = self.statuses.iter().rfind(|(since, _)| *since <= at);
        before.and_then(|(_, status)| *status)
    }

    /// Whether it could be counted on at the end, by people's word.
    pub fn serves(&self) -> bool {
        self.was
            .as_ref()
            .is_some_and(|was| was.status == Status::InService)
    }
}

impl Sources {
    /// Reads lives until a moment. A source belongs by where it last stood; one that was struck, by
    /// where it stood before.
    pub fn read(
        register: &dyn Register,
        until: Timestamp,
        map: Option<&UnitMap>,
        unit: Option<&str>,
    ) -> Result<Self, RegisterError> {
        let mut all: Vec<Lived> = Vec::new();
        register.lives(until, &mut |row: LifeRow| {
            let status = row.was.as_ref().map(|was| was.status);
            if all.last().is_none_or(|last| last.code != row.source) {
                all.push(Lived {
                    code: row.source,
                    was: None,
                    statuses: Vec::new(),
                    in_unit: false,
                });
            }
            let Some(lived) = all.last_mut() else { return };
            if lived
                .statuses
                .last()
                .is_none_or(|(_, last)| *last != status)
            {
                lived.statuses.push((row.at, status));
            }
            if let Some(was) = &row.was {
                lived.in_unit =
                    unit.is_none_or(|unit| unit_at(map, was.position, was.unit.as_ref()).is(unit));
            }
            lived.was = row.was;
        })?;
        Ok(Self { all })
    }

    /// All of them, in order of code.
    pub fn all(&self) -> &[Lived] {
        &self.all
    }

    /// Those of the unit asked for.
    pub fn of_unit(&self) -> impl Iterator<Item = &Lived> {
        self.all.iter().filter(|lived| lived.in_unit)
    }

    /// One of the unit asked for.
    pub fn in_unit(&self, code: &str) -> Option<&Lived> {
        let found = self.all.binary_search_by(|lived| (*lived.code).cmp(code));
        self.all.get(found.ok()?).filter(|lived| lived.in_unit)
    }
}

const COLUMNS: &[Column] = &[
    key("kind"),
    key("status"),
    key("verdict"),
    figure("sources", ""),
];

/// How many sources there were at the end, by kind, lifecycle and verdict.
pub fn section(ground: &Ground<'_>, stands: &Stands) -> Section {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for lived in ground.sources.of_unit() {
        let Some(was) = &lived.was else { continue };
        let verdict = stands
            .at_end(&lived.code)
            .map_or("not_recorded", verdict_code);
        let key = (was.kind, was.status.name(), verdict);
        *counts.entry(key).or_default() += 1;
    }
    let row = |((kind, status, verdict), count): (_, u64)| {
        let kind: firemain_domain::source::KindName = kind;
        vec![
            Cell::Code(kind.name()),
            Cell::Code(status),
            Cell::Code(verdict),
            Cell::Count(count),
        ]
    };
    Section {
        code: "sources_at_end",
        columns: COLUMNS,
        rows: counts.into_iter().map(row).collect(),
    }
}

/// A verdict's code.
pub const fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Usable => "usable",
        Verdict::Degraded => "degraded",
        Verdict::Unknown => "unknown",
        Verdict::Unusable => "unusable",
    }
}
