//! One session with the broker: sends what it is given, counts what is acknowledged, comes back
//! when it breaks.
//!
//! The packets are rumqttc's; its event loop is not used, for it flushes each message and forgets
//! what is unacknowledged when the broker has forgotten the session. Here a batch is one write, and
//! what the broker has not acknowledged is ours to send again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use firemain_domain::clock::SharedClock;
use rumqttc::mqttbytes::v4::{
    ConnAck, Connect, ConnectReturnCode, Disconnect, Packet, PingReq, PubAck, Publish, Subscribe,
    SubscribeReasonCode,
};
use rumqttc::mqttbytes::{self, QoS};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::address::{Address, Stream};
use super::pump::Order;
use super::window::Window;
use super::{Progress, PublishError};
use crate::SimMessage;

const KEEP_ALIVE_S: u16 = 30;
const LARGEST_PACKET: usize = 1024 * 1024;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Bytes written at once at most.
const WRITE_BYTES: usize = 64 * 1024;
/// Pauses between attempts to connect.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long acknowledgements are waited for once all is sent or the run is cancelled.
const GRACE_MS: u64 = 5_000;

/// One session to be.
pub(super) struct Connection {
    pub(super) address: Arc<Address>,
    pub(super) client_id: String,
    pub(super) window: u16,
    /// The filter under which commands come, and where they go.
    pub(super) commands: Option<(&'static str, SyncSender<Order>)>,
    pub(super) clock: SharedClock,
    pub(super) progress: Arc<Progress>,
}

/// How a session ended for good.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All is acknowledged.
    Done,
    /// The run was cancelled; so many messages were not acknowledged.
    Cancelled(usize),
}

/// Why a session broke.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("what the broker sends is not MQTT: {0:?}")]
    Protocol(mqttbytes::Error),
    #[error("the broker closed the connection")]
    Closed,
    #[error("the broker does not answer")]
    Silent,
    #[error("{0}")]
    Refused(String),
}

impl From<mqttbytes::Error> for Broken {
    fn from(error: mqttbytes::Error) -> Self {
        Self::Protocol(error)
    }
}

impl Connection {
    /// Sends what comes until the channel is closed and all is acknowledged, or until cancelled.
    pub(super) async fn run(
        self,
        mut batches: Receiver<Vec<SimMessage>>,
        cancel: CancellationToken,
    ) -> Result<Ended, PublishError> {
        let mut window = Window::new(self.window);
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.connect().await {
                Ok((stream, rest)) => {
                    pause = SHORTEST_PAUSE;
                    self.progress.connects.fetch_add(1, Ordering::Relaxed);
                    self.progress.connected.fetch_add(1, Ordering::Relaxed);
                    let served = self
                        .serve(stream, rest, &mut window, &mut batches, &cancel)
                        .await;
                    self.progress.connected.fetch_sub(1, Ordering::Relaxed);
                    match served {
                        Ok(ended) => return Ok(ended),
                        Err(broken) => {
                            warn!(client = %self.client_id, %broken, "the broker is gone; connecting again");
                        }
                    }
                }
                Err(Broken::Refused(why)) => {
                    return Err(PublishError::Refused {
                        broker: self.address.shown(),
                        why,
                    });
                }
                Err(broken) => {
                    debug!(client = %self.client_id, %broken, "no connection yet");
                }
            }
            window.take_back();
            if cancel.is_cancelled() {
                return Ok(Ended::Cancelled(window.len()));
            }
            // Waiting on the cancellation, with a deadline.
            let _ = tokio::time::timeout(pause, cancel.cancelled()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connect(&self) -> Result<(Box<dyn Stream>, BytesMut), Broken> {
        let mut stream = self.address.open().await?;
        let mut connect = Connect::new(&self.client_id);
        connect.keep_alive = KEEP_ALIVE_S;
        // Only who is to get commands has a session to keep.
        connect.clean_session = self.commands.is_none();
        if let Some((name, password)) = &self.address.login {
            connect.set_login(name, password);
        }
        let mut out = BytesMut::new();
        connect.write(&mut out)?;
        if let Some((filter, _)) = &self.commands {
            let mut subscribe = Subscribe::new(*filter, QoS::AtLeastOnce);
            subscribe.pkid = u16::MAX;
            subscribe.write(&mut out)?;
        }
        stream.write_all(&out).await?;
        let mut rest = BytesMut::with_capacity(WRITE_BYTES);
        let ack = tokio::time::timeout(ANSWER_WITHIN, first_packet(&mut stream, &mut rest));
        match ack.await.map_err(|_| Broken::Silent)?? {
            Packet::ConnAck(ConnAck {
                code: ConnectReturnCode::Success,
                ..
            }) => Ok((stream, rest)),
            Packet::ConnAck(ConnAck { code, .. }) => Err(refusal(code)),
            _ => Err(Broken::Closed),
        }
    }

    async fn serve(
        &self,
        stream: Box<dyn Stream>,
        mut incoming: BytesMut,
        window: &mut Window,
        batches: &mut Receiver<Vec<SimMessage>>,
        cancel: &CancellationToken,
    ) -> Result<Ended, Broken> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut outgoing = BytesMut::with_capacity(WRITE_BYTES * 2);
        let mut heard_ms = self.clock.monotonic_ms();
        let mut given_up_at = None;
        let mut closed = false;
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        let mut pinged_ms = heard_ms;
        loop {
            self.read_packets(&mut incoming, &mut outgoing, window)?;
            self.fill(&mut outgoing, window)?;
            let now_ms = self.clock.monotonic_ms();
            if closed && window.len() == 0 && outgoing.is_empty() {
                return self.part(&mut writer).await.map(|()| Ended::Done);
            }
            if given_up_at.is_some_and(|at| now_ms >= at) {
                self.part(&mut writer).await?;
                return Ok(Ended::Cancelled(window.len()));
            }
            tokio::select! {
                read = reader.read_buf(&mut incoming) => {
                    if read? == 0 {
                        return Err(Broken::Closed);
                    }
                    heard_ms = self.clock.monotonic_ms();
                }
                written = writer.write_buf(&mut outgoing), if outgoing.has_remaining() => {
                    if written? == 0 {
                        return Err(Broken::Closed);
                    }
                }
                batch = batches.recv(), if !closed && window.is_drained() => match batch {
                    Some(batch) => batch.into_iter().for_each(|message| window.push(message)),
                    None => closed = true,
                },
                _ = tick.tick() => {
                    let now_ms = self.clock.monotonic_ms();
                    if now_ms.saturating_sub(heard_ms) > u64::from(KEEP_ALIVE_S) * 2_000 {
                        return Err(Broken::Silent);
                    }
                    if now_ms.saturating_sub(pinged_ms) > u64::from(KEEP_ALIVE_S) * 500 {
                        pinged_ms = now_ms;
                        PingReq.write(&mut outgoing)?;
                    }
                }
                () = cancel.cancelled(), if given_up_at.is_none() => {
                    given_up_at = Some(now_ms + GRACE_MS);
                }
            }
        }
    }

    fn read_packets(
        &self,
        incoming: &mut BytesMut,
        outgoing: &mut BytesMut,
        window: &mut Window,
    ) -> Result<(), Broken> {
        loop {
            match Packet::read(incoming, LARGEST_PACKET) {
                Ok(Packet::PubAck(ack)) => {
                    if window.acknowledge(ack.pkid) {
                        self.progress.acked.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(Packet::Publish(publish)) => self.take_order(&publish, outgoing)?,
                Ok(Packet::SubAck(ack)) => {
                    let refused = ack.return_codes.contains(&SubscribeReasonCode::Failure);
                    self.progress
                        .commands_refused
                        .store(refused, Ordering::Relaxed);
                    if refused {
                        warn!(
                            "the broker does not let the simulator listen for commands; its devices will obey none"
                        );
                    }
                }
                Ok(_) => {}
                Err(mqttbytes::Error::InsufficientBytes(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take_order(&self, publish: &Publish, outgoing: &mut BytesMut) -> Result<(), Broken> {
        if let Some((_, orders)) = &self.commands {
            // Not acknowledged while there is no room: the broker sends it again.
            if orders
                .try_send((publish.topic.clone(), publish.payload.to_vec()))
                .is_err()
            {
                return Ok(());
            }
            self.progress.commands.fetch_add(1, Ordering::Relaxed);
        }
        if publish.qos == QoS::AtLeastOnce {
            PubAck::new(publish.pkid).write(outgoing)?;
        }
        Ok(())
    }

    /// Writes what the window lets through, up to one write's worth.
    fn fill(&self, outgoing: &mut BytesMut, window: &mut Window) -> Result<(), Broken> {
        let mut sent = 0;
        let mut resent = 0;
        while outgoing.len() < WRITE_BYTES {
            let Some((id, next)) = window.next() else {
                break;
            };
            if next.sent_before {
                resent += 1;
            } else {
                sent += 1;
            }
            let payload = Bytes::copy_from_slice(&next.message.payload);
            let mut publish = Publish::from_bytes(&*next.message.topic, QoS::AtLeastOnce, payload);
            publish.pkid = id;
            publish.retain = next.message.retain;
            publish.dup = next.sent_before;
            publish.write(outgoing)?;
        }
        self.progress.sent.fetch_add(sent, Ordering::Relaxed);
        self.progress.resent.fetch_add(resent, Ordering::Relaxed);
        Ok(())
    }

    async fn part(&self, writer: &mut (impl tokio::io::AsyncWrite + Unpin)) -> Result<(), Broken> {
        let mut bytes = BytesMut::new();
        Disconnect.write(&mut bytes)?;
        writer.write_all(&bytes).await?;
        writer.shutdown().await?;
        Ok(())
    }
}

async fn first_packet(
    stream: &mut Box<dyn Stream>,
    incoming: &mut BytesMut,
) -> Result<Packet, Broken> {
    loop {
        match Packet::read(incoming, LARGEST_PACKET) {
            Ok(packet) => return Ok(packet),
            Err(mqttbytes::Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if stream.read_buf(incoming).await? == 0 {
            return Err(Broken::Closed);
        }
    }
}

fn refusal(code: ConnectReturnCode) -> Broken {
    let why = match code {
        ConnectReturnCode::BadUserNamePassword => {
            "wrong user name or password: give --username and --password-file"
        }
        ConnectReturnCode::NotAuthorized => {
            "not authorised: give --username and --password-file of a login that may publish for all devices"
        }
        ConnectReturnCode::BadClientId => {
            "it does not accept the client id: choose another with --client-id"
        }
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1",
        ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => {
            return Broken::Closed;
        }
    };
    Broken::Refused(why.to_owned())
}
