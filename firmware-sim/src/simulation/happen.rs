//! Carries out what happens.

use firemain_domain::Timestamp;
use firemain_domain::source::KindName;
use firemain_domain::time::{DAY_MS, MINUTE_MS};

use super::agenda::Due;
use super::place::Where;
use super::{Simulation, TICK_MS};
use crate::device::Fault;
use crate::noise::{between, draw, share};
use crate::scenario::{Event, EventKind};
use crate::truth::Cause;
use crate::water::{Action, TankAction};

/// One hydrant at a fire gives so much, L/s; for more, more are opened.
const ONE_HYDRANT_LPS: f64 = 15.0;
/// Happenings of one kind by chance in one day at most.
const MOST_A_DAY: u64 = 10_000;

/// Something that happens at a place, from when until when; `None`: until it is ended.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) kind: EventKind,
    pub(super) place: Where,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) size: Option<f64>,
}

impl Simulation {
    pub(super) fn carry_out(&mut self, at: Timestamp, due: Due) {
        match due {
            Due::Day(day) => self.draw_up(day),
            Due::Tick => {
                self.tick(at);
                self.agenda.add(at.plus_ms(TICK_MS), Due::Tick);
            }
            Due::SupplyEdge(zone) => self.supply_edge(zone, at),
            Due::FaultBegins(number, fault) => {
                self.truths.fault_begins(
                    number,
                    Fault::cause_of(fault.name()),
                    fault.found_by(),
                    at,
                );
                self.with_device(number as usize, |device, post| {
                    device.begin_fault(fault, at, post)
                });
            }
            Due::FaultEnds(number, name) => {
                self.truths.fault_ends(number, Fault::cause_of(name), at);
                self.with_device(number as usize, |device, post| {
                    device.end_fault(name, at, post)
                });
            }
            Due::Cut(numbers) => {
                for number in numbers {
                    self.with_device(number as usize, |device, post| device.cut_off(at, post));
                }
            }
            Due::Restore(numbers) => {
                for number in numbers {
                    self.with_device(number as usize, |device, post| device.reconnect(at, post));
                }
            }
        }
    }

    /// Draws up what happens on the scenario's day `day`, counted from the start.
    fn draw_up(&mut self, day: i64) {
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
                EventKind::PumpStop => self.town.zones.len(),
                EventKind::TankDraw | EventKind::TankLeak => self.tanks.len(),
                EventKind::LakeFall => self.waters.len(),
                EventKind::Outage | EventKind::Sensor(_) => self.devices.len(),
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
                let size = chance
                    .size
                    .map(|(low, high)| between(of(3), low, high).round().max(low));
                let event = Event::new(chance.kind, 0);
                if let Ok(Some(place)) = self.find(&event, of(4)) {
                    self.happen(&Happening {
                        kind: chance.kind,
                        place,
                        from,
                        until,
                        size,
                    });
                }
            }
        }
    }

    /// Enters something that happens, its end too, wherever it belongs.
    pub(super) fn happen(&mut self, happening: &Happening) {
        let size = happening
            .size
            .or(happening.kind.default_size())
            .unwrap_or(0.0);
        match (happening.kind, &happening.place) {
            (EventKind::Fire, Where::Source(number)) => {
                let count = (size / ONE_HYDRANT_LPS).ceil().max(1.0);
                let hydrants = self.hydrants_near(*number, count as usize);
                let each = size / hydrants.len() as f64;
                self.open_hydrants(happening, &hydrants, each);
            }
            (EventKind::Theft, Where::Source(number)) => {
                self.open_hydrants(happening, &[*number], size)
            }
            (EventKind::Burst, Where::Source(number)) => {
                let local = |hydrant| {
                    (
                        Action::Burst {
                            hydrant,
                            flow_lps: size,
                        },
                        Action::Mend { hydrant },
                    )
                };
                self.on_mains(happening, &[*number], local);
            }
            (EventKind::ClosedMain, Where::Source(number)) => {
                let section = self.hydrants_near(*number, size.round() as usize);
                self.on_mains(happening, &section, |hydrant| {
                    (Action::Shut { hydrant }, Action::Unshut { hydrant })
                });
            }
            (EventKind::PumpStop, Where::Zone(zone)) => {
                self.on_zone(happening, *zone, Action::PumpStops, Action::PumpStarts);
            }
            (EventKind::SupplyStop, Where::Zone(zone)) => {
                self.on_zone(happening, *zone, Action::SupplyStops, Action::SupplyReturns);
            }
            (EventKind::TankDraw, Where::Source(number)) => {
                self.on_tank(
                    happening,
                    *number,
                    TankAction::Draw(size),
                    TankAction::Draw(0.0),
                );
            }
            (EventKind::TankLeak, Where::Source(number)) => {
                self.on_tank(
                    happening,
                    *number,
                    TankAction::Leak(size),
                    TankAction::Leak(0.0),
                );
            }
            (EventKind::TankRefill, Where::Source(number)) => {
                self.on_tank(
                    happening,
                    *number,
                    TankAction::Refill(size),
                    TankAction::Refill(0.0),
                );
            }
            (EventKind::LakeFall, Where::Source(number)) => {
                let until = happening.until.unwrap_or(Timestamp::MAX);
                let water = *number - self.hydrants - self.tanks.len();
                self.waters[water].plan_fall(happening.from, until, size, true);
                self.because(happening, *number, vec![*number as u32]);
            }
            (EventKind::Outage, place) => {
                let numbers = self.cut_off_by(place, size);
                self.cut(happening, numbers);
            }
            (EventKind::Sensor(name), Where::Source(number)) => self.fail(happening, name, *number),
            // `find` gives each kind the place it needs.
            _ => {}
        }
    }

    fn because(&mut self, happening: &Happening, number: usize, sources: Vec<u32>) {
        let zone = self.town.places[number].zone();
        let cause = Cause {
            kind: happening.kind,
            from: happening.from,
            until: happening.until,
            sources,
        };
        self.causes.add(zone, cause);
    }

    fn open_hydrants(&mut self, happening: &Happening, numbers: &[usize], flow_lps: f64) {
        self.on_mains(happening, numbers, |hydrant| {
            (
                Action::Open { hydrant, flow_lps },
                Action::Close { hydrant, flow_lps },
            )
        });
    }

    fn on_mains(
        &mut self,
        happening: &Happening,
        numbers: &[usize],
        actions: impl Fn(usize) -> (Action, Action),
    ) {
        for number in numbers {
            let zone = self.town.places[*number].zone();
            let (begins, ends) = actions(number - self.town.zones[zone].first_source);
            self.plan(zone, happening.from, begins);
            if let Some(until) = happening.until {
                self.plan(zone, until, ends);
            }
        }
        if let Some(first) = numbers.first() {
            self.because(
                happening,
                *first,
                numbers.iter().map(|n| *n as u32).collect(),
            );
        }
    }

    fn on_zone(&mut self, happening: &Happening, zone: usize, begins: Action, ends: Action) {
        self.plan(zone, happening.from, begins);
        if let Some(until) = happening.until {
            self.plan(zone, until, ends);
        }
        let cause = Cause {
            kind: happening.kind,
            from: happening.from,
            until: happening.until,
            sources: Vec::new(),
        };
        self.causes.add(zone, cause);
    }

    pub(super) fn plan(&mut self, zone: usize, at: Timestamp, action: Action) {
        let district = &mut self.districts[zone];
        district.plan(&self.town.mains[district.mains], at, action);
    }

    fn on_tank(
        &mut self,
        happening: &Happening,
        number: usize,
        begins: TankAction,
        ends: TankAction,
    ) {
        let tank = &mut self.tanks[number - self.hydrants];
        tank.plan(happening.from, begins);
        if let Some(until) = happening.until {
            tank.plan(until, ends);
        }
        self.because(happening, number, vec![number as u32]);
    }

    fn cut_off_by(&self, place: &Where, size: f64) -> Vec<u32> {
        let all = 0..self.devices.len();
        match place {
            Where::Town => all.map(|n| n as u32).collect(),
            Where::Zone(zone) => all
                .filter(|n| self.town.places[*n].zone() == *zone)
                .map(|n| n as u32)
                .collect(),
            Where::Source(number) => self
                .sources_near(*number, size.round() as usize)
                .into_iter()
                .map(|n| n as u32)
                .collect(),
        }
    }

    pub(super) fn cut(&mut self, happening: &Happening, numbers: Vec<u32>) {
        let mut by_zone = std::collections::BTreeMap::<usize, Vec<u32>>::new();
        for number in &numbers {
            by_zone
                .entry(self.town.places[*number as usize].zone())
                .or_default()
                .push(*number);
        }
        for (zone, sources) in by_zone {
            let cause = Cause {
                kind: happening.kind,
                from: happening.from,
                until: happening.until,
                sources,
            };
            self.causes.add(zone, cause);
        }
        if let Some(until) = happening.until {
            self.agenda.add(until, Due::Restore(numbers.clone()));
        }
        self.agenda.add(happening.from, Due::Cut(numbers));
    }

    fn fail(&mut self, happening: &Happening, name: &'static str, number: usize) {
        let level = self.town.sources()[number].kind_name() != KindName::Hydrant;
        let Some(fault) = Fault::named(name, happening.size, level) else {
            return;
        };
        self.agenda
            .add(happening.from, Due::FaultBegins(number as u32, fault));
        if let Some(until) = happening.until {
            self.agenda.add(until, Due::FaultEnds(number as u32, name));
        }
        self.because(happening, number, vec![number as u32]);
    }

    /// Lets water into a zone, or shuts it out.
    pub(super) fn supply(&mut self, zone: usize, at: Timestamp, on: bool) {
        self.plan(
            zone,
            at,
            if on {
                Action::SupplyReturns
            } else {
                Action::SupplyStops
            },
        );
    }

    fn supply_edge(&mut self, zone: usize, at: Timestamp) {
        let Some(schedule) = self.schedules[zone].clone() else {
            return;
        };
        // What lies before the edge is seen by the rule that held before it.
        self.bring_water_to(zone, at);
        let on = schedule.is_on(at);
        self.supply(zone, at, on);
        self.is_owed[zone] = on;
        if let Some(next) = schedule.next_change(at) {
            self.agenda.add(next, Due::SupplyEdge(zone));
        }
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
