//! A mail server: enough of RFC 5321 and RFC 3207 to take a mail, with a certificate of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub struct Smtp {
    pub port: u16,
    pub mails: Arc<Mutex<Vec<Mail>>>,
    /// What RCPT is answered.
    pub rcpt: Arc<Mutex<&'static str>>,
}

#[derive(Clone, Debug)]
pub struct Mail {
    pub encrypted: bool,
    pub to: String,
    pub data: String,
}

pub fn certificate() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/telling/certificate.pem").into()
}

fn acceptor() -> TlsAcceptor {
    let pem = |name: &str| {
        std::fs::read(format!(
            "{}/tests/telling/{name}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
    };
    let certificates = rustls_pemfile::certs(&mut &pem("certificate.pem")[..])
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = rustls_pemfile::private_key(&mut &pem("key.pem")[..])
        .unwrap()
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Smtp {
    /// `starttls`: whether it can encrypt.
    pub async fn start(starttls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let rcpt = Arc::new(Mutex::new("250 yes"));
        let (kept, answer) = (mails.clone(), rcpt.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer) = (kept.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, starttls, kept, answer).await });
            }
        });
        Self { port, mails, rcpt }
    }
}

type Kept = Arc<Mutex<Vec<Mail>>>;
type Answer = Arc<Mutex<&'static str>>;

async fn serve(stream: TcpStream, starttls: bool, kept: Kept, rcpt: Answer) {
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"220 test ESMTP\r\n").await;
    if talk(&mut stream, starttls, false, &kept, &rcpt).await
        && let Ok(encrypted) = acceptor().accept(stream.into_inner()).await
    {
        talk(&mut BufReader::new(encrypted), false, true, &kept, &rcpt).await;
    }
}

/// Talks until the end, or (true) until the client wants to encrypt.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    starttls: bool,
    encrypted: bool,
    kept: &Kept,
    rcpt: &Answer,
) -> bool {
    let mut to = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
            return false;
        }
        let command = line.trim_end().to_owned();
        let answer: &str = match command.get(..4).unwrap_or_default() {
            "EHLO" if starttls => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "STAR" => "220 go ahead",
            "AUTH" => "235 welcome",
            "RCPT" => {
                to.clone_from(&command);
                *rcpt.lock().unwrap()
            }
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await;
        let _ = stream.flush().await;
        if answer.starts_with("220") {
            return true;
        }
        if answer.starts_with("354") {
            let mut data = String::new();
            loop {
                line.clear();
                if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
                    return false;
                }
                if line == ".\r\n" {
                    break;
                }
                data.push_str(&line);
            }
            kept.lock().unwrap().push(Mail {
                encrypted,
                to: to.clone(),
                data,
            });
            let _ = stream.write_all(b"250 kept as 77\r\n").await;
            let _ = stream.flush().await;
        }
    }
}
