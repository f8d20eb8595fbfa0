//! A backlog at a broker as it comes from the shelf flows without a stall.

mod support;

use std::time::Duration;

use support::{Firemain, Ledger, Mosquitto, Proxy, SOON, Stopwatch, until};

const QUEUED: u64 = 20_000;
/// The longest time in which nothing at all comes. A consumer that waits for a full batch, or for a
/// tick, of a window of 20 shows it a thousand times over.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

#[test]
fn twenty_thousand_queued_messages_come_over_the_stock_window_of_twenty_without_a_stall() {
    let broker = Mosquitto::builder().max_queued(0).start();
    let network = Proxy::to(broker.address());
    let mut firemain = Firemain::serving(&format!("mqtt://{}", network.address())).start();
    firemain.http().import_csv(Ledger::CSV);
    until("the receiver is ready", SOON, || firemain.http().is_ready());
    firemain.terminate();
    let ledger = Ledger::new();
    ledger.publish(&broker, 0, QUEUED);

    firemain.start_again();
    let http = firemain.http();
    let (began, mut last) = (Stopwatch::start(), Stopwatch::start());
    let (mut carried, mut longest) = (network.carried(), Duration::ZERO);
    let mut looks = 0;
    until("the backlog is archived", Duration::from_secs(60), || {
        let now = network.carried();
        if now != carried {
            longest = longest.max(last.elapsed());
            (carried, last) = (now, Stopwatch::start());
        }
        looks += 1;
        looks % 20 == 0 && http.archived("TR-0") >= QUEUED
    });
    eprintln!(
        "{QUEUED} in {:?}, the longest pause {longest:?}",
        began.elapsed()
    );
    assert!(longest < LONGEST_PAUSE, "nothing came for {longest:?}");
    ledger.balances(0, &http.pressures("TR-0"));
}
