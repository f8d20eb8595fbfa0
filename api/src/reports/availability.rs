//! For what share of the time sources could be counted on.

use std::collections::{BTreeMap, HashMap};

use firemain_domain::Timestamp;
use firemain_domain::judging::{Reason, Verdict};
use firemain_domain::source::{KindName, SourceCode, Status};
use firemain_domain::time::DAY_MS;
use firemain_store::register::RegisterError;
use firemain_store::register::history::VerdictRow;

use super::Ground;
use super::sources::Lived;
use super::table::{Cell, Column, Section, figure, key};

/// Sources asked about at once: a reader of the register is held meanwhile.
const AT_ONCE: usize = 500;

/// How sources stood over the period.
#[derive(Debug, Default)]
pub struct Stands {
    at_end: HashMap<SourceCode, Verdict>,
    by_kind: BTreeMap<KindName, Times>,
}

/// Time of sources, ms: 292 million years of it fit.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    sources: u64,
    there: i64,
    recorded: i64,
    heard: i64,
    by_verdict: [i64; 4],
}

impl Stands {
    /// How a source of the unit stood at the end; `None`: nobody recorded it.
    pub fn at_end(&self, code: &str) -> Option<Verdict> {
        self.at_end.get(code).copied()
    }
}

/// Reads how the unit's sources stood.
pub fn read(ground: &Ground<'_>) -> Result<Stands, RegisterError> {
    let mut stands = Stands::default();
    let ours: Vec<&Lived> = ground.sources.of_unit().collect();
    for some in ours.chunks(AT_ONCE) {
        let codes: Vec<SourceCode> = some.iter().map(|lived| lived.code.clone()).collect();
        let (from, until) = (ground.from, ground.until);
        ground
            .register
            .verdicts(&codes, from, until, &mut |index, rows| {
                let lived = some[index];
                // A judge before the first row of a source that was struck and entered again.
                if lived.was.is_some()
                    && let Some(last) = rows.last()
                {
                    stands.at_end.insert(lived.code.clone(), last.verdict);
                }
                stands.count(lived, rows, from, until);
            })?;
    }
    Ok(stands)
}

impl Stands {
    fn count(&mut self, lived: &Lived, rows: &[VerdictRow], from: Timestamp, until: Timestamp) {
        let Some(kind) = lived.was.as_ref().map(|was| was.kind) else {
            return;
        };
        let times = self.by_kind.entry(kind).or_default();
        let mut counted = false;
        for (begin, end) in there(lived, from, until) {
            counted = true;
            times.there += end.since_ms(begin);
            for (n, row) in rows.iter().enumerate() {
                let next = rows.get(n + 1).map_or(until, |next| next.at);
                let (begin, end) = (begin.max(row.at), end.min(next));
                let length = end.since_ms(begin);
                if length <= 0 {
                    continue;
                }
                times.recorded += length;
                times.by_verdict[place(row.verdict)] += length;
                let silent = row.reasons.has(Reason::Stale) || row.reasons.has(Reason::NoData);
                if !silent {
                    times.heard += length;
                }
            }
        }
        times.sources += u64::from(counted);
    }
}

const fn place(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Usable => 0,
        Verdict::Degraded => 1,
        Verdict::Unusable => 2,
        Verdict::Unknown => 3,
    }
}

/// When a source was there to be counted on or not: in service, or out of it.
fn there(
    lived: &Lived,
    from: Timestamp,
    until: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let spans = lived.statuses.iter().enumerate();
    spans.filter_map(move |(n, (since, status))| {
        let counts = matches!(status, Some(Status::InService | Status::OutOfService));
        let end = lived.statuses.get(n + 1).map_or(until, |(next, _)| *next);
        let (begin, end) = ((*since).max(from), end.min(until));
        (counts && begin < end).then_some((begin, end))
    })
}

const COLUMNS: &[Column] = &[
    key("kind"),
    figure("sources", ""),
    figure("usable_share", "%"),
    figure("degraded_share", "%"),
    figure("unusable_share", "%"),
    figure("unknown_share", "%"),
    figure("source_days", "d"),
    figure("recorded_source_days", "d"),
    figure("source_days_with_data", "d"),
];

/// The shares of source-time, by kind.
pub fn section(stands: &Stands) -> Section {
    let days = |ms: i64| Cell::Number((ms as f64 / DAY_MS as f64 * 1e3).round() / 1e3);
    let row = |(kind, times): (&KindName, &Times)| {
        let recorded = times.recorded as f64;
        let mut row = vec![Cell::Code(kind.name()), Cell::Count(times.sources)];
        row.extend(times.by_verdict.map(|ms| Cell::share(ms as f64, recorded)));
        row.extend([times.there, times.recorded, times.heard].map(days));
        row
    };
    Section {
        code: "availability",
        columns: COLUMNS,
        rows: stands.by_kind.iter().map(row).collect(),
    }
}
