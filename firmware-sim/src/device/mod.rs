//! The devices: what a sensor's firmware does with the water it sees.
//!
//! In: the true pressure, flow or level at the moment of a sample; commands; the network going and
//! coming; faults. Out: messages to be sent, each with the moment it leaves. A device samples every
//! minute or so, sends at its interval or at once when something changes, keeps what it cannot send
//! and sends it later in order, with its own clock's times and its own running number.

mod command;
mod fault;
mod firmware;
mod sensor;

pub use fault::Fault;
pub(crate) use firmware::{Delivery, Device, Letter, Post, Sight, TopicKind};
