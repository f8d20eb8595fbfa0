//! A real mosquitto with a folder of its own, and a wire to it that can be cut.

mod mosquitto;
mod wire;

pub use mosquitto::Mosquitto;
pub use wire::Wire;
