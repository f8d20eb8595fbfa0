//! One device's firmware: what it is, and its day from one look at the water to the next.
//!
//! `measuring` is what it makes of the water, `telling` what it sends and keeps, `body` its clock
//! and its battery.

mod body;
mod measuring;
mod telling;

pub(crate) use telling::{Delivery, Letter, TopicKind};

use body::WILL_AFTER_MS;

use std::collections::VecDeque;

use firemain_domain::Timestamp;
use firemain_domain::report::{EventKind, Sample};
use firemain_domain::source::{Kind, ReportMode, Source};
use firemain_domain::time::DAY_MS;

use super::command::{self, Measures, Setting};
use super::fault::Fault;
use super::sensor::{Active, SensorTrait};
use crate::noise::{between, draw, share};
use crate::wire::Writer;

/// The running number fits in 16 bits, as in many a small device.
const SEQUENCE_WRAP: u32 = 1 << 16;
/// The water meter shows five digits of cubic metres.
const METER_WRAP_M3: f64 = 100_000.0;

/// What the device sees of the water.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    /// Pressure in the main, kPa, or level, m.
    pub(crate) main: f64,
    /// Flow out of the hydrant, L/s.
    pub(crate) flow_lps: f64,
}

/// What a device needs to send: words, its name, room to compose, and where messages go.
pub(crate) struct Post<'a> {
    pub(crate) writer: &'a mut Writer,
    pub(crate) name: &'a str,
    /// The gateway that hears it.
    pub(crate) gateway: u32,
    pub(crate) scratch: &'a mut Vec<Sample>,
    pub(crate) out: &'a mut Vec<Delivery>,
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
    /// Crossing this is told at once: the low limit set in an on-change device; else NaN.
    alarm: f32,
    /// As `alarm`, the high limit, once a command has set one.
    alarm_high: f32,
    /// Is added to what the sensor reads.
    offset: f32,
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
    /// When the device that replaces it starts, ms; 0: none does.
    replaced_at: i64,
    /// How many reasons there are for what it sends to be lost.
    mutes: u16,
    /// How many reasons there are for its network to be gone.
    cuts: u16,
    will_at: Option<i64>,
    last_arrival: i64,
    /// When a measurement of its last reached the broker.
    heard_at: i64,
    announced: bool,
    waiting: Vec<Sample>,
    faults: Vec<Active>,
    #[expect(
        clippy::box_collection,
        reason = "few devices of a million ever have one: 8 bytes, not 32"
    )]
    backlog: Option<Box<VecDeque<Letter>>>,
    #[expect(clippy::box_collection, reason = "as the backlog")]
    replay: Option<Box<Vec<Letter>>>,
    replay_next: usize,
    lost: u32,
}

impl Device {
    /// The device of `source`, mounted some time before `start`.
    pub(crate) fn new(
        seed: u64,
        number: usize,
        source: &Source,
        metered: bool,
        start: Timestamp,
    ) -> Self {
        let own = draw(seed, 120, number as u64);
        let of = |what: u64| draw(own, what, 0);
        let level = !matches!(source.kind, Kind::Hydrant { .. });
        let part = match source.kind {
            Kind::Hydrant { .. } if source.taps_main() => Part::MainTap { metered },
            Kind::Hydrant { .. } => Part::BarrelTap { metered },
            _ => Part::Level,
        };
        let accuracy = source
            .sensor
            .accuracy
            .unwrap_or(if level { 0.02 } else { 8.0 });
        let sample_ms = match source.kind {
            Kind::Hydrant { .. } => 60_000,
            Kind::Tank(_) => 300_000,
            Kind::DrawPoint(_) => 900_000,
        };
        let sensor = SensorTrait {
            seed: own,
            bias: between(of(1), -0.4, 0.4) as f32 * accuracy as f32,
            noise: if level {
                0.001_5
            } else {
                between(of(2), 0.3, 0.8) as f32
            },
            ripple: if level {
                0.0
            } else {
                between(of(3), 0.8, 2.4) as f32
            },
            sample_ms,
            resolution: source
                .sensor
                .resolution
                .unwrap_or(if level { 0.002 } else { 0.5 }) as f32,
        };
        let send_ms = source.interval_ms();
        let on_change = source.reporting.mode == ReportMode::OnChange;
        let batch = match source.kind {
            _ if on_change => 1,
            Kind::Hydrant { .. } if send_ms >= 900_000 && share(of(4)) < 0.15 => 3,
            Kind::Tank(_) if send_ms >= 3_600_000 && share(of(4)) < 0.4 => 4,
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
            delta: match (level, on_change) {
                (false, _) => 20.0,
                (true, true) => 0.05,
                (true, false) => f32::INFINITY,
            },
            alarm: source
                .requirement
                .pressure_kpa
                .filter(|_| on_change && matches!(part, Part::MainTap { .. }))
                .map_or(f32::NAN, |kpa| kpa as f32),
            alarm_high: f32::NAN,
            offset: 0.0,
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
            replaced_at: 0,
            mutes: 0,
            cuts: 0,
            will_at: None,
            last_arrival: i64::MIN,
            heard_at: start.ms(),
            announced: false,
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

    /// When it was last heard, whatever it says now.
    pub(crate) fn heard_at(&self) -> Timestamp {
        Timestamp::from_ms(self.heard_at)
    }

    /// It is asked to say again who it is and what it measures.
    pub(crate) fn give_birth(&mut self, at: Timestamp, post: &mut Post<'_>) {
        post.writer.forget(post.name);
        self.next_send = at.ms();
    }

    /// Messages it had to throw away because its store was full.
    pub(crate) fn lost(&self) -> u32 {
        self.lost
    }

    /// Messages it keeps for later.
    pub(crate) fn kept(&self) -> usize {
        self.backlog.as_ref().map_or(0, |b| b.len())
    }

    /// One look at the water, and what follows from it.
    pub(crate) fn visit(&mut self, at: Timestamp, sight: Sight, post: &mut Post<'_>) {
        if !self.announced {
            self.announced = true;
            if self.cuts == 0 {
                self.status(at, true, post);
            }
        }
        self.tell_will(at, post);
        if self.replaced_at > 0 && at.ms() >= self.replaced_at {
            self.replaced_at = 0;
            self.boot(at, post);
        }
        if self.wants_sample(at) {
            while self.next_sample <= at.ms() {
                self.next_sample += self.sample_ms;
            }
            self.sample(at, sight, post);
            if self.is_battery_flat(at) {
                self.die(at);
            } else if self.is_report_due(at) {
                self.report(at, sight, post);
            }
        }
        self.send_backlog(at, post);
    }

    // What happens to it ---------------------------------------------------------------------

    /// A fault begins.
    pub(crate) fn begin_fault(&mut self, fault: Fault, at: Timestamp, post: &mut Post<'_>) {
        self.faults.push(Active {
            fault,
            since: at,
            held: None,
            heard: Vec::new(),
        });
        match fault {
            Fault::Tamper => {
                self.tamper = true;
                self.tell(at, &EventKind::Tamper, post);
            }
            Fault::Tilt(_) => self.tell(at, &EventKind::Tilt, post),
            Fault::Replay | Fault::ReplayOld => {
                self.replay = Some(Box::default());
                self.replay_next = 0;
            }
            Fault::CounterWrap => {
                self.sequence = SEQUENCE_WRAP - 6;
                self.meter_m3 = METER_WRAP_M3 - 0.2;
            }
            Fault::Replaced => self.give_way(at),
            _ => {}
        }
    }

    /// A fault is mended: the first of that name.
    pub(crate) fn end_fault(&mut self, fault: &str, at: Timestamp, post: &mut Post<'_>) {
        let Some(place) = self.faults.iter().position(|a| a.fault.name() == fault) else {
            return;
        };
        match self.faults.remove(place).fault {
            Fault::Tamper => self.tamper = false,
            Fault::Replay | Fault::ReplayOld => self.replay = None,
            Fault::DeadBattery(_) | Fault::LowBattery(_) | Fault::FlappingBattery => {
                self.battery_from = at;
                self.boot(at, post);
            }
            Fault::Clock1970 => self.boot(at, post),
            _ => {}
        }
    }

    /// Its network goes.
    pub(crate) fn cut_off(&mut self, at: Timestamp, post: &mut Post<'_>) {
        if self.cuts == 0 {
            self.will_at = Some(at.ms() + WILL_AFTER_MS);
            post.writer.forget(post.name);
        }
        self.cuts += 1;
    }

    /// Its network comes back.
    pub(crate) fn reconnect(&mut self, at: Timestamp, post: &mut Post<'_>) {
        self.cuts = self.cuts.saturating_sub(1);
        if self.cuts == 0 && !self.dead {
            // A cut shorter than the keep-alive never showed at the broker.
            if self.will_at.take().is_none() {
                self.status(at, true, post);
            }
        }
    }

    /// What it sends is lost from now on: its gateway is dead. It does not know.
    pub(crate) fn mute(&mut self) {
        self.mutes += 1;
    }

    /// It is heard again.
    pub(crate) fn unmute(&mut self) {
        self.mutes = self.mutes.saturating_sub(1);
    }

    /// A command reaches it; the answer is an event.
    pub(crate) fn obey(&mut self, payload: &[u8], at: Timestamp, post: &mut Post<'_>) {
        if self.dead || self.cuts > 0 || self.mutes > 0 {
            return;
        }
        let measures = match self.part {
            Part::Level => Measures::Level,
            Part::MainTap { .. } | Part::BarrelTap { .. } => Measures::Pressure,
        };
        let Some(command) = command::read(payload, measures, at) else {
            return;
        };
        let error = match command.settings {
            Ok(settings) => {
                for setting in settings {
                    self.set(setting, at);
                }
                None
            }
            Err(error) => Some(error),
        };
        let done = EventKind::CommandDone {
            id: command.id,
            ok: error.is_none(),
            error,
        };
        self.tell(at, &done, post);
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
            Setting::ThresholdLow(limit) => self.alarm = limit,
            Setting::ThresholdHigh(limit) => self.alarm_high = limit,
            Setting::CalibrationOffset(offset) => self.offset = offset,
        }
    }
}
