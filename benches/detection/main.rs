//! What judging finds in simulated months of towns, beside plain thresholds on the same data.
//!
//! `cargo bench --bench detection -- --sources 50,200,1000 --seeds 41-43 --days 30` generates each
//! town with everyday's water and sensor faults, judges it with `firemain backtest`, and prints a
//! table as docs/detection.md has it. Everything runs in a temporary folder; nothing listens.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const USAGE: &str = "detection [--sources 50,200,1000] [--seeds 41-43] [--days 30] [--towns even,varied] [--scenario everyday] [--keep DIR]";

/// What is asked for.
struct Asked {
    sources: Vec<u32>,
    seeds: Vec<u64>,
    days: u32,
    scenario: String,
    towns: Vec<String>,
    /// Where to keep what was made and said, to look into it.
    keep: Option<PathBuf>,
}

fn main() {
    let asked = match asked(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(wrong) => {
            eprintln!("{wrong}\nusage: {USAGE}");
            std::process::exit(2);
        }
    };
    println!(
        "| Town | Judged by | Critical found | All found | Delay median / 90 % (promised), min | In time | Pages right / excusable / false | Precision | False per 1,000 source-days | Sensor faults per 100 source-days |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for &sources in &asked.sources {
        for &seed in &asked.seeds {
            for kind in &asked.towns {
                if let Err(wrong) = town(&asked, kind, sources, seed) {
                    eprintln!("{kind}, {sources} sources, seed {seed}: {wrong}");
                    std::process::exit(1);
                }
            }
        }
    }
}

fn asked(mut args: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked {
        sources: vec![50, 200, 1_000],
        seeds: vec![41, 42, 43],
        days: 30,
        scenario: "everyday".to_owned(),
        towns: vec!["even".to_owned(), "varied".to_owned()],
        keep: None,
    };
    while let Some(name) = args.next() {
        if name == "--bench" {
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
        let not_one = |_| format!("{name} cannot be {value}");
        match name.as_str() {
            "--sources" => {
                let all = value.split(',').map(str::parse);
                asked.sources = all.collect::<Result<_, _>>().map_err(not_one)?;
            }
            "--seeds" => asked.seeds = seeds(&value).ok_or_else(|| not_one_of(&name, &value))?,
            "--days" => asked.days = value.parse().map_err(not_one)?,
            "--scenario" => asked.scenario = value,
            "--towns" => asked.towns = value.split(',').map(str::to_owned).collect(),
            "--keep" => asked.keep = Some(value.into()),
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok(asked)
}

fn not_one_of(name: &str, value: &str) -> String {
    format!("{name} cannot be {value}")
}

/// `41-43` or `1,5,9`.
fn seeds(value: &str) -> Option<Vec<u64>> {
    if let Some((first, last)) = value.split_once('-') {
        return Some((first.parse().ok()?..=last.parse().ok()?).collect());
    }
    value.split(',').map(|seed| seed.parse().ok()).collect()
}

/// Makes one town's month, judges it, and prints its rows.
fn town(asked: &Asked, kind: &str, sources: u32, seed: u64) -> Result<(), String> {
    let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = match &asked.keep {
        Some(keep) => keep.join(format!("{kind}-{sources}-{seed}")),
        None => temporary.path().to_owned(),
    };
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (register, stream, changes, truth) = (
        at("register.csv"),
        at("stream.jsonl.zst"),
        at("changes.jsonl"),
        at("truth.jsonl"),
    );
    let (days, sources_text, seed_text) = (
        format!("{}d", asked.days),
        sources.to_string(),
        seed.to_string(),
    );
    #[rustfmt::skip]
    run(&folder, "sim", &[
        "sim", "--town", kind, "--sources", &sources_text, "--seed", &seed_text, "--duration", &days,
        "--start", "2026-11-01T00:00:00Z", "--scenario", &asked.scenario, "--record", &stream,
        "--register", &register, "--changes", &changes, "--truth", &truth,
    ])?;
    let score = at("score.json");
    #[rustfmt::skip]
    run(&folder, "backtest", &[
        "backtest", "--register", &register, "--input", &stream, "--changes", &changes,
        "--truth", &truth, "--episodes", &at("episodes.jsonl"), "--verdicts", &at("verdicts.jsonl"),
        "--thresholds", "--score", &score,
    ])?;
    let text = std::fs::read_to_string(&score).map_err(|e| e.to_string())?;
    let scores: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    for way in ["this", "threshold", "threshold 5 min"] {
        row(kind, sources, seed, way, &scores[way]);
    }
    Ok(())
}

fn run(folder: &Path, what: &str, args: &[&str]) -> Result<(), String> {
    let said = folder.join(format!("{what}.log"));
    let log = std::fs::File::create(&said).map_err(|e| e.to_string())?;
    let status = Command::new(env!("CARGO_BIN_EXE_firemain"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(log)
        .status()
        .map_err(|e| e.to_string())?;
    if status.success() {
        return Ok(());
    }
    let said = std::fs::read_to_string(&said).unwrap_or_default();
    Err(format!("firemain {what} ended with {status}:\n{said}"))
}

fn row(kind: &str, sources: u32, seed: u64, way: &str, score: &Value) {
    let tally = |name: &str| {
        let (found, all) = (&score[name]["found"], &score[name]["all"]);
        let (found, all) = (found.as_f64().unwrap_or(0.0), all.as_f64().unwrap_or(0.0));
        let share = if all > 0.0 { found / all } else { 1.0 };
        format!("{share:.3} ({found} of {all})")
    };
    let minutes = |name: &str| {
        score[name]
            .as_f64()
            .map_or("–".to_owned(), |s| format!("{:.0}", s / 60.0))
    };
    let number = |name: &str| score[name].as_f64().unwrap_or(0.0);
    println!(
        "| {kind}, {sources} sources, seed {seed} | {} | {} | {} | {} / {} ({}) | {} | {} / {} / {} | {:.3} | {:.2} | {:.1} |",
        if way == "this" { "firemain" } else { way },
        tally("critical"),
        tally("faults"),
        minutes("median_delay_s"),
        minutes("p90_delay_s"),
        minutes("median_promise_s"),
        tally("in_time"),
        number("right_pages"),
        number("excusable_pages"),
        number("false_pages"),
        number("precision"),
        number("false_pages_per_source_day") * 1_000.0,
        number("sensor_faults_per_source_day") * 100.0,
    );
}
