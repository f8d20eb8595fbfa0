//! Judging on a real journal and a real register: stopped, killed, held up and damaged.

mod life;

use std::path::Path;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, MaintenanceWindow};
use firemain_domain::clock::{Clock, HandClock, SystemClock};
use firemain_domain::handling::Area;
use firemain_domain::judging::{Control, Verdict};
use firemain_domain::source::{
    Access, Kind, Position as Place, Reporting, Requirement, Sensor, Source, Status, TapPoint,
};
use firemain_domain::time::MINUTE_MS;
use firemain_store::journal::{
    Body, Envelope, Journal, JournalOptions, Message, Position, SqliteJournal,
};
use firemain_store::register::{Checkpoint, EpisodeFilter, Register, SqliteRegister};
use tokio_util::sync::CancellationToken;

use super::*;

const START: Timestamp = Timestamp::from_ms(1_795_395_600_000);

struct Town {
    folder: tempfile::TempDir,
    journal: Arc<SqliteJournal>,
    register: Arc<SqliteRegister>,
    clock: Arc<HandClock>,
}

fn hydrant(code: &str) -> Source {
    Source {
        code: code.into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: "12 Hàng Bạc".into(),
        position: Place {
            lat: 21.03,
            lon: 105.85,
        },
        device: Some(code.into()),
        unit: None,
        zone: Some("A".into()),
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            ..Requirement::default()
        }
        .into(),
        reporting: Reporting::default(),
        access: Access::default().into(),
        status: Status::InService,
        supply_schedule: None,
        elevation_m: None,
        sensor: Sensor::default().into(),
    }
}

fn message(at: Timestamp, device: &str, payload: &str) -> Envelope {
    let message = Message {
        topic: format!("firemain/v1/{device}/telemetry").into(),
        payload: payload.as_bytes().to_vec(),
        retained: false,
        copy: false,
        cut_from: None,
        first_received_at: None,
    };
    Envelope {
        received_at: at,
        wall_offset_ms: 0,
        body: Body::Message(message),
    }
}

fn control(at: Timestamp, control: Control) -> Envelope {
    Envelope {
        received_at: at,
        wall_offset_ms: 0,
        body: Body::Control(control),
    }
}

fn open(folder: &Path) -> (Arc<SqliteJournal>, Arc<SqliteRegister>) {
    let options = JournalOptions {
        keep_ms: i64::MAX / 4,
        max_bytes: 1 << 30,
    };
    let journal = SqliteJournal::open(&folder.join("journal.db"), options).unwrap();
    let register = SqliteRegister::open(&folder.join("register.db")).unwrap();
    (Arc::new(journal), Arc::new(register))
}

impl Town {
    /// Sources H0, H1 … entered before anything came in.
    fn of(sources: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (journal, register) = open(folder.path());
        let town = Self {
            folder,
            journal,
            register,
            clock: HandClock::at(START),
        };
        let changes: Vec<_> = (0..sources)
            .map(|n| Change::SourceSet {
                source: Box::new(hydrant(&format!("H{n}"))),
            })
            .collect();
        town.register.change("test", START, &changes).unwrap();
        town
    }

    fn watch(&self) -> Arc<Watch> {
        let settings = WatchSettings {
            subscriptions: Subscription::defaults(),
            ..WatchSettings::default()
        };
        let (journal, register) = (self.journal.clone(), self.register.clone());
        Watch::launch(
            journal,
            register,
            settings,
            self.clock.clone(),
            CancellationToken::new(),
        )
        .unwrap()
    }

    fn append(&self, envelopes: &[Envelope]) -> Position {
        self.journal.append(envelopes).unwrap();
        self.journal.head().unwrap()
    }

    /// All alerts and all events of the stream, as text.
    fn told(&self) -> (Vec<String>, Vec<String>) {
        let rows = self
            .register
            .episodes(&EpisodeFilter::default(), None, 1_000)
            .unwrap();
        let mut alerts: Vec<_> = rows.iter().map(|r| format!("{:?}", r.state)).collect();
        alerts.sort();
        let events = self.register.stream_after(0, 100_000).unwrap();
        (
            alerts,
            events
                .into_iter()
                .map(|e| format!("{} {} {}", e.id, e.kind, e.body))
                .collect(),
        )
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let clock: SharedClock = SystemClock::shared();
    let deadline = clock.monotonic_ms() + 20_000;
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    while !holds() {
        assert!(
            clock.monotonic_ms() < deadline,
            "waited in vain until {what}"
        );
        tick.tick().await;
    }
}

async fn judged(watch: &Watch, upto: Position) {
    until("everything is judged", || {
        let status = watch.status();
        status.position >= upto.0 && !status.replaying
    })
    .await;
}

/// Two hours of four hydrants of which two run dry, one comes back, one says nonsense.
fn two_hours(seed: u64) -> Vec<Envelope> {
    let mut envelopes = vec![
        control(START, Control::Started),
        control(
            START,
            Control::Connected {
                session_present: true,
            },
        ),
        control(START, Control::Drained),
    ];
    let mut seq = seed;
    for step in 1..=120_i64 {
        let at = START.plus_ms(step * MINUTE_MS);
        for beat in (0..12).rev() {
            let heartbeat = Control::Heartbeat { settled: 0 };
            envelopes.push(control(at.plus_ms(-beat * 5_000), heartbeat));
        }
        for n in 0..4_u64 {
            seq = seq
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if !(step as u64 + n).is_multiple_of(5) {
                continue;
            }
            let low = (n == 1 && step > 30) || (n == 2 && (20..50).contains(&step));
            let kpa = if low {
                20.0 + (seq >> 60) as f64
            } else {
                200.0 + (seq >> 60) as f64
            };
            let text = match n {
                3 if step % 3 == 0 => "no json".to_owned(),
                _ => format!(r#"{{"at":{},"seq":{step},"pressure_kpa":{kpa}}}"#, at.ms()),
            };
            envelopes.push(message(at, &format!("H{n}"), &text));
        }
    }
    envelopes
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_it_says_the_same_once() {
    let envelopes = two_hours(7);
    let whole = Town::of(4);
    let watch = whole.watch();
    until("the sources are judged", || watch.status().change == 4).await;
    let head = whole.append(&envelopes);
    judged(&watch, head).await;
    watch.stop().await;
    let expected = whole.told();
    assert!(
        expected.0.iter().any(|e| e.contains("pages: true")),
        "{:?}",
        expected.0
    );

    for kills in [1_usize, 3, 8] {
        let town = Town::of(4);
        let piece = envelopes.len().div_ceil(kills + 1);
        let mut watch = town.watch();
        until("the sources are judged", || watch.status().change == 4).await;
        for (n, piece) in envelopes.chunks(piece).enumerate() {
            // Killed while this piece is on its way: at some point of it, or after it.
            let head = town.append(piece);
            if n % 2 == 0 {
                judged(&watch, head).await;
            }
            if n % 3 == 2 {
                watch.stop().await;
            }
            kill(watch).await;
            watch = town.watch();
        }
        judged(&watch, town.journal.head().unwrap()).await;
        watch.stop().await;
        assert_eq!(town.told(), expected, "after {kills} kills");
    }
}

/// Ends judging as a kill does: without a last commit or checkpoint.
async fn kill(watch: Arc<Watch>) {
    watch
        .shared
        .ask(|asked| (asked.stop, asked.abandon) = (true, true));
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_takes_effect_at_once_and_again_at_its_place_after_a_kill() {
    let town = Town::of(1);
    let watch = town.watch();
    town.append(&two_hours(1)[..60]);
    let window = MaintenanceWindow {
        id: "w".into(),
        over: Area::Source("H0".into()),
        from: START,
        until: START.plus_ms(100 * MINUTE_MS),
        weekly: None,
        reason: "valve".into(),
        by: "crew".into(),
    };
    let number: ChangeNumber = town
        .register
        .change("crew", START, &[Change::WindowEntered { window }])
        .unwrap();
    watch.look();
    assert!(watch.applied(number).await);
    assert_eq!(
        watch.board().get("H0").unwrap().standing.verdict,
        Verdict::Unusable
    );
    let taken = town.register.taken_changes(0).unwrap();
    assert_eq!(taken.last().unwrap().0, number);
    let before = town.told();
    kill(watch).await;

    let watch = town.watch();
    until("it has caught up", || !watch.status().replaying).await;
    assert_eq!(
        watch.board().get("H0").unwrap().standing.verdict,
        Verdict::Unusable
    );
    let head = town.append(&[control(
        START.plus_ms(5 * MINUTE_MS),
        Control::Heartbeat { settled: 0 },
    )]);
    judged(&watch, head).await;
    watch.stop().await;
    assert_eq!(town.told(), before, "nothing is told twice");
    assert_eq!(town.register.taken_changes(0).unwrap(), taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_checkpoint_is_reported_and_judging_begins_anew_without_paging_again() {
    let town = Town::of(4);
    let watch = town.watch();
    until("the sources are judged", || watch.status().change == 4).await;
    let head = town.append(&two_hours(3));
    judged(&watch, head).await;
    watch.stop().await;
    let before = town.told();
    let damaged = Checkpoint {
        upto: head,
        change: 4,
        global: vec![0xff; 9],
        sources: Vec::new(),
    };
    let nothing = &mut std::iter::empty();
    town.register.save_checkpoint(&damaged, nothing).unwrap();

    let watch = town.watch();
    judged(&watch, head).await;
    let status = watch.status();
    assert!(status.recovered.unwrap().contains("checkpoint"));
    assert_eq!(watch.board().len(), 4);
    watch.stop().await;
    assert_eq!(town.told(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_register_holds_judging_up_and_loses_nothing() {
    let town = Town::of(4);
    let watch = town.watch();
    until("the sources are judged", || watch.status().change == 4).await;
    let other = rusqlite::Connection::open(town.folder.path().join("register.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let head = town.append(&two_hours(7));
    until("it says that it waits", || watch.status().failed.is_some()).await;
    assert!(town.told().0.is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    judged(&watch, head).await;
    until("it says that it goes on", || {
        watch.status().failed.is_none()
    })
    .await;
    watch.stop().await;
    assert!(!town.told().0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_messages_are_judged_as_late_data_and_page_nobody() {
    let town = Town::of(1);
    let watch = town.watch();
    let at = START.plus_ms(10 * 60 * MINUTE_MS);
    let mut envelopes = vec![control(at, Control::Drained)];
    for step in 0..4 {
        let mut adopted = message(at, "H0", &format!(r#"{{"seq":{step},"pressure_kpa":5}}"#));
        if let Body::Message(message) = &mut adopted.body {
            message.first_received_at = Some(START.plus_ms(step * 15 * MINUTE_MS));
        }
        envelopes.push(adopted);
    }
    let head = town.append(&envelopes);
    judged(&watch, head).await;
    watch.stop().await;
    assert!(town.told().0.is_empty(), "{:?}", town.told().0);
    assert_eq!(watch.status().counts.judged, 4);
}

/// Time passes in which judging looks at the journal again and again.
async fn pass_s(town: &Town, watch: &Watch, seconds: u64) {
    for _ in 0..seconds / 5 {
        town.clock.pass_ms(5_000);
        // Two answers are a whole turn apart.
        for _ in 0..2 {
            watch.ask(|_| ()).await.unwrap();
        }
    }
}

fn ours(town: &Town) -> Vec<(String, bool, bool)> {
    let rows = town
        .register
        .episodes(&EpisodeFilter::default(), None, 1_000)
        .unwrap();
    let ours = rows
        .into_iter()
        .filter(|row| row.state.id.source().is_none());
    ours.map(|row| {
        let state = row.state;
        (
            state.id.to_string(),
            state.pages,
            state.cleared_at.is_some(),
        )
    })
    .collect()
}

fn live(town: &Town) -> Position {
    let at = town.clock.now();
    town.append(&[
        control(at, Control::Started),
        control(
            at,
            Control::Connected {
                session_present: true,
            },
        ),
        control(at, Control::Drained),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_falls_silent_is_one_alert_also_over_a_restart_until_it_is_heard() {
    let town = Town::of(2);
    let watch = town.watch();
    let head = live(&town);
    judged(&watch, head).await;
    pass_s(&town, &watch, 50).await;
    assert!(ours(&town).is_empty());
    pass_s(&town, &watch, 30).await;
    let stands = ("firemain:receive/STALE/1".to_owned(), true, false);
    until("it is told", || ours(&town) == [stands.clone()]).await;
    let changes = town.register.newest_change().unwrap();
    pass_s(&town, &watch, 300).await;
    kill(watch).await;

    let watch = town.watch();
    judged(&watch, head).await;
    pass_s(&town, &watch, 300).await;
    assert_eq!(ours(&town), [stands]);
    assert_eq!(town.register.newest_change().unwrap(), changes, "told once");
    let head = town.append(&[control(town.clock.now(), Control::Heartbeat { settled: 0 })]);
    judged(&watch, head).await;
    let over = ("firemain:receive/STALE/1".to_owned(), true, true);
    until("it is over", || ours(&town) == [over.clone()]).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_not_running_calls_no_receiver_silent() {
    let town = Town::of(2);
    let watch = town.watch();
    let head = live(&town);
    judged(&watch, head).await;
    watch.stop().await;
    town.clock.pass_ms(8 * 3_600_000);
    let watch = town.watch();
    judged(&watch, head).await;
    pass_s(&town, &watch, 50).await;
    let head = town.append(&[control(town.clock.now(), Control::Heartbeat { settled: 0 })]);
    judged(&watch, head).await;
    pass_s(&town, &watch, 50).await;
    watch.stop().await;
    assert!(ours(&town).is_empty(), "{:?}", ours(&town));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_register_is_taken_in_by_few_commits() {
    let town = Town::of(20_000);
    let watch = town.watch();
    until("every source is judged", || watch.board().len() == 20_000).await;
    let commits = watch.status().counts.commits;
    assert!(commits <= 60, "{commits} commits");
}
