//! What a message is made of.

use firemain_domain::Timestamp;
use firemain_domain::judging::{EpisodeState, RuleName, Subject};
use firemain_domain::quantity::Quantity;
use firemain_domain::source::KindName;
use firemain_store::register::telling::Occasion;

/// The facts of a notice.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Why it is told.
    pub occasion: Occasion,
    /// When, by the journal.
    pub at: Timestamp,
    /// The alert.
    pub episode: &'a EpisodeState,
    /// The source it is about.
    pub place: Option<Place>,
    /// The nearest source that can be counted on, and how far it is as the crow flies, m.
    pub nearest: Option<(String, u32)>,
    /// How many sources of the zone there are, where it is about a zone.
    pub zone_size: Option<usize>,
    /// Until when the tank is to be full again.
    pub refill_by: Option<Timestamp>,
}

/// A source, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: KindName,
    /// Street and number, as people entered it.
    pub name: String,
    /// Its administrative unit.
    pub unit: Option<String>,
    /// Its apron's level, mm in the datum of its levels: only a draw point has one.
    pub apron_mm: Option<i64>,
}

impl Facts<'_> {
    /// About what, as it is called: a code, a zone's name, a gateway's, a part of ours.
    pub fn subject(&self) -> &str {
        match &self.episode.id.subject {
            Subject::Source(code) => code,
            Subject::Zone(name) | Subject::Gateway(name) | Subject::Part(name) => name,
        }
    }

    /// The most telling value of that quantity, and its limit.
    pub fn value(&self, quantity: Quantity) -> Option<(f64, Option<f64>)> {
        let mut measured = self.episode.evidence.measured.iter();
        measured
            .find(|measured| measured.quantity == quantity && measured.value.is_finite())
            .map(|measured| (measured.value, measured.limit))
    }

    /// What to use instead, where the source itself is in doubt. One that is in use, or whose device
    /// merely wants looking after, needs no replacement.
    pub fn replacement(&self) -> Option<&(String, u32)> {
        let doubtful = match self.episode.id.rule {
            RuleName::LowStatic
            | RuleName::LowResidual
            | RuleName::HighPressure
            | RuleName::FlowDeficit
            | RuleName::TankLow
            | RuleName::TankLeak
            | RuleName::RefillLate
            | RuleName::DrawLow
            | RuleName::Stale
            | RuleName::Flatline => true,
            RuleName::InUse
            | RuleName::UnauthorisedUse
            | RuleName::TankDrawoff
            | RuleName::ZoneDrop
            | RuleName::Drift
            | RuleName::Device
            | RuleName::Clock
            | RuleName::Replay
            | RuleName::Spike => false,
        };
        self.nearest.as_ref().filter(|_| doubtful)
    }

    /// For how many minutes nobody has taken it, where that is why it is told.
    pub fn waited_min(&self) -> Option<i64> {
        let waited = self.at.since_ms(self.episode.raised_at) / firemain_domain::time::MINUTE_MS;
        (self.occasion == Occasion::Escalated).then_some(waited.max(1))
    }

    /// Since when it is so, whole hours at least 1.
    pub fn hours(&self) -> i64 {
        let heard = self.episode.evidence.measured.first();
        let since = heard.map_or(self.episode.began_at, |measured| {
            measured.at.min(self.episode.began_at)
        });
        (self.at.since_ms(since) / firemain_domain::time::HOUR_MS).max(1)
    }

    /// How far the water lies below the apron, m, if the level says so.
    pub fn below_apron_m(&self) -> Option<f64> {
        let apron_mm = self.place.as_ref()?.apron_mm?;
        let (level_m, limit_m) = self.value(Quantity::LevelM)?;
        let apron_m = apron_mm as f64 / 1_000.0;
        // Where the layer over the bed is the tighter limit, the apron is not what is wrong.
        let by_apron = limit_m.is_none_or(|limit| (apron_m - limit - 5.0).abs() < 2.5);
        by_apron.then_some(apron_m - level_m)
    }
}
