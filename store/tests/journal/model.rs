//! Any sequence of calls leaves the journal as a list in memory would be.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_store::journal::{Envelope, Journal, Position, SqliteJournal};
use proptest::prelude::*;

use super::support::{Place, ROOMY, message};

#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    Read(u64, usize),
    Add(u8, u64),
    Release(u8, u64),
    Remove(u8),
    Prune(i64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (1..40u64).prop_map(Step::Append),
        4 => (0..300u64, 1..60usize).prop_map(|(after, limit)| Step::Read(after, limit)),
        1 => (0..3u8, 0..300u64).prop_map(|(who, from)| Step::Add(who, from)),
        3 => (0..3u8, 0..300u64).prop_map(|(who, upto)| Step::Release(who, upto)),
        1 => (0..3u8).prop_map(Step::Remove),
        2 => (0..400i64).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
    ]
}

/// What the journal should be: whole batches, in a list.
#[derive(Default)]
struct Model {
    head: u64,
    batches: Vec<(u64, Vec<Envelope>)>,
    consumers: BTreeMap<String, u64>,
}

impl Model {
    fn append(&mut self, envelopes: Vec<Envelope>) -> u64 {
        let first = self.head + 1;
        self.head += envelopes.len() as u64;
        self.batches.push((first, envelopes));
        first
    }

    fn read(&self, after: u64, limit: usize) -> Vec<(Position, Envelope)> {
        self.batches
            .iter()
            .flat_map(|(first, envelopes)| (*first..).zip(envelopes))
            .filter(|(at, _)| *at > after)
            .take(limit)
            .map(|(at, envelope)| (Position(at), envelope.clone()))
            .collect()
    }

    fn prune(&mut self, before_ms: i64) -> u64 {
        let released = self.consumers.values().min().copied().unwrap_or(u64::MAX);
        let gone = self
            .batches
            .iter()
            .take_while(|(first, envelopes)| {
                let last = first + envelopes.len() as u64 - 1;
                last <= released && envelopes.last().unwrap().received_at.ms() < before_ms
            })
            .count();
        self.batches
            .drain(..gone)
            .map(|(_, envelopes)| envelopes.len() as u64)
            .sum()
    }

    fn extent(&self) -> (Position, Position) {
        let oldest = self
            .batches
            .first()
            .map_or(self.head + 1, |(first, _)| *first);
        (Position(oldest), Position(self.head))
    }
}

fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let place = Place::new();
    let mut journal = place.open();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Append(count) => {
                let next = model.head + 1;
                let envelopes: Vec<_> = (next..next + count).map(message).collect();
                let first = journal.append(&envelopes).unwrap();
                prop_assert_eq!(first.0, model.append(envelopes));
            }
            Step::Read(after, limit) => {
                let read = journal.read(Position(after), limit).unwrap();
                prop_assert_eq!(read, model.read(after, limit));
            }
            Step::Add(who, from) => {
                journal
                    .add_consumer(&who.to_string(), Position(from))
                    .unwrap();
                model.consumers.entry(who.to_string()).or_insert(from);
            }
            Step::Release(who, upto) => {
                let known = journal.release(&who.to_string(), Position(upto)).is_ok();
                prop_assert_eq!(known, model.consumers.contains_key(&who.to_string()));
                if let Some(released) = model.consumers.get_mut(&who.to_string()) {
                    *released = upto.min(model.head).max(*released);
                }
            }
            Step::Remove(who) => {
                journal.remove_consumer(&who.to_string()).unwrap();
                model.consumers.remove(&who.to_string());
            }
            Step::Prune(ms) => {
                let now = Timestamp::from_ms(ms + ROOMY.keep_ms);
                prop_assert_eq!(journal.prune(now).unwrap().envelopes, model.prune(ms));
            }
            Step::Reopen => {
                drop(journal);
                journal = SqliteJournal::open(&place.file(), ROOMY).unwrap();
            }
        }
        prop_assert_eq!(journal.read(Position(0), 5).unwrap(), model.read(0, 5));
        prop_assert_eq!(journal.extent().unwrap(), model.extent());
        let consumers: BTreeMap<_, _> = journal
            .consumers()
            .unwrap()
            .into_iter()
            .map(|(who, at)| (who, at.0))
            .collect();
        prop_assert_eq!(&consumers, &model.consumers);
    }
    // Reading does not depend on what was read before.
    drop(journal);
    let journal = place.open();
    prop_assert_eq!(
        journal.read(Position(0), 10_000).unwrap(),
        model.read(0, 10_000)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_is_as_a_list_in_memory(steps in proptest::collection::vec(step(), 1..40)) {
        play(steps)?;
    }
}
