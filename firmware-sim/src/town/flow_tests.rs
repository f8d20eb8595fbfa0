//! What a crew with a gauge and a pitot would have measured at each hydrant (NFPA 291).

use firemain_domain::Timestamp;
use firemain_domain::change::FlowTest;
use firemain_domain::hydraulics::FlowTestPoint;

use super::sources::round;
use super::{Place, Town};
use crate::water::Load;

/// Two outlets of 65 mm wide open, L/s.
const TEST_LPS: f64 = 20.0;
const GAUGE_KPA: f64 = 8.0;

impl Town {
    /// The flow tests of all its hydrants, as measured at `at`: for entering into a register.
    pub fn flow_tests(&mut self, at: Timestamp) -> Vec<FlowTest> {
        let points = points(self, at);
        let sources = self.sources();
        points
            .into_iter()
            .zip(sources)
            .filter_map(|(point, source)| point.map(|p| (p, source)))
            .filter(|(point, _)| point.static_kpa > point.residual_kpa)
            .map(|(point, source)| FlowTest {
                id: format!("ft-{}", source.code.to_lowercase()),
                source: source.code.clone(),
                at,
                static_kpa: round(point.static_kpa, 1),
                residual_kpa: round(point.residual_kpa, 1),
                flow_lps: round(point.flow_lps, 1),
                gauge_accuracy_kpa: Some(GAUGE_KPA),
                by: "Đội Chữa cháy và CNCH khu vực 1".into(),
                note: None,
            })
            .collect()
    }
}

/// One point per source number; zones of one shape share their measurements.
pub(super) fn points(town: &mut Town, at: Timestamp) -> Vec<Option<FlowTestPoint>> {
    let mut of_shape: Vec<Option<Vec<FlowTestPoint>>> = vec![None; town.mains.len()];
    let mut by_zone = Vec::with_capacity(town.zones.len());
    for zone in 0..town.zones.len() {
        let mains = town.zones[zone].mains;
        let known = of_shape[mains]
            .as_ref()
            .is_some_and(|p| p.len() >= town.zones[zone].hydrant_nodes.len());
        if !known {
            of_shape[mains] = Some(measure(town, zone, at));
        }
        by_zone.push(mains);
    }
    town.places
        .iter()
        .map(|place| match *place {
            Place::Hydrant { zone, local, .. } => of_shape[by_zone[zone as usize]]
                .as_ref()
                .and_then(|p| p.get(local as usize))
                .copied(),
            Place::Tank { .. } | Place::DrawPoint { .. } => None,
        })
        .collect()
}

fn measure(town: &mut Town, zone: usize, at: Timestamp) -> Vec<FlowTestPoint> {
    let zone = &town.zones[zone];
    let mains = &mut town.mains[zone.mains];
    let Ok(idle) = mains.solve(zone.seed, at, &Load::default(), None) else {
        return Vec::new();
    };
    zone.hydrant_nodes
        .iter()
        .map(|node| {
            let load = Load {
                drawn_lps: [(*node, TEST_LPS)].into(),
                ..Load::default()
            };
            let static_kpa = mains.pressure_kpa(&idle, *node);
            let flowing = mains.solve(zone.seed, at, &load, Some(&idle));
            let (residual_kpa, flow_lps) = flowing.map_or((static_kpa, TEST_LPS), |s| {
                (
                    mains.pressure_kpa(&s, *node),
                    mains.drawn_lps(&s, *node, TEST_LPS),
                )
            });
            FlowTestPoint {
                static_kpa,
                residual_kpa,
                flow_lps,
                accuracy_kpa: Some(GAUGE_KPA),
            }
        })
        .collect()
}
