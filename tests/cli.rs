//! The command line, as an operator meets it.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::{Firemain, Http, Mosquitto, SOON, until};

fn firemain(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firemain"));
    command.current_dir(folder).args(arguments);
    command.output().expect("firemain starts")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_recording_of_the_simulator_is_judged_and_scored() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(
        here.join("day.toml"),
        "[[event]]\nkind = \"closed_main\"\nat = \"2h\"\nduration = \"4h\"\nsource = \"TR-0003\"\n",
    )
    .unwrap();
    let made = firemain(
        here,
        &[
            "sim",
            "--sources",
            "60",
            "--seed",
            "5",
            "--scenario",
            "day.toml",
            "--start",
            "2026-11-02T00:00:00Z",
            "--duration",
            "12h",
            "--record",
            "day.jsonl.zst",
            "--register",
            "sources.csv",
            "--changes",
            "tests.jsonl",
            "--truth",
            "truth.jsonl",
        ],
    );
    assert!(made.status.success(), "{}", said(&made));
    fs::write(
        here.join("slower.toml"),
        "[rules.low_static]\ndwell_s = 3600\n",
    )
    .unwrap();
    let judged = firemain(
        here,
        &[
            "backtest",
            "--register",
            "sources.csv",
            "--input",
            "day.jsonl.zst",
            "--episodes",
            "episodes.jsonl",
            "--verdicts",
            "verdicts.jsonl",
            "--changes",
            "tests.jsonl",
            "--truth",
            "truth.jsonl",
            "--thresholds",
            "--against",
            "slower.toml",
            "--score",
            "score.json",
        ],
    );
    assert!(judged.status.success(), "{}", said(&judged));
    let lines = |file: &str| -> Vec<Value> {
        let text = fs::read_to_string(here.join(file)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let episodes = lines("episodes.jsonl");
    let dry = episodes
        .iter()
        .find(|e| e["source"] == "TR-0003" && e["rule"] == "LOW_STATIC");
    let dry = dry.unwrap_or_else(|| panic!("the shut main is found: {episodes:?}"));
    assert_eq!(dry["severity"], "critical");
    assert_eq!(dry["pages"], true);
    assert!(dry["cleared_at"].is_string(), "it came back: {dry}");
    let verdicts = lines("verdicts.jsonl");
    let first: std::collections::BTreeSet<&str> = verdicts
        .iter()
        .filter_map(|v| v["source"].as_str())
        .collect();
    assert_eq!(first.len(), 60, "every source has a first verdict");
    let score: Value = serde_json::from_slice(&fs::read(here.join("score.json")).unwrap()).unwrap();
    let (this, plain) = (&score["this"], &score["threshold"]);
    assert_eq!(
        this["critical"]["found"], this["critical"]["all"],
        "{score:#}"
    );
    assert_eq!(this["false_pages"], 0, "{score:#}");
    assert!(plain["faults"]["all"].as_u64() > Some(0), "{score:#}");
    assert!(
        said(&judged).contains("recall of critical faults"),
        "{}",
        said(&judged)
    );
    assert!(
        said(&judged).contains("slower"),
        "a column of its own: {}",
        said(&judged)
    );
}

#[test]
fn an_import_says_what_is_wrong_and_changes_nothing_then_imports() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(
        here.join("bad.csv"),
        "code,kind,lat,lon\nTR-1,hydrant,21,105\nTR-2,volcano,21,105\n",
    )
    .unwrap();
    let bad = firemain(here, &["import", "bad.csv"]);
    assert_eq!(bad.status.code(), Some(2), "{}", said(&bad));
    assert!(
        said(&bad).contains("line 3") && said(&bad).contains("volcano"),
        "{}",
        said(&bad)
    );
    fs::write(
        here.join("good.csv"),
        "code,kind,lat,lon\nTR-1,hydrant,21,105\n",
    )
    .unwrap();
    let dry = firemain(here, &["import", "good.csv", "--dry-run"]);
    assert!(
        dry.status.success() && said(&dry).contains("nothing was changed"),
        "{}",
        said(&dry)
    );
    let good = firemain(here, &["import", "good.csv"]);
    assert!(
        good.status.success() && said(&good).contains("1 sources, of which 1"),
        "{}",
        said(&good)
    );
    let again = firemain(here, &["import", "good.csv"]);
    assert!(said(&again).contains("already"), "{}", said(&again));
}

#[test]
fn users_and_keys_made_on_the_command_line_work_at_once_in_a_running_firemain() {
    let serving = Firemain::builder("serve")
        .config("[endpoint]\nlisten = \"127.0.0.1:0\"")
        .start();
    let http = serving.http();
    assert_eq!(http.get("/api/v1/flags").status, 200, "nobody to log in as");
    let here = serving.data().parent().unwrap();
    let config = serving.config_file().to_str().unwrap();
    fs::write(here.join("secret"), "ba con mèo đen\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firemain"));
        command
            .current_dir(here)
            .args(arguments)
            .args(["--config", config]);
        command.env("FIREMAIN__DATA__DIR", serving.data());
        command.output().expect("firemain starts")
    };
    let poor = run(&[
        "user",
        "add",
        "Lan",
        "--role",
        "administrator",
        "--password-file",
        "secret",
    ]);
    assert_eq!(poor.status.code(), Some(2), "{}", said(&poor));
    let add = [
        "user",
        "add",
        "lan",
        "--role",
        "administrator",
        "--password-file",
        "secret",
    ];
    let made = run(&add);
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(run(&add).status.code(), Some(2), "once");
    until("strangers are refused", SOON, || {
        http.get("/api/v1/flags").status == 401
    });
    let login = json!({ "user": "lan", "password": "ba con mèo đen" });
    assert_eq!(http.post("/api/v1/login", &login).status, 200);

    let key = run(&["key", "add", "grafana", "--scope", "flags:read"]);
    let key = String::from_utf8(key.stdout).unwrap().trim().to_owned();
    let with_key =
        Http::at(&serving.ready().http).with_header("Authorization", &format!("Bearer {key}"));
    assert_eq!(with_key.get("/api/v1/flags").status, 200);
    assert_eq!(with_key.get("/api/v1/sources").status, 403);
    let listed = run(&["key", "list"]);
    let id = key.rsplit_once('_').map(|(id, _)| &id[..13]).unwrap();
    assert!(
        said(&listed).contains(id) && !said(&listed).contains(&key),
        "{}",
        said(&listed)
    );
    let revoked = run(&["key", "revoke", id]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    assert_eq!(
        with_key.get("/api/v1/flags").status,
        401,
        "from the next request on"
    );

    fs::write(here.join("secret"), "hai con thằn lằn\n").unwrap();
    let set = run(&["user", "set-password", "lan", "--password-file", "secret"]);
    assert!(set.status.success(), "{}", said(&set));
    assert_eq!(http.post("/api/v1/login", &login).status, 401);
    let last = run(&["user", "disable", "lan"]);
    assert!(
        said(&last).contains("last administrator"),
        "{}",
        said(&last)
    );
    assert!(said(&run(&["user", "list"])).contains("lan  administrator"));
    let told = serving.said().join("\n");
    assert!(
        told.lines()
            .filter(|line| line.contains("access."))
            .all(|line| line.starts_with('{') && line.ends_with('}')),
        "{told}"
    );
}

#[test]
fn the_first_administrator_comes_from_the_settings_where_there_is_no_user() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "ba con mèo đen\n").unwrap();
    let config = format!(
        "[endpoint]\nlisten = \"127.0.0.1:0\"\n[access]\nadministrator = \"lan\"\nadministrator_password_file = {secret:?}"
    );
    let mut serving = Firemain::builder("serve").config(&config).start();
    let login = json!({ "user": "lan", "password": "ba con mèo đen" });
    assert_eq!(serving.http().get("/api/v1/flags").status, 401);
    assert_eq!(serving.http().post("/api/v1/login", &login).status, 200);
    serving.terminate();
    fs::write(&secret, "another password\n").unwrap();
    serving.start_again();
    assert_eq!(
        serving.http().post("/api/v1/login", &login).status,
        200,
        "only the first"
    );
}

#[test]
fn wrong_settings_name_the_key_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("firemain.toml"),
        "[mqtt]\nurll = \"mqtt://x\"\n",
    )
    .unwrap();
    let output = firemain(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("`mqtt.urll`") && said(&output).contains("`mqtt.url`"),
        "{}",
        said(&output)
    );
    fs::write(folder.path().join("firemain.toml"), "").unwrap();
    let output = firemain(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("nothing to receive from"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_doctor_tells_well_from_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let broker = Mosquitto::builder().login("firemain", "right").start();
    let config = |password: &str| {
        format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nurl = \"{}\"\nusername = \"firemain\"\npassword = \"{password}\"\n",
            broker.url()
        )
    };
    fs::write(here.join("firemain.toml"), config("wrong")).unwrap();
    let ill = firemain(here, &["doctor"]);
    assert_eq!(ill.status.code(), Some(1), "{}", said(&ill));
    assert!(
        said(&ill).contains("wrong user name or password"),
        "{}",
        said(&ill)
    );
    fs::write(here.join("firemain.toml"), config("right")).unwrap();
    let well = firemain(here, &["doctor"]);
    assert!(well.status.success(), "{}", said(&well));
    fs::write(
        here.join("firemain.toml"),
        "[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\n",
    )
    .unwrap();
    let alone = firemain(here, &["doctor"]);
    assert!(
        said(&alone).contains("cannot reach the broker"),
        "{}",
        said(&alone)
    );
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("a-file");
    fs::write(&in_the_way, "not a folder").unwrap();
    let endpoint = "[endpoint]\nlisten = \"127.0.0.1:0\"";
    let mut unusable = Firemain::builder("serve")
        .config(endpoint)
        .data(&in_the_way)
        .start_unready();
    assert_eq!(unusable.ends().code(), Some(3), "{:?}", unusable.said());
    assert!(
        unusable.said().join("\n").contains("a-file"),
        "{:?}",
        unusable.said()
    );

    let data = folder.path().join("data");
    let mut first = Firemain::builder("serve")
        .config(endpoint)
        .data(&data)
        .start();
    first.terminate();
    let journal = data.join("journal.db");
    let newer = set_format(&journal, 9_999);
    assert!(newer, "the journal's format can be set");
    let mut newer = Firemain::builder("serve")
        .config(endpoint)
        .data(&data)
        .start_unready();
    assert_eq!(newer.ends().code(), Some(3), "{:?}", newer.said());
    assert!(
        newer.said().join("\n").contains("newer version"),
        "{:?}",
        newer.said()
    );
}

/// SQLite keeps the number of a format in its header, at byte 60, in big-endian order.
fn set_format(database: &Path, version: u32) -> bool {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new().write(true).open(database);
    file.and_then(|file| file.write_all_at(&version.to_be_bytes(), 60))
        .is_ok()
}
