//! What is done alike for clients of both versions: their greeting's terms, and their own task,
//! which brings them commands and statuses one after the other.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use firemain_store::register::endpoint::{Command, CommandStep, Step};
use ntex::io::{IoBoxed, types::PeerAddr};
use tracing::{debug, warn};

use super::connection::Shared;
use super::line::{Ending, Line, Status};
use super::sessions::Key;

/// How long a client that asks for no keep-alive may be silent, s.
pub(super) const NO_KEEP_ALIVE_S: u16 = u16::MAX;

/// What became of a command that was sent.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The client acknowledged it.
    Acknowledged,
    /// It cannot be sent to this client.
    Unsendable(String),
    /// The connection is over.
    Over,
}

/// A command on its way.
pub(super) struct Parcel<'a> {
    pub(super) command: &'a Command,
    pub(super) topic: String,
    /// The same for every try, also after a restart.
    pub(super) packet_id: u16,
    /// It was sent before.
    pub(super) again: bool,
    /// Until it expires, s.
    pub(super) expires_in_s: u32,
}

/// A client's end of the connection.
pub(super) trait Client {
    /// Sends a command at quality of service 1, as soon as the client takes one more.
    fn deliver(&self, parcel: Parcel<'_>) -> impl Future<Output = Outcome>;
    /// Tells a status at quality of service 0.
    fn tell(&self, topic: String, status: &Status);
    /// Ends the connection.
    fn close(&self, why: Ending);
}

/// Where the client is.
pub(super) fn peer(io: &IoBoxed) -> Option<IpAddr> {
    io.query::<PeerAddr>().get().map(|peer| peer.0.ip())
}

/// Serves a client until its connection is over.
pub(super) async fn serve(
    client: impl Client,
    line: Arc<Line>,
    key: Key,
    generation: u64,
    shared: Arc<Shared>,
) {
    let mut done = HashSet::new();
    loop {
        match line.ending() {
            Some(Ending::Over) => return,
            Some(why) => return client.close(why),
            None => {}
        }
        if let Some(status) = line.take_status() {
            client.tell(format!("firemain/v1/{}/status", status.device), &status);
            continue;
        }
        let Ok(next) = shared.sessions.next_command(&key, generation, &done) else {
            return;
        };
        let Some(command) = next else {
            line.news().await;
            continue;
        };
        let Some(command) = shared.as_it_is_now(&command).await else {
            shared.sessions.take_down(command.number);
            continue;
        };
        shared.note(&command, Step::Sent);
        let again = shared.sessions.sends(command.number) || command.sent_at.is_some();
        let delivering = client.deliver(parcel(&command, again, &shared));
        let outcome = tokio::select! {
            outcome = delivering => outcome,
            () = line.ended() => continue,
        };
        match outcome {
            Outcome::Acknowledged => {
                shared.sessions.take_down(command.number);
                shared.note(&command, Step::Delivered);
                debug!(command.id, device.id = %command.device, "a device took a command");
            }
            Outcome::Unsendable(reason) => {
                done.insert(command.number);
                warn!(command.id, device.id = %command.device, reason, "a command cannot be sent to this client");
            }
            Outcome::Over => return,
        }
    }
}

fn parcel<'a>(command: &'a Command, again: bool, shared: &Shared) -> Parcel<'a> {
    let left_ms = command.expires_at.since_ms(shared.desk.clock.now());
    Parcel {
        topic: format!("firemain/v1/{}/command", command.device),
        packet_id: u16::try_from((command.number - 1) % 65_535 + 1).unwrap_or(1),
        again,
        expires_in_s: u32::try_from(left_ms.max(0) / 1_000 + 1).unwrap_or(u32::MAX),
        command,
    }
}

impl Shared {
    /// A command as the register has it now; `None` if it is not to be brought any more.
    async fn as_it_is_now(&self, command: &Command) -> Option<Command> {
        let (register, number) = (Arc::clone(&self.desk.register), command.number);
        let read = ntex::rt::spawn_blocking(move || register.command(number)).await;
        let now = self.desk.clock.now();
        match read {
            Ok(Ok(row)) => row.filter(|row| row.is_pending(now)),
            // Better twice than not at all.
            Ok(Err(_)) | Err(_) => Some(command.clone()),
        }
    }

    fn note(&self, command: &Command, step: Step) {
        self.desk.step(CommandStep {
            number: command.number,
            step,
            at: self.desk.clock.now(),
        });
    }
}
