//! Those who drain.

use std::fs;
use std::process::Command;
use std::time::Duration;

use firemain_store::DataDir;
use firemain_store::journal::{Journal, SqliteJournal};

use super::support::{
    Firemain, Influx, Mosquitto, Process, SOON, Stopwatch, now_ms, server, until, until_some,
};
use super::{DEVICES, mqtt};

const FILTER: &str = "firemain/v1/+/telemetry";

/// Who drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    BareSocket,
    FiremainJournal,
    Firemain,
    FiremainEmbedded,
    FiremainStockBroker,
    TelegrafDefaults,
    TelegrafTuned,
}

/// How it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) messages: u32,
    pub(crate) took: Duration,
    pub(crate) cpu: Duration,
    pub(crate) memory_mb: f64,
    pub(crate) missing: u64,
}

impl Outcome {
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.messages) / self.took.as_secs_f64()
    }

    pub(crate) fn cpu_us_per_message(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.messages)
    }
}

impl Contender {
    pub(crate) const ALL: [Self; 7] = [
        Self::BareSocket,
        Self::FiremainJournal,
        Self::Firemain,
        Self::FiremainEmbedded,
        Self::FiremainStockBroker,
        Self::TelegrafDefaults,
        Self::TelegrafTuned,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BareSocket => "bare socket",
            Self::FiremainJournal => "firemain, journal alone",
            Self::Firemain => "firemain",
            Self::FiremainEmbedded => "firemain, embedded archive",
            Self::FiremainStockBroker => "firemain, in-flight 20",
            Self::TelegrafDefaults => "telegraf, defaults",
            Self::TelegrafTuned => "telegraf, tuned",
        }
    }

    /// The broker's in-flight window; 0: without limit.
    pub(crate) const fn broker_window(self) -> u32 {
        if matches!(self, Self::FiremainStockBroker) {
            20
        } else {
            0
        }
    }

    pub(crate) fn drain(
        self,
        broker: &Mosquitto,
        influx: &Influx,
        messages: u32,
        longest: Duration,
    ) -> Outcome {
        match self {
            Self::BareSocket => bare_socket(broker, messages),
            Self::FiremainJournal => journal_alone(broker, messages, longest),
            Self::Firemain | Self::FiremainStockBroker => {
                firemain(broker, Some(influx), messages, longest)
            }
            Self::FiremainEmbedded => firemain(broker, None, messages, longest),
            Self::TelegrafDefaults => {
                telegraf(broker, influx, messages, longest, [1_000, 1_000, 10_000])
            }
            Self::TelegrafTuned => {
                telegraf(broker, influx, messages, longest, [20_000, 5_000, 100_000])
            }
        }
    }
}

/// The backlog: each device once a round, a second between rounds, the newest now.
fn fill(broker: &Mosquitto, messages: u32) {
    let rounds = i64::from(messages.div_ceil(DEVICES));
    let begin = now_ms() - rounds * 1_000;
    mqtt::publish(
        broker.address(),
        messages,
        |i| format!("firemain/v1/D-{:04}/telemetry", i % DEVICES),
        |i| {
            let round = i64::from(i / DEVICES);
            let at = begin + round * 1_000;
            let pressure = 200 + (i / 7) % 60;
            format!(
                "{{\"at\":{at},\"seq\":{round},\"pressure_kpa\":{pressure}.5,\"flow_lps\":0.0}}"
            )
        },
    );
}

fn bare_socket(broker: &Mosquitto, messages: u32) -> Outcome {
    mqtt::leave_a_session(broker.address(), "bare", FILTER);
    fill(broker, messages);
    let began = Stopwatch::start();
    let cpu = cpu_of(std::process::id());
    mqtt::drain(broker.address(), "bare", messages);
    Outcome {
        messages,
        took: began.elapsed(),
        cpu: cpu_of(std::process::id()).saturating_sub(cpu),
        memory_mb: memory_mb_of(std::process::id()),
        missing: 0,
    }
}

/// `firemain ingest` whose archive nobody answers for: it receives, journals with fsync,
/// acknowledges, and does nothing more.
fn journal_alone(broker: &Mosquitto, messages: u32, longest: Duration) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = format!(
        "[mqtt]\nurl = \"{}\"\nclient_id = \"journal-alone\"\n[archive]\nkind = \"influxdb2\"\n\
         url = \"http://127.0.0.1:9\"\norg = \"nobody\"\nbucket = \"nothing\"\ntoken = \"none\"",
        broker.url()
    );
    mqtt::leave_a_session(broker.address(), "journal-alone", FILTER);
    fill(broker, messages);
    let began = Stopwatch::start();
    let firemain = Firemain::builder("ingest")
        .config(&config)
        .data(folder.path())
        .start_unready();
    let file = DataDir::open(folder.path())
        .expect("the folder can be used")
        .journal();
    let journal = until_some("the journal is there", longest, || {
        SqliteJournal::open_reader(&file).ok()
    });
    // Beside the messages it holds a few words of its own.
    until("everything is journalled", longest, || {
        journal
            .head()
            .is_ok_and(|head| head.0 >= u64::from(messages))
    });
    Outcome {
        messages,
        took: began.elapsed(),
        cpu: cpu_of(firemain.id()),
        memory_mb: memory_mb_of(firemain.id()),
        missing: 0,
    }
}

fn firemain(
    broker: &Mosquitto,
    influx: Option<&Influx>,
    messages: u32,
    longest: Duration,
) -> Outcome {
    let archive = influx.map_or(String::new(), |influx| {
        format!(
            "[archive]\nkind = \"influxdb2\"\nurl = \"{}\"\norg = \"{}\"\nbucket = \"{}\"\ntoken = \"{}\"",
            influx.url(),
            Influx::ORG,
            Influx::BUCKET,
            Influx::TOKEN
        )
    });
    let mut firemain = Firemain::serving(&broker.url()).config(&archive).start();
    register(&firemain);
    let http = firemain.http();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    firemain.terminate();
    fill(broker, messages);
    let began = Stopwatch::start();
    firemain.start_again();
    let http = firemain.http();
    let metric = |name: &str| {
        let text = http
            .try_get("/metrics")
            .map(|answer| answer.text)
            .unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.split([' ', '{']).next() == Some(name));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    // What the archive tells of itself is up to five seconds old: the database is asked, or judging.
    seldom("everything is kept and judged", longest, || {
        let kept = influx
            .is_none_or(|influx| influx.count("reading", "pressure_kpa") >= u64::from(messages));
        kept && metric("firemain_watch_messages_total") >= f64::from(messages)
            && metric("firemain_watch_lag_envelopes") < 50.0
    });
    let took = began.elapsed();
    let outcome = Outcome {
        messages,
        took,
        cpu: cpu_of(firemain.id()),
        memory_mb: memory_mb_of(firemain.id()),
        missing: 0,
    };
    let Some(influx) = influx else { return outcome };
    let kept = influx.count("reading", "pressure_kpa");
    Outcome {
        missing: u64::from(messages).saturating_sub(kept),
        ..outcome
    }
}

fn register(firemain: &Firemain) {
    let mut csv = String::from("code,kind,name,lat,lon,device,zone,required_pressure_kpa\n");
    for n in 0..DEVICES {
        let (lat, lon) = (
            21.0 + f64::from(n / 100) * 0.001,
            105.8 + f64::from(n % 100) * 0.001,
        );
        csv += &format!(
            "TR-{n:04},hydrant,Street {n},{lat:.4},{lon:.4},D-{n:04},Z-{},98.1\n",
            n / 100
        );
    }
    firemain
        .http()
        .post_text("/api/v1/import?format=csv", "text/csv", &csv)
        .ok();
}

fn telegraf(
    broker: &Mosquitto,
    influx: &Influx,
    messages: u32,
    longest: Duration,
    limits: [u32; 3],
) -> Outcome {
    let [undelivered, batch, buffer] = limits;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("telegraf.conf");
    let text = format!(
        r#"[agent]
  interval = "1s"
  flush_interval = "1s"
  metric_batch_size = {batch}
  metric_buffer_limit = {buffer}
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://{}"]
  topics = ["{FILTER}"]
  qos = 1
  persistent_session = true
  client_id = "telegraf"
  max_undelivered_messages = {undelivered}
  data_format = "json_v2"
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "firemain/v1/+/telemetry"
    tags = "_/_/source/_"
  [[inputs.mqtt_consumer.json_v2]]
    measurement_name = "reading"
    timestamp_path = "at"
    timestamp_format = "unix_ms"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "pressure_kpa"
      type = "float"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "flow_lps"
      type = "float"
[[outputs.influxdb_v2]]
  urls = ["{}"]
  organization = "{}"
  bucket = "{}"
  token = "{}"
"#,
        broker.address(),
        influx.url(),
        Influx::ORG,
        Influx::BUCKET,
        Influx::TOKEN
    );
    fs::write(&config, text).expect("the folder can be written");
    mqtt::leave_a_session(broker.address(), "telegraf", FILTER);
    fill(broker, messages);
    let began = Stopwatch::start();
    let process = Process::start(
        "telegraf",
        Command::new(server("TELEGRAF"))
            .arg("--config")
            .arg(&config),
    );
    let mut kept = 0;
    seldom(
        "everything is in InfluxDB, or nothing more comes",
        longest,
        || {
            let before = std::mem::replace(&mut kept, influx.count("reading", "pressure_kpa"));
            kept >= u64::from(messages) || (kept == before && kept > u64::from(messages) * 9 / 10)
        },
    );
    Outcome {
        messages,
        took: began.elapsed(),
        cpu: cpu_of(process.id()),
        memory_mb: memory_mb_of(process.id()),
        missing: u64::from(messages).saturating_sub(kept),
    }
}

/// Waits like `until`, but looks only every half second: looking costs those who are measured.
fn seldom(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let mut looked = Stopwatch::start();
    until(what, within, || {
        if looked.elapsed() < BETWEEN_LOOKS {
            return false;
        }
        looked = Stopwatch::start();
        holds()
    });
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// CPU a process has used, from `/proc/…/stat`; hundredths of a second, as Linux counts.
fn cpu_of(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// The most memory it has had, MB.
fn memory_mb_of(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    let kb: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse().ok())
        .unwrap_or(0.0);
    kb / 1_024.0
}
