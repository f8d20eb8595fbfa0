//! The payload formats that sensors speak: bytes to [`Report`]s and, for the simulator, back.
//!
//! In: a topic, a payload, the moment of receipt. Out: reports, or a [`Refusal`] that says why not.
//! Where the bytes came from, and where the reports go, is not known here. A message's way: its
//! [`subscription`] by [`topic`], the checks of the [`decoder`], one of the [`codecs`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod subscription;
pub mod topic;

mod decoder;
mod depth;

mod codecs;
mod encode;

pub use decoder::{Decoder, Limits, Refusal};
pub use encode::{Encoder, Outgoing};
pub use subscription::{CodecName, DeviceLocator, FieldMap, Meaning, Subscription};
pub use topic::TopicFilter;

use firemain_domain::Report;

/// What one message became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What its devices say; may be empty (a message without any value).
    pub reports: Vec<Report>,
    /// What should be asked of the sender: Sparkplug edge nodes to be told to give birth again.
    pub rebirths: Vec<RebirthRequest>,
}

impl From<Report> for Decoded {
    fn from(report: Report) -> Self {
        Self {
            reports: vec![report],
            rebirths: Vec::new(),
        }
    }
}

/// A Sparkplug edge node whose aliases or sequence are not known any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebirthRequest {
    /// The topic to publish the request to: `spBv1.0/{group}/NCMD/{edge}`.
    pub topic: String,
    /// The payload to publish.
    pub payload: Vec<u8>,
}
