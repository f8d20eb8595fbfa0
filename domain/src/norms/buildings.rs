//! Table H.2: what a building needs from outside (QCVN 10:2025/BCA, Appendix H).

/// What a building is used for, as the norm classes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildingUse {
    /// F1.3, F1.4: dwellings.
    Dwelling,
    /// F1.1, F1.2, F2 to F4: nurseries, hospitals, hotels, halls, shops, schools, offices.
    Public,
}

/// Volumes up to, thousand m³; the fifth column is beyond.
const VOLUMES: [f64; 4] = [1.0, 5.0, 25.0, 50.0];
/// Storeys up to; the fourth row is beyond.
const STOREYS: [u32; 3] = [3, 12, 16];

const DWELLING: [[f64; 5]; 4] = [
    [10.0, 10.0, 15.0, 15.0, 20.0],
    [10.0, 15.0, 15.0, 20.0, 20.0],
    [0.0, 20.0, 20.0, 25.0, 25.0],
    [0.0, 20.0, 25.0, 25.0, 30.0],
];
const PUBLIC: [[f64; 5]; 4] = [
    [10.0, 10.0, 15.0, 20.0, 25.0],
    [10.0, 15.0, 20.0, 25.0, 30.0],
    [0.0, 20.0, 25.0, 30.0, 35.0],
    [0.0, 25.0, 30.0, 30.0, 35.0],
];
/// In the country the smallest houses need this, L/s.
const RURAL: f64 = 5.0;

/// The flow for a fire in a building, L/s; `None` where the table has none (a tower of no volume).
pub fn building_flow_lps(
    usage: BuildingUse,
    storeys: u32,
    volume_thousand_m3: f64,
    rural: bool,
) -> Option<f64> {
    if volume_thousand_m3.is_nan() || volume_thousand_m3 <= 0.0 {
        return None;
    }
    let row = STOREYS
        .iter()
        .position(|upto| storeys <= *upto)
        .unwrap_or(STOREYS.len());
    let column = VOLUMES
        .iter()
        .position(|upto| volume_thousand_m3 <= *upto)
        .unwrap_or(VOLUMES.len());
    let flow = match usage {
        BuildingUse::Dwelling => DWELLING[row][column],
        BuildingUse::Public => PUBLIC[row][column],
    };
    // Marked with a star in the table: three storeys or fewer, and small.
    let starred = row == 0 && column <= 1;
    match flow {
        0.0 => None,
        _ if rural && starred => Some(RURAL),
        flow => Some(flow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_h2_is_read_by_use_storeys_and_volume() {
        use BuildingUse::{Dwelling, Public};
        assert_eq!(building_flow_lps(Dwelling, 3, 1.0, false), Some(10.0));
        assert_eq!(building_flow_lps(Dwelling, 3, 5.0, true), Some(5.0));
        assert_eq!(building_flow_lps(Dwelling, 13, 0.9, false), None);
        assert_eq!(building_flow_lps(Dwelling, 20, 60.0, false), Some(30.0));
        assert_eq!(building_flow_lps(Public, 2, 30.0, false), Some(20.0));
        assert_eq!(building_flow_lps(Public, 14, 26.0, false), Some(30.0));
        assert_eq!(building_flow_lps(Public, 17, 5.0, false), Some(25.0));
    }
}
