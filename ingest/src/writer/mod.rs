//! The journal's only writer: one thread, one fsync for everything that waits.
//!
//! In: messages and words about ourselves from the broker's session, the own endpoint, adoption and
//! the canary, over one bounded queue. Out: envelopes in the journal, stamped with journal time, and
//! then, when they are on disk, the word to whoever handed them in that they may be acknowledged.

mod arrival;

mod appender;

mod batch;
mod time;

mod thread;

pub use appender::{Appender, Closed};
pub use arrival::{Arrival, KEPT_OF_OVERSIZE_BYTES};
pub use thread::Writer;

pub(crate) use appender::{Job, OnDisk};
pub(crate) use arrival::fingerprint;
pub(crate) use thread::WriterState;
