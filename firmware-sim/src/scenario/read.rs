//! Reading a scenario's TOML; what is wrong is told with its line and what to do.

use serde::Deserialize;

use super::{Event, EventKind, Everyday, Scenario, Target, offset};

const LARGEST_FILE: usize = 4 * 1024 * 1024;
const MOST_EVENTS: usize = 100_000;
/// Nothing is repeated more often than this, ms.
const LEAST_EVERY_MS: i64 = 60_000;
const HIGHEST_RATE: f64 = 1_000.0;

/// A scenario that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Not the TOML expected.
    #[error("the scenario cannot be read: {0}")]
    Toml(String),
    /// An event that makes no sense.
    #[error("{}: {why}", place(*.line, .kind))]
    Event {
        /// Line in the file, where it came from one.
        line: Option<usize>,
        /// The event's kind.
        kind: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A rate of the everyday that makes no sense.
    #[error("[everyday] {0}")]
    Everyday(String),
}

fn place(line: Option<usize>, kind: &str) -> String {
    match line {
        Some(line) => format!("the scenario's line {line}, event `{kind}`"),
        None => format!("the event `{kind}`"),
    }
}

impl ScenarioError {
    pub(crate) fn of(event: &Event, why: impl Into<String>) -> Self {
        Self::Event {
            line: event.line,
            kind: event.kind.name().to_owned(),
            why: why.into(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    everyday: Option<Everyday>,
    #[serde(default)]
    event: Vec<toml::Spanned<WrittenEvent>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEvent {
    kind: EventKind,
    at: Length,
    duration: Option<Length>,
    source: Option<String>,
    zone: Option<String>,
    size: Option<f64>,
    every: Option<Length>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Length(i64);

impl TryFrom<String> for Length {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        offset::read(&text).map(Self)
    }
}

impl Scenario {
    /// Reads a scenario from TOML (see `docs/simulator.md`).
    ///
    /// # Errors
    /// Names the line and what to write instead.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        if text.len() > LARGEST_FILE {
            return Err(ScenarioError::Toml(format!(
                "it has {} bytes, more than {LARGEST_FILE}",
                text.len()
            )));
        }
        let written: Written =
            toml::from_str(text).map_err(|e| ScenarioError::Toml(e.to_string()))?;
        if written.event.len() > MOST_EVENTS {
            return Err(ScenarioError::Toml(format!(
                "{} events are more than {MOST_EVENTS}: use `every`, or [everyday]",
                written.event.len()
            )));
        }
        let events = written.event.into_iter().map(|event| {
            let before = &text.as_bytes()[..event.span().start.min(text.len())];
            let line = before.split(|byte| *byte == b'\n').count();
            event_of(event.into_inner(), line)
        });
        let scenario = Self {
            events: events.collect(),
            everyday: written.everyday,
        };
        scenario.check()?;
        Ok(scenario)
    }

    /// Whether it makes sense by itself, before it meets a town.
    ///
    /// # Errors
    /// Names the event and what to do.
    pub(crate) fn check(&self) -> Result<(), ScenarioError> {
        for event in &self.events {
            check(event).map_err(|why| ScenarioError::of(event, why))?;
        }
        let Some(everyday) = &self.everyday else {
            return Ok(());
        };
        for (name, rate) in everyday.rates() {
            if !(0.0..=HIGHEST_RATE).contains(&rate) {
                return Err(ScenarioError::Everyday(format!(
                    "{name} = {rate} must lie between 0 and {HIGHEST_RATE}"
                )));
            }
        }
        Ok(())
    }
}

fn event_of(written: WrittenEvent, line: usize) -> Event {
    Event {
        kind: written.kind,
        at_ms: written.at.0,
        duration_ms: written.duration.map(|d| d.0),
        source: written.source,
        zone: written.zone,
        size: written.size,
        every_ms: written.every.map(|e| e.0),
        line: Some(line),
        optional: false,
    }
}

fn check(event: &Event) -> Result<(), String> {
    if event.duration_ms == Some(0) {
        return Err("a duration of 0 is nothing: leave it out, or give it a length".into());
    }
    if let Some(every) = event.every_ms
        && every < LEAST_EVERY_MS
    {
        return Err("`every` must be at least 1m".into());
    }
    match (event.size, event.kind.size_limits()) {
        (Some(_), None) => return Err("has no size: leave `size` out".into()),
        (Some(size), Some((low, high))) if !(low..=high).contains(&size) => {
            return Err(format!("size = {size} must lie between {low} and {high}"));
        }
        _ => {}
    }
    match (event.kind.target(), &event.source, &event.zone) {
        (Target::Zone, Some(_), _) => {
            Err("befalls a whole zone: write `zone = \"…\"` instead of `source`".into())
        }
        (Target::Devices, Some(_), Some(_)) => {
            Err("give either `source` (with `size` neighbours) or `zone`".into())
        }
        (Target::Devices, None, Some(_)) if event.size.is_some() => {
            Err("of a zone befalls all its devices: leave `size` out".into())
        }
        (target, _, Some(zone)) if zone == "all" && target != Target::Devices => {
            Err("`zone = \"all\"` is for outages only: name a zone, or write \"random\"".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::time::{HOUR_MS, MINUTE_MS};

    #[test]
    fn a_scenario_is_read_with_its_lines() {
        let text = "[everyday]\nfires = 2.0\n\n[[event]]\nkind = \"fire\"\nat = \"2h30m\"\nduration = \"1h\"\nsource = \"TR-0007\"\nsize = 30\n\n[[event]]\nkind = \"sensor_spike\"\nat = \"5m\"\n";
        let scenario = Scenario::from_toml(text).unwrap();
        assert_eq!(scenario.events.len(), 2);
        let fire = &scenario.events[0];
        assert_eq!(
            (fire.kind, fire.at_ms, fire.duration_ms),
            (EventKind::Fire, 150 * MINUTE_MS, Some(HOUR_MS))
        );
        assert_eq!((fire.size, fire.line), (Some(30.0), Some(4)));
        assert_eq!(scenario.events[1].kind, EventKind::Sensor("spike"));
        assert_eq!(scenario.everyday.unwrap().fires, 2.0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_way_out() {
        let error = |text: &str| Scenario::from_toml(text).unwrap_err().to_string();
        let event = |rest: &str| error(&format!("# a comment\n[[event]]\n{rest}"));
        assert!(event("kind = \"fier\"\nat = \"5m\"").contains("did you mean `fire`"));
        assert!(event("kind = \"fier\"\nat = \"5m\"").contains("line 3"));
        assert!(event("kind = \"fire\"\nat = \"soon\"").contains("2h30m"));
        assert!(event("kind = \"fire\"").contains("at"));
        assert!(event("kind = \"fire\"\nat = \"5m\"\nsiez = 5").contains("siez"));
        let size = event("kind = \"fire\"\nat = \"5m\"\nsize = 5000");
        assert!(size.contains("line 2") && size.contains("500"), "{size}");
        assert!(event("kind = \"pump_stop\"\nat = \"5m\"\nsource = \"TR-1\"").contains("zone"));
        assert!(event("kind = \"pump_stop\"\nat = \"5m\"\nsize = 2").contains("leave `size` out"));
        assert!(event("kind = \"fire\"\nat = \"5m\"\nevery = \"1s\"").contains("1m"));
        assert!(error("[everyday]\nfires = -1").contains("fires"));
        assert!(error("[everyday]\nfloods = 1").contains("floods"));
    }
}
