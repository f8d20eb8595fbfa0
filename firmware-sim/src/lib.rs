//! Sensors' firmware in a simulated town on a real hydraulic network.
//!
//! In: a [`Town`] (generated, or a utility's own EPANET file), a [`Scenario`] (what happens to its
//! water and its devices), a seed. Out: the messages its devices send, in order of arrival
//! ([`Simulation::advance`]), and the [`Truth`]: what the water really did. The messages go to a
//! broker ([`publish`]) or into a recording ([`record`]). Same seed, same messages.
//!
//! A message's way: the scenario's happenings change the water; the water is solved; a device looks
//! at it through its sensor; its firmware decides what to send and when; its format makes bytes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod names;
mod noise;

mod town;
mod water;

mod scenario;

mod device;
mod wire;

mod simulation;
mod truth;

pub mod cli;
pub mod publish;
pub mod record;

pub use device::Fault;
pub use scenario::{Event, EventKind, Everyday, Scenario, ScenarioError};
pub use simulation::{
    Cut, SimCounts, SimError, SimMessage, SimSettings, Simulation, TimedChange, TrueWater,
};
pub use town::{
    MOST_SOURCES, Topology, TopologyNode, TopologyPipe, TopologyZone, Town, TownError, TownSettings,
};
pub use truth::{About, Truth, write as write_truths};
