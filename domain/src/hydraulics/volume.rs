//! Stored water and its refilling (QCVN 10:2025/BCA H.1.3).

/// Water that a fire of `hours` at `flow_lps` takes: `V = 3.6 · Q · t`, m³.
pub fn stored_volume_m3(flow_lps: f64, hours: f64) -> f64 {
    3.6 * flow_lps * hours
}

/// What a zone must give at once: fires at the same time × flow of each, L/s.
pub fn zone_demand_lps(fires: u32, flow_lps: f64) -> f64 {
    f64::from(fires) * flow_lps
}

/// The inflow that refills `volume_m3` within `hours`, L/s.
pub fn refill_flow_lps(volume_m3: f64, hours: f64) -> f64 {
    volume_m3 / hours / 3.6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_agree_with_the_norms_examples() {
        for (flow, volume) in [(10.0, 108.0), (15.0, 162.0), (20.0, 216.0)] {
            assert!((stored_volume_m3(flow, 3.0) - volume).abs() < 1e-9);
        }
    }

    #[test]
    fn a_town_of_thirty_thousand_needs_fifty_litres_a_second() {
        let demand = zone_demand_lps(2, 25.0);
        assert_eq!(demand, 50.0);
        let volume = stored_volume_m3(demand, 3.0);
        assert!((volume - 540.0).abs() < 1e-9);
        assert!((refill_flow_lps(volume, 24.0) - 6.25).abs() < 1e-9);
    }
}
