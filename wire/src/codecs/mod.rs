//! The codecs, one each: how a payload becomes samples, events and a device's name.

pub(crate) mod chirpstack;
pub(crate) mod fields;
pub(crate) mod mapped;
pub(crate) mod native;
pub(crate) mod senml;
pub(crate) mod sparkplug;
pub(crate) mod time;
pub(crate) mod ttn;
