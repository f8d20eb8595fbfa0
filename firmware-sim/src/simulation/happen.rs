//! Carries out what happens.

use firemain_domain::Timestamp;
use firemain_domain::source::{Kind, KindName};

use super::agenda::Due;
use super::place::Where;
use super::{Simulation, TICK_MS};
use crate::device::Fault;
use crate::scenario::EventKind;
use crate::truth::{Cause, Happened, Why};
use crate::water::{Action, TankAction};

/// One hydrant at a fire gives so much, L/s; for more, more are opened.
const ONE_HYDRANT_LPS: f64 = 15.0;

/// Happenings kept for the truth at most.
const MOST_HAPPENINGS: usize = 1_000_000;

/// Something that happens at a place, from when until when; `None`: until it is ended.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) kind: EventKind,
    pub(super) place: Where,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) size: Option<f64>,
    /// Its number among the happenings; 0 until it has one.
    pub(super) number: u32,
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
            Due::FaultBegins(number, fault, event) => {
                let kind = EventKind::Sensor(fault.name());
                self.truths.fault_begins(
                    number,
                    (kind.name(), fault.found_by(), fault.size()),
                    Some(Why { kind, event }),
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
            Due::Mute(numbers) => {
                for number in numbers {
                    self.devices[number as usize].mute();
                }
            }
            Due::Unmute(numbers) => {
                for number in numbers {
                    self.devices[number as usize].unmute();
                }
            }
            Due::GaugeAtRest(hydrant) => self.gauge_at_rest(at, hydrant),
            Due::GaugeFlowing(hydrant, event) => self.gauge_flowing(at, hydrant, event),
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
        self.happenings = self.happenings.saturating_add(1);
        let happening = &Happening {
            number: self.happenings,
            ..happening.clone()
        };
        let size = happening
            .size
            .or(happening.kind.default_size())
            .unwrap_or(0.0);
        match (happening.kind, &happening.place) {
            (EventKind::Fire, Where::Source(number)) => {
                let count = (size / ONE_HYDRANT_LPS).ceil().max(1.0);
                let hydrants = self.hydrants_near(*number, count as usize);
                let each = size / hydrants.len() as f64;
                self.enter(happening, &hydrants, size);
                self.open_hydrants(happening, &hydrants, each);
            }
            (
                EventKind::Theft | EventKind::PermittedUse | EventKind::FlowTest,
                Where::Source(number),
            ) => {
                self.enter(happening, &[*number], size);
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
            (EventKind::ClosedMain | EventKind::Maintenance, Where::Source(number)) => {
                let section = self.hydrants_near(*number, size.round() as usize);
                self.enter(happening, &section, size);
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
            (EventKind::Overpressure, Where::Zone(zone)) => {
                let (over, normal) = (Action::Over { kpa: size }, Action::Over { kpa: -size });
                self.on_zone(happening, *zone, over, normal);
            }
            (EventKind::GatewayDead | EventKind::GatewayCut, Where::Source(number)) => {
                self.silence_gateway(happening, *number);
            }
            (
                EventKind::TankDraw
                | EventKind::TankLeak
                | EventKind::TankSeep
                | EventKind::TankRefill,
                Where::Source(number),
            ) => {
                let (begins, ends) = self.on_its_tank(happening.kind, *number, size);
                self.on_tank(happening, *number, begins, ends);
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

    /// What begins and what ends it at a tank.
    fn on_its_tank(&self, kind: EventKind, number: usize, size: f64) -> (TankAction, TankAction) {
        let area_m2 = match &self.town.sources()[number].kind {
            Kind::Tank(tank) => tank.area_m2.unwrap_or(0.0),
            _ => 0.0,
        };
        match kind {
            EventKind::TankDraw => (TankAction::Draw(size), TankAction::Draw(0.0)),
            EventKind::TankRefill => (TankAction::Refill(size), TankAction::Refill(0.0)),
            EventKind::TankSeep => {
                let m3_per_day = size / 1_000.0 * area_m2;
                (TankAction::Leak(m3_per_day), TankAction::Leak(0.0))
            }
            _ => (TankAction::Leak(size), TankAction::Leak(0.0)),
        }
    }

    fn because(&mut self, happening: &Happening, number: usize, sources: Vec<u32>) {
        let zone = self.town.places[number].zone();
        self.note(happening, Some(zone), sources.clone());
        let cause = Cause {
            kind: happening.kind,
            event: happening.number,
            from: happening.from,
            until: happening.until,
            sources,
        };
        self.causes.add(zone, cause);
    }

    /// Keeps a happening for the truth.
    fn note(&mut self, happening: &Happening, zone: Option<usize>, sources: Vec<u32>) {
        if self.settings.truth && happening.number > 0 && self.happened.len() < MOST_HAPPENINGS {
            self.happened.push(Happened {
                number: happening.number,
                kind: happening.kind,
                from: happening.from,
                until: happening.until,
                zone,
                sources,
                size: happening.size.or(happening.kind.default_size()),
            });
        }
    }

    fn silence_gateway(&mut self, happening: &Happening, number: usize) {
        let gateway = self.town.gateway(number);
        let numbers: Vec<u32> = (0..self.devices.len())
            .filter(|n| self.town.gateway(*n) == gateway)
            .map(|n| n as u32)
            .collect();
        self.because(happening, number, numbers.clone());
        let is_lost = happening.kind == EventKind::GatewayDead;
        if let Some(until) = happening.until {
            let numbers = numbers.clone();
            let ends = if is_lost {
                Due::Unmute(numbers)
            } else {
                Due::Restore(numbers)
            };
            self.agenda.add(until, ends);
        }
        let begins = if is_lost {
            Due::Mute(numbers)
        } else {
            Due::Cut(numbers)
        };
        self.agenda.add(happening.from, begins);
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
        self.note(happening, Some(zone), Vec::new());
        let cause = Cause {
            kind: happening.kind,
            event: happening.number,
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
        let zone = by_zone
            .keys()
            .next()
            .copied()
            .filter(|_| by_zone.len() == 1);
        self.note(happening, zone, numbers.clone());
        for (zone, sources) in by_zone {
            let cause = Cause {
                kind: happening.kind,
                event: happening.number,
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
        self.agenda.add(
            happening.from,
            Due::FaultBegins(number as u32, fault, happening.number),
        );
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
        let on = schedule.is_on(at);
        self.supply(zone, at, on);
        if let Some(next) = schedule.next_change(at) {
            self.agenda.add(next, Due::SupplyEdge(zone));
        }
    }
}
