//! What judging says: verdicts, alert episodes, and the effects that carry them out.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::source::SourceCode;
use crate::time::Timestamp;

/// Whether a source can be counted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything required is met by evidence in date.
    Usable,
    /// Water, but less than required, or not proven.
    Degraded,
    /// Nobody can say.
    Unknown,
    /// Not to be counted on.
    Unusable,
}

/// Why a verdict is what it is: codes, never text. In lower case in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Planned, not yet built.
    Planned,
    /// Removed.
    Removed,
    /// Taken out of service by a person.
    OutOfService,
    /// A person found that it does not work.
    Inoperable,
    /// A person found that it cannot be reached or connected to.
    Obstructed,
    /// In a maintenance window.
    Maintenance,
    /// Outside its supply hours.
    SupplyHours,
    /// Pressure at rest below the requirement.
    LowStatic,
    /// Pressure in use below the requirement.
    LowResidual,
    /// Pressure above its limit.
    HighPressure,
    /// Available flow below the requirement.
    FlowDeficit,
    /// A required flow that no valid test or use proves.
    FlowUnproven,
    /// Stored water below the requirement.
    TankLow,
    /// Open water too low to draw.
    DrawLow,
    /// Silent for three intervals.
    Stale,
    /// Never heard.
    NoData,
    /// Its sensor is sick: what it says cannot be believed.
    SensorSick,
    /// A barrel whose zone is dropping, with nothing fresh to say how it is.
    ZoneDropping,
    /// Nothing is required of it, so nothing can be judged.
    NoRequirement,
    /// It reports, but nothing that what it owes could be judged by.
    NoEvidence,
    /// An invalid reading was its newest.
    Invalid,
}

impl Reason {
    /// Every reason, in the order in which verdicts give them.
    pub const ALL: [Self; 21] = [
        Self::Planned,
        Self::Removed,
        Self::OutOfService,
        Self::Inoperable,
        Self::Obstructed,
        Self::Maintenance,
        Self::SupplyHours,
        Self::LowStatic,
        Self::LowResidual,
        Self::HighPressure,
        Self::FlowDeficit,
        Self::FlowUnproven,
        Self::TankLow,
        Self::DrawLow,
        Self::Stale,
        Self::NoData,
        Self::SensorSick,
        Self::ZoneDropping,
        Self::NoRequirement,
        Self::NoEvidence,
        Self::Invalid,
    ];
}

/// The rules by name; upper case in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum RuleName {
    /// Pressure at rest below the requirement.
    LowStatic,
    /// Pressure in use below the requirement.
    LowResidual,
    /// Pressure above its limit.
    HighPressure,
    /// Available flow below the requirement.
    FlowDeficit,
    /// Water is being drawn: a state, no fault.
    InUse,
    /// Stored water below the requirement.
    TankLow,
    /// Open water too low to draw.
    DrawLow,
    /// Silent.
    Stale,
    /// A reading that left its band and came back.
    Spike,
    /// Water being drawn that nobody has a fire or a permit for.
    UnauthorisedUse,
    /// Many sources of a zone drop together: a burst, or pumps that stopped.
    ZoneDrop,
    /// Water is being taken out of a tank: an event, no fault.
    TankDrawoff,
    /// A tank not refilled in its time.
    RefillLate,
    /// A tank that loses water while nobody draws.
    TankLeak,
    /// A reading that does not move though it should.
    Flatline,
    /// A sensor that wanders off from its neighbours.
    Drift,
    /// The device itself: battery, tilt, tamper, scale, noise.
    Device,
    /// A device's clock is wrong.
    Clock,
    /// A device says old things again.
    Replay,
}

impl RuleName {
    /// Every rule, in the order of their numbers.
    pub const ALL: [Self; 19] = [
        Self::LowStatic,
        Self::LowResidual,
        Self::HighPressure,
        Self::FlowDeficit,
        Self::InUse,
        Self::TankLow,
        Self::DrawLow,
        Self::Stale,
        Self::Spike,
        Self::UnauthorisedUse,
        Self::ZoneDrop,
        Self::TankDrawoff,
        Self::RefillLate,
        Self::TankLeak,
        Self::Flatline,
        Self::Drift,
        Self::Device,
        Self::Clock,
        Self::Replay,
    ];

    /// `LOW_STATIC` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowStatic => "LOW_STATIC",
            Self::LowResidual => "LOW_RESIDUAL",
            Self::HighPressure => "HIGH_PRESSURE",
            Self::FlowDeficit => "FLOW_DEFICIT",
            Self::InUse => "IN_USE",
            Self::TankLow => "TANK_LOW",
            Self::DrawLow => "DRAW_LOW",
            Self::Stale => "STALE",
            Self::Spike => "SPIKE",
            Self::UnauthorisedUse => "UNAUTHORISED_USE",
            Self::ZoneDrop => "ZONE_DROP",
            Self::TankDrawoff => "TANK_DRAWOFF",
            Self::RefillLate => "REFILL_LATE",
            Self::TankLeak => "TANK_LEAK",
            Self::Flatline => "FLATLINE",
            Self::Drift => "DRIFT",
            Self::Device => "DEVICE",
            Self::Clock => "CLOCK",
            Self::Replay => "REPLAY",
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// An event.
    Info,
    /// A list entry and a digest.
    Minor,
    /// Pages when its dwell ends.
    Major,
    /// Pages when its dwell ends, whatever the hour.
    Critical,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Pressure at rest.
    StaticPressure,
    /// Flow and pressure measured together while water was drawn.
    InUse,
    /// A flow test.
    FlowTest,
    /// Estimated from a flow test and today's static pressure.
    Estimated,
    /// The device's own estimate.
    DeviceEstimate,
    /// A level, and the volume it means.
    Level,
    /// What a person entered: status, window, schedule.
    Person,
    /// That nothing was heard.
    Silence,
    /// What the device says of itself: battery, tilt, tamper.
    Device,
}

/// One measured (or derived) value beside what it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What it rests on.
    pub basis: Basis,
    /// What was measured, in its own unit; a volume counts as `volume_total_m3` does, in m³.
    pub quantity: Quantity,
    /// The value.
    pub value: f64,
    /// The requirement or limit, in the same unit.
    pub limit: Option<f64>,
    /// Value minus requirement (limit minus value where the limit is an upper one): negative is
    /// short.
    pub margin: Option<f64>,
    /// When it was measured.
    pub at: Timestamp,
}

/// The numbers that a verdict or an alert rests on, most telling first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The values.
    pub measured: Vec<Measured>,
}

/// What a verdict carries beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A source within 300 m in the same zone is drawing.
    SharedMain,
    /// Water is being drawn from it.
    InUse,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons, in the order of the table; empty when usable.
    pub reasons: Vec<Reason>,
    /// Notes that change nothing.
    pub notes: Vec<Note>,
    /// What it rests on.
    pub evidence: Evidence,
    /// Since when verdict and reasons have been so.
    pub since: Timestamp,
    /// When the source was last heard; `None`: never.
    pub heard_at: Option<Timestamp>,
    /// Flow it can be counted on for, L/s, with what says so; `None`: not rated.
    pub available_flow: Option<Measured>,
}

/// What an alert is about.
///
/// As text, and so in ids and in JSON: the code of a source as it is, `zone:…`, `gateway:…`, or
/// `firemain:…` for a part of ours; no source's code may begin so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Subject {
    /// One source.
    Source(SourceCode),
    /// A pressure zone.
    Zone(Arc<str>),
    /// A gateway through which several devices speak.
    Gateway(Arc<str>),
    /// A part of firemain itself.
    Part(Arc<str>),
}

impl Subject {
    /// What the code of a source must not begin with.
    pub const RESERVED: [&'static str; 3] = ["zone:", "gateway:", "firemain:"];

    /// The source, if it is about one.
    pub const fn source(&self) -> Option<&SourceCode> {
        match self {
            Self::Source(code) => Some(code),
            Self::Zone(_) | Self::Gateway(_) | Self::Part(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(code) => f.write_str(code),
            Self::Zone(name) => write!(f, "zone:{name}"),
            Self::Gateway(name) => write!(f, "gateway:{name}"),
            Self::Part(name) => write!(f, "firemain:{name}"),
        }
    }
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        let [zone, gateway, part] = Self::RESERVED.map(|prefix| text.strip_prefix(prefix));
        match (zone, gateway, part) {
            (Some(name), ..) => Self::Zone(name.into()),
            (_, Some(name), _) => Self::Gateway(name.into()),
            (.., Some(name)) => Self::Part(name.into()),
            _ => Self::Source(text.into()),
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// An alert's id: its subject, rule and a count kept in the state, so that a replay gives it again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EpisodeId {
    /// About what.
    #[serde(rename = "source")]
    pub subject: Subject,
    /// Which rule.
    pub rule: RuleName,
    /// The how-many-th of this rule at this subject, from 1.
    pub n: u32,
}

impl EpisodeId {
    /// The source, if it is about one.
    pub const fn source(&self) -> Option<&SourceCode> {
        self.subject.source()
    }
}

impl EpisodeId {
    /// The id by its text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '/');
        let n = parts.next()?.parse().ok()?;
        let rule = parts.next()?;
        let rule = RuleName::ALL.into_iter().find(|r| r.name() == rule)?;
        let subject = parts.next()?.to_owned().into();
        Some(Self { subject, rule, n })
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.subject, self.rule, self.n)
    }
}

/// An alert as it stands after an effect: the whole of it, so that a store may overwrite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeState {
    /// Its id.
    pub id: EpisodeId,
    /// The severity now.
    pub severity: Severity,
    /// The highest it has reached.
    pub highest: Severity,
    /// When the condition began (reading time).
    pub began_at: Timestamp,
    /// When the dwell ended.
    pub raised_at: Timestamp,
    /// When data cleared it; `None`: it stands.
    pub cleared_at: Option<Timestamp>,
    /// How often it was re-opened within the hour after clearing.
    pub reopened: u16,
    /// Whether it pages (or has paged) someone.
    pub pages: bool,
    /// Why it does not page though its severity would; `None` if it pages or is below paging.
    pub muted_by: Option<Mute>,
    /// Whether command is to be told too.
    pub tells_command: bool,
    /// The numbers that raised it.
    pub evidence: Evidence,
    /// What exactly, where its rule knows several kinds.
    #[serde(default)]
    pub detail: Option<Detail>,
    /// How far the device's clock is off, s: ahead is positive. Of alerts about clocks only.
    #[serde(default)]
    pub clock_off_s: Option<i64>,
    /// The incident that it belongs to: it does not page beside that.
    #[serde(default)]
    pub incident: Option<EpisodeId>,
    /// Of an incident: the sources in it.
    #[serde(default)]
    pub members: Vec<SourceCode>,
    /// How often it has paged: when raised or re-opened, when it turned critical, when a silence
    /// ended and it still stood. Each page has its number.
    #[serde(default)]
    pub paged: u16,
    /// The severity it last paged with.
    #[serde(default)]
    pub paged_as: Option<Severity>,
    /// Since when it has its severity, where that changed.
    #[serde(default)]
    pub severity_since: Option<Timestamp>,
    /// Of one that every day brings: the hours of the day that are usually low, by local time, bit 0
    /// from midnight.
    #[serde(default)]
    pub low_hours: u32,
    /// What people did about it that judging heeds.
    #[serde(default)]
    pub heeded: Option<Box<Heeded>>,
}

/// What people did about an alert that judging heeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heeded {
    /// The silence that holds for it; none while a fire lifts it.
    pub silence: Option<HeededSilence>,
    /// It was resolved by hand, and the readings do not say so yet.
    pub resolution: Option<HeededResolution>,
    /// The incident or the permit that its water is drawn for, by id.
    pub attached: Option<String>,
    /// A page is owed again: it was silenced, or resolved by hand, since it last paged.
    pub page_again: bool,
}

/// A silence that holds for an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeededSilence {
    /// Its id.
    pub id: String,
    /// Until when.
    pub until: Timestamp,
}

/// That an alert was resolved by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeededResolution {
    /// When, by the journal.
    pub at: Timestamp,
    /// If the readings still show it then, it re-opens.
    pub until: Timestamp,
    /// How bad it was then: worse than that, it re-opens at once.
    pub severity: Severity,
}

impl EpisodeState {
    /// Until when it is silenced; `None`: it is not.
    pub fn silenced_until(&self) -> Option<Timestamp> {
        Some(self.heeded.as_ref()?.silence.as_ref()?.until)
    }

    /// How it was resolved by hand, if it was and the readings do not say so yet.
    pub fn resolution(&self) -> Option<HeededResolution> {
        self.heeded.as_ref()?.resolution
    }

    /// The incident or the permit that its water is drawn for.
    pub fn attached(&self) -> Option<&str> {
        self.heeded.as_ref()?.attached.as_deref()
    }

    /// Changes what judging heeds of people.
    pub(super) fn heed<T>(&mut self, change: impl FnOnce(&mut Heeded) -> T) -> T {
        let mut heeded = self.heeded.take().unwrap_or_default();
        let changed = change(&mut heeded);
        self.heeded = Some(heeded).filter(|heeded| **heeded != Heeded::default());
        changed
    }

    /// A page goes out: it is counted.
    pub(super) fn page(&mut self) {
        self.pages = true;
        self.muted_by = None;
        self.paged = self.paged.saturating_add(1);
        self.paged_as = Some(self.severity);
        self.heed(|heeded| heeded.page_again = false);
    }
}

/// What exactly an alert says, where its rule knows several kinds: codes, never text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Dry, or its sensor is broken: the neighbours are calm.
    DryOrBroken,
    /// A closed valve, or a sensor that is stuck.
    ValveOrSensor,
    /// A battery that ends.
    Battery,
    /// It stands askew.
    Tilt,
    /// It was opened or struck.
    Tamper,
    /// Its readings are off by a factor of scale.
    WrongScale,
    /// Its readings jump about.
    Erratic,
    /// None of its readings can be.
    Invalid,
    /// Its clock is ahead.
    ClockAhead,
    /// Its clock is behind by a constant: put right.
    ClockBehind,
    /// Its clock was never set.
    ClockUnset,
    /// The same low hour on several days: work for the water company.
    EveryDay,
    /// The receiver is silent or cut off.
    Receiving,
}

/// Why an alert waits or does not page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// The source, or one that shares its main, is in use.
    InUse,
    /// A maintenance window.
    Maintenance,
    /// Outside supply hours.
    SupplyHours,
    /// Known only from late data, or from history played in.
    LateData,
    /// The zone as a whole is dropping: one incident may come of it.
    ZoneDrop,
    /// It belongs to an incident that pages for all of them.
    Incident,
    /// Dry, or a sick sensor? More readings will tell.
    Unsure,
    /// Its sensor is sick: the alert about that is enough.
    SensorSick,
    /// The same low hour comes back day after day: a work order, not a page each time.
    EveryDay,
    /// Somebody silenced it for a while.
    Silence,
    /// Somebody resolved it by hand; the readings have a while to say so too.
    Resolved,
}

/// Something to be carried out by whoever runs the fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A source stands differently: verdict, reasons or notes changed.
    Stands {
        /// Whose.
        source: SourceCode,
        /// At what journal time.
        at: Timestamp,
        /// How it stands now.
        standing: Box<Standing>,
    },
    /// An alert was raised, re-opened, changed or cleared.
    Episode {
        /// At what journal time.
        at: Timestamp,
        /// What happened to it.
        what: EpisodeEvent,
        /// As it now is.
        episode: Box<EpisodeState>,
    },
    /// A reading was left out of judging, and why: to be counted.
    LeftOut {
        /// Whose.
        source: SourceCode,
        /// The device's time, or receipt.
        at: Timestamp,
        /// Which quantity.
        quantity: Quantity,
        /// Why.
        why: LeftOut,
    },
}

/// What happened to an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeEvent {
    /// New.
    Raised,
    /// Back within 60 minutes of clearing.
    Reopened,
    /// Severity or muting changed.
    Changed,
    /// A page that had waited goes out now.
    Paged,
    /// Data cleared it.
    Cleared,
}

/// Why a reading does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// NaN, infinite, out of the sensor's range or absurd.
    Invalid,
    /// Left its band and came back.
    Spike,
    /// A device clock ahead or not set: its time was replaced by the time of receipt.
    ClockAhead,
    /// Older than what is already known, by more than two intervals.
    Late,
    /// A copy.
    Duplicate,
    /// Kept by the broker: not news.
    Retained,
}
