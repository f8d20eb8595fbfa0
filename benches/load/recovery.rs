//! kill -9 under load, and how long it takes to be back.

use std::time::Duration;

use firemain_store::DataDir;
use firemain_store::journal::{Journal, SqliteJournal};

use super::feed::Feed;
use super::gauge::metric;
use super::options::Options;
use super::serving::{Serving, seldom};
use super::support::{Stopwatch, until};
use super::told::Table;

const WITHIN: Duration = Duration::from_secs(300);

pub(crate) fn measure(serving: &mut Serving, feed: &Feed, options: &Options, table: &mut Table) {
    serving.kill9();
    let data = DataDir::open(serving.folder().join("data")).expect("the data directory is there");
    let journal = SqliteJournal::open_reader(&data.journal()).expect("the journal can be read");
    let head = journal.head().expect("the journal can be read");
    let missed = feed.sent();
    let began = Stopwatch::start();
    serving.start_again_unready();
    // Starting journals a word or two of its own.
    until("it receives again", WITHIN, || {
        journal.head().is_ok_and(|now| now.0 > head.0 + 100)
    });
    table.seconds("after kill -9: receiving again", began.elapsed(), "5 s");
    serving.becomes_ready();
    table.seconds("after kill -9: `ready`", began.elapsed(), "");
    let http = serving.http();
    let behind = options.rate().max(50.0);
    seldom("it is current", || {
        metric(&http, "firemain_watch_judged_total") > 0.0
            && metric(&http, "firemain_watch_lag_envelopes") < behind
    });
    let waited = feed.sent() - missed;
    table.seconds("after kill -9: current", began.elapsed(), "60 s");
    table.line("messages sent meanwhile", &waited.to_string(), "");
}
