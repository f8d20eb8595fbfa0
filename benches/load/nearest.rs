//! How fast the nearest source is found over HTTP while the city speaks.

use super::city;
use super::options::Options;
use super::serving::Serving;
use super::support::Stopwatch;
use super::told::{Table, Times};

const ASKED: u32 = 2_000;

pub(crate) fn measure(serving: &Serving, options: &Options, table: &mut Table) {
    let http = serving.http();
    for (what, more, outcome) in [
        ("nearest, found", "", "found"),
        (
            "nearest, none passes",
            "&flow_lps=500",
            "none_rated_in_range",
        ),
    ] {
        let mut times = Times::default();
        for n in 0..ASKED {
            let (lat, lon) = city::place(options.sources, n);
            let path = format!("/api/v1/sources/nearest?lat={lat:.5}&lon={lon:.5}{more}");
            let began = Stopwatch::start();
            let answer = http.get(&path);
            times.add(began.elapsed());
            assert!(
                answer.text.contains(&format!("\"outcome\":\"{outcome}\"")),
                "{}",
                answer.text
            );
        }
        table.times(what, &mut times, "p99 < 5 ms");
    }
}
