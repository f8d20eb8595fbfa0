//! Whole zones whose water falls: what is usual at each hour, and where it is not.

use std::collections::{BTreeMap, BTreeSet};

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use super::causes::Why;

/// A hydrant has dropped when it stands this far below what is usual, kPa, or by three deviations.
const LEAST_DROP_KPA: f32 = 30.0;
/// So many sources at least make a zone's drop.
const LEAST_MEMBERS: usize = 3;
/// Neighbours by distance: a drop may fill a part of a large zone only.
const NEAR_M: f32 = 500.0;
const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;
/// Drops kept at most.
const MOST_DROPS: usize = 200_000;

/// What is usual at a network's hydrants when nothing happens, by local hour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calm {
    /// Pressure and three deviations, by hour and then by hydrant.
    by_hour: Vec<Vec<(f32, f32)>>,
    /// Where each stands, m.
    places_m: Vec<(f32, f32)>,
}

impl Calm {
    /// From 24 hours of pressures and three deviations.
    pub(crate) const fn new(by_hour: Vec<Vec<(f32, f32)>>, places_m: Vec<(f32, f32)>) -> Self {
        Self { by_hour, places_m }
    }

    /// Usual pressure and three deviations at a hydrant; `None` where nothing is known.
    pub(crate) fn usual(&self, hydrant: usize, at: Timestamp) -> Option<(f32, f32)> {
        let hours = (at.ms() + LOCAL_OFFSET_MS).rem_euclid(DAY_MS) as f32 / HOUR_MS as f32;
        let (hour, part) = (hours as usize % 24, hours.fract());
        let (a, b) = (
            self.by_hour.get(hour)?.get(hydrant)?,
            self.by_hour.get((hour + 1) % 24)?.get(hydrant)?,
        );
        Some((
            a.0 * (1.0 - part) + b.0 * part,
            a.1 * (1.0 - part) + b.1 * part,
        ))
    }

    fn near(&self, a: usize, b: usize) -> bool {
        let place = |n: usize| self.places_m.get(n).copied().unwrap_or_default();
        let (a, b) = (place(a), place(b));
        (a.0 - b.0).hypot(a.1 - b.1) <= NEAR_M
    }
}

/// A zone's drop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drop {
    pub(crate) zone: usize,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// Sources that stood low in it.
    pub(crate) members: BTreeSet<u32>,
    pub(crate) why: Option<Why>,
}

/// One look at a zone's hydrants.
pub(crate) struct Look<'a> {
    pub(crate) zone: usize,
    pub(crate) first_source: usize,
    pub(crate) at: Timestamp,
    pub(crate) kpa: &'a [f32],
    pub(crate) calm: &'a Calm,
    /// Whether water is owed at this hour.
    pub(crate) is_owed: bool,
}

/// The zones' drops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drops {
    open: BTreeMap<usize, Drop>,
    done: Vec<Drop>,
}

impl Drops {
    /// Takes note of a look; `watched` are the hydrants whose sensors tap the main.
    pub(crate) fn see(
        &mut self,
        look: &Look<'_>,
        watched: impl Fn(usize) -> bool,
        why: impl FnOnce() -> Option<Why>,
    ) {
        let below: Vec<usize> = if look.is_owed {
            (0..look.kpa.len())
                .filter(|hydrant| {
                    watched(*hydrant)
                        && look
                            .calm
                            .usual(*hydrant, look.at)
                            .is_some_and(|(kpa, three_sigma)| {
                                look.kpa[*hydrant] < kpa - LEAST_DROP_KPA.max(three_sigma)
                            })
                })
                .collect()
        } else {
            Vec::new()
        };
        let open = self.open.contains_key(&look.zone);
        if below.is_empty() && !open {
            return;
        }
        let all: Vec<usize> = (0..look.kpa.len()).filter(|h| watched(*h)).collect();
        let holds = below.len() >= LEAST_MEMBERS
            && (below.len() * 10 >= all.len() * 3 || fills_a_part(look.calm, &below, &all));
        if holds {
            let drop = self.open.entry(look.zone).or_insert_with(|| Drop {
                zone: look.zone,
                from: look.at,
                until: None,
                members: BTreeSet::new(),
                why: why(),
            });
            let source = |hydrant: &usize| (look.first_source + hydrant) as u32;
            drop.members.extend(below.iter().map(source));
        } else if open
            && below.len() * 10 < all.len().max(1)
            && let Some(mut drop) = self.open.remove(&look.zone)
        {
            drop.until = Some(look.at);
            if self.done.len() < MOST_DROPS {
                self.done.push(drop);
            }
        }
    }

    /// All of them; one that lasts has no end.
    pub(crate) fn all(self) -> impl Iterator<Item = Drop> {
        self.done.into_iter().chain(self.open.into_values())
    }
}

/// Whether three and 30 % of those within 500 m of one of them are low.
fn fills_a_part(calm: &Calm, below: &[usize], all: &[usize]) -> bool {
    below.iter().any(|one| {
        let near = |among: &[usize]| among.iter().filter(|h| calm.near(*one, **h)).count();
        let low = near(below);
        low >= LEAST_MEMBERS && low * 10 >= near(all) * 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_ten_make_a_drop_and_none_of_ten_ends_it() {
        let calm = Calm::new(
            vec![vec![(200.0, 12.0); 10]; 24],
            (0..10).map(|n| (n as f32 * 100.0, 0.0)).collect(),
        );
        let mut drops = Drops::default();
        let t = Timestamp::from_ms;
        let look = |drops: &mut Drops, at: i64, low: usize| {
            let kpa: Vec<f32> = (0..10)
                .map(|n| if n < low { 165.0 } else { 199.0 })
                .collect();
            let look = Look {
                zone: 0,
                first_source: 100,
                at: t(at),
                kpa: &kpa,
                calm: &calm,
                is_owed: true,
            };
            drops.see(&look, |_| true, || None);
        };
        look(&mut drops, 1, 2);
        look(&mut drops, 2, 3);
        look(&mut drops, 3, 1);
        look(&mut drops, 4, 0);
        look(&mut drops, 5, 9);
        let all: Vec<_> = drops.all().collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].from, all[0].until), (t(2), Some(t(4))));
        assert_eq!(all[0].members, [100, 101, 102].into());
        assert_eq!((all[1].from, all[1].until), (t(5), None));
    }
}
