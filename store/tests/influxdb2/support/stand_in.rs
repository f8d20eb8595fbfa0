//! A stand-in for InfluxDB that answers as a test says, and remembers what it was asked.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use firemain_store::archive::influxdb2::{InfluxArchive, InfluxSettings};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: Vec<String>,
    /// The body, uncompressed.
    pub(crate) body: String,
}

impl Heard {
    pub(crate) fn is_write(&self) -> bool {
        self.path.starts_with("/api/v2/write")
    }

    pub(crate) fn lines(&self) -> Vec<&str> {
        self.body.lines().collect()
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// Status, further header lines, body.
    Status(u16, &'static str, String),
    /// Nothing, ever.
    Nothing,
}

impl Says {
    pub(crate) fn stored() -> Self {
        Self::Status(204, "", String::new())
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::Status(
            status,
            "",
            format!(r#"{{"code":"x","message":"{message}"}}"#),
        )
    }
}

type Script = Arc<dyn Fn(&Heard) -> Says + Send + Sync>;

/// The stand-in; gone with this value.
pub(crate) struct StandIn {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    listening: JoinHandle<()>,
}

impl StandIn {
    /// One whose `/health` passes, and that answers writes as `script` says.
    pub(crate) async fn start(script: impl Fn(&Heard) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let (script, remembered): (Script, _) = (Arc::new(script), Arc::clone(&heard));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&remembered)));
            }
        });
        Self {
            port,
            heard,
            listening,
        }
    }

    pub(crate) fn settings(&self) -> InfluxSettings {
        InfluxSettings::new(format!("http://127.0.0.1:{}", self.port), "o", "b", "t")
    }

    pub(crate) fn archive(&self) -> InfluxArchive {
        InfluxArchive::new(self.settings()).unwrap()
    }

    pub(crate) fn writes(&self) -> Vec<Heard> {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .filter(|heard| heard.is_write())
            .cloned()
            .collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.listening.abort();
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
        let says = match heard.path.as_str() {
            "/health" => Says::Status(200, "", r#"{"status":"pass"}"#.to_owned()),
            _ => script(&heard),
        };
        let Says::Status(status, headers, body) = says else {
            return std::future::pending().await;
        };
        let length = if status == 204 {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let answer = format!("HTTP/1.1 {status} So\r\n{length}{headers}\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut headers: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        headers.push(line.to_ascii_lowercase());
    }
    let length = headers
        .iter()
        .find_map(|h| h.strip_prefix("content-length:")?.trim().parse().ok());
    let mut bytes = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut bytes).await.ok()?;
    let mut body = String::new();
    if headers.iter().any(|h| h == "content-encoding: gzip") {
        flate2::read::GzDecoder::new(&*bytes)
            .read_to_string(&mut body)
            .ok()?;
    } else {
        body = String::from_utf8(bytes).ok()?;
    }
    let path = headers[0].split(' ').nth(1)?.to_owned();
    Some(Heard {
        path,
        headers,
        body,
    })
}
