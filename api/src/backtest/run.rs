//! A backtest from files to files.

use std::io::{self, BufRead, Read as _, Write};

use firemain_domain::Timestamp;
use firemain_domain::judging::Rules;
use firemain_domain::source::Source;
use firemain_wire::Subscription;

use super::{
    Backtest, BacktestError, Contender, Counts, EpisodeLine, TimedChange, VerdictLine, read_change,
    read_line,
};

/// A line longer than this is not one of a recording, bytes.
const LONGEST_LINE: u64 = 1 << 20;
/// Bad lines that are told one by one; the others are counted.
const TOLD: usize = 20;
/// How often progress is told, lines.
const PROGRESS_EVERY: u64 = 10_000;

/// What is judged, and by what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rules and their parameters.
    pub rules: Rules,
    /// Other ways of judging that are held beside it.
    pub beside: Vec<Beside>,
    /// Which topics in which codec.
    pub subscriptions: Vec<Subscription>,
    /// The register.
    pub sources: Vec<Source>,
    /// What people changed meanwhile.
    pub changes: Vec<TimedChange>,
    /// Time passes up to here after the last line.
    pub until: Option<Timestamp>,
    /// More bad lines than this end it.
    pub most_bad_lines: u64,
}

/// Another way of judging the same recording.
#[derive(Clone, Debug)]
pub struct Beside {
    /// What it is called.
    pub name: String,
    /// How it judges.
    pub way: Way,
}

/// A way of judging.
#[derive(Clone, Debug)]
pub enum Way {
    /// The same judging by other parameters.
    Rules(Box<Rules>),
    /// A plain threshold that must be passed for so long, ms.
    Threshold(i64),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct BacktestReport {
    /// What went through.
    pub counts: Counts,
    /// Lines that are none of a recording.
    pub bad_lines: u64,
    /// The first of them, with number and reason.
    pub first_bad_lines: Vec<(u64, String)>,
    /// Every episode, as written.
    pub episodes: Vec<EpisodeLine>,
    /// Changes of verdict or reasons, as written.
    pub verdicts: Vec<VerdictLine>,
    /// Episodes of the other ways of judging, in their order.
    pub beside: Vec<Vec<EpisodeLine>>,
    /// Sources judged.
    pub sources: Vec<Source>,
    /// When it ended: the last line's time, or `until`.
    pub end: Option<Timestamp>,
}

/// Reads what people changed, a line each, in any order.
///
/// # Errors
/// When a line cannot be read, naming it.
pub fn read_changes(input: impl BufRead) -> Result<Vec<TimedChange>, BacktestError> {
    let mut changes = Vec::new();
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(|source| BacktestError::Changes { line, source })?;
        if !text.trim().is_empty() {
            let change = read_change(&text);
            changes.push(change.map_err(|source| BacktestError::Change { line, source })?);
        }
    }
    Ok(changes)
}

/// Judges `input` and writes what follows: verdicts as they change, episodes at the end. `progress`
/// is told how many lines were read, and the time reached.
///
/// # Errors
/// See [`BacktestError`].
pub fn run(
    plan: Plan,
    mut input: impl BufRead,
    mut verdicts: impl Write,
    mut episodes: impl Write,
    mut progress: impl FnMut(u64, Timestamp),
) -> Result<BacktestReport, BacktestError> {
    let Plan {
        rules,
        beside,
        subscriptions,
        sources,
        mut changes,
        until,
        most_bad_lines,
    } = plan;
    changes.sort_by_key(|change| change.at);
    let mut report = BacktestReport {
        sources: sources.clone(),
        ..BacktestReport::default()
    };
    let beside = beside.into_iter();
    let mut beside: Vec<Contender> = beside
        .map(|other| Contender::new(other.way, &rules, &subscriptions, &sources, &changes))
        .collect();
    let mut backtest = Backtest::new(rules, subscriptions, sources, changes);
    let mut before = Timestamp::MIN;
    let mut bytes = Vec::new();
    for line in 1.. {
        let whole = next_line(&mut input, &mut bytes)
            .map_err(|source| BacktestError::Input { line, source })?;
        let Some(whole) = whole else { break };
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match text_to_line(&bytes, whole) {
            Ok(read) => {
                let at = read.received_at;
                if at < before {
                    return Err(BacktestError::Order { line, at, before });
                }
                before = at;
                backtest.feed(&read);
                beside.iter_mut().for_each(|other| other.feed(&read));
                write_verdicts(&mut backtest, &mut verdicts, &mut report)?;
            }
            Err(reason) => {
                report.bad_lines += 1;
                if report.first_bad_lines.len() < TOLD {
                    report.first_bad_lines.push((line, reason));
                }
                if report.bad_lines > most_bad_lines {
                    let (line, reason) = report.first_bad_lines.swap_remove(0);
                    return Err(BacktestError::TooManyBad {
                        limit: most_bad_lines,
                        line,
                        reason,
                    });
                }
            }
        }
        if line % PROGRESS_EVERY == 0 {
            progress(line, before);
        }
    }
    backtest.finish(until);
    write_verdicts(&mut backtest, &mut verdicts, &mut report)?;
    verdicts.flush().map_err(|source| BacktestError::Output {
        what: "verdicts",
        source,
    })?;
    report.episodes = backtest.episodes().collect();
    for episode in &report.episodes {
        write_json(&mut episodes, "episodes", episode)?;
    }
    episodes.flush().map_err(|source| BacktestError::Output {
        what: "episodes",
        source,
    })?;
    let beside = beside.into_iter();
    report.beside = beside.map(|other| other.finish(until)).collect();
    report.counts = backtest.counts();
    report.end = report.counts.last.max(until);
    Ok(report)
}

/// The next line into `bytes`, and whether that is all of it: of one too long the rest is passed.
/// `None`: there is no more.
fn next_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<Option<bool>> {
    bytes.clear();
    let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', bytes)?;
    if read == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') || (read as u64) < LONGEST_LINE {
        return Ok(Some(true));
    }
    let mut rest = Vec::new();
    loop {
        rest.clear();
        let read = input
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut rest)?;
        if read == 0 || rest.last() == Some(&b'\n') {
            return Ok(Some(false));
        }
    }
}

fn text_to_line(bytes: &[u8], whole: bool) -> Result<super::Line<'_>, String> {
    if !whole {
        return Err(format!("longer than {LONGEST_LINE} bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    read_line(text).map_err(|e| e.to_string())
}

fn write_verdicts(
    backtest: &mut Backtest,
    to: &mut impl Write,
    report: &mut BacktestReport,
) -> Result<(), BacktestError> {
    for verdict in backtest.take_verdicts() {
        write_json(to, "verdicts", &verdict)?;
        report.verdicts.push(verdict);
    }
    Ok(())
}

fn write_json(
    to: &mut impl Write,
    what: &'static str,
    row: &impl serde::Serialize,
) -> Result<(), BacktestError> {
    let wrong = |source| BacktestError::Output { what, source };
    serde_json::to_writer(&mut *to, row).map_err(|e| wrong(e.into()))?;
    to.write_all(b"\n").map_err(wrong)
}

#[cfg(test)]
mod tests {
    use firemain_domain::source::{Kind, Position, Requirement, TapPoint};

    use super::*;

    fn plan(until: Option<&str>) -> Plan {
        let source = Source {
            code: "H".into(),
            kind: Kind::Hydrant {
                tap_point: TapPoint::Main,
            },
            name: String::new(),
            position: Position {
                lat: 21.0,
                lon: 105.85,
            },
            device: Some("D".into()),
            unit: None,
            zone: None,
            requirement: Requirement {
                pressure_kpa: Some(98.1),
                ..Requirement::default()
            }
            .into(),
            reporting: firemain_domain::source::Reporting::default(),
            access: firemain_domain::source::Access::default().into(),
            status: firemain_domain::source::Status::InService,
            supply_schedule: None,
            elevation_m: None,
            sensor: firemain_domain::source::Sensor::default().into(),
        };
        Plan {
            rules: Rules::default(),
            beside: Vec::new(),
            subscriptions: Subscription::defaults(),
            sources: vec![source],
            changes: Vec::new(),
            until: until.and_then(Timestamp::parse),
            most_bad_lines: 2,
        }
    }

    fn line(at: &str, kpa: f64) -> String {
        let payload = format!(r#"{{\"pressure_kpa\":{kpa}}}"#);
        format!(
            r#"{{"received_at":"2026-11-23T{at}Z","topic":"firemain/v1/D/telemetry","payload":"{payload}"}}"#
        )
    }

    fn judged(plan: Plan, input: &str) -> Result<(BacktestReport, String, String), BacktestError> {
        let (mut verdicts, mut episodes) = (Vec::new(), Vec::new());
        let report = run(
            plan,
            input.as_bytes(),
            &mut verdicts,
            &mut episodes,
            |_, _| {},
        )?;
        Ok((
            report,
            String::from_utf8(verdicts).unwrap(),
            String::from_utf8(episodes).unwrap(),
        ))
    }

    #[test]
    fn a_recording_becomes_verdicts_and_episodes() {
        let input = [
            line("08:00:00", 200.0),
            line("08:15:00", 20.0),
            line("08:30:00", 20.0),
        ];
        let (report, verdicts, episodes) = judged(plan(None), &input.join("\n")).unwrap();
        let first = verdicts.lines().next().unwrap();
        assert_eq!(
            first,
            r#"{"source":"H","at":"2026-11-23T08:00:00Z","verdict":"unknown","reasons":["no_data"]}"#
        );
        assert!(
            verdicts.ends_with("\"unusable\",\"reasons\":[\"low_static\"]}\n"),
            "{verdicts}"
        );
        assert_eq!(
            (report.episodes.len(), report.counts.lines, report.bad_lines),
            (1, 3, 0)
        );
        assert!(episodes.contains(r#""id":"H/LOW_STATIC/1""#), "{episodes}");
        assert!(
            episodes.contains(r#""raised_at":"2026-11-23T08:30:00Z""#),
            "{episodes}"
        );
    }

    #[test]
    fn time_may_pass_after_the_last_line() {
        let (_, verdicts, episodes) =
            judged(plan(Some("2026-11-24T09:00:00Z")), &line("08:00:00", 200.0)).unwrap();
        assert!(
            verdicts.contains(r#""at":"2026-11-23T08:45:00Z","verdict":"unknown""#),
            "{verdicts}"
        );
        assert!(episodes.contains("STALE"), "{episodes}");
    }

    #[test]
    fn bad_lines_are_counted_with_their_numbers_until_there_are_too_many() {
        let mut input = vec![
            line("08:00:00", 200.0),
            "no".into(),
            String::new(),
            "{}".into(),
        ];
        input.push(line("08:15:00", 200.0));
        let (report, ..) = judged(plan(None), &input.join("\n")).unwrap();
        assert_eq!((report.bad_lines, report.counts.lines), (2, 2));
        assert_eq!(
            report
                .first_bad_lines
                .iter()
                .map(|(n, _)| *n)
                .collect::<Vec<_>>(),
            [2, 4]
        );
        input.push("worse".into());
        let error = judged(plan(None), &input.join("\n"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("more than 2") && error.contains("line 2"),
            "{error}"
        );
    }

    #[test]
    fn a_line_out_of_order_is_named() {
        let input = [line("08:00:00", 200.0), line("07:00:00", 200.0)].join("\n");
        let error = judged(plan(None), &input).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("sort"),
            "{error}"
        );
    }
}
