//! The water itself: mains solved by the EPANET engine, tanks that fill and empty, lakes and rivers.
//!
//! In: the hour, and what happens to the water (fires, bursts, shut valves, leaks, drought).
//! Out: true pressures, flows and levels at any moment. No sensor has touched them yet.

pub(crate) mod demand;
mod district;
mod mains;
mod open_water;
mod tank;

pub(crate) use district::{Action, District, Drawn, Stretch};
pub(crate) use mains::{Load, Mains};
pub(crate) use open_water::OpenWater;
pub(crate) use tank::{Tank, TankAction};
