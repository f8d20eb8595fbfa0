//! A value with what it is held against, and its age.

use firemain_domain::judging::{Basis, Measured};
use firemain_domain::{Quantity, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BasisCode, QuantityCode, age_s};

/// One measured, derived or estimated value beside its requirement or limit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MeasuredView {
    /// What it rests on.
    #[schema(value_type = BasisCode)]
    pub basis: Basis,
    /// What it is; a volume is called `volume_total_m3`.
    #[schema(value_type = QuantityCode)]
    pub quantity: Quantity,
    /// The value, in the unit that `quantity` ends in.
    #[schema(example = 31.5)]
    pub value: f64,
    /// The requirement or limit, in the same unit.
    #[schema(example = 98.1)]
    pub limit: Option<f64>,
    /// What is there beyond what is required; below 0 it falls short.
    #[schema(example = -66.6)]
    pub margin: Option<f64>,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How old it is, s.
    #[schema(example = 120)]
    pub age_s: i64,
}

impl MeasuredView {
    /// `measured` as it looks at `now`.
    pub fn new(measured: &Measured, now: Timestamp) -> Self {
        Self {
            basis: measured.basis,
            quantity: measured.quantity,
            value: measured.value,
            limit: measured.limit,
            margin: measured.margin,
            at: measured.at,
            age_s: age_s(measured.at, now),
        }
    }
}
