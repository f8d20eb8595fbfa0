//! A receiver over HTTP that answers as it is told to, or not at all.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16, &'static str, &'static str),
    /// Takes the request and says nothing.
    Hang,
    /// Takes the request and goes away.
    Close,
}

pub const OK: Reply = Reply::Status(200, "", "{\"ok\":true,\"status\":\"queued\"}");

#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub struct Receiver {
    address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    requests: Vec<Request>,
    script: VecDeque<Reply>,
    usual: Reply,
    hung: Vec<TcpStream>,
}

impl Receiver {
    /// Answers by the script, and then always `usual`.
    pub fn new(script: impl IntoIterator<Item = Reply>, usual: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            requests: Vec::new(),
            script: script.into_iter().collect(),
            usual,
            hung: Vec::new(),
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    pub fn now_answers(&self, usual: Reply) {
        self.state.lock().unwrap().usual = usual;
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let reply = {
            let mut state = state.lock().unwrap();
            state.requests.push(request);
            let usual = state.usual.clone();
            state.script.pop_front().unwrap_or(usual)
        };
        match reply {
            Reply::Status(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                    body.len()
                );
                if stream.write_all(head.as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Hang => {
                state.lock().unwrap().hung.push(stream);
                return;
            }
            Reply::Close => return,
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
