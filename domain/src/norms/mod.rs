//! What the norms ask (QCVN 10:2025/BCA, Appendix H; QCVN 06:2022/BXD where it is silent).
//!
//! Norms propose; a person enters what a source owes.

mod buildings;
mod settlements;

pub use buildings::{BuildingUse, building_flow_lps};
pub use settlements::{SettlementDemand, settlement_demand};

use crate::hydraulics::{NORM_TARGET_KPA, stored_volume_m3};
use crate::source::{KindName, Requirement};

/// Duration of a fire, h (H.1.3.3): the usual case.
pub const FIRE_HOURS: f64 = 3.0;
/// Hydrants stand at most this far apart, m (H.1.4).
pub const HYDRANT_SPACING_M: f64 = 150.0;
/// A source serves this far with a fire engine, m (QCVN 06:2022/BXD 5.1.5.9).
pub const SERVICE_RADIUS_M: f64 = 200.0;
/// Suction lift of an engine, m (Fig. H.1).
pub const SUCTION_LIFT_M: f64 = 7.0;
/// A fire road is at least this wide, m (QCVN 06:2022/BXD ch. 6).
pub const FIRE_ROAD_WIDTH_M: f64 = 3.5;
/// And at least this high, m.
pub const FIRE_ROAD_HEIGHT_M: f64 = 4.5;

/// What a place is, for the time within which stored water must be full again (H.1.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefillClass {
    /// More than 5,000 people, or industry of hazard A, B, C.
    Large,
    /// Industry of hazard D, E.
    LowHazard,
    /// Up to 5,000 people.
    Small,
}

/// Hours within which stored water must be full again (H.1.3.4).
pub const fn refill_hours(class: RefillClass) -> f64 {
    match class {
        RefillClass::Large => 24.0,
        RefillClass::LowHazard => 36.0,
        RefillClass::Small => 72.0,
    }
}

/// What the norms propose for a source of that kind where a fire needs `flow_lps`: 10 m of free head
/// and the flow for a hydrant, the water of a three-hour fire for a tank, nothing for a draw point,
/// whose limits lie in its own levels.
pub fn propose(kind: KindName, flow_lps: f64) -> Requirement {
    match kind {
        KindName::Hydrant => Requirement {
            pressure_kpa: Some(NORM_TARGET_KPA),
            flow_lps: Some(flow_lps),
            volume_m3: None,
        },
        KindName::Tank => Requirement {
            volume_m3: Some(stored_volume_m3(flow_lps, FIRE_HOURS)),
            ..Requirement::default()
        },
        KindName::DrawPoint => Requirement::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_norms_propose_ten_metres_and_three_hours() {
        assert_eq!(propose(KindName::Hydrant, 15.0).pressure_kpa, Some(98.1));
        assert_eq!(propose(KindName::Tank, 15.0).volume_m3, Some(162.0));
        assert_eq!(refill_hours(RefillClass::Small), 72.0);
    }
}
