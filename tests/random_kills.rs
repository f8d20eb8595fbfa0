//! Any process of ours dies at any moment, again and again, while messages come in: each message is
//! archived, once.
//!
//! The moments are drawn from a generator whose seed is printed: `FIREMAIN_TEST_SEED` draws the same
//! again. `FIREMAIN_TEST_ROUNDS` plays more rounds than the few of a normal run (`make soak`).

mod support;

use std::thread;
use std::time::Duration;

use support::{
    Chance, Firemain, Http, Influx, Ledger, Mosquitto, Proxy, SOON, Stopwatch, rounds, until,
};

const LONG: Duration = Duration::from_secs(120);
/// Messages published in a round, in pieces of at most so many.
const PIECES: u64 = 10;
const PIECE: u64 = 250;

/// When a process dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many milliseconds after its start, ready or not.
    Started(u64),
    /// So many after it said `ready`.
    Ready(u64),
    /// When so many bytes have gone between it and the broker since it was ready, or nothing more
    /// comes.
    Carried(u64),
}

impl Moment {
    fn drawn(chance: &mut Chance) -> Self {
        match chance.below(4) {
            0 => Self::Started(chance.below(700)),
            1 => Self::Ready(chance.below(900)),
            _ => Self::Carried(chance.below(200_000)),
        }
    }

    /// Waits until a process that was started just now is to die.
    fn wait(self, firemain: &mut Firemain, network: &Proxy) {
        let watch = Stopwatch::start();
        let passes = |ms: u64| {
            let since = Stopwatch::start();
            until("time passes", SOON, || {
                since.elapsed() >= Duration::from_millis(ms)
            });
        };
        match self {
            Self::Started(ms) => passes(ms),
            Self::Ready(ms) => {
                firemain.becomes_ready();
                passes(ms);
            }
            Self::Carried(bytes) => {
                firemain.becomes_ready();
                let enough = network.carried() + bytes;
                until("bytes pass", SOON, || {
                    network.carried() >= enough || watch.elapsed() > Duration::from_secs(3)
                });
            }
        }
    }
}

/// A broker with the window it comes with, a network that is measured, and the books.
struct Bench {
    broker: Mosquitto,
    network: Proxy,
    ledger: Ledger,
    chance: Chance,
}

impl Bench {
    fn new() -> Self {
        let broker = Mosquitto::builder().max_queued(0).start();
        let network = Proxy::to(broker.address());
        Self {
            broker,
            network,
            ledger: Ledger::new(),
            chance: Chance::seeded(),
        }
    }

    fn mqtt(&self) -> String {
        format!("[mqtt]\nurl = \"mqtt://{}\"", self.network.address())
    }

    /// Publishes a round's messages while `meanwhile` goes on.
    fn publish_while(&mut self, meanwhile: impl FnOnce(&mut Chance, &Proxy)) {
        let pieces: Vec<(usize, u64)> = (0..PIECES)
            .map(|_| (self.chance.below(3) as usize, 1 + self.chance.below(PIECE)))
            .collect();
        let (ledger, broker) = (&self.ledger, &self.broker);
        thread::scope(|scope| {
            scope.spawn(move || {
                for (form, messages) in pieces {
                    ledger.publish(broker, form, messages);
                }
            });
            meanwhile(&mut self.chance, &self.network);
        });
    }

    /// Waits until as much is archived as was published; then looks at every single message.
    fn balances(&self, http: &Http) {
        let ledger = &self.ledger;
        let watch = Stopwatch::start();
        until("as much is archived as was published", LONG, || {
            let archived: Vec<u64> = Ledger::CODES.map(|code| http.archived(code)).into();
            let all = (0..3).all(|form| archived[form] >= ledger.sent(form));
            // What is lost never comes: the books say what it was.
            all || watch.elapsed() > LONG.mul_f32(0.8)
        });
        for (form, code) in Ledger::CODES.into_iter().enumerate() {
            ledger.balances(form, &http.pressures(code));
        }
        eprintln!("{} messages, each archived once", ledger.total());
    }
}

/// Registers the devices, and leaves a session at the broker.
fn prepared(firemain: &Firemain) {
    let http = firemain.http();
    http.import_csv(Ledger::CSV);
    until("the receiver is ready", SOON, || http.is_ready());
}

#[test]
fn killed_at_random_moments_with_the_archive_of_its_own() {
    let mut bench = Bench::new();
    let mut firemain = Firemain::builder("serve").config(&bench.mqtt()).start();
    prepared(&firemain);
    firemain.kill9();
    for round in 1..=rounds(6) {
        bench.publish_while(|chance, network| {
            let moment = Moment::drawn(chance);
            eprintln!("round {round}: killed when {moment:?}");
            firemain.start_again_unready();
            moment.wait(&mut firemain, network);
            firemain.kill9();
        });
    }
    firemain.start_again();
    bench.balances(&firemain.http());
}

#[test]
fn killed_at_random_moments_with_influxdb_which_is_killed_too() {
    let mut bench = Bench::new();
    let mut influx = Influx::start();
    let mut firemain = Firemain::builder("serve")
        .config(&bench.mqtt())
        .config(&influx.archive_config())
        .start();
    prepared(&firemain);
    firemain.kill9();
    for round in 1..=rounds(5) {
        bench.publish_while(|chance, network| {
            let (moment, with_influx) = (Moment::drawn(chance), chance.once_in(3));
            eprintln!("round {round}: killed when {moment:?}, with InfluxDB: {with_influx}");
            firemain.start_again_unready();
            moment.wait(&mut firemain, network);
            if with_influx {
                influx.kill9();
            }
            firemain.kill9();
            if with_influx {
                influx.start_again();
            }
        });
    }
    firemain.start_again();
    let http = firemain.http();
    bench.balances(&http);
    // And by the database itself, without us: not a point more.
    let counted = influx.count("reading", "pressure_kpa");
    assert_eq!(counted, bench.ledger.total(), "points in InfluxDB");
}

#[test]
fn killed_at_random_moments_apart_one_or_the_other_or_both() {
    let mut bench = Bench::new();
    let data = tempfile::tempdir().unwrap();
    let part = |name: &str| {
        let built = Firemain::builder(name).config(&bench.mqtt());
        built.data(data.path()).start()
    };
    let (mut ingest, mut api) = (part("ingest"), part("api"));
    prepared(&api);
    for round in 1..=rounds(7) {
        bench.publish_while(|chance, network| {
            let (moment, who) = (Moment::drawn(chance), chance.below(3));
            eprintln!(
                "round {round}: killed when {moment:?}, {}",
                ["ingest", "api", "both"][who as usize]
            );
            let (kills_ingest, kills_api) = (who != 1, who != 0);
            if kills_ingest {
                ingest.kill9();
                ingest.start_again_unready();
            }
            if kills_api {
                api.kill9();
                api.start_again_unready();
            }
            moment.wait(if kills_ingest { &mut ingest } else { &mut api }, network);
            if kills_ingest {
                ingest.kill9();
                ingest.start_again_unready();
            }
            if kills_api {
                api.kill9();
                api.start_again_unready();
            }
        });
    }
    ingest.becomes_ready_if_it_is_not();
    api.becomes_ready_if_it_is_not();
    bench.balances(&api.http());
    until("both are well", LONG, || api.http().is_ready());
}
