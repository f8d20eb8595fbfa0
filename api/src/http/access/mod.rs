//! Who may ask what.
//!
//! In: every request, before its handler. Out: the request with its
//! [`Principal`](super::principal::Principal), or a refusal. [`mod@guard`] looks the route up in
//! [`table`], which names the least role (what does not stand there is refused), and finds out
//! [`who`] asks; people [`log_in`] with a [`cookie`], as often as the [`throttle`] lets them.
//! [`reach`] says for which sources somebody may act.

pub mod table;

mod client;
mod cookie;
mod guard;
mod log_in;
mod reach;
mod throttle;
mod who;

pub use client::{Client, Peer};
pub use cookie::Cookie;
pub use guard::{CSRF, guard};
pub use table::{Needs, needs};
pub use who::{Access, NO_USER, of_session};
