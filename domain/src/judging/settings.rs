//! What people set about one source: what judging reads beside the readings.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::{FlowTest, Inspection, MaintenanceWindow, Permit, PermitPurpose};
use crate::hydraulics::FlowTestPoint;
use crate::source::{ReportMode, Source, Status, SupplySchedule};
use crate::time::Timestamp;

/// Flow tests kept per source: the newest; older ones are history.
const TESTS_KEPT: usize = 3;
/// Inspections kept per source: the newest, and one before it in case that is struck out.
const INSPECTIONS_KEPT: usize = 2;

/// What people set about one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The source itself.
    pub source: Arc<Source>,
    /// What was entered about it; most have nothing.
    entered: Option<Box<Entered>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Entered {
    tests: Vec<FlowTest>,
    windows: Vec<MaintenanceWindow>,
    permits: Vec<Permit>,
    /// Inspections, oldest first.
    #[serde(default)]
    inspections: Vec<Inspection>,
    /// The supply hours of its zone.
    #[serde(default)]
    zone_supply: Option<SupplySchedule>,
}

impl Settings {
    /// A source about which nothing else is known.
    pub fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            entered: None,
        }
    }

    /// Its newest flow tests, oldest first.
    pub fn tests(&self) -> &[FlowTest] {
        self.entered.as_deref().map_or(&[], |e| &e.tests)
    }

    /// Maintenance windows that are not over.
    pub fn windows(&self) -> &[MaintenanceWindow] {
        self.entered.as_deref().map_or(&[], |e| &e.windows)
    }

    /// Permits that are not over.
    pub fn permits(&self) -> &[Permit] {
        self.entered.as_deref().map_or(&[], |e| &e.permits)
    }

    /// Its newest inspections, oldest first.
    pub fn inspections(&self) -> &[Inspection] {
        self.entered.as_deref().map_or(&[], |e| &e.inspections)
    }

    /// What a person found, where no flow test has said otherwise since.
    pub fn found(&self) -> Option<&Inspection> {
        let tested = self.tests().last().map(|test| test.at);
        self.inspections()
            .last()
            .filter(|found| tested.is_none_or(|tested| tested <= found.at))
    }

    fn entered(&mut self) -> &mut Entered {
        self.entered.get_or_insert_default()
    }

    /// Whether its device reports on change.
    pub fn on_change(&self) -> bool {
        self.source.reporting.mode == ReportMode::OnChange
    }

    /// The span within which a reading counts as of one interval, ms: that of a periodic device;
    /// of an on-change one, whose interval is only a heartbeat, not more than 15 min.
    pub fn fresh_interval_ms(&self) -> i64 {
        let interval = self.source.interval_ms();
        if self.on_change() {
            interval.min(900_000)
        } else {
            interval
        }
    }

    /// Whether it is judged: in service.
    pub fn is_in_service(&self) -> bool {
        self.source.status == Status::InService
    }

    /// Enters a flow test.
    pub fn enter_test(&mut self, test: FlowTest) {
        let tests = &mut self.entered().tests;
        tests.retain(|t| t.id != test.id);
        tests.push(test);
        tests.sort_by_key(|t| t.at);
        let surplus = tests.len().saturating_sub(TESTS_KEPT);
        tests.drain(..surplus);
    }

    /// Strikes out a flow test.
    pub fn withdraw_test(&mut self, id: &str) {
        if let Some(entered) = &mut self.entered {
            entered.tests.retain(|t| t.id != id);
        }
    }

    /// Enters an inspection.
    pub fn enter_inspection(&mut self, inspection: Inspection) {
        let inspections = &mut self.entered().inspections;
        inspections.retain(|i| i.id != inspection.id);
        inspections.push(inspection);
        inspections.sort_by_key(|i| i.at);
        let surplus = inspections.len().saturating_sub(INSPECTIONS_KEPT);
        inspections.drain(..surplus);
    }

    /// Strikes out an inspection.
    pub fn withdraw_inspection(&mut self, id: &str) {
        if let Some(entered) = &mut self.entered {
            entered.inspections.retain(|i| i.id != id);
        }
    }

    /// The newest flow test.
    pub fn newest_test(&self) -> Option<(&FlowTest, FlowTestPoint)> {
        self.tests().last().map(|test| (test, point(test)))
    }

    /// Enters a maintenance window.
    pub fn enter_window(&mut self, window: MaintenanceWindow) {
        let windows = &mut self.entered().windows;
        windows.retain(|w| w.id != window.id);
        windows.push(window);
    }

    /// Enters a permit.
    pub fn enter_permit(&mut self, permit: Permit) {
        let permits = &mut self.entered().permits;
        permits.retain(|p| p.id != permit.id);
        permits.push(permit);
    }

    /// Ends windows and permits of that id at `at`.
    pub fn end(&mut self, id: &str, at: Timestamp) {
        let Some(entered) = &mut self.entered else {
            return;
        };
        for window in entered.windows.iter_mut().filter(|w| w.id == id) {
            window.until = window.until.min(at);
        }
        for permit in entered.permits.iter_mut().filter(|p| p.id == id) {
            permit.until = permit.until.min(at);
        }
    }

    /// Lets go of windows and permits that are over.
    pub fn drop_ended(&mut self, now: Timestamp) {
        if let Some(entered) = &mut self.entered {
            entered.windows.retain(|w| w.until > now);
            entered.permits.retain(|p| p.until > now);
        }
    }

    /// Whether it is being worked on.
    pub fn in_maintenance(&self, now: Timestamp) -> bool {
        self.windows().iter().any(|w| w.is_on(now))
    }

    /// Windows and supply hours of its zone and unit: these, and no others.
    pub fn set_areas(
        &mut self,
        windows: impl Iterator<Item = MaintenanceWindow>,
        supply: Option<SupplySchedule>,
    ) {
        if let Some(entered) = &mut self.entered {
            entered.windows.retain(|w| w.over.source().is_some());
        }
        for window in windows {
            self.enter_window(window);
        }
        if supply.is_some() || self.entered.is_some() {
            self.entered().zone_supply = supply;
        }
    }

    /// Its supply hours: its own, or else those of its zone.
    pub fn supply(&self) -> Option<&SupplySchedule> {
        let own = self.source.supply_schedule.as_ref();
        own.or_else(|| self.entered.as_deref()?.zone_supply.as_ref())
    }

    /// Whether a flow test is permitted now.
    pub fn test_permitted(&self, now: Timestamp) -> bool {
        let mut permits = self.permits().iter();
        permits.any(|p| p.purpose == PermitPurpose::Test && p.from <= now && now < p.until)
    }

    /// Whether anybody may draw water now.
    pub fn permitted(&self, now: Timestamp) -> bool {
        self.permits()
            .iter()
            .any(|p| p.from <= now && now < p.until)
    }

    /// Whether there should be water now, by its supply hours.
    pub fn supplied(&self, now: Timestamp) -> bool {
        self.supply().is_none_or(|hours| hours.is_on(now))
    }

    /// Outside supply hours, and for `grace_ms` after they begin: the moment from which missing
    /// water counts. `None`: it counts now.
    pub fn water_owed_from(&self, now: Timestamp, grace_ms: i64) -> Option<Timestamp> {
        let hours = self.supply()?;
        let begins = if hours.is_on(now) {
            hours
                .next_change(now.plus_ms(-grace_ms))
                .filter(|t| *t <= now)
        } else {
            hours.next_change(now)
        };
        begins.map(|t| t.plus_ms(grace_ms))
    }

    /// The next moment at which a window or a permit begins or ends or supply goes on or off.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let windows = self
            .windows()
            .iter()
            .filter_map(|w| w.next_change(now))
            .chain(self.permits().iter().flat_map(|p| [p.from, p.until]))
            .filter(|t| *t > now);
        let hours = self.supply().and_then(|hours| hours.next_change(now));
        windows.chain(hours).min()
    }
}

fn point(test: &FlowTest) -> FlowTestPoint {
    FlowTestPoint {
        static_kpa: test.static_kpa,
        residual_kpa: test.residual_kpa,
        flow_lps: test.flow_lps,
        accuracy_kpa: test.gauge_accuracy_kpa,
    }
}
