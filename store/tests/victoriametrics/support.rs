//! A real VictoriaMetrics, and a stand-in that answers as a test says. Processes, ports and waiting
//! are those of the whole-system tests.
#![allow(
    dead_code,
    reason = "the shared parts of the bench serve other tests too"
)]

use std::sync::{Arc, Mutex};

use firemain_domain::source::KindName;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Point, Query};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[path = "../../../tests/support/until.rs"]
mod until;

#[path = "../../../tests/support/port.rs"]
mod port;
#[path = "../../../tests/support/process.rs"]
mod process;
#[path = "../../../tests/support/servers.rs"]
mod servers;
#[path = "../../../tests/support/victoria.rs"]
mod victoria;

pub(crate) use victoria::Victoria;

/// 2026-11-23T08:00:00Z.
pub(crate) const EIGHT_O_CLOCK: Timestamp = Timestamp::from_ms(1_795_420_800_000);

pub(crate) fn pressure(source: &str, ms: i64, mark: u32, kpa: f64) -> Point {
    Point {
        source: source.into(),
        kind: KindName::Hydrant,
        quantity: Quantity::PressureKpa,
        at: EIGHT_O_CLOCK.plus_ms(ms),
        mark,
        value: kpa,
    }
}

/// The hour after eight o'clock.
pub(crate) fn hour(source: &str) -> Query {
    Query {
        source: source.into(),
        quantities: Vec::new(),
        from: EIGHT_O_CLOCK,
        until: EIGHT_O_CLOCK.plus_ms(3_600_000),
    }
}

/// One request: its path, and its body as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Script = Arc<dyn Fn(&Heard) -> (u16, String) + Send + Sync>;

/// A stand-in that answers with the status and body of `script`, for as long as the test runs.
pub(crate) struct StandIn {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl StandIn {
    pub(crate) async fn start(
        script: impl Fn(&Heard) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let (script, remembered): (Script, _) = (Arc::new(script), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&remembered)));
            }
        });
        Self { url, heard }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    script: Script,
    remembered: Arc<Mutex<Vec<Heard>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let heard = hear(&mut stream).await?;
        remembered.lock().unwrap().push(heard.clone());
        let (status, body) = script(&heard);
        let length = if status == 204 {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let answer = format!("HTTP/1.1 {status} So\r\n{length}\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let (mut path, mut authorization, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                value.clone_into(&mut authorization);
            }
            _ if path.is_empty() => line.split(' ').nth(1)?.clone_into(&mut path),
            _ => {}
        }
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.ok()?;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Some(Heard {
        path,
        authorization,
        body,
    })
}
