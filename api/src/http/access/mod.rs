//! Who may ask what.
//!
//! In: every request, before its handler. Out: the request with its [`Principal`], or a refusal.
//! The route is looked up in [`table`], which names the least role; what does not stand there is
//! refused. [`reach`] says for which sources somebody may act.

mod guard;
mod reach;
pub mod table;

pub use guard::guard;
