//! `docs/simulator.md` says what is so.

use firemain_domain::Timestamp;
use firemain_firmware_sim::{
    EventKind, Everyday, Fault, Scenario, SimSettings, Simulation, Town, TownSettings, Truth,
};
use firemain_wire::{CodecName, Encoder, Subscription};

const GUIDE: &str = include_str!("../../docs/simulator.md");

/// The guide's blocks of code: what stands behind the fence, and the text.
fn blocks() -> impl Iterator<Item = (&'static str, &'static str)> {
    GUIDE
        .split("\n```")
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').expect("a block"))
}

/// The cells of the table's row that begins with that name.
fn row(name: &str) -> Vec<&'static str> {
    let begins = format!("| `{name}` |");
    let line = GUIDE
        .lines()
        .find(|line| line.starts_with(&begins))
        .unwrap_or_else(|| panic!("no row of {name}"));
    line.split('|')
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

#[test]
fn every_scenario_is_read_and_fits_a_town() {
    let scenarios: Vec<_> = blocks()
        .filter(|(kind, _)| *kind == "toml scenario")
        .collect();
    assert!(!scenarios.is_empty());
    for (_, text) in scenarios {
        let scenario = Scenario::from_toml(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        let town = Town::generate(&TownSettings::default()).expect("a town");
        Simulation::new(town, scenario, SimSettings::from(Timestamp::from_ms(0))).expect("it fits");
    }
}

#[test]
fn every_block_of_toml_is_read_by_some_test() {
    for (kind, _) in blocks().filter(|(kind, _)| kind.starts_with("toml")) {
        let format = kind.strip_prefix("toml ").unwrap_or_default();
        assert!(
            format == "scenario" || CodecName::ALL.iter().any(|codec| codec.name() == format),
            "{kind}"
        );
    }
}

#[test]
fn every_format_has_the_subscription_that_reads_it() {
    for format in CodecName::ALL {
        assert!(!row(format.name()).is_empty());
        let said = blocks().find(|(kind, _)| kind.strip_prefix("toml ") == Some(format.name()));
        let Some((_, text)) = said else {
            assert_eq!(format, CodecName::Native, "{format} has no subscription");
            continue;
        };
        let file: toml::Value = toml::from_str(text).expect("TOML");
        let subscriptions: Vec<Subscription> = file["mqtt"]["subscriptions"]
            .clone()
            .try_into()
            .expect("subscriptions");
        assert_eq!(subscriptions, Encoder::subscription(format), "{format}");
    }
}

#[test]
fn every_kind_of_event_has_its_row() {
    for kind in EventKind::all() {
        assert!(row(kind.name()).len() >= 5, "{kind}");
    }
}

#[test]
fn every_fault_has_its_row_with_its_default_sizes() {
    let size = |fault: Fault| {
        serde_json::to_value(fault)
            .expect("JSON")
            .as_object()
            .and_then(|o| o.values().next()?.as_f64())
    };
    for name in Fault::NAMES {
        let default = |level| size(Fault::named(name, None, level).expect("a fault"));
        let expected = match (default(false), default(true)) {
            (Some(hydrant), Some(other)) => format!("{hydrant}, {other}"),
            _ => "–".to_owned(),
        };
        assert_eq!(row(&format!("sensor_{name}"))[3], expected, "{name}");
    }
}

#[test]
fn every_rate_of_the_everyday_has_its_row_with_its_default() {
    let everyday = serde_json::to_value(Everyday::default()).expect("JSON");
    for (key, default) in everyday.as_object().expect("an object") {
        let expected = default
            .as_f64()
            .map_or("always".to_owned(), |rate| rate.to_string());
        assert_eq!(row(key)[2], expected, "{key}");
    }
}

#[test]
fn the_truth_file_is_as_shown() {
    let (_, text) = blocks()
        .find(|(kind, _)| *kind == "json truth")
        .expect("an example");
    let truth: Truth = serde_json::from_str(text).expect("a truth");
    assert_eq!(serde_json::to_string(&truth).expect("JSON"), text.trim());
}

#[test]
fn every_argument_that_the_guide_shows_exists() {
    use clap::{Args as _, Command};
    let command = firemain_firmware_sim::cli::SimArgs::augment_args(Command::new("sim"));
    let known: Vec<_> = command
        .get_arguments()
        .filter_map(|a| a.get_long())
        .map(|long| format!("--{long}"))
        .collect();
    let of_backtest = ["--input", "--episodes", "--verdicts"];
    let words = GUIDE
        .split(|c: char| !(c.is_ascii_lowercase() || c == '-'))
        .filter(|w| w.starts_with("--") && w.len() > 2);
    for word in words.filter(|w| w.chars().nth(2).is_some_and(|c| c.is_ascii_lowercase())) {
        assert!(
            known.iter().any(|k| k == word) || of_backtest.contains(&word),
            "{word} is no argument"
        );
    }
}
