//! What a device makes of the water: samples, and the readings it reports.

use firemain_domain::Timestamp;
use firemain_domain::quantity::Quantity;
use firemain_domain::report::{EventKind, Sample};
use firemain_domain::time::HOUR_MS;

use super::{Device, METER_WRAP_M3, Part, Post, Sight, TopicKind};
use crate::device::fault::Fault;
use crate::wire::Said;

/// While water flows it reports every minute.
const IN_USE_INTERVAL_MS: i64 = 60_000;
/// A limit crossed by less is not told at once.
const LEAST_CROSSING_KPA: f32 = 2.0;
const LEAST_CROSSING_M: f32 = 0.01;
const FLOW_STARTS_LPS: f64 = 0.5;

impl Device {
    pub(super) fn sample(&mut self, at: Timestamp, sight: Sight, post: &mut Post<'_>) {
        let flows = sight.flow_lps > FLOW_STARTS_LPS;
        let truth = match self.part {
            Part::BarrelTap { .. } if !flows => 0.0,
            _ => sight.main,
        };
        let still = matches!(self.part, Part::Level)
            || matches!(self.part, Part::BarrelTap { .. }) && !flows;
        let value = self.sensor.read(truth, at, still, &mut self.faults) as f32 + self.offset;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.last = value;
        if self.flaps(self.sampled_at, at) {
            self.boot(at, post);
        }
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
            self.tell(at, &cap, post);
            if self.is_metered() {
                self.tell(at, &flow, post);
            }
            self.next_send = at.ms();
        }
    }

    pub(super) fn is_metered(&self) -> bool {
        matches!(
            self.part,
            Part::MainTap { metered: true } | Part::BarrelTap { metered: true }
        )
    }

    /// Whether what it measures has moved so far from what it last said that it says so at once.
    fn has_changed(&self) -> bool {
        let by = (self.last - self.reported).abs();
        let crossed = (self.last < self.alarm) != (self.reported < self.alarm)
            || (self.last > self.alarm_high) != (self.reported > self.alarm_high);
        let least = match self.part {
            Part::Level => LEAST_CROSSING_M,
            Part::MainTap { .. } | Part::BarrelTap { .. } => LEAST_CROSSING_KPA,
        };
        by >= self.delta || self.reported.is_nan() || crossed && by >= least
    }

    pub(super) fn is_report_due(&self, at: Timestamp) -> bool {
        let changed = self.has_changed();
        let batch_due = self.batch > 1 && self.is_reading_due(at);
        at.ms() >= self.next_send || changed || batch_due
    }

    pub(super) fn is_reading_due(&self, at: Timestamp) -> bool {
        let part = self.send_ms / i64::from(self.batch);
        at.ms() >= self.next_send - part * (i64::from(self.batch) - 1 - self.waiting.len() as i64)
    }

    pub(super) fn report(&mut self, at: Timestamp, sight: Sight, post: &mut Post<'_>) {
        let changed = self.has_changed();
        let due = at.ms() >= self.next_send;
        if self.batch > 1 && !changed && !due {
            let mut sample = Sample {
                at: None,
                index: 0,
                values: Vec::with_capacity(8),
            };
            self.fill(&mut sample, at, sight);
            self.waiting.push(sample);
            return;
        }
        let mut samples = std::mem::take(post.scratch);
        samples.clear();
        samples.append(&mut self.waiting);
        let mut sample = Sample {
            at: None,
            index: 0,
            values: Vec::with_capacity(12),
        };
        self.fill(&mut sample, at, sight);
        samples.push(sample);
        for (i, sample) in samples.iter_mut().enumerate() {
            sample.index = i as u16;
        }
        self.say(TopicKind::Telemetry, at, Said::Samples(&samples), post);
        *post.scratch = samples;
        if !self.last.is_nan() {
            self.reported = self.last;
        }
        self.low = f32::INFINITY;
        self.high = f32::NEG_INFINITY;
        if due {
            let interval = if self.flowing {
                IN_USE_INTERVAL_MS.min(self.send_ms)
            } else {
                self.send_ms
            };
            while self.next_send <= at.ms() {
                self.next_send += interval;
            }
        }
    }

    pub(super) fn fill(&self, sample: &mut Sample, at: Timestamp, sight: Sight) {
        sample.at = Some(self.own_time(at));
        let main = f64::from(self.last);
        // No sensor here has finer steps than thousandths.
        let mut put = |quantity: Quantity, value: f64| {
            sample
                .values
                .push((quantity, (value * 1_000.0).round() / 1_000.0));
        };
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
                    put(
                        Quantity::VolumeTotalM3,
                        (self.meter_m3 * 10.0).floor() / 10.0,
                    );
                } else {
                    put(Quantity::CapOpen, f64::from(u8::from(self.flowing)));
                }
                if matches!(self.part, Part::BarrelTap { .. }) {
                    put(Quantity::WaterInBarrel, f64::from(u8::from(self.flowing)));
                }
            }
        }
        put(
            Quantity::BatteryV,
            (self.battery_v(at) * 100.0).round() / 100.0,
        );
        if self.tamper {
            put(Quantity::Tamper, 1.0);
        }
        for active in &self.faults {
            if let Fault::Tilt(degrees) = active.fault {
                put(Quantity::TiltDeg, degrees);
            }
        }
    }
}
