//! What the scenario's days bring: events at their moments, and chance's part.

use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::Simulation;
use super::agenda::Due;
use super::happen::Happening;
use super::place::Where;
use crate::noise::{between, draw, share};
use crate::scenario::{Event, EventKind, Size, size_of_fault};

/// Share of the tanks drawn from by chance that are filled again within 18 h.
const FILLED_SOON: f64 = 0.7;
/// Happenings of one kind by chance in one day at most.
const MOST_A_DAY: u64 = 10_000;

impl Simulation {
    /// Draws up what happens on the scenario's day `day`, counted from the start.
    pub(super) fn draw_up(&mut self, day: i64) {
        self.causes.prune(self.now);
        let from_ms = day * DAY_MS;
        for i in 0..self.scenario.events.len() {
            let event = self.scenario.events[i].clone();
            for n in repetitions(&event, from_ms) {
                let chance = draw(draw(self.settings.seed, 201, i as u64), 203, n as u64);
                // Places were checked at the start.
                if let Ok(Some(place)) = self.find(
                    &event,
                    if n == 0 {
                        draw(self.settings.seed, 201, i as u64)
                    } else {
                        chance
                    },
                ) {
                    let from = self
                        .settings
                        .start
                        .plus_ms(event.at_ms + n * event.every_ms.unwrap_or(0));
                    let until = Some(from.plus_ms(event.lasts_ms()));
                    self.happen(&Happening {
                        kind: event.kind,
                        place,
                        from,
                        until,
                        size: event.size,
                        number: 0,
                    });
                }
            }
        }
        self.draw_lots(day);
        self.agenda.add(
            self.settings.start.plus_ms((day + 1) * DAY_MS),
            Due::Day(day + 1),
        );
    }

    /// Chance's part of the day.
    fn draw_lots(&mut self, day: i64) {
        let Some(everyday) = self.scenario.everyday.clone() else {
            return;
        };
        if everyday.days.is_some_and(|days| day >= i64::from(days)) {
            return;
        }
        let seed = draw(
            everyday.seed ^ self.settings.seed.rotate_left(32),
            211,
            day as u64,
        );
        for (c, chance) in everyday.chances().into_iter().enumerate() {
            let among = match chance.kind {
                EventKind::PumpStop | EventKind::Overpressure => self.town.zones.len(),
                EventKind::TankDraw | EventKind::TankLeak | EventKind::TankSeep => self.tanks.len(),
                EventKind::LakeFall => self.waters.len(),
                EventKind::Outage
                | EventKind::GatewayDead
                | EventKind::GatewayCut
                | EventKind::Sensor(_) => self.devices.len(),
                _ => self.hydrants,
            };
            let mean = chance.per_1000 * among as f64 / 1_000.0;
            let own = draw(seed, 212, c as u64);
            for n in 0..times(own, mean) {
                let of = |what: u64| draw(draw(own, 213, n), what, 0);
                let from = self
                    .settings
                    .start
                    .plus_ms(day * DAY_MS + (share(of(1)) * DAY_MS as f64) as i64);
                let minutes = between(of(2), chance.minutes.0, chance.minutes.1);
                let until = Some(from.plus_ms((minutes * MINUTE_MS as f64) as i64));
                let event = Event::new(chance.kind, 0);
                let Ok(Some(place)) = self.find(&event, of(4)) else {
                    continue;
                };
                let size = match chance.size {
                    Size::Usual => None,
                    Size::Between(low, high) => Some(between(of(3), low, high).round().max(low)),
                    Size::OfFault(name) => size_of_fault(name, of(3), self.has_level(&place)),
                };
                let happening = Happening {
                    kind: chance.kind,
                    place,
                    from,
                    until,
                    size,
                    number: 0,
                };
                self.happen(&happening);
                if chance.kind == EventKind::TankDraw {
                    self.refill_after(&happening, of(5));
                }
            }
        }
    }
}

impl Simulation {
    /// Whether the place's source has a level, and no pressure.
    fn has_level(&self, place: &Where) -> bool {
        matches!(place, Where::Source(number) if *number >= self.hydrants)
    }

    /// After a draw-off somebody fills the tank again: mostly on the same day, else days later.
    fn refill_after(&mut self, draw_off: &Happening, chance: u64) {
        let hours = if share(draw(chance, 1, 0)) < FILLED_SOON {
            between(draw(chance, 2, 0), 1.0, 18.0)
        } else {
            between(draw(chance, 2, 0), 30.0, 110.0)
        };
        let from = draw_off
            .until
            .unwrap_or(draw_off.from)
            .plus_ms((hours * HOUR_MS as f64) as i64);
        self.happen(&Happening {
            kind: EventKind::TankRefill,
            place: draw_off.place.clone(),
            from,
            until: Some(from.plus_ms(DAY_MS)),
            size: Some(between(draw(chance, 3, 0), 6.0, 15.0).round()),
            number: 0,
        });
    }
}

/// Which repetitions of an event fall into the day that begins `from_ms` after the start.
fn repetitions(event: &Event, from_ms: i64) -> std::ops::Range<i64> {
    let until_ms = from_ms + DAY_MS;
    match event.every_ms {
        None => 0..i64::from((from_ms..until_ms).contains(&event.at_ms)),
        Some(every) => {
            let first_from = |ms: i64| ((ms - event.at_ms).max(0) + every - 1) / every;
            first_from(from_ms)..first_from(until_ms).max(first_from(from_ms))
        }
    }
}

/// How often something of that mean happens today (Poisson, by Knuth's product up to a mean of
/// 30; beyond, the bell curve's share).
fn times(chance: u64, mean: f64) -> u64 {
    if mean > 30.0 {
        let spread = crate::noise::bell(draw(chance, 221, 0));
        return ((mean + mean.sqrt() * spread).round().max(0.0) as u64).min(MOST_A_DAY);
    }
    let floor = (-mean).exp();
    let mut product = 1.0;
    for n in 0..MOST_A_DAY {
        product *= share(draw(chance, 222, n));
        if product <= floor {
            return n;
        }
    }
    MOST_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_repeated_on_every_day_it_falls_into() {
        let once = Event::new(EventKind::Fire, DAY_MS + 5);
        assert_eq!(repetitions(&once, 0), 0..0);
        assert_eq!(repetitions(&once, DAY_MS), 0..1);
        let hours = Event::new(EventKind::Fire, 30 * MINUTE_MS).every(60 * MINUTE_MS);
        assert_eq!(repetitions(&hours, 0), 0..24);
        assert_eq!(repetitions(&hours, DAY_MS), 24..48);
    }

    #[test]
    fn chance_keeps_its_mean() {
        for mean in [0.2, 3.0, 80.0] {
            let total: u64 = (0..2_000).map(|i| times(draw(5, 1, i), mean)).sum();
            let found = total as f64 / 2_000.0;
            assert!((found - mean).abs() < 0.05 * mean + 0.02, "{mean}: {found}");
        }
    }
}
