//! Chance without a state: every draw is a hash of the seed and of what it is for.
//!
//! The same question always gets the same answer, whatever was asked before it. So the order in
//! which a million devices are served cannot change what they measure.

/// Scrambles 64 bits (the finaliser of SplitMix64: Steele, Lea and Flood, 2014).
pub(crate) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A hash of a seed and two numbers that say what is being drawn.
pub(crate) const fn draw(seed: u64, what: u64, which: u64) -> u64 {
    mix(mix(seed ^ what.wrapping_mul(0xD6E8_FEB8_6659_FD93)) ^ which)
}

/// A draw as a number from 0 up to, not including, 1.
pub(crate) const fn share(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// A draw as a number between `low` and `high`.
pub(crate) const fn between(draw: u64, low: f64, high: f64) -> f64 {
    low + (high - low) * share(draw)
}

/// A draw as a bell curve of mean 0 and deviation 1, cut at ± 3.46: the sum of four even draws.
pub(crate) const fn bell(draw: u64) -> f64 {
    let sum = (draw & 0xFFFF) + (draw >> 16 & 0xFFFF) + (draw >> 32 & 0xFFFF) + (draw >> 48);
    (sum as f64 / 65_535.0 - 2.0) * 1.732_050_8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_has_mean_nought_and_deviation_one() {
        let n = 100_000_u64;
        let draws: Vec<f64> = (0..n).map(|i| bell(draw(7, 1, i))).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn shares_fill_the_unit_evenly() {
        let low = (0..10_000).filter(|i| share(draw(1, 2, *i)) < 0.25).count();
        assert!((2_300..2_700).contains(&low), "{low}");
    }
}
