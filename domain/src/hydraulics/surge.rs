//! Surge: what a valve shut too fast does to a main.

/// Density of water at 20 °C, kg/m³.
const DENSITY: f64 = 998.2;

/// The rise of pressure when a column of water is stopped: `Δp = ρ · a · Δv` (Joukowsky 1898), with
/// the speed of the pressure wave and the change of velocity in m/s; kPa.
pub fn joukowsky_kpa(wave_speed_mps: f64, velocity_change_mps: f64) -> f64 {
    DENSITY * wave_speed_mps * velocity_change_mps / 1_000.0
}

#[cfg(test)]
mod tests {
    #[test]
    fn stopping_one_metre_per_second_makes_ten_bar() {
        assert!((super::joukowsky_kpa(1_000.0, 1.0) / 100.0 - 9.98).abs() < 0.005);
    }
}
