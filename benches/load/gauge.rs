//! What the processes take, and whether judging keeps up, looked at once a second.

use std::time::Duration;

use super::feed::Feed;
use super::serving::Serving;
use super::support::{Http, Stopwatch, until};

/// What a stretch of load showed.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Messages sent, and how many a second.
    pub(crate) sent: u64,
    pub(crate) rate: f64,
    /// Envelopes that waited to be judged: in the first and in the second half, and at the end.
    lags: [f64; 3],
    /// Of each process by name.
    pub(crate) memory: Vec<(String, Memory)>,
}

/// Of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) newest_mb: f64,
    pub(crate) most_mb: f64,
    pub(crate) cpu_us_per_message: f64,
}

impl Gauge {
    /// Looks for so long.
    pub(crate) fn watch(serving: &Serving, feed: &Feed, during: Duration) -> Self {
        let http = serving.http();
        let processes = serving.processes();
        let began = Stopwatch::start();
        let before = feed.sent();
        let cpu_before: Vec<Duration> = processes.iter().map(|(_, id)| cpu_of(*id)).collect();
        let mut most = vec![0.0_f64; processes.len()];
        let mut lags = Vec::new();
        for second in 1..=during.as_secs() {
            until("a second is over", Duration::from_secs(5), || {
                began.elapsed() >= Duration::from_secs(second)
            });
            for (most, (_, id)) in most.iter_mut().zip(&processes) {
                *most = most.max(memory_mb_of(*id));
            }
            // As often as Prometheus would ask, or a little more.
            if second % 5 == 0 {
                lags.push(metric(&http, "firemain_watch_lag_envelopes"));
            }
        }
        let (sent, took) = (feed.sent() - before, began.elapsed());
        let memory = processes.iter().zip(most).zip(cpu_before);
        let memory = memory.map(|(((name, id), most_mb), before)| {
            let cpu = cpu_of(*id).saturating_sub(before);
            let memory = Memory {
                newest_mb: memory_mb_of(*id),
                most_mb,
                cpu_us_per_message: cpu.as_secs_f64() * 1e6 / sent as f64,
            };
            (name.clone(), memory)
        });
        let half = lags.len() / 2;
        let most = |some: &[f64]| some.iter().copied().fold(0.0, f64::max);
        Self {
            sent,
            rate: sent as f64 / took.as_secs_f64(),
            lags: [
                most(&lags[..half]),
                most(&lags[half..]),
                lags.last().copied().unwrap_or_default(),
            ],
            memory: memory.collect(),
        }
    }

    pub(crate) fn lag_text(&self) -> String {
        let [first, second, end] = self.lags;
        format!("{end} envelopes; at most {first} in the first half, {second} in the second")
    }
}

/// A number of `/metrics`; 0 when it is not there.
pub(crate) fn metric(http: &Http, name: &str) -> f64 {
    let answer = http.try_get("/metrics");
    let text = answer.map(|answer| answer.text).unwrap_or_default();
    let line = text
        .lines()
        .find(|l| l.split([' ', '{']).next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

/// CPU a process has used, from `/proc/…/stat`; hundredths of a second, as Linux counts.
pub(crate) fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Memory a process has resident.
pub(crate) fn memory_mb_of(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1_024.0
}
