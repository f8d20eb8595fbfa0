//! Administrative units: since 1 July 2025 Hanoi has 126 of them, wards (phường) and communes (xã),
//! and no districts between them and the city. They change when the administration is reorganised.

use serde::{Deserialize, Serialize};

use crate::source::KindName;

/// What an administrative unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Phường.
    Ward,
    /// Xã.
    Commune,
    /// Anything else: a special zone, a military area.
    Other,
}

impl UnitKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Ward, Self::Commune, Self::Other];

    /// `ward`, `commune` or `other`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ward => "ward",
            Self::Commune => "commune",
            Self::Other => "other",
        }
    }

    /// Of a name of ours; `None`: nobody here knows it.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How many sources a unit is to have in service by the end of a year: the plan's number, against
/// which what was built is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The unit's code; `None`: the whole city.
    pub unit: Option<String>,
    /// Of which kind.
    pub kind: KindName,
    /// By the end of which year.
    pub year: u16,
    /// How many; `None` takes the target back.
    pub sources: Option<u32>,
}
