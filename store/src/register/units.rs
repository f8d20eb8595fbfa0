//! What the register keeps of administrative units: maps of them, each valid from a date, and how
//! many sources each is to have.
//!
//! In: whole maps by [`UnitRegister::import_units`], withdrawals and targets by
//! [`Register::change`](super::Register::change). Out: all maps, and the units of one.

use firemain_domain::Timestamp;
use firemain_domain::change::ChangeNumber;
use firemain_domain::units::{Target, UnitKind};
use serde::{Deserialize, Serialize};

use super::RegisterError;

/// Units of one map at most.
pub const MOST_UNITS: usize = 20_000;
/// Maps that are kept at most, the withdrawn with them.
pub const MOST_VERSIONS: usize = 500;
/// Targets at most.
pub const MOST_TARGETS: usize = 100_000;

/// What the register keeps of administrative units. Calls block.
pub trait UnitRegister: Send + Sync {
    /// Enters a map with all its units, and the change that says so, or nothing.
    ///
    /// # Errors
    /// When another map begins at the same moment: that one is to be withdrawn first.
    fn import_units(
        &self,
        by: &str,
        at: Timestamp,
        map: &NewUnits,
    ) -> Result<ChangeNumber, RegisterError>;

    /// Every map ever entered, the latest to begin first.
    fn unit_versions(&self) -> Result<Vec<UnitVersion>, RegisterError>;

    /// The units of a map, in order of code; none if there is no such map.
    fn units_of(&self, version: &str) -> Result<Vec<Unit>, RegisterError>;

    /// Every target.
    fn targets(&self) -> Result<Vec<Target>, RegisterError>;
}

/// A map to be entered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUnits {
    /// Its id.
    pub id: String,
    /// From when on it holds.
    pub valid_from: Timestamp,
    /// Its units.
    pub units: Vec<Unit>,
}

/// One administrative unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its code, unique in its map.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// GeoJSON: a `Polygon` or `MultiPolygon`, WGS 84.
    pub geometry: String,
}

/// A map of administrative units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitVersion {
    /// Its id.
    pub id: String,
    /// From when on it holds, until another begins.
    pub valid_from: Timestamp,
    /// How many units.
    pub units: u32,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Who entered it.
    pub by: String,
    /// When it was struck out as wrong.
    pub withdrawn_at: Option<Timestamp>,
}
