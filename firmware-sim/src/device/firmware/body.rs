//! A device's clock and battery.

use firemain_domain::Timestamp;
use firemain_domain::report::EventKind;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use super::{Device, Post};
use crate::device::fault::Fault;
use crate::noise::draw;

/// Below this the electronics stop, V (3.6 V lithium).
const DEAD_V: f64 = 2.9;
/// What a battery that falls under load still shows, V.
const FLAPPING_V: f64 = 3.05;
/// The broker tells of the last will after one and a half keep-alives of a minute.
pub(super) const WILL_AFTER_MS: i64 = 90_000;

impl Device {
    pub(super) fn own_time(&self, at: Timestamp) -> Timestamp {
        for active in &self.faults {
            match active.fault {
                Fault::Clock1970 => return Timestamp::from_ms(at.since_ms(active.since)),
                Fault::ClockSkew(seconds) => {
                    return at.plus_ms(self.clock_error(at) + (seconds * 1_000.0) as i64);
                }
                _ => {}
            }
        }
        at.plus_ms(self.clock_error(at))
    }

    /// The clock is set anew once a day; between, it runs off.
    pub(super) fn clock_error(&self, at: Timestamp) -> i64 {
        let since_set = (at.ms() + self.clock_off_ms).rem_euclid(DAY_MS);
        self.clock_off_ms / 4 + (since_set as f64 * f64::from(self.clock_ppm) / 1e6) as i64
    }

    pub(super) fn battery_v(&self, at: Timestamp) -> f64 {
        let used =
            at.since_ms(self.battery_from) as f64 / DAY_MS as f64 / f64::from(self.battery_days);
        // Lithium thionyl chloride: flat for long, then it goes quickly.
        let healthy = 3.64 - 0.12 * used - 0.7 * ((used - 0.85).max(0.0) / 0.15).min(1.5);
        let dying = self.faults.iter().find_map(|a| match a.fault {
            Fault::DeadBattery(hours) => {
                Some(at.since_ms(a.since) as f64 / (hours.max(0.01) * HOUR_MS as f64))
            }
            _ => None,
        });
        let least = self.faults.iter().filter_map(|a| match a.fault {
            Fault::LowBattery(volts) => Some(volts),
            Fault::FlappingBattery => (hour_of(at) % 2 == 1).then_some(FLAPPING_V),
            _ => None,
        });
        let healthy = least.fold(healthy, f64::min);
        dying.map_or(healthy, |part| healthy - (healthy - DEAD_V) * part.max(0.0))
    }

    pub(super) fn is_battery_flat(&self, at: Timestamp) -> bool {
        self.battery_v(at) < DEAD_V
    }

    pub(super) fn die(&mut self, at: Timestamp) {
        self.dead = true;
        self.waiting.clear();
        self.lost += self.backlog.take().map_or(0, |kept| kept.len() as u32);
        if self.cuts == 0 {
            self.will_at = Some(at.ms() + WILL_AFTER_MS);
        }
    }

    /// A battery that falls under load lets the device start anew when it recovers.
    pub(super) fn flaps(&self, before: i64, at: Timestamp) -> bool {
        self.faults
            .iter()
            .any(|a| a.fault == Fault::FlappingBattery)
            && hour_of(at) % 2 == 0
            && hour_of(Timestamp::from_ms(before)) % 2 == 1
    }

    /// It is unscrewed; another, with its own error, number, meter and battery, starts within an hour.
    pub(super) fn give_way(&mut self, at: Timestamp) {
        self.die(at);
        self.replaced_at = at.ms() + HOUR_MS;
        let chance = draw(self.seed, 133, at.ms() as u64);
        self.sensor.bias = -self.sensor.bias + self.sensor.resolution * (chance % 3) as f32;
        self.meter_m3 = 0.0;
        self.battery_from = at;
        self.clock_off_ms = (chance % 4_000) as i64 - 2_000;
    }

    pub(super) fn boot(&mut self, at: Timestamp, post: &mut Post<'_>) {
        if self.dead {
            self.dead = false;
            self.will_at = None;
            self.status(at, true, post);
        }
        self.sequence = 0;
        self.reported = f32::NAN;
        self.next_send = at.ms();
        self.next_sample = self
            .next_sample
            .max(at.ms() - at.ms().rem_euclid(60_000) + self.phase_ms);
        self.tell(at, &EventKind::Boot, post);
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.ms().div_euclid(HOUR_MS)
}
