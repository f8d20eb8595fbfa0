//! The simulation: a town's water and its devices as time passes.
//!
//! In: a [`Town`], a [`Scenario`], [`SimSettings`]. Out: messages in order of arrival, by
//! [`Simulation::advance`], and truths. `agenda` holds what is due when, `day` draws up
//! what the scenario's days bring, `place` finds where, `happen` carries it out, `changes` is what
//! people enter of it, `faults` are the same
//! things for a test's hand, `look` is what a device sees and what the truth keeps of it.

mod settings;

mod agenda;
mod changes;
mod day;
mod faults;
mod happen;
mod place;

mod look;
mod message;

pub use changes::TimedChange;
pub use faults::{Cut, TrueWater};
pub use message::SimMessage;
pub use settings::{SimCounts, SimError, SimSettings};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::report::Sample;
use firemain_domain::source::{KindName, SupplySchedule};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_wire::CodecName;

use crate::device::{Delivery, Device, Post, TopicKind};
use crate::scenario::Scenario;
use crate::town::{Place, Town};
use crate::truth::{Calm, Causes, Happened, Keeper, Limits, TankEye, Teller, Truth};
use crate::water::{District, OpenWater, Tank};
use crate::wire::Writer;
use agenda::{Agenda, Due};
use message::Pending;

/// Tanks and open waters are looked at so often for the truth, ms.
const TICK_MS: i64 = 5 * MINUTE_MS;

/// A town's water and devices as time passes.
pub struct Simulation {
    town: Town,
    scenario: Scenario,
    settings: SimSettings,
    step_ms: i64,
    now: Timestamp,
    districts: Vec<District>,
    /// When each zone has water.
    schedules: Vec<Option<SupplySchedule>>,
    hydrants: usize,
    tanks: Vec<Tank>,
    tank_eyes: Vec<TankEye>,
    waters: Vec<OpenWater>,
    devices: Vec<Device>,
    /// Device numbers in the order in which a minute visits them.
    order: Vec<u32>,
    minute: i64,
    next_in_minute: usize,
    agenda: Agenda,
    pending: BinaryHeap<Reverse<Pending>>,
    serial: u64,
    writer: Writer,
    scratch: Vec<Sample>,
    out: Vec<Delivery>,
    limits: Vec<Limits>,
    /// What is usual in each of the town's networks; empty where no truth is kept.
    calm: Vec<Option<Calm>>,
    /// How many there have been.
    happenings: u32,
    happened: Vec<Happened>,
    changes: Vec<TimedChange>,
    /// What crews read at rest before the flow tests they are at.
    gauged: BTreeMap<u32, f64>,
    causes: Causes,
    truths: Keeper,
    ticked_at: Timestamp,
    messages: u64,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Simulation of {:?} at {}", self.town, self.now)
    }
}

impl Simulation {
    /// A simulation that stands at its start.
    ///
    /// # Errors
    /// A scenario that does not fit the town; the text says what to change.
    pub fn new(
        mut town: Town,
        scenario: Scenario,
        settings: SimSettings,
    ) -> Result<Self, SimError> {
        if !(60..=3_600).contains(&settings.hydraulic_step_s) {
            return Err(SimError::Settings(format!(
                "hydraulic_step_s = {} must lie between 60 and 3,600",
                settings.hydraulic_step_s
            )));
        }
        scenario.check()?;
        let start = settings.start;
        let limits = look::limits(&mut town, &settings);
        let calm = look::calm(&mut town, &settings);
        let districts = town
            .zones
            .iter()
            .map(|z| District::new(z.mains, z.seed, z.hydrant_nodes.clone(), start));
        let districts: Vec<_> = districts.collect();
        let hydrants = town.of_kind(KindName::Hydrant).count();
        let (tanks, waters) = look::stores(&town, settings.seed, start);
        let devices: Vec<_> = town
            .sources()
            .iter()
            .enumerate()
            .zip(&town.places)
            .map(|((number, source), place)| {
                let metered = matches!(place, Place::Hydrant { metered: true, .. });
                Device::new(settings.seed, number, source, metered, start)
            })
            .collect();
        let mut order: Vec<u32> = (0..devices.len() as u32).collect();
        order.sort_by_key(|number| devices[*number as usize].phase_ms);
        let schedules: Vec<_> = town
            .zones
            .iter()
            .map(|z| z.supply_schedule.clone())
            .collect();
        let mut simulation = Self {
            step_ms: i64::from(settings.hydraulic_step_s) * 1_000,
            now: start,
            schedules,
            hydrants,
            tank_eyes: vec![TankEye::default(); tanks.len()],
            tanks,
            waters,
            order,
            minute: start.ms().div_euclid(MINUTE_MS),
            next_in_minute: 0,
            agenda: Agenda::default(),
            pending: BinaryHeap::new(),
            serial: 0,
            writer: Writer::new(settings.format),
            scratch: Vec::new(),
            out: Vec::new(),
            limits,
            calm,
            happenings: 0,
            happened: Vec::new(),
            changes: Vec::new(),
            gauged: BTreeMap::new(),
            causes: Causes::new(town.zones.len()),
            truths: Keeper::new(devices.len(), settings.truth),
            ticked_at: start,
            messages: 0,
            districts,
            devices,
            town,
            scenario,
            settings,
        };
        simulation.check_places()?;
        simulation.begin();
        Ok(simulation)
    }

    fn begin(&mut self) {
        for zone in 0..self.schedules.len() {
            let schedule = self.schedules[zone].as_ref();
            if schedule.is_some_and(|schedule| !schedule.is_on(self.now)) {
                self.supply(zone, self.now, false);
            }
            if let Some(next) = self.schedules[zone]
                .as_ref()
                .and_then(|s| s.next_change(self.now))
            {
                self.agenda.add(next, Due::SupplyEdge(zone));
            }
        }
        self.agenda.add(self.settings.start, Due::Day(0));
        self.agenda.add(
            Timestamp::from_ms((self.now.ms().div_euclid(TICK_MS) + 1) * TICK_MS),
            Due::Tick,
        );
    }

    /// Lets time pass until `until`, telling of each message that reaches the broker by then, in
    /// order of arrival. In whatever steps it is called, the messages are the same.
    pub fn advance(&mut self, until: Timestamp, mut sink: impl FnMut(SimMessage)) {
        loop {
            let due_at = self.agenda.next_at();
            let visit_at = self.next_visit_at();
            let next = due_at.map_or(visit_at, |due_at| due_at.min(visit_at));
            if next > until {
                break;
            }
            self.flush(next, &mut sink);
            self.now = self.now.max(next);
            if due_at == Some(next) {
                if let Some(due) = self.agenda.take(next) {
                    self.carry_out(next, due);
                }
            } else {
                self.visit_next(next);
            }
        }
        self.flush(until, &mut sink);
        self.now = self.now.max(until);
    }

    /// The moment up to which time has passed.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The town.
    pub const fn town(&self) -> &Town {
        &self.town
    }

    /// What its devices speak.
    pub const fn format(&self) -> CodecName {
        self.settings.format
    }

    /// What was done so far.
    pub fn counts(&self) -> SimCounts {
        SimCounts {
            messages: self.messages,
            thrown_away: self.devices.iter().map(|d| u64::from(d.lost())).sum(),
            kept: self.devices.iter().map(|d| d.kept() as u64).sum(),
            unsolved: self.districts.iter().map(District::unsolved).sum(),
            truths_left_out: self.truths.left_out(),
        }
    }

    /// What really happened so far, in order of its beginning.
    pub fn truths(&self) -> Vec<Truth> {
        let mut keeper = self.truths.clone();
        self.look_so_far(&mut keeper);
        let (spans, drops) = keeper.all(self.now);
        let teller = Teller {
            now: self.now,
            sources: self.town.sources(),
            zone_names: self.town.zone_names(),
            calm_of: &|number| self.calm_of(number as usize),
            happened: &self.happened,
        };
        teller.tell(&spans, drops.all())
    }

    fn next_visit_at(&self) -> Timestamp {
        let Some(device) = self.order.get(self.next_in_minute) else {
            return Timestamp::from_ms((self.minute + 1) * MINUTE_MS);
        };
        Timestamp::from_ms(self.minute * MINUTE_MS + self.devices[*device as usize].phase_ms)
    }

    fn visit_next(&mut self, at: Timestamp) {
        let Some(device) = self.order.get(self.next_in_minute).map(|d| *d as usize) else {
            self.minute += 1;
            self.next_in_minute = 0;
            return;
        };
        self.next_in_minute += 1;
        if at < self.settings.start || !self.devices[device].is_due(at) {
            return;
        }
        let sight = if self.devices[device].wants_sample(at) {
            self.sight(device, at)
        } else {
            crate::device::Sight::default()
        };
        self.with_device(device, |device, post| device.visit(at, sight, post));
    }

    /// Lets a device act, and takes what it sends.
    fn with_device(&mut self, number: usize, act: impl FnOnce(&mut Device, &mut Post<'_>)) {
        let source = &self.town.sources()[number];
        let name = source.device.as_deref().unwrap_or(&source.code);
        let mut post = Post {
            writer: &mut self.writer,
            name,
            gateway: self.town.gateway(number),
            scratch: &mut self.scratch,
            out: &mut self.out,
        };
        act(&mut self.devices[number], &mut post);
        for delivery in self.out.drain(..) {
            let Delivery {
                at,
                letter,
                silent_since,
            } = delivery;
            if let Some(since) = silent_since
                && at.since_ms(since) > DAY_MS.max(3 * source.interval_ms())
            {
                let cause = self.causes.of_silence(
                    self.town.places[number].zone(),
                    number as u32,
                    since,
                    at,
                );
                self.truths.silent(number as u32, since, Some(at), cause);
            }
            self.serial += 1;
            self.pending.push(Reverse(Pending {
                at,
                serial: self.serial,
                device: number as u32,
                letter,
            }));
        }
    }

    fn flush(&mut self, until: Timestamp, sink: &mut impl FnMut(SimMessage)) {
        while self
            .pending
            .peek()
            .is_some_and(|Reverse(pending)| pending.at <= until)
        {
            let Some(Reverse(pending)) = self.pending.pop() else {
                return;
            };
            let source = &self.town.sources()[pending.device as usize];
            let device = source
                .device
                .clone()
                .unwrap_or_else(|| Arc::clone(&source.code));
            let topic = pending
                .letter
                .topic
                .map_or_else(|| native_topic(&device, pending.letter.kind), String::from);
            self.messages += 1;
            let retain = pending.letter.kind == TopicKind::Status;
            sink(SimMessage {
                at: pending.at,
                device,
                topic,
                payload: pending.letter.payload,
                retain,
            });
        }
    }
}

fn native_topic(device: &str, kind: TopicKind) -> String {
    let what = match kind {
        TopicKind::Telemetry => "telemetry",
        TopicKind::Event => "event",
        TopicKind::Status => "status",
    };
    let mut topic = String::with_capacity(24 + device.len());
    topic.push_str("firemain/v1/");
    topic.push_str(device);
    topic.push('/');
    topic.push_str(what);
    topic
}
