//! A ledger of what was published, to balance against what arrived: each message has a number,
//! written into its pressure, and is to arrive once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::now_ms;
use super::mosquitto::Mosquitto;

/// Every kind of identity that a message can have, each with a device of its own.
const FORMS: [Form; 3] = [Form::Timed, Form::Counted, Form::Plain];

/// What the message says besides its pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its time and its sequence.
    Timed,
    /// Its sequence.
    Counted,
    /// Nothing: only what the broker says tells a redelivery from a new message.
    Plain,
}

/// The books of three devices.
#[derive(Debug)]
pub(crate) struct Ledger {
    begin_ms: i64,
    sent: [AtomicU64; 3],
}

impl Ledger {
    pub(crate) const CSV: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
        TR-0,hydrant,A,21.03,105.85,D-0,Z,98.1\n\
        TR-1,hydrant,B,21.06,105.85,D-1,Z,98.1\n\
        TR-2,hydrant,C,21.09,105.85,D-2,Z,98.1\n";
    pub(crate) const CODES: [&str; 3] = ["TR-0", "TR-1", "TR-2"];

    /// Books of messages that begin half a day ago.
    pub(crate) fn new() -> Self {
        Self {
            begin_ms: now_ms() - 12 * 3_600_000,
            sent: [const { AtomicU64::new(0) }; 3],
        }
    }

    /// Publishes messages of one of the forms; enters them when the broker has them.
    #[track_caller]
    pub(crate) fn publish(&self, broker: &Mosquitto, form: usize, messages: u64) {
        let sent = &self.sent[form];
        let first = sent.load(Ordering::SeqCst);
        let lines: Vec<String> = (first..first + messages)
            .map(|number| self.payload(FORMS[form], number))
            .collect();
        broker.publish_lines(
            &format!("firemain/v1/D-{form}/telemetry"),
            lines.iter().map(String::as_str),
        );
        sent.fetch_add(messages, Ordering::SeqCst);
    }

    fn payload(&self, form: Form, number: u64) -> String {
        let pressure = format!("{:.3}", 100.0 + number as f64 / 1_000.0);
        let at = self.begin_ms + number as i64 * 10;
        match form {
            Form::Timed => format!(r#"{{"at":{at},"seq":{number},"pressure_kpa":{pressure}}}"#),
            Form::Counted => format!(r#"{{"seq":{number},"pressure_kpa":{pressure}}}"#),
            Form::Plain => format!(r#"{{"pressure_kpa":{pressure}}}"#),
        }
    }

    /// How many messages of a form the broker has taken.
    pub(crate) fn sent(&self, form: usize) -> u64 {
        self.sent[form].load(Ordering::SeqCst)
    }

    pub(crate) fn total(&self) -> u64 {
        (0..3).map(|form| self.sent(form)).sum()
    }

    /// Fails unless `found` holds each of a device's pressures, once.
    #[track_caller]
    pub(crate) fn balances(&self, form: usize, found: &[f64]) {
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        for pressure in found {
            let number = ((pressure - 100.0) * 1_000.0).round() as u64;
            *times.entry(number).or_default() += 1;
        }
        let lost: Vec<_> = (0..self.sent(form))
            .filter(|number| !times.contains_key(number))
            .collect();
        let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        let what = FORMS[form];
        assert!(
            lost.is_empty() && doubled.is_empty(),
            "of {} messages ({what:?}) {} are lost, {} doubled: {:?} {:?}",
            self.sent(form),
            lost.len(),
            doubled.len(),
            &lost[..lost.len().min(20)],
            &doubled[..doubled.len().min(20)],
        );
        assert_eq!(
            times.len() as u64,
            self.sent(form),
            "nothing is there that nobody sent ({what:?})"
        );
    }
}
