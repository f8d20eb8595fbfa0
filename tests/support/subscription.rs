//! Somebody who listens to a broker: `mosquitto_sub`.

use std::process::Command;
use std::time::Duration;

use super::process::Process;
use super::until::{SOON, until_some};

/// What came, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

impl Message {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }
}

/// A subscription that the broker has granted; ends with this value.
#[derive(Debug)]
pub(crate) struct Subscription {
    process: Process,
}

/// Marks our lines among the client's own: the topic, then the payload in hexadecimal.
const FORMAT: &str = "message %t %x";

impl Subscription {
    /// `client` is `mosquitto_sub` with the broker's address.
    #[track_caller]
    pub(crate) fn start(client: &Command, topic: &str) -> Self {
        let mut command = Command::new(client.get_program());
        command
            .args(client.get_args())
            .args(["-q", "1", "-d", "-F", FORMAT, "-t", topic]);
        let mut process = Process::start("mosquitto_sub", &command);
        process
            .hears("has its subscription granted", SOON, |line| {
                line.starts_with("Subscribed").then_some(())
            })
            .expect("mosquitto_sub is let in");
        Self { process }
    }

    /// Everything that has come so far.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.process
            .said()
            .iter()
            .filter_map(|line| parse(line))
            .collect()
    }

    /// Waits until `count` messages have come, and gives back all there are.
    #[track_caller]
    pub(crate) fn receives(&self, count: usize, within: Duration) -> Vec<Message> {
        until_some(
            &format!("{count} messages at mosquitto_sub"),
            within,
            || Some(self.messages()).filter(|messages| messages.len() >= count),
        )
    }
}

fn parse(line: &str) -> Option<Message> {
    let (topic, hexadecimal) = line.strip_prefix("message ")?.rsplit_once(' ')?;
    let payload = (0..hexadecimal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("mosquitto_sub's %x"))
        .collect();
    Some(Message {
        topic: topic.to_owned(),
        payload,
    })
}
