//! The formulas of firefighting water, each with its refusals.
//!
//! Sources: NFPA 291 (flow tests, pitot, colour classes), QCVN 10:2025/BCA Appendix H (volumes),
//! Joukowsky 1898 (surge). Pressures are in kPa above the atmosphere, flows in L/s.

mod flow_test;
mod surge;
mod volume;

pub use flow_test::{
    Available, ColourClass, FlowTestPoint, NFPA_TARGET_KPA, NORM_TARGET_KPA, TestRefusal,
    pitot_flow_lps,
};
pub use surge::joukowsky_kpa;
pub use volume::{refill_flow_lps, stored_volume_m3, zone_demand_lps};
