//! What people enter while things happen: incidents, permits, windows, flow tests.
//!
//! A fire is called in before its hydrants are opened, a permit is granted before the water is drawn,
//! a window is entered before the section is shut. A theft leaves nothing.

use firemain_domain::Timestamp;
use firemain_domain::change::{
    Change, FlowTest, Incident, MaintenanceWindow, Permit, PermitPurpose,
};
use firemain_domain::handling::Area;
use firemain_domain::source::SourceCode;
use firemain_domain::time::MINUTE_MS;
use serde::Serialize;

use super::Simulation;
use super::agenda::Due;
use super::happen::Happening;
use crate::noise::{between, draw, share};
use crate::scenario::EventKind;

/// Changes kept at most.
const MOST_CHANGES: usize = 1_000_000;
const CALLED_MS: i64 = 4 * MINUTE_MS;
const PACKED_UP_MS: i64 = 10 * MINUTE_MS;
/// Within this of a fire its crews look for water.
const REACH_M: f64 = 500.0;
const GRANTED_MS: i64 = 60 * MINUTE_MS;
const MARGIN_MS: i64 = 10 * MINUTE_MS;
const WRITTEN_UP_MS: i64 = 20 * MINUTE_MS;
/// From so many L/s on a permitted use is the brigade's drill.
const DRILL_LPS: f64 = 10.0;
const GAUGE_KPA: f64 = 8.0;
const BRIGADE: &str = "Đội Chữa cháy và CNCH khu vực 1";
const COMMAND: &str = "Trung tâm Thông tin chỉ huy";
const COMPANY: &str = "Công ty nước sạch";

/// Something that people entered: a line that `firemain backtest --changes` reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimedChange {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

impl Simulation {
    /// What people entered up to now, in order of time.
    pub fn changes(&self) -> Vec<TimedChange> {
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .filter(|change| change.at <= self.now)
            .cloned()
            .collect();
        changes.sort_by_key(|change| change.at);
        changes
    }

    /// Enters what people enter of a happening at these hydrants.
    pub(super) fn enter(&mut self, happening: &Happening, hydrants: &[usize], size: f64) {
        if !self.settings.truth && !self.settings.flow_tested {
            return;
        }
        match happening.kind {
            EventKind::Fire => self.call_in(happening, hydrants, size),
            EventKind::PermittedUse => {
                let purpose = if size >= DRILL_LPS {
                    PermitPurpose::Drill
                } else {
                    PermitPurpose::Other
                };
                self.permit(happening, hydrants, purpose);
            }
            EventKind::FlowTest => {
                self.permit(happening, hydrants, PermitPurpose::Test);
                self.plan_test(happening, hydrants);
            }
            EventKind::Maintenance => self.announce(happening, hydrants),
            _ => {}
        }
    }

    fn call_in(&mut self, happening: &Happening, hydrants: &[usize], size: f64) {
        let Some(first) = hydrants.first() else {
            return;
        };
        let source = &self.town.sources()[*first];
        let chance = draw(self.settings.seed, 231, u64::from(happening.number));
        let near = |salt: u64| between(draw(chance, salt, 0), -0.000_4, 0.000_4);
        let mut position = source.position;
        position.lat += near(1);
        position.lon += near(2);
        let id = format!("inc-e{}", happening.number);
        let at = self.not_before_start(happening.from.plus_ms(-CALLED_MS));
        let ends_at = happening.until.map(|until| until.plus_ms(PACKED_UP_MS));
        let sources = self.town.sources().iter().zip(0..);
        let within_reach = sources
            .filter(|(source, _)| source.position.distance_m(&position) <= REACH_M)
            .map(|(_, number)| number)
            .collect();
        self.causes.add_fire(within_reach, at, ends_at);
        let incident = Incident {
            id: id.clone(),
            position,
            at,
            name: format!("Cháy gần {}", source.name),
            by: COMMAND.into(),
            required_flow_lps: Some(size),
        };
        self.change(at, Change::IncidentOpened { incident });
        if let Some(at) = ends_at {
            self.change(at, Change::IncidentEnded { id, at });
        }
    }

    fn permit(&mut self, happening: &Happening, hydrants: &[usize], purpose: PermitPurpose) {
        let until = happening.until.unwrap_or(Timestamp::MAX);
        for hydrant in hydrants {
            let source = self.code(*hydrant);
            let permit = Permit {
                id: format!("permit-e{}-{}", happening.number, source.to_lowercase()),
                source,
                purpose,
                from: happening.from.plus_ms(-MARGIN_MS),
                until: until.plus_ms(MARGIN_MS),
                by: if purpose == PermitPurpose::Other {
                    COMPANY.into()
                } else {
                    BRIGADE.into()
                },
                note: None,
            };
            let at = self.not_before_start(happening.from.plus_ms(-GRANTED_MS));
            self.change(at, Change::PermitGranted { permit });
        }
    }

    fn announce(&mut self, happening: &Happening, hydrants: &[usize]) {
        let until = happening.until.unwrap_or(Timestamp::MAX);
        for hydrant in hydrants {
            let source = self.code(*hydrant);
            let window = MaintenanceWindow {
                id: format!("mw-e{}-{}", happening.number, source.to_lowercase()),
                over: Area::Source(source),
                from: happening.from.plus_ms(-MARGIN_MS),
                until: until.plus_ms(3 * MARGIN_MS),
                weekly: None,
                reason: "Súc rửa đường ống".into(),
                by: COMPANY.into(),
            };
            let at = self.not_before_start(happening.from.plus_ms(-GRANTED_MS));
            self.change(at, Change::WindowEntered { window });
        }
    }

    fn plan_test(&mut self, happening: &Happening, hydrants: &[usize]) {
        let (Some(hydrant), Some(until)) = (hydrants.first(), happening.until) else {
            return;
        };
        let hydrant = *hydrant as u32;
        let before = happening.from.plus_ms(-1_000).max(self.now);
        self.agenda.add(before, Due::GaugeAtRest(hydrant));
        self.agenda.add(
            until.plus_ms(-1_000),
            Due::GaugeFlowing(hydrant, happening.number),
        );
    }

    /// A crew reads its gauge before it opens the hydrant.
    pub(super) fn gauge_at_rest(&mut self, at: Timestamp, hydrant: u32) {
        let sight = self.sight(hydrant as usize, at);
        self.gauged.insert(hydrant, sight.main);
    }

    /// It reads gauge and pitot with the hydrant open, and enters the test.
    pub(super) fn gauge_flowing(&mut self, at: Timestamp, hydrant: u32, event: u32) {
        let Some(static_kpa) = self.gauged.remove(&hydrant) else {
            return;
        };
        let sight = self.sight(hydrant as usize, at);
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        // A gauge reads within its accuracy, the same way twice.
        let chance = draw(self.settings.seed, 232, u64::from(event));
        let off = (share(chance) - 0.5) * GAUGE_KPA * 0.5;
        let test = FlowTest {
            id: format!("ft-e{event}"),
            source: self.code(hydrant as usize),
            at,
            static_kpa: tenths(static_kpa + off),
            residual_kpa: tenths(sight.main + off).max(0.0),
            flow_lps: tenths(sight.flow_lps),
            gauge_accuracy_kpa: Some(GAUGE_KPA),
            by: BRIGADE.into(),
            note: None,
        };
        // A test without a drop is none (NFPA 291).
        if test.static_kpa > test.residual_kpa && test.flow_lps > 0.0 {
            self.change(at.plus_ms(WRITTEN_UP_MS), Change::FlowTestEntered { test });
        }
    }

    fn code(&self, number: usize) -> SourceCode {
        self.town.sources()[number].code.clone()
    }

    fn not_before_start(&self, at: Timestamp) -> Timestamp {
        at.max(self.settings.start)
    }

    fn change(&mut self, at: Timestamp, change: Change) {
        if self.changes.len() < MOST_CHANGES {
            self.changes.push(TimedChange { at, change });
        }
    }
}
