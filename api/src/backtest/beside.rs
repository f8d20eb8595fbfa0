//! Another way of judging, held beside the one that is tested: fed the same lines.

use firemain_domain::Timestamp;
use firemain_domain::judging::Rules;
use firemain_domain::source::Source;
use firemain_wire::Subscription;

use super::run::Way;
use super::{Backtest, EpisodeLine, Line, Thresholds, TimedChange};

/// One that judges beside.
pub(super) enum Contender {
    Rules(Box<Backtest>),
    Threshold(Box<Thresholds>),
}

impl Contender {
    pub(super) fn new(
        way: Way,
        rules: &Rules,
        subscriptions: &[Subscription],
        sources: &[Source],
        changes: &[TimedChange],
    ) -> Self {
        let subscriptions = subscriptions.to_vec();
        match way {
            Way::Rules(other) => {
                let (sources, changes) = (sources.to_vec(), changes.to_vec());
                Self::Rules(Box::new(Backtest::new(
                    *other,
                    subscriptions,
                    sources,
                    changes,
                )))
            }
            Way::Threshold(hold_ms) => {
                let plain = Thresholds::new(hold_ms, rules.clone(), subscriptions, sources);
                Self::Threshold(Box::new(plain))
            }
        }
    }

    pub(super) fn feed(&mut self, line: &Line<'_>) {
        match self {
            Self::Rules(backtest) => {
                backtest.feed(line);
                backtest.take_verdicts();
            }
            Self::Threshold(plain) => plain.feed(line),
        }
    }

    pub(super) fn finish(self, until: Option<Timestamp>) -> Vec<EpisodeLine> {
        match self {
            Self::Rules(mut backtest) => {
                backtest.finish(until);
                backtest.episodes().collect()
            }
            Self::Threshold(plain) => plain.into_episodes(),
        }
    }
}
