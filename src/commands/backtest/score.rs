//! Telling how well a recording was judged: ways of judging side by side, then the worst of it.

use std::fmt::Write as _;
use std::io::Write;

use firemain_api::backtest::{
    self, BacktestReport, EpisodeLine, FalsePage, Judged, Miss, Score, Tally, Truth, VerdictLine,
};
use firemain_domain::time::MINUTE_MS;

/// The column of what is tested.
const THIS: &str = "this";

/// What each way of judging said.
pub struct Judgements<'a> {
    ways: Vec<(&'a str, &'a [EpisodeLine])>,
}

impl<'a> Judgements<'a> {
    /// What is tested first, then those beside it, by `names`.
    pub fn new(names: &'a [String], report: &'a BacktestReport) -> Self {
        let beside = names.iter().zip(&report.beside);
        let beside = beside.map(|(name, episodes)| (name.as_str(), episodes.as_slice()));
        let ways = std::iter::once((THIS, report.episodes.as_slice())).chain(beside);
        Self {
            ways: ways.collect(),
        }
    }

    /// Each held against the truth.
    pub fn scored(
        &self,
        truths: &[Truth],
        verdicts: &[VerdictLine],
        judged: &Judged<'_>,
    ) -> Vec<(&'a str, Score)> {
        let ways = self.ways.iter();
        ways.map(|(name, episodes)| {
            // Only of what is tested are the verdicts known.
            let verdicts = if *name == THIS { verdicts } else { &[] };
            (*name, backtest::score(truths, episodes, verdicts, judged))
        })
        .collect()
    }

    /// Without a truth, how often each would have paged; silent if there is but one.
    pub fn tell_pages(&self) {
        if self.ways.len() > 1 {
            for (name, episodes) in &self.ways {
                let pages = episodes.iter().filter(|episode| episode.pages).count();
                eprintln!("{name}: {} alerts, {pages} of them page", episodes.len());
            }
        }
    }
}

/// Writes the scores as one JSON object by name.
pub fn write_scores(scores: &[(&str, Score)], mut to: impl Write) -> std::io::Result<()> {
    let by_name: std::collections::BTreeMap<_, _> = scores.iter().map(|(n, s)| (*n, s)).collect();
    serde_json::to_writer_pretty(&mut to, &by_name)?;
    to.write_all(b"\n")?;
    to.flush()
}

/// Tells the scores side by side, then the worst misses and false pages of what is tested.
pub fn tell_scores(scores: &[(&str, Score)]) {
    let row = |title: &str, cell: &dyn Fn(&Score) -> String| {
        let cells: Vec<String> = scores.iter().map(|(_, s)| cell(s)).collect();
        eprintln!("{title:<36}{}", columns(cells.iter().map(String::as_str)));
    };
    eprintln!(
        "{:<36}{}",
        "",
        columns(scores.iter().map(|(name, _)| *name))
    );
    row("recall of critical faults", &|s| tally(s.critical));
    row("recall of all that must page", &|s| tally(s.faults));
    row("delay, median / nine of ten, min", &|s| {
        format!("{} / {}", minutes(s.median_delay_s), minutes(s.p90_delay_s))
    });
    row("promised (dwell + interval), min", &|s| {
        minutes(s.median_promise_s)
    });
    row("told of within that", &|s| tally(s.in_time));
    row("pages: right / excusable / false", &|s| {
        format!(
            "{} / {} / {}",
            s.right_pages, s.excusable_pages, s.false_pages
        )
    });
    row("precision of pages", &|s| format!("{:.3}", s.precision));
    row("false pages per 1,000 source-days", &|s| {
        format!("{:.2}", s.false_pages_per_source_day * 1_000.0)
    });
    let Some((_, this)) = scores.first() else {
        return;
    };
    eprintln!(
        "sensor faults: {:.1} per 100 source-days",
        this.sensor_faults_per_source_day * 100.0
    );
    let rules: std::collections::BTreeSet<_> =
        scores.iter().flat_map(|(_, s)| s.by_rule.keys()).collect();
    for rule in rules {
        row(&format!("  {rule}"), &|s| {
            tally(s.by_rule.get(rule).copied().unwrap_or_default())
        });
    }
    this.missed.iter().for_each(tell_miss);
    this.unexplained.iter().for_each(tell_false_page);
}

fn columns<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.fold(String::new(), |mut row, cell| {
        let _ = write!(row, "  {cell:>22}");
        row
    })
}

fn tell_miss(miss: &Miss) {
    let truth = &miss.truth;
    let until = truth
        .until
        .map_or("the end".to_owned(), |until| until.to_string());
    let worst = truth
        .worst
        .map(|worst| format!(", at worst {worst:.1}"))
        .unwrap_or_default();
    eprintln!(
        "missed: {} at {} from {} until {until} ({}{worst})",
        truth.what, truth.source, truth.from, truth.cause
    );
    for verdict in &miss.stood {
        let reasons: Vec<String> = verdict.reasons.iter().map(code).collect();
        eprintln!(
            "    stood {} {} {}",
            code(&verdict.verdict),
            reasons.join(", "),
            verdict.at
        );
    }
    for alert in &miss.alerts {
        let muted = alert
            .muted_by
            .map(|mute| format!(", muted: {}", code(&mute)));
        let first = alert.evidence.measured.first();
        let evidence = first.map(|m| format!(", {} {:.1}", m.quantity.name(), m.value));
        eprintln!(
            "    alert {} raised {}{}{}",
            alert.id,
            alert.raised_at,
            evidence.unwrap_or_default(),
            muted.unwrap_or_default()
        );
    }
    if miss.alerts.is_empty() {
        eprintln!("    no alert");
    }
}

fn tell_false_page(false_page: &FalsePage) {
    let page = &false_page.page;
    let lasted = page.cleared_at.map(|cleared| {
        format!(
            ", over after {} min",
            cleared.since_ms(page.raised_at) / MINUTE_MS
        )
    });
    let device: Vec<&str> = false_page.device.iter().map(|t| t.cause.as_str()).collect();
    let device = if device.is_empty() {
        "nothing was the matter".to_owned()
    } else {
        format!("its device: {}", device.join(", "))
    };
    let first = page.evidence.measured.first();
    let evidence = first.map(|m| format!(" with {} {:.1}", m.quantity.name(), m.value));
    eprintln!(
        "false: {} paged {}{}{} ({device})",
        page.id,
        page.paged_at.unwrap_or(page.raised_at),
        evidence.unwrap_or_default(),
        lasted.unwrap_or_default()
    );
}

fn tally(of: Tally) -> String {
    format!("{:.3} ({} of {})", of.share(), of.found, of.all)
}

fn minutes(seconds: Option<f64>) -> String {
    seconds.map_or("-".to_owned(), |s| format!("{:.0}", s / 60.0))
}

/// A code as it is written everywhere.
fn code(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
