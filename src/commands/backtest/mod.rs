//! `firemain backtest`: a recorded stream judged from file to file.

mod score;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, IsTerminal};
use std::path::Path;

use anyhow::Context;
use firemain_api::backtest::{self, BacktestReport, Beside, Judged, Plan, Truth, Way};
use firemain_api::import::{self, Format};
use firemain_domain::source::Source;
use firemain_domain::time::MINUTE_MS;
use indicatif::{ProgressBar, ProgressStyle};

use self::score::{Judgements, tell_scores, write_scores};
use crate::cli::BacktestArgs;
use crate::exit::Misuse;
use crate::settings;

/// Bad lines beyond which the input is taken for something else.
const MOST_BAD_LINES: u64 = 10_000;
const BUFFER: usize = 1 << 20;

/// Judges the recording and says how it went.
pub fn run(args: &BacktestArgs) -> anyhow::Result<()> {
    let settings = settings::load(args.config.as_deref())?;
    let changes = match &args.changes {
        Some(file) => {
            backtest::read_changes(open(file)?).with_context(|| format!("{}", file.display()))?
        }
        None => Vec::new(),
    };
    let truths = args.truth.as_deref().map(truths).transpose()?;
    let beside = beside(args)?;
    let names: Vec<String> = beside.iter().map(|other| other.name.clone()).collect();
    let rules = settings.rules.clone();
    let plan = Plan {
        rules: rules.clone(),
        beside,
        subscriptions: settings.mqtt.subscriptions.clone(),
        sources: register(&args.register)?,
        changes,
        until: args.until,
        most_bad_lines: MOST_BAD_LINES,
    };
    let bar = progress_bar();
    let report = backtest::run(
        plan,
        open(&args.input)?,
        create(&args.verdicts)?,
        create(&args.episodes)?,
        |lines, at| {
            bar.set_position(lines);
            bar.set_message(at.to_string());
        },
    )
    .with_context(|| format!("{}", args.input.display()))?;
    bar.finish_and_clear();
    tell(&report);
    let judgements = Judgements::new(&names, &report);
    match truths {
        Some(truths) => {
            let span = (
                report.counts.first.unwrap_or_default(),
                report.end.unwrap_or_default(),
            );
            let judged = Judged::new(&rules, &report.sources, span);
            let scores = judgements.scored(&truths, &report.verdicts, &judged);
            tell_scores(&scores);
            if let Some(file) = &args.score {
                write_scores(&scores, create(file)?)
                    .with_context(|| format!("{} cannot be written", file.display()))?;
            }
        }
        None => judgements.tell_pages(),
    }
    Ok(())
}

/// The other ways of judging that are asked for.
fn beside(args: &BacktestArgs) -> anyhow::Result<Vec<Beside>> {
    let mut beside = Vec::new();
    for file in &args.against {
        let settings = settings::load(Some(file))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        beside.push(Beside {
            name: name.into_owned(),
            way: Way::Rules(Box::new(settings.rules)),
        });
    }
    if args.thresholds {
        for (name, hold_ms) in [("threshold", 0), ("threshold 5 min", 5 * MINUTE_MS)] {
            beside.push(Beside {
                name: name.to_owned(),
                way: Way::Threshold(hold_ms),
            });
        }
    }
    Ok(beside)
}

/// Reads a file as it is, or unpacks it by its ending.
fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let cannot = || format!("{} cannot be read", file.display());
    let opened = File::open(file).with_context(cannot)?;
    Ok(match file.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => {
            let unpacked =
                flate2::read::MultiGzDecoder::new(BufReader::with_capacity(BUFFER, opened));
            Box::new(BufReader::with_capacity(BUFFER, unpacked))
        }
        Some("zst") => {
            let unpacked = zstd::Decoder::new(opened).with_context(cannot)?;
            Box::new(BufReader::with_capacity(BUFFER, unpacked))
        }
        _ => Box::new(BufReader::with_capacity(BUFFER, opened)),
    })
}

fn create(file: &Path) -> anyhow::Result<BufWriter<File>> {
    let made = File::create(file).with_context(|| {
        format!(
            "{} cannot be written: choose a folder that is there and may be written to",
            file.display()
        )
    })?;
    Ok(BufWriter::with_capacity(BUFFER, made))
}

fn register(file: &Path) -> anyhow::Result<Vec<Source>> {
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let format = Format::of_file(file).unwrap_or(Format::Csv);
    let plan = import::read(opened, format).with_context(|| format!("{}", file.display()))?;
    if plan.is_good() {
        return Ok(plan.sources);
    }
    plan.errors
        .iter()
        .take(20)
        .for_each(|remark| eprintln!("error: {remark}"));
    let bad = plan.error_count();
    Err(Misuse::Arguments(format!(
        "{} has {bad} rows that cannot be used",
        file.display()
    ))
    .into())
}

fn truths(file: &Path) -> anyhow::Result<Vec<Truth>> {
    let mut truths = Vec::new();
    for (line, text) in (1..).zip(open(file)?.lines()) {
        let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
        if !text.trim().is_empty() {
            let truth = serde_json::from_str(&text).with_context(|| {
                format!("{}, line {line}: no truth can be read", file.display())
            })?;
            truths.push(truth);
        }
    }
    Ok(truths)
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {human_pos} lines, {per_sec}, at {msg}")
    {
        bar.set_style(style);
    }
    bar
}

fn tell(report: &BacktestReport) {
    let counts = report.counts;
    eprintln!(
        "judged {} messages of {} sources: {} episodes, {} changes of verdict",
        counts.lines,
        report.sources.len(),
        report.episodes.len(),
        report.verdicts.len()
    );
    let paging = report
        .episodes
        .iter()
        .filter(|episode| episode.pages)
        .count();
    eprintln!("{paging} of the episodes would have paged someone");
    for (count, what) in [
        (report.bad_lines, "lines are none of a recording"),
        (counts.refused, "messages could not be decoded"),
        (
            counts.unregistered,
            "reports came from devices that no source has",
        ),
        (counts.invalid, "readings were left out as invalid"),
        (counts.spikes, "readings were left out as spikes"),
        (counts.late, "readings came too late to be judged"),
    ] {
        if count > 0 {
            eprintln!("{count} {what}");
        }
    }
    for (line, reason) in &report.first_bad_lines {
        eprintln!("line {line}: {reason}");
    }
}
