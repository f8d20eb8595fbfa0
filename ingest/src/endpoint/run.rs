//! Starting and stopping the endpoint.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use firemain_domain::clock::SharedClock;
use firemain_store::journal::Journal;
use firemain_store::register::Register;
use ntex::io::{Filter, Io};
use ntex::service::cfg::SharedCfg;
use ntex::service::{ServiceFactory, chain_factory, fn_service};
use ntex::time::{Millis, Seconds};
use ntex_mqtt::{MqttServer, MqttServiceConfig, QoS};
use ntex_tls::rustls::TlsAcceptor;
use rustls::ServerConfig;
use tokio::sync::oneshot;

use super::before::Before;
use super::connection::{Refused, Shared};
use super::desk::{AtDesk, Desk};
use super::gate::Gate;
use super::releases::Releases;
use super::sessions::Sessions;
use super::unsettled::Memory;
use super::{EndpointError, EndpointSettings, EndpointTls, Logins};
use super::{v3, v5};
use crate::{Appender, Counters};

/// A packet larger than this ends its connection.
const PACKET_BYTES: u32 = 1 << 20;
/// Messages of one connection that may wait for the disk.
const IN_FLIGHT: u16 = 2_000;
const IN_FLIGHT_BYTES: usize = 2 << 20;
/// How long a client may take to say who it is.
const CONNECT: Seconds = Seconds(10);
/// Connections that have not said so yet, beyond the sessions.
const UNKNOWN: usize = 256;
/// How long stopping waits for connections to end.
const STOP: Millis = Millis(1_000);

/// Last wills that were held back are looked at so often.
const WILLS: Millis = Millis(250);

/// What an endpoint works with.
pub struct EndpointParts {
    /// Who may come in.
    pub logins: Arc<dyn Logins>,
    /// Where sessions are kept, and commands wait.
    pub register: Arc<dyn Register>,
    /// What the process before has taken in.
    pub journal: Arc<dyn Journal>,
    /// The way into it.
    pub appender: Appender,
    /// What it counts in.
    pub counters: Arc<Counters>,
    /// The time.
    pub clock: SharedClock,
}

/// A running endpoint.
pub struct Endpoint {
    address: Option<SocketAddr>,
    tls_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    at_desk: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Starts it, with the sessions that were kept. Blocks while it reads them.
    ///
    /// # Errors
    /// When an address, a certificate or the settings cannot be used, or the stores not be read.
    pub fn start(settings: &EndpointSettings, parts: EndpointParts) -> Result<Self, EndpointError> {
        let plain = settings.listen.map(listen).transpose()?;
        let tls = settings.tls.as_ref().map(tls).transpose()?;
        if plain.is_none() && tls.is_none() {
            return Err(EndpointError::NoAddress);
        }
        let address = plain.as_ref().map(|(_, address)| *address);
        let tls_address = tls.as_ref().map(|(_, address, _)| *address);
        if settings.open
            && let Some(beyond) = [address, tls_address]
                .into_iter()
                .flatten()
                .find(|address| !address.ip().is_loopback())
        {
            return Err(EndpointError::OpenBeyondLoopback(beyond));
        }
        let EndpointParts {
            logins,
            register,
            journal,
            appender,
            counters,
            clock,
        } = parts;
        let before = Before::from_journal(&*journal, clock.monotonic_ms())?;
        let (desk, jobs) = Desk::new(Arc::clone(&register), Arc::clone(&clock));
        let kept = register.endpoint_sessions()?;
        let statuses = register.device_statuses()?;
        let sessions = Sessions::new(settings.max_sessions, desk.clone(), kept, statuses);
        let shared = Arc::new(Shared {
            appender,
            started: clock.now(),
            assigned: AtomicU64::new(0),
            gate: Arc::new(Gate::new(logins, Arc::clone(&clock))),
            sessions: Arc::new(sessions),
            desk,
            unsettled: Memory::new(settings.max_sessions),
            before,
            counters,
            stopping: AtomicBool::new(false),
            open: settings.open,
            payload_limit: settings.payload_limit,
        });
        let at_desk = AtDesk {
            jobs,
            register,
            sessions: Arc::clone(&shared.sessions),
            gate: Arc::clone(&shared.gate),
            clock,
        };
        let at_desk = std::thread::Builder::new()
            .name("endpoint-desk".into())
            .spawn(move || at_desk.run())
            .map_err(EndpointError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let most = settings.max_sessions + UNKNOWN;
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("mqtt-endpoint".into())
            .spawn(move || {
                ntex::rt::System::build()
                    .name("mqtt-endpoint")
                    .disable_signals()
                    .build(ntex::rt::DefaultRuntime)
                    .block_on(serve(plain, tls, serving, most, stopped));
            })
            .map_err(EndpointError::Thread)?;
        Ok(Self {
            address,
            tls_address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
            at_desk: Some(at_desk),
        })
    }

    /// Where it listens without TLS.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where it listens with TLS.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// Stops: what is not acknowledged by then, the devices send again. Last wills do not count.
    pub async fn stop(mut self) {
        self.ask_to_stop();
        joined(self.thread.take()).await;
        self.shared.desk.stop();
        joined(self.at_desk.take()).await;
    }

    fn ask_to_stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.sessions.stop();
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.ask_to_stop();
        self.shared.desk.stop();
    }
}

async fn joined(thread: Option<JoinHandle<()>>) {
    let Some(thread) = thread else { return };
    let panicked = tokio::task::spawn_blocking(move || thread.join().is_err());
    if panicked.await.unwrap_or(true) {
        tracing::error!("a thread of the MQTT endpoint had panicked");
    }
}

type Plain = (TcpListener, SocketAddr);
type Tls = (TcpListener, SocketAddr, Arc<ServerConfig>);

async fn serve(
    plain: Option<Plain>,
    tls: Option<Tls>,
    shared: Arc<Shared>,
    most: usize,
    stopped: oneshot::Receiver<()>,
) {
    let mqtt = || {
        let limits = MqttServiceConfig::new()
            .set_max_qos(QoS::ExactlyOnce)
            .set_max_size(PACKET_BYTES)
            .set_max_receive(IN_FLIGHT)
            .set_max_receive_size(IN_FLIGHT_BYTES)
            .set_connect_timeout(CONNECT)
            .protocol_version_timeout(CONNECT);
        SharedCfg::new("mqtt").add(limits)
    };
    let mut server = ntex::server::ServerBuilder::new()
        .workers(1)
        .disable_signals()
        .maxconn(most)
        .shutdown_timeout(STOP);
    if let Some((listener, _)) = plain {
        let shared = Arc::clone(&shared);
        let listening = server.listen("plain", listener, async move |_| service(&shared));
        server = match listening {
            Ok(server) => server.config("plain", mqtt()),
            Err(error) => return tracing::error!(%error, "the MQTT endpoint cannot listen"),
        };
    }
    if let Some((listener, _, config)) = tls {
        let shared = Arc::clone(&shared);
        let listening = server.listen("tls", listener, async move |_| {
            chain_factory(TlsAcceptor::new(Arc::clone(&config)))
                .map_err(|_| ())
                .map_init_err(|()| ())
                .and_then(service(&shared))
        });
        server = match listening {
            Ok(server) => server.config("tls", mqtt()),
            Err(error) => return tracing::error!(%error, "the MQTT endpoint cannot listen"),
        };
    }
    let server = server.run();
    let wills = carry_out_wills(shared);
    tokio::select! {
        _ = stopped => {}
        () = wills => {}
    }
    server.stop(true).await;
}

/// Journals last wills when they are due.
async fn carry_out_wills(shared: Arc<Shared>) {
    let ticks = ntex::time::interval(WILLS);
    loop {
        ticks.tick().await;
        for will in shared.sessions.due_wills() {
            if shared.carry_out(will).await.is_err() {
                // The receiver stops.
                return std::future::pending().await;
            }
        }
    }
}

fn service<F: Filter>(
    shared: &Arc<Shared>,
) -> impl ServiceFactory<Io<F>, SharedCfg, Response = (), Error = (), InitError = ()> + use<F> {
    let three = ntex_mqtt::v3::MqttServer::new(v3::greeting(Arc::clone(shared)))
        .protocol(v3::words())
        .publish(v3::messages());
    let five = ntex_mqtt::v5::MqttServer::new(v5::greeting(Arc::clone(shared)))
        .protocol(v5::words())
        .publish(v5::messages());
    let mqtt = MqttServer::new().v3(three).v5(five);
    chain_factory(fn_service(async |io: Io<F>| {
        Ok::<_, ()>(io.add_filter(Releases::default()))
    }))
    .and_then(mqtt.map_err(|_| ()).map_init_err(|_: Refused| ()))
}

fn listen(address: SocketAddr) -> Result<Plain, EndpointError> {
    let failed = |source| EndpointError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn tls(settings: &EndpointTls) -> Result<Tls, EndpointError> {
    let (listener, address) = listen(settings.listen)?;
    let wrong = |path: &Path, reason: String| EndpointError::Tls {
        path: path.to_owned(),
        reason,
    };
    let read = |path: &Path| std::fs::read(path).map_err(|error| wrong(path, error.to_string()));
    let (cert_file, key_file) = (&settings.cert_file, &settings.key_file);
    let chain = rustls_pemfile::certs(&mut &*read(cert_file)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(cert_file, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(cert_file, "it holds no certificate in PEM".into()));
    }
    let key = rustls_pemfile::private_key(&mut &*read(key_file)?)
        .map_err(|error| wrong(key_file, error.to_string()))?
        .ok_or_else(|| wrong(key_file, "it holds no private key in PEM".into()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(cert_file, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(cert_file, error.to_string()))?;
    Ok((listener, address, Arc::new(config)))
}
