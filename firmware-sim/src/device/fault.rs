//! What goes wrong with a device: each fault has a name, a size and a signature of its own.

use serde::{Deserialize, Serialize};

/// Something wrong with a device or its sensor. Sizes are in the unit of the source's main
/// quantity: kPa for hydrants, m for tanks and draw points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// About every thirtieth sample is off by so much, alone.
    Spike(f64),
    /// About every sixtieth sample and the one after it are off by about so much, unlike.
    SpikePair(f64),
    /// It always says what it last said.
    Stuck,
    /// Every sample swings by so much, up and down.
    Erratic(f64),
    /// It moves away from the truth by so much a day.
    Drift(f64),
    /// It is off by so much.
    Offset(f64),
    /// It says so many times the truth.
    WrongScale(f64),
    /// About every second sample is no number.
    NotANumber,
    /// Its clock is ahead by so many seconds (behind, if negative).
    ClockSkew(f64),
    /// Its clock started at 1970 and was never set.
    Clock1970,
    /// It sends again and again what it sent when this began, and nothing else.
    Replay,
    /// Beside each message it sends an old one again.
    ReplayOld,
    /// New numbers and times, but the values of its first eight reports again and again.
    ReplayValues,
    /// Each message arrives twice.
    Duplicate,
    /// Each message arrives so many times.
    DuplicateStorm(f64),
    /// So great a share of its messages is lost.
    LostMessages(f64),
    /// Its running number and its meter stand just before their end, and wrap.
    CounterWrap,
    /// Its battery goes flat within so many hours; then it is silent.
    DeadBattery(f64),
    /// Its battery has only so many volts.
    LowBattery(f64),
    /// Its battery falls under load each other hour, and the device starts anew.
    FlappingBattery,
    /// Somebody opens its housing.
    Tamper,
    /// It stands askew by so many degrees.
    Tilt(f64),
    /// It is replaced within an hour by another, with its own error, number and meter.
    Replaced,
}

/// What is known of each fault.
struct Known {
    name: &'static str,
    /// As a cause in the truth file.
    cause: &'static str,
    /// The rule that must find it, as the truth file names rules.
    found_by: &'static str,
    /// Telling sizes for a hydrant, and for a tank or draw point; `None` where it has none.
    usual: Option<(f64, f64)>,
    /// Smallest and largest size that make sense.
    limits: (f64, f64),
}

const fn known(
    name: &'static str,
    cause: &'static str,
    found_by: &'static str,
    usual: Option<(f64, f64)>,
    limits: (f64, f64),
) -> Known {
    Known {
        name,
        cause,
        found_by,
        usual,
        limits,
    }
}

const NO_SIZE: (f64, f64) = (0.0, 0.0);

#[rustfmt::skip]
const KNOWN: [Known; 23] = [
    known("spike", "sensor_spike", "spike", Some((250.0, 1.5)), (0.01, 10_000.0)),
    known("spike_pair", "sensor_spike_pair", "spike", Some((250.0, 1.5)), (0.01, 10_000.0)),
    known("stuck", "sensor_stuck", "flatline", None, NO_SIZE),
    known("erratic", "sensor_erratic", "device", Some((60.0, 0.5)), (0.01, 10_000.0)),
    known("drift", "sensor_drift", "drift", Some((2.0, 0.01)), (-10_000.0, 10_000.0)),
    known("offset", "sensor_offset", "drift", Some((-40.0, 0.3)), (-10_000.0, 10_000.0)),
    known("wrong_scale", "sensor_wrong_scale", "device", Some((0.1, 0.1)), (0.000_1, 10_000.0)),
    known("not_a_number", "sensor_not_a_number", "nothing", None, NO_SIZE),
    known("clock_skew", "sensor_clock_skew", "clock", Some((1_800.0, 1_800.0)), (-31_536_000.0, 31_536_000.0)),
    known("clock_1970", "sensor_clock_1970", "clock", None, NO_SIZE),
    known("replay", "sensor_replay", "replay", None, NO_SIZE),
    known("replay_old", "sensor_replay_old", "replay", None, NO_SIZE),
    known("replay_values", "sensor_replay_values", "replay", None, NO_SIZE),
    known("duplicate", "sensor_duplicate", "replay", None, NO_SIZE),
    known("duplicate_storm", "sensor_duplicate_storm", "replay", Some((30.0, 30.0)), (2.0, 200.0)),
    known("lost_messages", "sensor_lost_messages", "nothing", Some((0.4, 0.4)), (0.01, 0.95)),
    known("counter_wrap", "sensor_counter_wrap", "nothing", None, NO_SIZE),
    known("dead_battery", "sensor_dead_battery", "device", Some((48.0, 48.0)), (0.01, 8_760.0)),
    known("low_battery", "sensor_low_battery", "device", Some((3.05, 3.05)), (2.91, 3.6)),
    known("flapping_battery", "sensor_flapping_battery", "device", None, NO_SIZE),
    known("tamper", "sensor_tamper", "device", None, NO_SIZE),
    known("tilt", "sensor_tilt", "device", Some((35.0, 35.0)), (0.1, 180.0)),
    known("replaced", "sensor_replaced", "nothing", None, NO_SIZE),
];

impl Fault {
    /// Its name in scenarios and, behind `sensor_`, in the truth file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Spike(_) => "spike",
            Self::SpikePair(_) => "spike_pair",
            Self::Stuck => "stuck",
            Self::Erratic(_) => "erratic",
            Self::Drift(_) => "drift",
            Self::Offset(_) => "offset",
            Self::WrongScale(_) => "wrong_scale",
            Self::NotANumber => "not_a_number",
            Self::ClockSkew(_) => "clock_skew",
            Self::Clock1970 => "clock_1970",
            Self::Replay => "replay",
            Self::ReplayOld => "replay_old",
            Self::ReplayValues => "replay_values",
            Self::Duplicate => "duplicate",
            Self::DuplicateStorm(_) => "duplicate_storm",
            Self::LostMessages(_) => "lost_messages",
            Self::CounterWrap => "counter_wrap",
            Self::DeadBattery(_) => "dead_battery",
            Self::LowBattery(_) => "low_battery",
            Self::FlappingBattery => "flapping_battery",
            Self::Tamper => "tamper",
            Self::Tilt(_) => "tilt",
            Self::Replaced => "replaced",
        }
    }

    /// All names, as a scenario may write them behind `sensor_`.
    pub const NAMES: [&'static str; KNOWN.len()] = {
        let mut names = [""; KNOWN.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = KNOWN[i].name;
            i += 1;
        }
        names
    };

    /// The fault of that name with that size; without one, a telling one for a hydrant (`level`:
    /// for a tank or draw point). `None` if there is no such fault.
    pub fn named(name: &str, size: Option<f64>, level: bool) -> Option<Self> {
        let known = KNOWN.iter().find(|known| known.name == name)?;
        let usual = known
            .usual
            .map_or(0.0, |(hydrant, other)| if level { other } else { hydrant });
        let size = size.unwrap_or(usual);
        Some(match name {
            "spike" => Self::Spike(size),
            "spike_pair" => Self::SpikePair(size),
            "stuck" => Self::Stuck,
            "erratic" => Self::Erratic(size),
            "drift" => Self::Drift(size),
            "offset" => Self::Offset(size),
            "wrong_scale" => Self::WrongScale(size),
            "not_a_number" => Self::NotANumber,
            "clock_skew" => Self::ClockSkew(size),
            "clock_1970" => Self::Clock1970,
            "replay" => Self::Replay,
            "replay_old" => Self::ReplayOld,
            "replay_values" => Self::ReplayValues,
            "duplicate" => Self::Duplicate,
            "duplicate_storm" => Self::DuplicateStorm(size),
            "lost_messages" => Self::LostMessages(size),
            "counter_wrap" => Self::CounterWrap,
            "dead_battery" => Self::DeadBattery(size),
            "low_battery" => Self::LowBattery(size),
            "flapping_battery" => Self::FlappingBattery,
            "tamper" => Self::Tamper,
            "tilt" => Self::Tilt(size),
            "replaced" => Self::Replaced,
            _ => return None,
        })
    }

    /// Its size, where it has one.
    pub const fn size(&self) -> Option<f64> {
        match *self {
            Self::Spike(size)
            | Self::SpikePair(size)
            | Self::Erratic(size)
            | Self::Drift(size)
            | Self::Offset(size)
            | Self::WrongScale(size)
            | Self::ClockSkew(size)
            | Self::DuplicateStorm(size)
            | Self::LostMessages(size)
            | Self::DeadBattery(size)
            | Self::LowBattery(size)
            | Self::Tilt(size) => Some(size),
            _ => None,
        }
    }

    /// The name of the fault as a cause in the truth file: `sensor_` and its name.
    pub(crate) const fn cause_of(name: &'static str) -> &'static str {
        let mut i = 0;
        while i < KNOWN.len() {
            if is_same(KNOWN[i].name, name) {
                return KNOWN[i].cause;
            }
            i += 1;
        }
        name
    }

    /// The rule that must find it, as the truth file names rules.
    pub(crate) fn found_by(&self) -> &'static str {
        let own = |known: &&Known| known.name == self.name();
        KNOWN
            .iter()
            .find(own)
            .map_or("nothing", |known| known.found_by)
    }

    /// Smallest and largest size that make sense; `None` where a fault has no size.
    pub(crate) const fn size_limits(name: &'static str) -> Option<(f64, f64)> {
        let mut i = 0;
        while i < KNOWN.len() {
            if is_same(KNOWN[i].name, name) {
                return if KNOWN[i].usual.is_some() {
                    Some(KNOWN[i].limits)
                } else {
                    None
                };
            }
            i += 1;
        }
        None
    }
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_and_has_its_cause() {
        for name in Fault::NAMES {
            let fault = Fault::named(name, None, false).unwrap();
            assert_eq!(fault.name(), name);
            assert_eq!(Fault::cause_of(name), format!("sensor_{name}"));
            let has_size = Fault::size_limits(name).is_some();
            assert_eq!(fault.size().is_some(), has_size, "{name}");
            if let (Some(size), Some((low, high))) = (fault.size(), Fault::size_limits(name)) {
                assert!((low..=high).contains(&size), "{name}: {size}");
            }
        }
    }
}
