//! A fire tank: geometry, draw-off, leak, refill, daily use, sun.

use firemain_domain::Timestamp;
use firemain_domain::source::TankGeometry;
use firemain_domain::time::{DAY_MS, HOUR_MS};

const EVAPORATION_M_PER_DAY: f64 = 0.003;
/// A tank that also serves daily use: what it gives away by day and gets back at night, shares of
/// its whole volume.
const DAILY_SHARE: f64 = 0.12;
/// How full a tank stands normally, as a share of its height.
const NORMAL_SHARE: f64 = 0.96;
const STEP_MS: i64 = 5 * 60_000;

/// Something that changes a tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TankAction {
    /// Water is drawn, L/s; 0 ends it.
    Draw(f64),
    /// Water leaks away, m³ per day; 0 ends it.
    Leak(f64),
    /// It is filled by hand at this rate, L/s, until it is full.
    Refill(f64),
}

/// One tank's water.
#[derive(Clone, Debug)]
pub(crate) struct Tank {
    geometry: TankGeometry,
    level_m: f64,
    at: Timestamp,
    draw_lps: f64,
    leak_m3_per_day: f64,
    refill_lps: f64,
    actions: Vec<(Timestamp, TankAction)>,
    next_action: usize,
}

impl Tank {
    pub(crate) fn new(geometry: TankGeometry, start: Timestamp) -> Self {
        let level_m = geometry.height_m.unwrap_or(2.0) * NORMAL_SHARE;
        Self {
            geometry,
            level_m,
            at: start,
            draw_lps: 0.0,
            leak_m3_per_day: 0.0,
            refill_lps: 0.0,
            actions: Vec::new(),
            next_action: 0,
        }
    }

    pub(crate) fn plan(&mut self, at: Timestamp, action: TankAction) {
        let at = at.max(self.at);
        let place = self
            .actions
            .partition_point(|(t, _)| *t <= at)
            .max(self.next_action);
        self.actions.insert(place, (at, action));
    }

    /// Whether water is drawn from it now.
    pub(crate) fn draws(&self) -> bool {
        self.draw_lps > 0.0
    }

    /// Whether it leaks now.
    pub(crate) fn leaks(&self) -> bool {
        self.leak_m3_per_day > 0.0
    }

    /// Whether it is being filled by hand.
    #[cfg(test)]
    pub(crate) fn refills(&self) -> bool {
        self.refill_lps > 0.0
    }

    /// Depth above the floor at `at`, m; time only goes forward.
    pub(crate) fn level_m(&mut self, at: Timestamp) -> f64 {
        while self.at < at {
            let next_action = self
                .actions
                .get(self.next_action)
                .map_or(Timestamp::MAX, |(t, _)| *t);
            if next_action <= self.at {
                self.carry_out(self.actions[self.next_action].1);
                self.next_action += 1;
                continue;
            }
            let until = at.min(next_action).min(self.at.plus_ms(STEP_MS));
            self.flow_until(until);
        }
        self.level_m
    }

    /// Usable water at the level last reached, m³.
    pub(crate) fn volume_m3(&self) -> f64 {
        self.geometry.volume_m3(self.level_m).unwrap_or(0.0)
    }

    fn carry_out(&mut self, action: TankAction) {
        match action {
            TankAction::Draw(lps) => self.draw_lps = lps,
            TankAction::Leak(m3_per_day) => self.leak_m3_per_day = m3_per_day,
            TankAction::Refill(lps) => self.refill_lps = lps,
        }
    }

    fn flow_until(&mut self, until: Timestamp) {
        let area = self.geometry.area_m2.unwrap_or(40.0).max(0.1);
        let height = self.geometry.height_m.unwrap_or(2.0);
        let seconds = until.since_ms(self.at) as f64 / 1_000.0;
        let mut out_m3 =
            self.draw_lps * seconds / 1_000.0 + self.leak_m3_per_day * seconds / 86_400.0;
        let mut in_m3 = self.refill_lps * seconds / 1_000.0;
        if self.geometry.open {
            out_m3 += EVAPORATION_M_PER_DAY * area * seconds / 86_400.0;
        }
        if self.geometry.daily_use {
            let whole_m3 = area * height;
            match local_hour(self.at) {
                0..=3 => in_m3 += DAILY_SHARE * whole_m3 * seconds / (3.5 * 3_600.0),
                6..=21 => out_m3 += DAILY_SHARE * whole_m3 * seconds / (16.0 * 3_600.0),
                _ => {}
            }
        }
        let full_m = height * NORMAL_SHARE;
        let mut level = self.level_m - out_m3 / area;
        if in_m3 > 0.0 && level < full_m {
            level = (level + in_m3 / area).min(full_m);
        }
        if self.refill_lps > 0.0 && level >= full_m - 1e-9 {
            self.refill_lps = 0.0;
        }
        self.level_m = level.clamp(0.0, height);
        self.at = until;
    }
}

fn local_hour(at: Timestamp) -> i64 {
    (at.ms() + 7 * HOUR_MS).rem_euclid(DAY_MS) / HOUR_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::time::MINUTE_MS;

    fn start() -> Timestamp {
        Timestamp::parse("2026-11-23T08:00:00+07:00").unwrap()
    }

    fn tank() -> Tank {
        let geometry = TankGeometry {
            area_m2: Some(50.0),
            height_m: Some(3.0),
            ..TankGeometry::default()
        };
        Tank::new(geometry, start())
    }

    #[test]
    fn what_is_drawn_is_missing() {
        let mut tank = tank();
        let before = tank.level_m(start());
        tank.plan(start().plus_ms(HOUR_MS), TankAction::Draw(10.0));
        tank.plan(start().plus_ms(2 * HOUR_MS), TankAction::Draw(0.0));
        let after = tank.level_m(start().plus_ms(5 * HOUR_MS));
        // 10 L/s for an hour is 36 m³, 0.72 m of 50 m².
        assert!((before - after - 0.72).abs() < 1e-9, "{before} {after}");
    }

    #[test]
    fn a_leak_lowers_it_slowly_and_filling_stops_when_full() {
        let mut tank = tank();
        let before = tank.level_m(start());
        tank.plan(start(), TankAction::Leak(2.0));
        let after = tank.level_m(start().plus_ms(3 * DAY_MS));
        assert!((before - after - 0.12).abs() < 1e-6);
        tank.plan(start().plus_ms(3 * DAY_MS), TankAction::Leak(0.0));
        tank.plan(start().plus_ms(3 * DAY_MS), TankAction::Refill(5.0));
        let full = tank.level_m(start().plus_ms(4 * DAY_MS));
        assert!((full - before).abs() < 1e-9);
        assert!(!tank.refills());
    }

    #[test]
    fn daily_use_empties_by_day_and_fills_by_night() {
        let geometry = TankGeometry {
            area_m2: Some(50.0),
            height_m: Some(3.0),
            daily_use: true,
            ..TankGeometry::default()
        };
        let mut tank = Tank::new(geometry, start());
        let morning = tank.level_m(start().plus_ms(MINUTE_MS));
        let evening = tank.level_m(start().plus_ms(13 * HOUR_MS));
        let next = tank.level_m(start().plus_ms(21 * HOUR_MS));
        assert!(evening < morning - 0.2, "{morning} {evening}");
        assert!((next - morning).abs() < 0.01, "{morning} {next}");
    }
}
