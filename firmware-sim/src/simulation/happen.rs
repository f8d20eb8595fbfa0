//! Carries out what happens.

use firemain_domain::Timestamp;
use firemain_domain::source::KindName;

use super::agenda::Due;
use super::place::Where;
use super::{Simulation, TICK_MS};
use crate::device::Fault;
use crate::scenario::EventKind;
use crate::truth::Cause;
use crate::water::{Action, TankAction};

/// One hydrant at a fire gives so much, L/s; for more, more are opened.
const ONE_HYDRANT_LPS: f64 = 15.0;

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
                    device.begin_fault(fault, at, post);
                });
            }
            Due::FaultEnds(number, name) => {
                self.truths.fault_ends(number, Fault::cause_of(name), at);
                self.with_device(number as usize, |device, post| {
                    device.end_fault(name, at, post);
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
                self.open_hydrants(happening, &[*number], size);
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
