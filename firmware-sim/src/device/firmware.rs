//! One device's firmware.

use std::collections::VecDeque;

use firemain_domain::quantity::Quantity;
use firemain_domain::report::{EventKind, Sample};
use firemain_domain::source::{Kind, Source};
use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use super::command::{self, Setting};
use super::fault::Fault;
use super::sensor::{Active, SensorTrait};
use crate::noise::{between, draw, share};
use crate::wire::{Said, Writer};

/// Messages a device can keep while its network is gone; the oldest go first.
const BACKLOG: usize = 4_096;
/// Milliseconds between the messages of a backlog.
const BACKLOG_PACE_MS: i64 = 120;
/// Messages of a backlog sent per minute at most.
const BACKLOG_BURST: usize = 240;
/// The running number fits in 16 bits, as in many a small device.
const SEQUENCE_WRAP: u32 = 1 << 16;
/// The water meter shows five digits of cubic metres.
const METER_WRAP_M3: f64 = 100_000.0;
/// While water flows it reports every minute.
const IN_USE_INTERVAL_MS: i64 = 60_000;
const FLOW_STARTS_LPS: f64 = 0.5;
/// Below this the electronics stop, V (3.6 V lithium).
const DEAD_V: f64 = 2.9;
/// The broker tells of the last will after one and a half keep-alives of a minute.
const WILL_AFTER_MS: i64 = 90_000;
const REPLAYED: usize = 8;

/// Which of a device's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicKind {
    Telemetry,
    Event,
    Status,
}

/// A message that leaves a device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Letter {
    pub(crate) kind: TopicKind,
    pub(crate) payload: Vec<u8>,
    /// Topic, where the format has one of its own.
    pub(crate) topic: Option<Box<str>>,
}

/// A message on its way: when it reaches the broker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) at: Timestamp,
    pub(crate) letter: Letter,
}

/// What the device sees of the water.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    /// Pressure in the main, kPa, or level, m.
    pub(crate) main: f64,
    /// Flow out of the hydrant, L/s.
    pub(crate) flow_lps: f64,
}

/// Room for composing messages, shared by all devices.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    MainTap { metered: bool },
    BarrelTap { metered: bool },
    Level,
}

/// One device.
#[derive(Debug)]
pub(crate) struct Device {
    seed: u64,
    sensor: SensorTrait,
    part: Part,
    sample_ms: i64,
    send_ms: i64,
    delta: f32,
    batch: u8,
    /// Where in the minute it samples, ms.
    pub(crate) phase_ms: i64,
    next_sample: i64,
    next_send: i64,
    sequence: u32,
    reported: f32,
    low: f32,
    high: f32,
    last: f32,
    meter_m3: f64,
    sampled_at: i64,
    flowing: bool,
    tamper: bool,
    /// Device time minus true time at the start, ms, and how fast it runs off, parts per million.
    clock_off_ms: i64,
    clock_ppm: f32,
    battery_from: Timestamp,
    battery_days: f32,
    dead: bool,
    /// How many reasons there are for its network to be gone.
    cuts: u16,
    will_at: Option<i64>,
    last_arrival: i64,
    waiting: Vec<Sample>,
    faults: Vec<Active>,
    backlog: Option<Box<VecDeque<Letter>>>,
    replay: Option<Box<Vec<Letter>>>,
    replay_next: usize,
    lost: u32,
}

impl Device {
    /// The device of `source`, mounted some time before `start`.
    pub(crate) fn new(seed: u64, number: usize, source: &Source, metered: bool, start: Timestamp) -> Self {
        let own = draw(seed, 120, number as u64);
        let of = |what: u64| draw(own, what, 0);
        let level = !matches!(source.kind, Kind::Hydrant { .. });
        let part = match source.kind {
            Kind::Hydrant { .. } if source.taps_main() => Part::MainTap { metered },
            Kind::Hydrant { .. } => Part::BarrelTap { metered },
            _ => Part::Level,
        };
        let accuracy = source.sensor.accuracy.unwrap_or(if level { 0.02 } else { 8.0 });
        let sensor = SensorTrait {
            seed: own,
            bias: between(of(1), -0.4, 0.4) as f32 * accuracy as f32,
            noise: if level { 0.001_5 } else { between(of(2), 0.3, 0.8) as f32 },
            ripple: if level { 0.0 } else { between(of(3), 0.8, 2.4) as f32 },
            resolution: source.sensor.resolution.unwrap_or(if level { 0.002 } else { 0.5 }) as f32,
        };
        let sample_ms = match source.kind {
            Kind::Hydrant { .. } => 60_000,
            Kind::Tank(_) => 300_000,
            Kind::DrawPoint(_) => 900_000,
        };
        let send_ms = source.interval_ms();
        let batch = match source.kind {
            Kind::Hydrant { .. } if share(of(4)) < 0.15 => 3,
            Kind::Tank(_) if share(of(4)) < 0.4 => 4,
            _ => 1,
        };
        let phase_ms = (of(5) % 60_000) as i64;
        let first = start.ms() - start.ms().rem_euclid(60_000) + phase_ms;
        let whole_minutes = (of(6) % (send_ms / 60_000).max(1) as u64) as i64 * 60_000;
        Self {
            seed: own,
            sensor,
            part,
            sample_ms,
            send_ms,
            delta: if level { f32::INFINITY } else { 20.0 },
            batch,
            phase_ms,
            next_sample: first,
            next_send: first + whole_minutes,
            sequence: (of(7) % u64::from(SEQUENCE_WRAP)) as u32,
            reported: f32::NAN,
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            last: f32::NAN,
            meter_m3: between(of(8), 0.0, METER_WRAP_M3).floor(),
            sampled_at: first,
            flowing: false,
            tamper: false,
            clock_off_ms: between(of(9), -2_000.0, 2_000.0) as i64,
            clock_ppm: between(of(10), -15.0, 15.0) as f32,
            battery_from: start.plus_ms(-((share(of(11)) * 1_200.0) as i64) * DAY_MS),
            battery_days: between(of(12), 2_200.0, 3_600.0) as f32,
            dead: false,
            cuts: 0,
            will_at: None,
            last_arrival: i64::MIN,
            waiting: Vec::new(),
            faults: Vec::new(),
            backlog: None,
            replay: None,
            replay_next: 0,
            lost: 0,
        }
    }

    /// Whether a visit at `at` would do anything.
    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        at.ms() >= self.next_sample || self.backlog.is_some() || self.will_at.is_some()
    }

    /// Whether its next visit needs a look at the water.
    pub(crate) fn wants_sample(&self, at: Timestamp) -> bool {
        at.ms() >= self.next_sample && !self.dead
    }

    /// Messages it had to throw away because its store was full.
    pub(crate) fn lost(&self) -> u32 {
        self.lost
    }

    /// Messages it keeps for later.
    pub(crate) fn kept(&self) -> usize {
        self.backlog.as_ref().map_or(0, |b| b.len())
    }

    /// Whether its battery is flat.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// One look at the water, and what follows from it.
    pub(crate) fn visit(
        &mut self,
        at: Timestamp,
        sight: Sight,
        writer: &mut Writer,
        name: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Delivery>,
    ) {
        self.tell_will(at, writer, name, out);
        if self.wants_sample(at) {
            while self.next_sample <= at.ms() {
                self.next_sample += self.sample_ms;
            }
            self.sample(at, sight, writer, name, out);
            if self.is_battery_flat(at) {
                self.die(at);
            } else if self.is_report_due(at) {
                self.report(at, sight, writer, name, scratch, out);
            }
        }
        self.send_backlog(at, out);
    }

    // What happens to it ---------------------------------------------------------------------

    /// A fault begins.
    pub(crate) fn begin_fault(&mut self, fault: Fault, at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        self.faults.push(Active { fault, since: at, held: None });
        match fault {
            Fault::Tamper => {
                self.tamper = true;
                self.tell(at, EventKind::Tamper, writer, name, out);
            }
            Fault::Tilt(_) => self.tell(at, EventKind::Tilt, writer, name, out),
            Fault::Replay => {
                self.replay = Some(Box::default());
                self.replay_next = 0;
            }
            _ => {}
        }
    }

    /// A fault is mended: the first of that name.
    pub(crate) fn end_fault(&mut self, fault: &str, at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        let Some(place) = self.faults.iter().position(|a| a.fault.name() == fault) else { return };
        match self.faults.remove(place).fault {
            Fault::Tamper => self.tamper = false,
            Fault::Replay => self.replay = None,
            Fault::DeadBattery(_) => {
                self.battery_from = at;
                self.boot(at, writer, name, out);
            }
            Fault::Clock1970 => self.boot(at, writer, name, out),
            _ => {}
        }
    }

    /// Its network goes.
    pub(crate) fn cut_off(&mut self, at: Timestamp) {
        if self.cuts == 0 {
            self.will_at = Some(at.ms() + WILL_AFTER_MS);
        }
        self.cuts += 1;
    }

    /// Its network comes back.
    pub(crate) fn reconnect(&mut self, at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        self.cuts = self.cuts.saturating_sub(1);
        if self.cuts == 0 && !self.dead {
            // A cut shorter than the keep-alive never showed at the broker.
            if self.will_at.take().is_none() {
                self.status(at, true, writer, name, out);
            }
        }
    }

    /// A command reaches it; the answer is an event.
    pub(crate) fn obey(&mut self, payload: &[u8], at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        if self.dead || self.cuts > 0 {
            return;
        }
        let Some(command) = command::read(payload, at) else { return };
        let error = match command.settings {
            Ok(settings) => {
                for setting in settings {
                    self.set(setting, at);
                }
                None
            }
            Err(error) => Some(error),
        };
        let done = EventKind::CommandDone { id: command.id, ok: error.is_none(), error };
        self.tell(at, done, writer, name, out);
    }

    fn set(&mut self, setting: Setting, at: Timestamp) {
        match setting {
            Setting::ReportIntervalS(s) => {
                self.send_ms = i64::from(s) * 1_000;
                self.next_send = at.ms();
                self.sample_ms = self.sample_ms.min(self.send_ms);
            }
            Setting::SampleIntervalS(s) => self.sample_ms = i64::from(s) * 1_000,
            Setting::ReportDelta(delta) => self.delta = delta,
        }
    }

    // Sampling -------------------------------------------------------------------------------

    fn sample(&mut self, at: Timestamp, sight: Sight, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        let flows = sight.flow_lps > FLOW_STARTS_LPS;
        let truth = match self.part {
            Part::BarrelTap { .. } if !flows => 0.0,
            _ => sight.main,
        };
        let still = matches!(self.part, Part::Level) || matches!(self.part, Part::BarrelTap { .. }) && !flows;
        let value = self.sensor.read(truth, at, still, &mut self.faults) as f32;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.last = value;
        let minutes = (at.ms() - self.sampled_at).clamp(0, HOUR_MS) as f64 / 60_000.0;
        self.sampled_at = at.ms();
        self.meter_m3 = (self.meter_m3 + sight.flow_lps * minutes * 0.06) % METER_WRAP_M3;
        if flows != self.flowing {
            self.flowing = flows;
            let (cap, flow) = if flows {
                (EventKind::CapOpen, EventKind::FlowStart)
            } else {
                (EventKind::CapClosed, EventKind::FlowStop)
            };
            self.tell(at, cap, writer, name, out);
            if self.is_metered() {
                self.tell(at, flow, writer, name, out);
            }
            self.next_send = at.ms();
        }
    }

    fn is_metered(&self) -> bool {
        matches!(self.part, Part::MainTap { metered: true } | Part::BarrelTap { metered: true })
    }

    fn is_report_due(&self, at: Timestamp) -> bool {
        let changed = (self.last - self.reported).abs() >= self.delta || self.reported.is_nan();
        let batch_due = self.batch > 1 && self.is_reading_due(at);
        at.ms() >= self.next_send || changed || batch_due
    }

    fn is_reading_due(&self, at: Timestamp) -> bool {
        let part = self.send_ms / i64::from(self.batch);
        at.ms() >= self.next_send - part * (i64::from(self.batch) - 1 - self.waiting.len() as i64)
    }

    fn report(
        &mut self,
        at: Timestamp,
        sight: Sight,
        writer: &mut Writer,
        name: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Delivery>,
    ) {
        let changed = (self.last - self.reported).abs() >= self.delta || self.reported.is_nan();
        let due = at.ms() >= self.next_send;
        if self.batch > 1 && !changed && !due {
            let mut sample = Sample { at: None, index: 0, values: Vec::with_capacity(8) };
            self.fill(&mut sample, at, sight);
            self.waiting.push(sample);
            return;
        }
        scratch.samples.clear();
        scratch.samples.append(&mut self.waiting);
        let mut sample = Sample { at: None, index: 0, values: Vec::with_capacity(12) };
        self.fill(&mut sample, at, sight);
        scratch.samples.push(sample);
        for (i, sample) in scratch.samples.iter_mut().enumerate() {
            sample.index = i as u16;
        }
        let said = Said::Samples(&scratch.samples);
        let letter = self.letter(TopicKind::Telemetry, at, said, writer, name);
        self.post(at, letter, out);
        self.reported = self.last;
        self.low = f32::INFINITY;
        self.high = f32::NEG_INFINITY;
        if due {
            let interval = if self.flowing { IN_USE_INTERVAL_MS.min(self.send_ms) } else { self.send_ms };
            while self.next_send <= at.ms() {
                self.next_send += interval;
            }
        }
    }

    fn fill(&self, sample: &mut Sample, at: Timestamp, sight: Sight) {
        sample.at = Some(self.own_time(at));
        let main = f64::from(self.last);
        let mut put = |quantity: Quantity, value: f64| sample.values.push((quantity, value));
        match self.part {
            Part::Level => put(Quantity::LevelM, main),
            Part::MainTap { metered } | Part::BarrelTap { metered } => {
                put(Quantity::PressureKpa, main);
                if self.low < self.high {
                    put(Quantity::PressureMinKpa, f64::from(self.low));
                    put(Quantity::PressureMaxKpa, f64::from(self.high));
                }
                if metered {
                    put(Quantity::FlowLps, (sight.flow_lps * 10.0).round() / 10.0);
                    put(Quantity::VolumeTotalM3, (self.meter_m3 * 10.0).floor() / 10.0);
                } else {
                    put(Quantity::CapOpen, f64::from(u8::from(self.flowing)));
                }
                if matches!(self.part, Part::BarrelTap { .. }) {
                    put(Quantity::WaterInBarrel, f64::from(u8::from(self.flowing)));
                }
            }
        }
        put(Quantity::BatteryV, (self.battery_v(at) * 100.0).round() / 100.0);
        if self.tamper {
            put(Quantity::Tamper, 1.0);
        }
        for active in &self.faults {
            if let Fault::Tilt(degrees) = active.fault {
                put(Quantity::TiltDeg, degrees);
            }
        }
    }

    // Clock and battery ------------------------------------------------------------------------

    fn own_time(&self, at: Timestamp) -> Timestamp {
        for active in &self.faults {
            match active.fault {
                Fault::Clock1970 => return Timestamp::from_ms(at.since_ms(active.since)),
                Fault::ClockSkew(seconds) => return at.plus_ms(self.clock_error(at) + (seconds * 1_000.0) as i64),
                _ => {}
            }
        }
        at.plus_ms(self.clock_error(at))
    }

    /// The clock is set anew once a day; between, it runs off.
    fn clock_error(&self, at: Timestamp) -> i64 {
        let since_set = (at.ms() + self.clock_off_ms).rem_euclid(DAY_MS);
        self.clock_off_ms / 4 + (since_set as f64 * f64::from(self.clock_ppm) / 1e6) as i64
    }

    fn battery_v(&self, at: Timestamp) -> f64 {
        let used = at.since_ms(self.battery_from) as f64 / DAY_MS as f64 / f64::from(self.battery_days);
        // Lithium thionyl chloride: flat for long, then it goes quickly.
        let healthy = 3.64 - 0.12 * used - 0.7 * ((used - 0.85).max(0.0) / 0.15).min(1.5);
        let dying = self.faults.iter().find_map(|a| match a.fault {
            Fault::DeadBattery(hours) => Some(at.since_ms(a.since) as f64 / (hours.max(0.01) * HOUR_MS as f64)),
            _ => None,
        });
        dying.map_or(healthy, |part| healthy - (healthy - DEAD_V) * part.max(0.0))
    }

    fn is_battery_flat(&self, at: Timestamp) -> bool {
        self.battery_v(at) < DEAD_V
    }

    fn die(&mut self, at: Timestamp) {
        self.dead = true;
        self.waiting.clear();
        self.backlog = None;
        if self.cuts == 0 {
            self.will_at = Some(at.ms() + WILL_AFTER_MS);
        }
    }

    fn boot(&mut self, at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        if self.dead {
            self.dead = false;
            self.will_at = None;
            self.status(at, true, writer, name, out);
        }
        self.sequence = 0;
        self.reported = f32::NAN;
        self.next_send = at.ms();
        self.next_sample = self.next_sample.max(at.ms() - at.ms().rem_euclid(60_000) + self.phase_ms);
        self.tell(at, EventKind::Boot, writer, name, out);
    }

    // Sending ------------------------------------------------------------------------------------

    fn tell(&mut self, at: Timestamp, event: EventKind, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        if self.dead {
            return;
        }
        let letter = self.letter(TopicKind::Event, at, Said::Event(self.own_time(at), &event), writer, name);
        self.post(at, letter, out);
    }

    fn letter(&mut self, kind: TopicKind, at: Timestamp, said: Said<'_>, writer: &mut Writer, name: &str) -> Letter {
        let sequence = self.sequence;
        self.sequence = (self.sequence + 1) % SEQUENCE_WRAP;
        writer.write(kind, name, u64::from(sequence), at, said)
    }

    fn status(&mut self, at: Timestamp, online: bool, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        let letter = writer.write(TopicKind::Status, name, 0, at, Said::Online(online));
        self.deliver(at, letter, out);
    }

    fn tell_will(&mut self, at: Timestamp, writer: &mut Writer, name: &str, out: &mut Vec<Delivery>) {
        if self.will_at.is_some_and(|will| at.ms() >= will) {
            self.will_at = None;
            self.status(at, false, writer, name, out);
        }
    }

    fn post(&mut self, at: Timestamp, letter: Letter, out: &mut Vec<Delivery>) {
        let letter = self.replayed(letter);
        if self.cuts > 0 || self.backlog.is_some() {
            let backlog = self.backlog.get_or_insert_default();
            if backlog.len() >= BACKLOG {
                backlog.pop_front();
                self.lost += 1;
            }
            backlog.push_back(letter);
            return;
        }
        let twice = self.faults.iter().any(|a| a.fault == Fault::Duplicate);
        if twice {
            self.deliver(at, letter.clone(), out);
        }
        self.deliver(at, letter, out);
    }

    fn replayed(&mut self, letter: Letter) -> Letter {
        let Some(kept) = &mut self.replay else { return letter };
        if kept.len() < REPLAYED {
            kept.push(letter.clone());
            return letter;
        }
        self.replay_next = (self.replay_next + 1) % kept.len();
        kept[self.replay_next].clone()
    }

    fn send_backlog(&mut self, at: Timestamp, out: &mut Vec<Delivery>) {
        if self.cuts > 0 || self.dead {
            return;
        }
        let Some(mut backlog) = self.backlog.take() else { return };
        for i in 0..backlog.len().min(BACKLOG_BURST) {
            if let Some(letter) = backlog.pop_front() {
                self.deliver(at.plus_ms(i as i64 * BACKLOG_PACE_MS), letter, out);
            }
        }
        if !backlog.is_empty() {
            self.backlog = Some(backlog);
        }
    }

    fn deliver(&mut self, at: Timestamp, letter: Letter, out: &mut Vec<Delivery>) {
        let chance = draw(self.seed, 131, (at.ms() as u64) ^ u64::from(self.sequence) << 44);
        let delay = if chance.is_multiple_of(200) { 1_500 + chance % 4_000 } else { 60 + chance % 700 };
        // One connection keeps its order.
        let arrival = (at.ms() + delay as i64).max(self.last_arrival + 1);
        self.last_arrival = arrival;
        out.push(Delivery { at: Timestamp::from_ms(arrival), letter });
    }
}
