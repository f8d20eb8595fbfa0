//! The real broker, as `make setup` built it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use firemain_domain::clock::SystemClock;
use tempfile::TempDir;

/// A running broker that keeps sessions and messages on disk; gone with this value.
pub struct Mosquitto {
    folder: TempDir,
    port: u16,
    broker: Child,
}

impl Mosquitto {
    pub fn persistent() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a port")
            .port();
        let here = folder.path().display();
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nlog_type none\n\
             persistence true\npersistence_location {here}/\nautosave_interval 1\nautosave_on_changes true\n\
             max_inflight_messages 0\nmax_queued_messages 0\n"
        );
        fs::write(folder.path().join("mosquitto.conf"), config).expect("a file");
        let broker = started(&folder, port);
        Self {
            folder,
            port,
            broker,
        }
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.broker.kill().expect("it runs");
        self.broker.wait().expect("it ends");
    }

    /// The same broker again, with what it had saved.
    pub fn start_again(&mut self) {
        self.broker = started(&self.folder, self.port);
    }

    /// One of the broker's own clients: `SUB` or `PUB`.
    pub fn client(&self, which: &str) -> Command {
        let mut command = Command::new(program(&format!("MOSQUITTO_{which}")));
        command
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"])
            .stderr(Stdio::inherit());
        command
    }

    /// Publishes, and is back when the broker has it.
    pub fn publish(&self, topic: &str, payload: &str, retain: bool) {
        let mut command = self.client("PUB");
        command
            .args(["-t", topic, "-m", payload])
            .args(retain.then_some("-r"));
        assert!(command.status().expect("it runs").success(), "{command:?}");
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.broker.kill();
        let _ = self.broker.wait();
    }
}

fn started(folder: &TempDir, port: u16) -> Child {
    let config = folder.path().join("mosquitto.conf");
    let mut broker = Command::new(program("MOSQUITTO"))
        .arg("-c")
        .arg(config)
        .spawn()
        .expect("it starts");
    let clock = SystemClock::shared();
    let deadline_ms = clock.monotonic_ms() + 20_000;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            broker.try_wait().expect("a child").is_none(),
            "mosquitto ended at once"
        );
        assert!(
            clock.monotonic_ms() < deadline_ms,
            "mosquitto does not listen"
        );
        std::thread::yield_now();
    }
    broker
}

fn program(name: &str) -> PathBuf {
    let variable = format!("FIREMAIN_TEST_{name}");
    let written = || {
        let servers = cache()?.join("servers.env");
        let text = fs::read_to_string(servers).ok()?;
        text.lines().find_map(|line| {
            line.strip_prefix(&format!("{variable}="))
                .map(str::to_owned)
        })
    };
    let path = std::env::var(&variable)
        .ok()
        .or_else(written)
        .map(PathBuf::from);
    path.filter(|program| program.exists())
        .unwrap_or_else(|| panic!("{variable} is not set up: run `make setup`"))
}

/// The folder that the set-up script uses, found the way it finds it.
fn cache() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("FIREMAIN_SERVERS_DIR") {
        return Some(folder.into());
    }
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    Some(base.join("firemain/servers"))
}
