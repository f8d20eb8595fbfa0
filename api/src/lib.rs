//! Judging as a service, and what people and machines may ask of it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod watch;

pub mod units;

pub mod board;

pub mod reports;

pub mod cap;

pub mod backtest;

pub mod import;

pub mod notify;

pub mod access;
pub mod http;

use std::sync::Arc;

use firemain_store::archive::Archive;
use firemain_store::intake::Intake;
use firemain_store::journal::Journal;
use firemain_store::register::Register;

/// Chooses the cryptography of everything in this process that speaks TLS, once, before anything does.
pub fn choose_cryptography() {
    // Whoever chose before chose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Where everything is kept: what judging and the API work on.
#[derive(Clone)]
pub struct Stores {
    /// What came in.
    pub journal: Arc<dyn Journal>,
    /// What came in and could not be used yet.
    pub intake: Arc<dyn Intake>,
    /// Readings.
    pub archive: Arc<dyn Archive>,
    /// Sources, changes, verdicts and alerts.
    pub register: Arc<dyn Register>,
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stores")
    }
}
