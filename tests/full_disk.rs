//! No room on the disk, or none left in the journal: receiving stops acknowledging and says why;
//! with room again everything arrives by itself.

mod support;

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use support::{Chance, Firemain, Http, Influx, Mosquitto, SOON, SmallDisk, now_ms, until};

const LONG: Duration = Duration::from_secs(120);
const TOPIC: &str = "firemain/v1/D-1/telemetry";
const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z,98.1\n";

/// Publishes messages of a kilobyte each that do not compress well, numbered from `first` on.
fn publish_bulky(broker: &Mosquitto, chance: &mut Chance, first: u64, messages: u64) {
    let begin = now_ms() - 3_600_000;
    let line = |n: u64| {
        let at = begin + n as i64 * 10;
        json!({"at": at, "seq": n, "pressure_kpa": 210.0, "noise": chance.noise(1_000)}).to_string()
    };
    let lines: Vec<String> = (first..first + messages).map(line).collect();
    broker.publish_lines(TOPIC, lines.iter().map(String::as_str));
}

/// Full, and told so: in readiness with what to do, and in the metrics.
fn says_that_it_is_full(http: &Http) -> bool {
    let ready = http.get("/readyz");
    ready.status == 503
        && http.complaint_of("receive").contains("full")
        && http.metric("firemain_full") == Some(1.0)
}

#[test]
fn a_full_disk_holds_acknowledgements_back_and_with_room_again_everything_arrives() {
    let disk = match SmallDisk::mount(48) {
        Ok(disk) => disk,
        Err(why) => {
            // Past the capture of output: who reads the log is to see it.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED a_full_disk_…: no small disk can be mounted here ({why}). That a full \
                 journal holds acknowledgements back is tested by a_journal_at_its_limit_…"
            );
            return;
        }
    };
    let mut chance = Chance::seeded();
    let broker = Mosquitto::builder().max_queued(0).start();
    let mut firemain = Firemain::serving(&broker.url())
        .data(&disk.path().join("data"))
        .start();
    let http = firemain.http();
    http.import_csv(REGISTER);
    until("the receiver is ready", SOON, || http.is_ready());
    publish_bulky(&broker, &mut chance, 0, 100);
    until("there is room at first", SOON, || {
        http.archived("TR-1") == 100
    });

    disk.fill();
    let mut published = 100;
    until("it says that the disk is full", LONG, || {
        if published < 10_000 {
            publish_bulky(&broker, &mut chance, published, 100);
            published += 100;
        }
        says_that_it_is_full(&http)
    });
    for (seq, age_min) in [(1, 12), (2, 0)] {
        let at = now_ms() - age_min * 60_000;
        let low = json!({"at": at, "seq": seq, "pressure_kpa": 12.0}).to_string();
        broker.publish("firemain/v1/D-2/telemetry", &low);
    }
    assert_eq!(
        http.get("/api/v1/flags").status,
        200,
        "crews can still look"
    );
    assert!(
        says_that_it_is_full(&http),
        "and it stays so while it is full"
    );
    assert!(http.archived("TR-1") < published, "not everything had room");

    disk.make_room();
    until("everything arrives by itself", LONG, || {
        http.archived("TR-1") == published
    });
    until("what came while it was full is judged", SOON, || {
        http.list("/api/v1/alerts?source=TR-2&rule=LOW_STATIC")
            .len()
            == 1
    });
    until("all is well again", LONG, || {
        http.is_ready() && http.metric("firemain_full") == Some(0.0)
    });

    // A death and a start with no room: it says what to do, or works and says it is full.
    disk.fill();
    firemain.kill9();
    firemain.start_again_unready();
    publish_bulky(&broker, &mut chance, published, 500);
    published += 500;
    until("a start without room is told", LONG, || {
        let said = firemain.said().join("\n");
        said.contains("full") || said.contains("no room") || said.contains("No space")
    });
    firemain.kill9();
    disk.make_room();
    firemain.start_again();
    until("everything arrives after that, too", LONG, || {
        firemain.http().archived("TR-1") == published
    });
}

#[test]
fn a_journal_at_its_limit_holds_acknowledgements_back_until_the_archive_makes_room() {
    const MESSAGES: u64 = 4_000;
    let mut chance = Chance::seeded();
    let broker = Mosquitto::builder().max_queued(0).start();
    let mut influx = Influx::start();
    let firemain = Firemain::serving(&broker.url())
        .config(&influx.archive_config())
        .config("[journal]\nmax_bytes = 1800000")
        .start();
    let http = firemain.http();
    http.import_csv(REGISTER);
    until("the receiver is ready", SOON, || http.is_ready());
    influx.stop();
    publish_bulky(&broker, &mut chance, 0, MESSAGES);
    until("it says that the journal is full", LONG, || {
        says_that_it_is_full(&http)
    });
    let acked = http.metric("firemain_acked_total").expect("it counts");
    assert!(acked < MESSAGES as f64, "{acked} are acknowledged");
    influx.start_again();
    assert_eq!(
        influx.counts_at_least("reading", "pressure_kpa", MESSAGES, LONG),
        MESSAGES
    );
    until("all is well again", LONG, || {
        http.is_ready() && http.metric("firemain_full") == Some(0.0)
    });
}
