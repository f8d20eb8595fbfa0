//! Table H.1: what a settlement's mains must give (QCVN 10:2025/BCA, Appendix H).

/// Simultaneous fires and the flow of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettlementDemand {
    /// Fires at the same time.
    pub fires: u32,
    /// Flow of one, L/s.
    pub flow_lps: f64,
}

/// People up to (thousands), fires, L/s per fire for ≤ 2 storeys and for ≥ 3 storeys.
const TABLE_H1: [(u32, u32, f64, f64); 14] = [
    (1, 1, 5.0, 10.0),
    (5, 1, 10.0, 10.0),
    (10, 1, 10.0, 15.0),
    (25, 2, 10.0, 15.0),
    (50, 2, 20.0, 25.0),
    (100, 2, 25.0, 35.0),
    (200, 3, 40.0, 40.0),
    (300, 3, 55.0, 55.0),
    (400, 3, 70.0, 70.0),
    (500, 3, 80.0, 80.0),
    (600, 3, 85.0, 85.0),
    (700, 3, 90.0, 90.0),
    (800, 3, 95.0, 95.0),
    (1_000, 3, 100.0, 100.0),
];
/// Beyond the table.
const LARGEST: SettlementDemand = SettlementDemand {
    fires: 5,
    flow_lps: 110.0,
};

/// What the mains of a settlement of `people` must give, by the height of its houses.
pub fn settlement_demand(people: u32, storeys: u32) -> SettlementDemand {
    TABLE_H1
        .iter()
        .find(|(thousands, ..)| people <= thousands * 1_000)
        .map_or(LARGEST, |&(_, fires, low, high)| SettlementDemand {
            fires,
            flow_lps: if storeys <= 2 { low } else { high },
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_h1_is_read_by_people_and_storeys() {
        let demand = |people, storeys| {
            let d = settlement_demand(people, storeys);
            (d.fires, d.flow_lps)
        };
        assert_eq!(demand(1_000, 2), (1, 5.0));
        assert_eq!(demand(1_001, 3), (1, 10.0));
        assert_eq!(demand(30_000, 3), (2, 25.0));
        assert_eq!(demand(30_000, 2), (2, 20.0));
        assert_eq!(demand(950_000, 9), (3, 100.0));
        assert_eq!(demand(8_000_000, 9), (5, 110.0));
    }
}
