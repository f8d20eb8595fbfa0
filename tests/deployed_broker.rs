//! The broker as `deploy/` ships it: TLS by the shipped authority, logins by password and by
//! certificate, rights by device. Only paths and ports are replaced.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::{Firemain, Process, SOON, free_port, now_ms, run, server, until};
use tempfile::TempDir;

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\n\
    TR-2,hydrant,B,21.04,105.85,D-2,Z,98.1\n";

/// The broker, started by the shipped script with the shipped configuration.
struct Deployed {
    folder: TempDir,
    port: u16,
    mutual_port: u16,
    process: Process,
}

/// How somebody comes in.
#[derive(Clone, Copy)]
enum Login<'a> {
    Password(&'a str, &'a str),
    Certificate(&'a str),
}

impl Deployed {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let here = folder.path();
        authority(here, &["init", "Authority of a test"]);
        authority(here, &["server", "broker", "localhost", "127.0.0.1"]);
        authority(here, &["client", "D-2"]);
        fs::copy(shipped("mosquitto/acl"), here.join("acl")).expect("the rights are shipped");
        // Passwords by hand, and those that firemain is told to carry into the broker's file.
        for file in ["passwords", "passwords.own"] {
            fs::write(here.join(file), "").expect("the folder can be written");
            set_password(here, file, "firemain", "of firemain");
        }
        set_password(here, "passwords", "D-1", "of D-1");
        let config = fs::read_to_string(shipped("mosquitto/mosquitto.conf")).expect("shipped");
        for _ in 0..5 {
            let (port, mutual_port) = (free_port(), free_port());
            let config = config
                .replace("listener 8883", &format!("listener {port} 127.0.0.1"))
                .replace(
                    "listener 8884",
                    &format!("listener {mutual_port} 127.0.0.1"),
                )
                .replace("/etc/mosquitto", &here.display().to_string())
                .replace("/var/lib/mosquitto", &here.display().to_string());
            // Started by root it becomes another user, who could not read the folder.
            let file = here.join("mosquitto.conf");
            fs::write(&file, format!("user root\n{config}")).expect("the folder can be written");
            let mut script = Command::new(shipped("mosquitto/run.sh"));
            script.arg(&file).env("MOSQUITTO", server("MOSQUITTO"));
            let mut process = Process::start("mosquitto", script.env("LOOK_EVERY_S", "0.2"));
            let runs = process.hears("says that it runs", SOON, |line| {
                (line.contains("mosquitto version") && line.ends_with("running")).then_some(())
            });
            if runs.is_some() {
                return Self {
                    folder,
                    port,
                    mutual_port,
                    process,
                };
            }
        }
        panic!("the broker does not like its configuration, or found no free port");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn client(&self, program: &str, login: Login<'_>, version: &str) -> Command {
        let mut command = Command::new(server(program));
        command.args(["-h", "127.0.0.1", "-V", version, "--cafile"]);
        command.arg(self.file("tls/ca.crt"));
        match login {
            Login::Password(user, password) => command
                .args(["-p", &self.port.to_string()])
                .args(["-u", user, "-P", password]),
            Login::Certificate(name) => command
                .args(["-p", &self.mutual_port.to_string(), "--cert"])
                .arg(self.file(&format!("tls/{name}.crt")))
                .arg("--key")
                .arg(self.file(&format!("tls/{name}.key"))),
        };
        command
    }

    /// Whether the broker let somebody in who published that.
    fn publishes(&self, login: Login<'_>, version: &str, topic: &str, payload: &str) -> bool {
        let mut command = self.client("MOSQUITTO_PUB", login, version);
        let command = command.args(["-q", "1", "-t", topic, "-m", payload]);
        let answer = command.output().expect("mosquitto_pub runs");
        answer.status.success()
    }

    /// Asks for the commands of everybody, in a session that outlives the connection; or, given
    /// how many, waits for so many of them, and says by which topics they came.
    fn commands(&self, login: Login<'_>, version: &str, most: Option<usize>) -> Vec<String> {
        let mut command = self.client("MOSQUITTO_SUB", login, version);
        let (Login::Password(name, _) | Login::Certificate(name)) = login;
        command.args(["-c", "-i", &format!("{name} {version}"), "-q", "1"]);
        command.args(["-t", "firemain/v1/+/command", "-F", "%t"]);
        if version == "mqttv5" {
            command.args(["-x", "600"]);
        }
        match most {
            None => command.arg("-E"),
            Some(most) => command.args(["-C", &most.to_string(), "-W", "20"]),
        };
        run("mosquitto_sub", &command)
    }

    /// A firemain that comes in by its own password, with these settings besides.
    fn firemain(&self, settings: &str) -> Firemain {
        let keys = format!(
            "username = \"firemain\"\npassword = \"of firemain\"\nca_file = \"{}\"\n",
            self.file("tls/ca.crt").display()
        );
        let url = format!("mqtts://127.0.0.1:{}", self.port);
        Firemain::serving(&url)
            .config(&keys)
            .config(settings)
            .start()
    }
}

fn shipped(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(file)
}

#[track_caller]
fn authority(here: &Path, arguments: &[&str]) {
    let mut script = Command::new(shipped("ca/ca.sh"));
    run(
        "ca.sh",
        script.args(arguments).env("CA_DIR", here.join("tls")),
    );
}

#[track_caller]
fn set_password(here: &Path, file: &str, user: &str, password: &str) {
    let mut command = Command::new(server("MOSQUITTO_PASSWD"));
    let file = here.join(file);
    run(
        "mosquitto_passwd",
        command.arg("-b").arg(file).args([user, password]),
    );
}

fn reading(seq: u32, pressure_kpa: f64) -> String {
    json!({ "at": now_ms() + i64::from(seq), "seq": seq, "pressure_kpa": pressure_kpa }).to_string()
}

#[test]
fn a_device_speaks_for_itself_alone_and_hears_only_its_own_commands() {
    let mut broker = Deployed::start();
    let firemain = broker.firemain("");
    let http = firemain.http();
    http.import_csv(REGISTER);
    until("the canary came round", SOON, || http.is_ready());

    let first = Login::Password("D-1", "of D-1");
    let second = Login::Certificate("D-2");
    let command_of = |device: &str| format!("firemain/v1/{device}/command");
    let telemetry_of = |device: &str| format!("firemain/v1/{device}/telemetry");
    for (n, version) in ["mqttv311", "mqttv5"].into_iter().enumerate() {
        // What speaks for another is let go by: the own reading after it shows that it was there.
        broker.publishes(first, version, &telemetry_of("D-2"), &reading(1, 999.0));
        broker.publishes(second, version, &telemetry_of("D-1"), &reading(1, 999.0));
        let seq = 10 + n as u32;
        let value = 210.0 + n as f64;
        for (login, device) in [(first, "D-1"), (second, "D-2")] {
            let own = reading(seq, value);
            assert!(broker.publishes(login, version, &telemetry_of(device), &own));
        }
        let expected: Vec<f64> = (0..=n).map(|n| 210.0 + n as f64).collect();
        until("each device's own readings", SOON, || {
            http.pressures("TR-1") == expected && http.pressures("TR-2") == expected
        });

        // Whatever they ask for, they are given what is meant for them.
        for login in [first, second] {
            broker.commands(login, version, None);
        }
        let ours = Login::Password("firemain", "of firemain");
        for device in ["D-2", "D-1", "D-2"] {
            assert!(broker.publishes(ours, version, &command_of(device), "{}"));
        }
        for (login, device, n) in [(first, "D-1", 1), (second, "D-2", 2)] {
            let heard = broker.commands(login, version, Some(n));
            assert_eq!(heard, vec![command_of(device); n]);
        }
    }

    // Nobody else comes in.
    let topic = telemetry_of("D-1");
    for stranger in [Login::Password("D-1", "of D-2"), Login::Password("D-9", "")] {
        assert!(!broker.publishes(stranger, "mqttv5", &topic, &reading(90, 1.0)));
    }

    // A new password holds at once, without anybody being cut off; the old one does no more.
    let fresh = Login::Password("D-1", "another");
    assert!(!broker.publishes(fresh, "mqttv311", &topic, &reading(91, 1.0)));
    set_password(broker.folder.path(), "passwords", "D-1", "another");
    until("the new password holds", SOON, || {
        broker.publishes(fresh, "mqttv311", &topic, &reading(20, 220.0))
    });
    assert!(!broker.publishes(first, "mqttv311", &topic, &reading(92, 1.0)));
    until("what came with it", SOON, || {
        http.pressures("TR-1") == [210.0, 211.0, 220.0]
    });
    assert_eq!(http.metric("firemain_connected"), Some(1.0));

    // A certificate that is void lets nobody in any more.
    authority(broker.folder.path(), &["revoke", "D-2"]);
    let revoked = broker.file("tls/revoked");
    for end in ["crt", "key"] {
        let name = format!("D-2.{end}");
        fs::copy(revoked.join(&name), broker.file(&format!("tls/{name}"))).expect("it is kept");
    }
    until("the certificate is void", SOON, || {
        !broker.publishes(second, "mqttv5", &telemetry_of("D-2"), &reading(93, 1.0))
    });
    assert!(!broker.process.has_ended());
}

#[test]
fn logins_made_in_the_register_hold_at_the_broker_and_end_there() {
    let broker = Deployed::start();
    let file = |name: &str| broker.file(name).display().to_string();
    fs::copy(shipped("mosquitto/acl"), broker.file("acl.own")).expect("the rights are shipped");
    let firemain = broker.firemain(&format!(
        "[broker_files]\npasswords = \"{}\"\nown_passwords = \"{}\"\nrights = \"{}\"\nown_rights = \"{}\"",
        file("passwords"),
        file("passwords.own"),
        file("acl"),
        file("acl.own"),
    ));
    let http = firemain.http();
    http.import_csv(REGISTER);
    until("the canary came round", SOON, || http.is_ready());
    let makes = |id: &str, devices: &[&str]| {
        let body = json!({ "devices": devices });
        let made = http.post(&format!("/api/v1/devices/{id}/credentials"), &body);
        made.ok()["password"]
            .as_str()
            .expect("a password")
            .to_owned()
    };
    let telemetry_of = |device: &str| format!("firemain/v1/{device}/telemetry");
    let comes_in = |user: &str, password: &str| {
        let login = Login::Password(user, password);
        broker.publishes(login, "mqttv311", "firemain/v1/nobody/event", "{}")
    };

    // A device, and a gateway that speaks for another.
    let of_device = makes("D-1", &[]);
    let of_gateway = makes("gw-7", &["D-2"]);
    until("both come in", SOON, || {
        comes_in("D-1", &of_device) && comes_in("gw-7", &of_gateway)
    });
    assert!(
        !comes_in("D-1", "of D-1"),
        "what was set by hand in its file is gone"
    );
    assert!(
        comes_in("firemain", "of firemain"),
        "what people keep stays"
    );
    let device = Login::Password("D-1", &of_device);
    let gateway = Login::Password("gw-7", &of_gateway);
    for version in ["mqttv311", "mqttv5"] {
        broker.publishes(gateway, version, &telemetry_of("D-1"), &reading(1, 999.0));
        broker.publishes(device, version, &telemetry_of("D-2"), &reading(1, 999.0));
    }
    until("the gateway's rights hold", SOON, || {
        broker.publishes(gateway, "mqttv5", &telemetry_of("D-2"), &reading(5, 215.0));
        http.pressures("TR-2").last() == Some(&215.0)
    });
    assert!(broker.publishes(device, "mqttv5", &telemetry_of("D-1"), &reading(6, 216.0)));
    until("each for its own", SOON, || {
        http.pressures("TR-1") == [216.0]
    });
    assert!(!http.pressures("TR-2").contains(&999.0));

    // The gateway hears the commands of its device, and of nobody else.
    broker.commands(gateway, "mqttv5", None);
    let ours = Login::Password("firemain", "of firemain");
    for device in ["D-1", "D-2"] {
        let topic = format!("firemain/v1/{device}/command");
        assert!(broker.publishes(ours, "mqttv5", &topic, "{}"));
    }
    let heard = broker.commands(gateway, "mqttv5", Some(1));
    assert_eq!(heard, ["firemain/v1/D-2/command"]);

    // Another password voids the one before; taken away, there is no way in.
    let renewed = makes("D-1", &[]);
    until("the new password holds", SOON, || comes_in("D-1", &renewed));
    until("the old one does no more", SOON, || {
        !comes_in("D-1", &of_device)
    });
    assert_eq!(http.delete("/api/v1/devices/D-1/credentials").status, 204);
    until("it is locked out", SOON, || !comes_in("D-1", &renewed));
    assert!(comes_in("gw-7", &of_gateway));
    assert_eq!(
        http.metric("firemain_connected"),
        Some(1.0),
        "nobody was cut off"
    );
    assert_eq!(http.metric("firemain_broker_files_logins"), Some(1.0));

    // That a file cannot be kept is told.
    fs::remove_file(broker.file("passwords.own")).expect("it is there");
    until("it is told", SOON, || {
        let told = http.get("/readyz").text;
        told.contains("passwords.own cannot be read")
    });
    assert!(
        comes_in("gw-7", &of_gateway),
        "the broker keeps what it had"
    );
}
