//! The policy's bounds, what is dropped, and that nothing is counted twice.

use std::collections::{BTreeMap, BTreeSet};

use firemain_store::intake::{Intake, IntakeTotals, Unregistered, Why};
use firemain_store::journal::Position;
use proptest::prelude::*;

use super::support::{Place, SMALL, bad, from};

#[test]
fn beyond_its_rows_the_quarantine_drops_the_oldest_and_counts_them_once() {
    let place = Place::new();
    let intake = place.open();
    let all: Vec<_> = (1..=12).map(|n| bad(n, Why::Undecodable)).collect();
    intake.quarantine(&all[..7]).unwrap();
    intake.quarantine(&all[7..]).unwrap();
    // A consumer that went back after a crash brings them again.
    intake.quarantine(&all).unwrap();
    let kept = intake.quarantined(None, None, 100).unwrap();
    let kept: Vec<_> = kept.iter().map(|m| m.position.0).collect();
    assert_eq!(kept, [12, 11, 10, 9, 8]);
    let totals = place.open().totals().unwrap();
    assert_eq!((totals.quarantined, totals.quarantine_dropped), (5, 7));
}

#[test]
fn one_device_cannot_push_out_another() {
    let place = Place::new();
    let intake = place.open();
    intake.keep(&[from("quiet", 1)]).unwrap();
    let flood: Vec<_> = (2..2_500).map(|n| from("loud", n)).collect();
    intake.keep(&flood).unwrap();
    intake.keep(&flood).unwrap();
    assert_eq!(intake.kept("quiet", Position(0), 10).unwrap().len(), 1);
    let loud = intake.kept("loud", Position(0), 10).unwrap();
    let loud: Vec<_> = loud.iter().map(|m| m.position.0).collect();
    assert_eq!(loud, [2_497, 2_498, 2_499]);
    assert_eq!(intake.stranger("loud").unwrap().unwrap().messages, 2_498);
    assert_eq!(intake.totals().unwrap().kept_dropped, 2_495);
}

#[test]
fn a_device_too_many_is_refused_and_counted_once() {
    let place = Place::new();
    let intake = place.open();
    let messages = [
        from("a", 1),
        from("b", 2),
        from("c", 3),
        from("d", 4),
        from("c", 5),
    ];
    intake.keep(&messages).unwrap();
    intake.keep(&messages).unwrap();
    let totals = IntakeTotals {
        strangers: 2,
        kept: 2,
        kept_dropped: 3,
        ..IntakeTotals::default()
    };
    assert_eq!(place.open().totals().unwrap(), totals);
    intake.adopted("a", Position(9)).unwrap();
    intake.keep(&[from("c", 6)]).unwrap();
    assert_eq!(intake.stranger("c").unwrap().unwrap().kept, 1);
}

/// What should be kept, and how much dropped.
#[derive(Default)]
struct Model {
    kept: BTreeMap<String, BTreeSet<u64>>,
    dropped: u64,
}

impl Model {
    fn keep(&mut self, message: &Unregistered) {
        let device = message.device.to_string();
        let strangers = self.kept.len() as u64;
        if !self.kept.contains_key(&device) && strangers >= SMALL.unregistered_devices {
            self.dropped += 1;
            return;
        }
        let kept = self.kept.entry(device).or_default();
        kept.insert(message.position.0);
        if kept.len() as u64 > SMALL.unregistered_per_device {
            kept.pop_first();
            self.dropped += 1;
        }
    }

    fn adopted(&mut self, device: &str, upto: u64) {
        if let Some(kept) = self.kept.get_mut(device) {
            kept.retain(|position| *position > upto);
            if kept.is_empty() {
                self.kept.remove(device);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_intake_keeps_what_its_policy_says(
        steps in proptest::collection::vec((0..4u8, 0..4u8, 0..60u64), 1..60)
    ) {
        let place = Place::new();
        let mut intake = place.open();
        let mut model = Model::default();
        let mut position = 0;
        let mut last: Vec<Unregistered> = Vec::new();
        for (device, what, upto) in steps {
            let device = format!("tr-{device}");
            match what {
                0 => {
                    intake.adopted(&device, Position(upto)).unwrap();
                    model.adopted(&device, upto);
                    // What was adopted is registered: it does not come here again.
                    last.clear();
                }
                1 => {
                    drop(intake);
                    intake = place.open();
                    intake.keep(&last).unwrap();
                }
                _ => {
                    position += 1;
                    let message = from(&device, position);
                    model.keep(&message);
                    intake.keep(std::slice::from_ref(&message)).unwrap();
                    last.push(message);
                }
            }
            let kept: BTreeMap<String, BTreeSet<u64>> = intake
                .strangers(None, 100)
                .unwrap()
                .iter()
                .map(|stranger| {
                    let kept = intake.kept(&stranger.device, Position(0), 100).unwrap();
                    assert_eq!(kept.len() as u64, stranger.kept);
                    let positions = kept.iter().map(|m| m.position.0).collect();
                    (stranger.device.to_string(), positions)
                })
                .collect();
            prop_assert_eq!(&kept, &model.kept);
            let totals = intake.totals().unwrap();
            prop_assert_eq!(totals.kept_dropped, model.dropped);
            prop_assert_eq!(totals.strangers as usize, model.kept.len());
            prop_assert_eq!(totals.kept as usize, model.kept.values().map(BTreeSet::len).sum::<usize>());
        }
    }
}
