//! What is due when.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;

use crate::device::Fault;

/// Something that is due.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Due {
    /// A day of the scenario begins: what happens in it is drawn up.
    Day(i64),
    /// The truth looks at tanks and open waters.
    Tick,
    /// Supply goes on or off in a zone, by its schedule.
    SupplyEdge(usize),
    /// A device or its sensor fails; the happening's number.
    FaultBegins(u32, Fault, u32),
    /// It is mended.
    FaultEnds(u32, &'static str),
    /// Devices lose their network.
    Cut(Vec<u32>),
    /// They have it back.
    Restore(Vec<u32>),
    /// A gateway dies: what these devices send is lost.
    Mute(Vec<u32>),
    /// It is replaced.
    Unmute(Vec<u32>),
    /// A crew reads its gauge at a hydrant before a flow test.
    GaugeAtRest(u32),
    /// It reads it again with the hydrant open; the happening's number.
    GaugeFlowing(u32, u32),
}

/// The agenda, in order of time and, at one moment, of entry.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    dues: BTreeMap<(Timestamp, u64), Due>,
    serial: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, at: Timestamp, due: Due) {
        self.serial += 1;
        self.dues.insert((at, self.serial), due);
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.dues.first_key_value().map(|((at, _), _)| *at)
    }

    /// The first that is due by `at`.
    pub(super) fn take(&mut self, at: Timestamp) -> Option<Due> {
        let entry = self.dues.first_entry()?;
        (entry.key().0 <= at).then(|| entry.remove())
    }
}
