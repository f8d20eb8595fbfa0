//! One source on the board, kept small: a city's hundred thousand must not fill the memory.

use std::sync::Arc;

use firemain_domain::judging::{
    Basis, Evidence, Forecast, Measured, Note, Reason, Standing, Verdict,
};
use firemain_domain::source::Source;
use firemain_domain::{Quantity, Timestamp};

use super::OpenAlert;

/// One source as it is kept.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) source: Arc<Source>,
    numbers: Box<[Number]>,
    pub(super) alerts: Option<Box<[OpenAlert]>>,
    /// What will happen, the soonest first.
    pub(super) ahead: Option<Box<[Forecast]>>,
    pub(super) since: Timestamp,
    /// `Timestamp::MIN`: never.
    heard_at: Timestamp,
    reasons: u32,
    notes: u8,
    pub(super) verdict: Verdict,
}

/// A [`Measured`] without what follows from the rest of it.
#[derive(Clone, Copy, Debug)]
struct Number {
    value: f64,
    /// NaN: none.
    limit: f64,
    at: Timestamp,
    basis: Basis,
    quantity: Quantity,
    /// The limit is one not to be passed.
    upper: bool,
}

const NOTES: [Note; 2] = [Note::SharedMain, Note::InUse];

impl Slot {
    pub(super) fn new(
        source: Arc<Source>,
        standing: &Standing,
        alerts: Vec<OpenAlert>,
        ahead: Vec<Forecast>,
    ) -> Self {
        let mut slot = Self {
            source: source.clone(),
            numbers: Box::default(),
            alerts: None,
            ahead: None,
            since: standing.since,
            heard_at: Timestamp::MIN,
            reasons: 0,
            notes: 0,
            verdict: standing.verdict,
        };
        slot.set(source, standing, alerts, ahead);
        slot
    }

    pub(super) fn set(
        &mut self,
        source: Arc<Source>,
        standing: &Standing,
        alerts: Vec<OpenAlert>,
        ahead: Vec<Forecast>,
    ) {
        let measured = &standing.evidence.measured;
        if measured.len() == self.numbers.len() {
            for (number, measured) in self.numbers.iter_mut().zip(measured) {
                *number = Number::new(measured);
            }
        } else {
            self.numbers = measured.iter().map(Number::new).collect();
        }
        self.source = source;
        self.alerts = (!alerts.is_empty()).then(|| alerts.into());
        self.ahead = (!ahead.is_empty()).then(|| ahead.into());
        self.since = standing.since;
        self.heard_at = standing.heard_at.unwrap_or(Timestamp::MIN);
        self.reasons = bits(&Reason::ALL, &standing.reasons);
        self.notes = bits(&NOTES, &standing.notes) as u8;
        self.verdict = standing.verdict;
    }

    pub(super) fn heard_at(&self) -> Option<Timestamp> {
        (self.heard_at > Timestamp::MIN).then_some(self.heard_at)
    }

    pub(super) fn reasons(&self) -> impl Iterator<Item = Reason> {
        let bits = self.reasons;
        Reason::ALL
            .into_iter()
            .enumerate()
            .filter(move |(i, _)| bits & (1 << i) != 0)
            .map(|(_, r)| r)
    }

    pub(super) fn has_reason(&self, reason: Reason) -> bool {
        self.reasons & bits(&Reason::ALL, &[reason]) != 0
    }

    pub(super) fn notes(&self) -> impl Iterator<Item = Note> {
        let bits = self.notes;
        NOTES
            .into_iter()
            .enumerate()
            .filter(move |(i, _)| bits & (1 << i) != 0)
            .map(|(_, n)| n)
    }

    pub(super) fn evidence(&self) -> Evidence {
        Evidence {
            measured: self.measured().collect(),
        }
    }

    pub(super) fn measured(&self) -> impl Iterator<Item = Measured> {
        self.numbers.iter().map(Number::measured)
    }

    /// Flow it can be counted on for.
    pub(super) fn available_flow(&self) -> Option<Measured> {
        self.measured()
            .find(|m| m.quantity == Quantity::AvailableFlowLps)
    }
}

impl Number {
    fn new(measured: &Measured) -> Self {
        let limit = measured.limit.unwrap_or(f64::NAN);
        let upper = measured
            .margin
            .is_some_and(|margin| margin != measured.value - limit);
        Self {
            value: measured.value,
            limit,
            at: measured.at,
            basis: measured.basis,
            quantity: measured.quantity,
            upper,
        }
    }

    fn measured(&self) -> Measured {
        let limit = (!self.limit.is_nan()).then_some(self.limit);
        let margin = limit.map(|l| {
            if self.upper {
                l - self.value
            } else {
                self.value - l
            }
        });
        Measured {
            basis: self.basis,
            quantity: self.quantity,
            value: self.value,
            limit,
            margin,
            at: self.at,
        }
    }
}

fn bits<T: PartialEq>(table: &[T], some: &[T]) -> u32 {
    let place = |one: &T| table.iter().position(|t| t == one);
    some.iter()
        .filter_map(place)
        .fold(0, |bits, place| bits | (1 << place))
}
