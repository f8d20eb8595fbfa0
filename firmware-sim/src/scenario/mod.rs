//! What happens in the town: events at their moments, and an everyday of chance.
//!
//! In: TOML, or one of the ready-made scenarios. Out: a checked [`Scenario`]; whether its sources
//! exist is known only once it meets a town. Every key is told in `docs/simulator.md`.

mod demo;
mod everyday;
mod kind;
mod offset;
mod read;

pub use everyday::Everyday;
pub use kind::EventKind;
pub use read::ScenarioError;

pub(crate) use everyday::{Size, size_of_fault};
pub(crate) use kind::Target;
pub(crate) use offset::read as read_length;

/// What happens in a town.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// Happenings at their moments.
    pub events: Vec<Event>,
    /// Happenings by chance.
    pub everyday: Option<Everyday>,
}

/// One happening, perhaps again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happens.
    pub kind: EventKind,
    /// How long after the start, ms.
    pub at_ms: i64,
    /// How long it lasts, ms; `None`: as long as its kind does.
    pub duration_ms: Option<i64>,
    /// At which source: its code, or `random`.
    pub source: Option<String>,
    /// In which zone: its name, or `random`; for an outage also `all`.
    pub zone: Option<String>,
    /// How big, in the kind's own unit; `None`: as usual.
    pub size: Option<f64>,
    /// Again every so many ms; a random place is drawn anew each time.
    pub every_ms: Option<i64>,
    /// Line in the scenario's file.
    pub line: Option<usize>,
    /// Left out in towns that have no such source.
    pub(crate) optional: bool,
}

impl Event {
    /// An event of that kind so many ms after the start, at a random place, of the usual size.
    pub const fn new(kind: EventKind, at_ms: i64) -> Self {
        Self {
            kind,
            at_ms,
            duration_ms: None,
            source: None,
            zone: None,
            size: None,
            every_ms: None,
            line: None,
            optional: false,
        }
    }

    /// The same at that source.
    #[must_use]
    pub fn at_source(mut self, code: &str) -> Self {
        self.source = Some(code.to_owned());
        self
    }

    /// The same in that zone.
    #[must_use]
    pub fn in_zone(mut self, name: &str) -> Self {
        self.zone = Some(name.to_owned());
        self
    }

    /// The same, so many ms long.
    #[must_use]
    pub const fn lasting(mut self, ms: i64) -> Self {
        self.duration_ms = Some(ms);
        self
    }

    /// The same of that size, in the kind's own unit.
    #[must_use]
    pub const fn of_size(mut self, size: f64) -> Self {
        self.size = Some(size);
        self
    }

    /// The same again every so many ms.
    #[must_use]
    pub const fn every(mut self, ms: i64) -> Self {
        self.every_ms = Some(ms);
        self
    }

    pub(crate) fn lasts_ms(&self) -> i64 {
        self.duration_ms.unwrap_or(self.kind.default_duration_ms())
    }
}

impl Scenario {
    /// Nothing happens but the people's daily use of water.
    pub fn none() -> Self {
        Self::default()
    }

    /// These events and no chance.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        Self {
            events: events.into_iter().collect(),
            everyday: None,
        }
    }
}
