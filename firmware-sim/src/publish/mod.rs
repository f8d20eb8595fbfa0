//! Publishing to a broker: many devices over a bounded number of connections.
//!
//! In: a [`Simulation`]. Out: its messages on a broker, with QoS 1, each acknowledged or sent again.
//! A device always speaks over the same connection, so its order is kept. `pump` lets the
//! simulation run at its speed in a thread of its own and hands batches to the connections over
//! bounded channels; `connection` is one session with the broker and what it has not yet
//! acknowledged; `address` reads the broker's URL. Commands to devices come back the other way.

mod address;
mod connection;
mod pump;
mod window;

pub use address::AddressError;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use firemain_domain::Timestamp;
use firemain_domain::clock::{SharedClock, SystemClock};
use firemain_wire::CodecName;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Simulation;
use address::Address;
use connection::{Connection, Ended};

/// Connections at most.
pub const MOST_CONNECTIONS: u16 = 1_024;
/// Batches that wait for one connection at most.
const WAITING_BATCHES: usize = 8;

/// How fast simulated time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As the clock.
    Real,
    /// So many times as fast.
    Times(f64),
    /// As fast as the broker takes it.
    AsFast,
}

/// How and where to publish.
#[derive(Clone)]
pub struct PublishSettings {
    /// `mqtt://[user[:password]@]host[:port]`, or `mqtts://…`.
    pub url: String,
    /// Login, if the URL has none.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// Certificates that may sign the broker's, for `mqtts://`: a PEM file.
    pub ca_file: Option<PathBuf>,
    /// What the connections call themselves, with their numbers added.
    pub client_id: String,
    /// Connections, 1 to [`MOST_CONNECTIONS`]; never more than there are devices.
    pub connections: u16,
    /// Messages that one connection leaves unacknowledged at most.
    pub in_flight: u16,
    /// How fast simulated time passes.
    pub speed: Speed,
    /// Where simulated time ends; `None`: never.
    pub until: Option<Timestamp>,
    /// What tells how much time has passed.
    pub clock: SharedClock,
}

impl std::fmt::Debug for PublishSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self
            .url
            .rsplit_once('@')
            .map_or(self.url.as_str(), |(_, host)| host);
        f.debug_struct("PublishSettings")
            .field("broker", &url)
            .field("client_id", &self.client_id)
            .field("connections", &self.connections)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

impl PublishSettings {
    /// To that broker: 8 connections, 1,000 in flight each, real speed, without end.
    pub fn to(url: impl Into<String>, clock: SharedClock) -> Self {
        Self {
            url: url.into(),
            username: None,
            password: None,
            ca_file: None,
            client_id: "firemain-sim".to_owned(),
            connections: 8,
            in_flight: 1_000,
            speed: Speed::Real,
            until: None,
            clock,
        }
    }
}

/// How far publishing has come; read it at any time.
#[derive(Debug, Default)]
pub struct Progress {
    sent: AtomicU64,
    acked: AtomicU64,
    resent: AtomicU64,
    connects: AtomicU64,
    commands: AtomicU64,
    connected: AtomicU64,
    simulated_ms: AtomicI64,
    commands_refused: AtomicBool,
}

/// Counts of a publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages sent, each counted once.
    pub sent: u64,
    /// Messages that the broker acknowledged.
    pub acked: u64,
    /// Messages sent again after a connection broke.
    pub resent: u64,
    /// Connections made.
    pub connects: u64,
    /// Connections that stand.
    pub connected: u64,
    /// Commands that came for the devices.
    pub commands: u64,
    /// The broker did not let us listen for commands.
    pub commands_refused: bool,
    /// Up to where simulated time has passed.
    pub simulated: Timestamp,
}

impl Progress {
    /// The counts as they stand.
    pub fn stats(&self) -> Stats {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Stats {
            sent: of(&self.sent),
            acked: of(&self.acked),
            resent: of(&self.resent),
            connects: of(&self.connects),
            connected: of(&self.connected),
            commands: of(&self.commands),
            commands_refused: self.commands_refused.load(Ordering::Relaxed),
            simulated: Timestamp::from_ms(self.simulated_ms.load(Ordering::Relaxed)),
        }
    }
}

/// Why publishing cannot begin, or ended.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The URL, or a certificate file.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A setting out of its range.
    #[error("{0}")]
    Settings(String),
    /// The broker will not have us.
    #[error("the broker at {broker} refuses the login: {why}")]
    Refused {
        /// Host and port.
        broker: String,
        /// What it says, and what to do.
        why: String,
    },
    /// A part of it panicked.
    #[error("a part of the simulator failed: {0}")]
    Failed(String),
}

/// Publishes `simulation` until its end or until cancelled; what was sent is then waited for, for a
/// few seconds. A broker that cannot be reached is tried again and again, and nothing is lost
/// meanwhile: the simulation waits. Returns the simulation, for its truths.
///
/// # Errors
/// A URL or setting that makes no sense, or a login that is refused.
pub async fn run(
    simulation: Simulation,
    settings: PublishSettings,
    cancel: CancellationToken,
    progress: Arc<Progress>,
) -> Result<Simulation, PublishError> {
    check(&settings)?;
    let address = Arc::new(Address::read(&settings)?);
    let count = usize::from(settings.connections).min(simulation.town().sources().len().max(1));
    let filter = match simulation.format() {
        CodecName::Native => Some("firemain/v1/+/command"),
        CodecName::SparkplugB => Some("spBv1.0/+/NCMD/+"),
        _ => None,
    };
    // The simulation is told of commands over a channel of the standard library, for it waits on it.
    let (commands, orders) = std::sync::mpsc::sync_channel(1_024);
    let mut batches = Vec::with_capacity(count);
    let mut connections: JoinSet<Result<Ended, PublishError>> = JoinSet::new();
    for number in 0..count {
        let (to, from) = mpsc::channel(WAITING_BATCHES);
        batches.push(to);
        let connection = Connection {
            address: Arc::clone(&address),
            client_id: format!("{}-{number}", settings.client_id),
            window: settings.in_flight,
            commands: filter
                .filter(|_| number == 0)
                .map(|filter| (filter, commands.clone())),
            // A network is waited for in real time, however fast the simulated time passes.
            clock: SystemClock::shared(),
            progress: Arc::clone(&progress),
        };
        connections.spawn(connection.run(from, cancel.clone()));
    }
    drop(commands);
    let pump = pump::Pump {
        batches,
        orders,
        speed: settings.speed,
        until: settings.until,
        clock: settings.clock,
        cancel: cancel.clone(),
        progress: Arc::clone(&progress),
    };
    let pumping = tokio::task::spawn_blocking(move || pump.run(simulation));
    let mut failure = None;
    while let Some(ended) = connections.join_next().await {
        let error = match ended {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => error,
            Err(error) => PublishError::Failed(error.to_string()),
        };
        // One login refused is all refused; the others need not wait.
        cancel.cancel();
        failure.get_or_insert(error);
    }
    let simulation = pumping
        .await
        .map_err(|error| PublishError::Failed(error.to_string()))?;
    failure.map_or(Ok(simulation), Err)
}

fn check(settings: &PublishSettings) -> Result<(), PublishError> {
    let wrong = |text: String| Err(PublishError::Settings(text));
    if !(1..=MOST_CONNECTIONS).contains(&settings.connections) {
        return wrong(format!(
            "connections = {} must lie between 1 and {MOST_CONNECTIONS}",
            settings.connections
        ));
    }
    if settings.in_flight == 0 {
        return wrong("in_flight must be at least 1".into());
    }
    match settings.speed {
        Speed::Times(factor) if !(0.001..=1_000_000.0).contains(&factor) => wrong(format!(
            "speed = {factor} must lie between 0.001 and 1,000,000; or use as-fast"
        )),
        _ => Ok(()),
    }
}
