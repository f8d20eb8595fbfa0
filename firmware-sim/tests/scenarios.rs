//! The scenarios of each rule: what their headers promise is what becomes true when they are played.
//!
//! A header's lines begin with `#! `: one `town even|varied sources N seed N for LENGTH`, then
//! `is WHAT WHERE FROM UNTIL [SEVERITY] [page|quiet] [by CAUSE]` and `not WHAT WHERE`. WHERE is a source,
//! or a zone where the truth is about no single source, or `-`; UNTIL may be `end`. What is promised
//! of a place must be all that there is.

use std::path::PathBuf;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_firmware_sim::{About, Scenario, SimSettings, Simulation, Town, TownSettings, Truth};

/// Moments are promised within this.
const ABOUT_MS: i64 = 25 * MINUTE_MS;

/// Local midnight, a Monday in July.
fn start() -> Timestamp {
    Timestamp::parse("2026-07-05T17:00:00Z").expect("a time")
}

struct Promise {
    what: String,
    place: String,
    /// `None`: that there is none.
    holds: Option<Holds>,
}

struct Holds {
    from: Timestamp,
    until: Option<Timestamp>,
    severity: Option<Severity>,
    page: Option<bool>,
    cause: Option<String>,
}

struct Header {
    varied: bool,
    sources: usize,
    seed: u64,
    length_ms: i64,
    promises: Vec<Promise>,
}

fn length_ms(text: &str) -> i64 {
    let mut total = 0;
    let mut number = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => number = number * 10 + i64::from(c as u8 - b'0'),
            'd' => total += std::mem::take(&mut number) * DAY_MS,
            'h' => total += std::mem::take(&mut number) * HOUR_MS,
            'm' => total += std::mem::take(&mut number) * MINUTE_MS,
            _ => panic!("{text} is no length"),
        }
    }
    total
}

fn header(text: &str) -> Header {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#! "))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let [
        "town",
        kind,
        "sources",
        sources,
        "seed",
        seed,
        "for",
        length,
    ] = lines[0][..]
    else {
        panic!("no town in {:?}", lines[0]);
    };
    let promises = lines[1..].iter().map(|words| promise(words)).collect();
    Header {
        varied: kind == "varied",
        sources: sources.parse().expect("a number"),
        seed: seed.parse().expect("a number"),
        length_ms: length_ms(length),
        promises,
    }
}

fn promise(words: &[&str]) -> Promise {
    let (what, place) = (words[1].to_owned(), words[2].to_owned());
    if words[0] == "not" {
        assert_eq!(words.len(), 3, "{words:?}");
        let holds = None;
        return Promise { what, place, holds };
    }
    assert_eq!(words[0], "is", "{words:?}");
    let at = |text: &str| start().plus_ms(length_ms(text));
    let mut holds = Holds {
        from: at(words[3]),
        until: (words[4] != "end").then(|| at(words[4])),
        severity: None,
        page: None,
        cause: None,
    };
    let mut rest = words[5..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "page" => holds.page = Some(true),
            "quiet" => holds.page = Some(false),
            "by" => holds.cause = rest.next().map(|cause| (*cause).to_owned()),
            severity => {
                let name = format!("\"{severity}\"");
                holds.severity = Some(serde_json::from_str(&name).expect("a severity"));
            }
        }
    }
    Promise {
        what,
        place,
        holds: Some(holds),
    }
}

impl Promise {
    fn is_there(&self, truth: &Truth) -> bool {
        let place = if truth.source.is_empty() {
            truth.zone.as_deref().unwrap_or_default()
        } else {
            &*truth.source
        };
        truth.what == self.what.as_str() && (self.place == "-" || place == self.place)
    }
}

impl Holds {
    fn is(&self, truth: &Truth) -> bool {
        let near = |a: Timestamp, b: Timestamp| a.since_ms(b).abs() <= ABOUT_MS;
        let until = match (self.until, truth.until) {
            (Some(a), Some(b)) => near(a, b),
            (None, None) => true,
            _ => false,
        };
        near(self.from, truth.from)
            && until
            && self.severity.is_none_or(|s| truth.severity == Some(s))
            && self.page.is_none_or(|page| truth.page == page)
            && self
                .cause
                .as_ref()
                .is_none_or(|cause| truth.cause == *cause)
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn play(name: &str) -> (Header, Vec<Truth>, Simulation) {
    let file = folder().join(name).with_extension("toml");
    let text = std::fs::read_to_string(&file).expect("a scenario");
    let header = header(&text);
    let settings = if header.varied {
        TownSettings::varied_of_size(header.seed, header.sources)
    } else {
        TownSettings::of_size(header.seed, header.sources)
    };
    let town = Town::generate(&settings).expect("a town");
    let scenario = Scenario::from_toml(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let settings = SimSettings {
        seed: header.seed,
        flow_tested: true,
        ..SimSettings::from(start())
    };
    let mut simulation = Simulation::new(town, scenario, settings).expect("it fits");
    simulation.advance(start().plus_ms(header.length_ms), |_| {});
    let truths = simulation.truths();
    (header, truths, simulation)
}

fn keeps_its_promises(name: &str) {
    let (header, truths, simulation) = play(name);
    assert_eq!(simulation.counts().unsolved, 0, "{name}");
    assert!(!header.promises.is_empty(), "{name} promises nothing");
    for promise in &header.promises {
        let there: Vec<_> = truths.iter().filter(|t| promise.is_there(t)).collect();
        let (what, place) = (&promise.what, &promise.place);
        let Some(holds) = &promise.holds else {
            assert!(there.is_empty(), "{name}: {what} {place}: {there:#?}");
            continue;
        };
        let from = holds.from.since_ms(start()) as f64 / HOUR_MS as f64;
        assert!(
            there.iter().any(|truth| holds.is(truth)),
            "{name}: no {what} {place} from {from} h: {there:#?}"
        );
        let promised = |p: &&Promise| p.what == *what && p.place == *place;
        let promised = header.promises.iter().filter(promised).count();
        assert!(
            place == "-" || there.len() == promised,
            "{name}: {what} {place} is promised {promised} times: {there:#?}"
        );
    }
}

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { keeps_its_promises(stringify!($name)); })*

        #[test]
        fn every_scenario_of_the_folder_is_played() {
            let mut there: Vec<_> = std::fs::read_dir(folder())
                .expect("a folder")
                .map(|file| file.expect("a file").path())
                .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
                .collect();
            there.sort();
            let mut played = vec![$(stringify!($name).to_owned()),*];
            played.sort();
            assert_eq!(there, played);
        }
    };
}

scenarios!(
    bursts,
    clock,
    device,
    draw_low,
    drift,
    evening_low,
    fire_by_hours,
    flatline,
    flow_deficit,
    gateway,
    high_pressure,
    low_residual,
    low_static,
    replay,
    spike,
    stale,
    supply_by_hours,
    tank_leak,
    tank_low,
    unauthorised_use,
    zone_drop,
);

#[test]
fn what_people_enter_comes_with_what_they_know_of() {
    let (_, _, simulation) = play("unauthorised_use");
    let changes = simulation.changes();
    let text = changes
        .iter()
        .map(|change| serde_json::to_string(change).expect("JSON"))
        .collect::<Vec<_>>()
        .join("\n");
    for (kind, times) in [
        ("incident_opened", 1),
        ("incident_ended", 1),
        ("permit_granted", 2),
        ("flow_test_entered", 1),
    ] {
        let found = text.matches(&format!("\"{kind}\"")).count();
        assert_eq!(found, times, "{kind}: {text}");
    }
    assert!(changes.is_sorted_by_key(|change| change.at));
    assert!(!text.contains("TR-0007"), "a thief asks nobody: {text}");
}

#[test]
fn an_evening_low_at_the_end_of_a_line_is_excused_once_it_is_a_habit() {
    let (_, truths, _) = play("evening_low");
    let lows: Vec<_> = truths
        .iter()
        .filter(|t| t.what == "low_static" && t.zone.as_deref() == Some("KV-04"))
        .collect();
    assert!(lows.iter().all(|t| t.cause == "demand"), "{lows:#?}");
    assert!(lows.len() > 20, "{}", lows.len());
    let week = start().plus_ms(7 * DAY_MS);
    let late: Vec<_> = lows.iter().filter(|t| t.from > week).collect();
    assert!(
        !late.is_empty() && late.iter().all(|t| !t.page),
        "{late:#?}"
    );
}

#[test]
fn outside_its_hours_and_at_their_edges_a_zone_owes_nothing() {
    let (_, truths, simulation) = play("supply_by_hours");
    let by_hours: Vec<_> = simulation
        .town()
        .sources()
        .iter()
        .filter(|s| s.supply_schedule.is_some() && s.zone.as_deref() != Some("KV-20"))
        .map(|s| s.code.clone())
        .collect();
    assert!(by_hours.len() > 15, "{}", by_hours.len());
    let dry = |t: &&Truth| t.critical_from.is_some() && by_hours.contains(&t.source);
    let dry: Vec<_> = truths.iter().filter(dry).collect();
    assert!(dry.is_empty(), "{dry:#?}");
    assert!(!truths.iter().any(|t| t.what == "zone_drop"), "{truths:#?}");
}

#[test]
fn a_happening_says_what_came_of_it() {
    let (_, truths, _) = play("zone_drop");
    let burst = truths
        .iter()
        .find(|t| t.about == About::Happening && t.cause == "burst")
        .expect("a burst");
    assert!(burst.page && burst.expects.iter().any(|rule| rule == "ZONE_DROP"));
    let lines = truths.iter().filter(|t| t.event == burst.event).count();
    assert!(lines > 3, "{lines} lines of {:?}", burst.event);
    let theft = truths
        .iter()
        .find(|t| t.about == About::Happening && t.cause == "theft")
        .expect("a theft");
    assert!(!theft.expects.iter().any(|rule| rule == "ZONE_DROP"));
}
