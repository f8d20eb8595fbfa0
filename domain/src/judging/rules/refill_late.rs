//! REFILL_LATE: a tank that was drawn from is not full again in its time. QCVN 10:2025/BCA H.1.3.4
//! gives 24 h (settlements of more than 5,000 people; industry of category A, B, C), 36 h (D, E) or
//! 72 h (settlements of up to 5,000): the tank's own `refill_hours` says which.

use serde::{Deserialize, Serialize};

use crate::source::TankGeometry;
use crate::time::{HOUR_MS, Timestamp};

/// A tank not refilled in its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefillLate {
    /// Within so many hours after a draw-off it must hold what it owes, where the tank itself does
    /// not say.
    pub hours: f64,
}

impl Default for RefillLate {
    fn default() -> Self {
        Self { hours: 24.0 }
    }
}

impl RefillLate {
    /// By when a tank whose draw-off ended at `ended_at` must hold what it owes.
    pub fn due_at(&self, tank: &TankGeometry, ended_at: Timestamp) -> Timestamp {
        let hours = tank.refill_hours.unwrap_or(self.hours).max(0.0);
        ended_at.plus_ms((hours * HOUR_MS as f64) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tanks_own_hours_come_before_the_rules() {
        let ended = Timestamp::from_ms(0);
        for (own, hours) in [(None, 24), (Some(36.0), 36), (Some(72.0), 72)] {
            let tank = TankGeometry {
                refill_hours: own,
                ..TankGeometry::default()
            };
            let due = RefillLate::default().due_at(&tank, ended);
            assert_eq!(due, ended.plus_ms(hours * HOUR_MS));
        }
    }
}
