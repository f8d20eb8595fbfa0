//! A child process that is listened to, and that never outlives its test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::until::{SOON, until_some};

/// How much of what it said is printed when its test fails.
const LINES_SHOWN: usize = 60;

/// A running (or ended) program and every line it has said, on either output.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    listeners: Vec<JoinHandle<()>>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`; its input is closed.
    pub(crate) fn start(name: &str, command: &Command) -> Self {
        let mut command = dying_with_us(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name} by {command:?}: {error}"));
        let said = Arc::default();
        let listeners = vec![
            listen(child.stdout.take().expect("its output is piped"), &said),
            listen(child.stderr.take().expect("its errors are piped"), &said),
        ];
        Self {
            name: name.to_owned(),
            child,
            said,
            listeners,
            ended: None,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Every line so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What `pick` makes of the first line that it takes, as soon as that line has been said;
    /// `None` when the process ended without saying it. Fails the test after `within`.
    #[track_caller]
    pub(crate) fn hears<T>(
        &mut self,
        what: &str,
        within: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = self.name.clone();
        let mut heard = 0;
        until_some(&format!("{name}: {what}"), within, || {
            let over = self.has_ended();
            let said = self.said();
            let found = said[heard..].iter().find_map(|line| pick(line));
            heard = said.len();
            match found {
                Some(found) => Some(Some(found)),
                None if over => Some(None),
                None => None,
            }
        })
    }

    /// True once it is gone and all it said has been heard.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("a child can be asked");
        }
        self.ended.is_some() && self.listeners.iter().all(JoinHandle::is_finished)
    }

    /// SIGKILL, as a power cut does it to a process: no chance to save or say anything.
    pub(crate) fn kill9(&mut self) -> ExitStatus {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a child can be waited for");
        self.ended = Some(status);
        status
    }

    /// SIGTERM; fails the test when it has not ended `within`.
    #[track_caller]
    pub(crate) fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal("TERM");
        self.wait(within)
    }

    /// Waits for it to end by itself.
    #[track_caller]
    pub(crate) fn wait(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        until_some(&what, within, || {
            self.has_ended().then_some(self.ended).flatten()
        })
    }

    /// Sends a signal by its name without `SIG`, to a child that is still there.
    pub(crate) fn signal(&mut self, signal: &str) {
        if self
            .child
            .try_wait()
            .expect("a child can be asked")
            .is_none()
        {
            // The shell's own `kill`: the standard library sends nothing but SIGKILL.
            let script = format!("kill -s {signal} {}", self.child.id());
            let sent = Command::new("sh")
                .args(["-c", &script])
                .status()
                .expect("sh runs");
            assert!(sent.success(), "cannot send SIG{signal} to {}", self.name);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its test is over: a child that is gone already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let said = self.said();
            let shown = &said[said.len().saturating_sub(LINES_SHOWN)..];
            eprintln!("--- {} ended {:?}; it last said:", self.name, self.ended);
            shown.iter().for_each(|line| eprintln!("    {line}"));
        }
    }
}

/// Runs a program to its end and gives back what it wrote; fails the test when it fails.
#[track_caller]
pub(crate) fn run(name: &str, command: &Command) -> Vec<String> {
    let mut process = Process::start(name, command);
    let status = process.wait(SOON);
    assert!(
        status.success(),
        "{name} ended with {status}: {:?}",
        process.said()
    );
    process.said()
}

/// The same command, run so that the kernel kills it when the thread that starts it is gone.
fn dying_with_us(command: &Command) -> Command {
    let mut wrapped = match which("setpriv") {
        Some(setpriv) => {
            let mut wrapped = Command::new(setpriv);
            wrapped
                .args(["--pdeathsig", "KILL", "--"])
                .arg(command.get_program());
            wrapped
        }
        None => Command::new(command.get_program()),
    };
    wrapped.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

fn which(program: impl AsRef<OsStr>) -> Option<std::path::PathBuf> {
    let program = program.as_ref();
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn listen(output: impl Read + Send + 'static, said: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line)
                .trim_end_matches('\r')
                .to_owned();
            said.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
    })
}
