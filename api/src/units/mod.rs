//! To which administrative unit a source belongs: by point in polygon, on the map that was valid at
//! the time.
//!
//! In: maps of units as GeoJSON ([`mod@read`]), each valid from a date until the next begins. Out:
//! [`Units::of`], for lists, scopes, routes and reports alike. A map of a coming date takes effect by
//! itself at that midnight, for what is asked is always a moment. Where no map is valid, or none of
//! its units holds the place, the unit entered with the source stands, and the answer says so.
//! Judging knows nothing of this.

mod map;
mod overlaps;
mod read;
mod shape;

pub use map::{UnitMap, UnitOnMap};
pub use overlaps::Overlap;
pub use read::{UnitFault, UnitsError, UnitsFile, read};
pub use shape::Shape;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use firemain_domain::Timestamp;
use firemain_domain::source::{Position, Source};
use firemain_store::register::units::UnitVersion;
use firemain_store::register::{Register, RegisterError};
use serde::Serialize;
use utoipa::ToSchema;

/// The maps of units, ready to be asked.
#[derive(Default)]
pub struct Units {
    register: OnceLock<Arc<dyn Register>>,
    atlas: RwLock<Arc<Atlas>>,
}

/// All maps that stand, the earliest first.
#[derive(Debug, Default)]
struct Atlas {
    pages: Vec<Page>,
}

/// A map; those that were over when the atlas was made are read when they are asked for.
#[derive(Debug)]
struct Page {
    version: UnitVersion,
    map: OnceLock<Arc<UnitMap>>,
}

/// Why a source is said to belong to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The unit's polygon holds it.
    Polygon,
    /// No map of units is valid at the time: what was entered with the source stands.
    NoMap,
    /// It lies in no unit of the map: what was entered with the source stands.
    Outside,
}

/// To which unit a source belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitOf {
    /// The unit's code on the map; `None`: not by a map.
    pub code: Option<Arc<str>>,
    /// The unit's name; `None`: nobody knows one.
    pub name: Option<Arc<str>>,
    /// Why.
    pub ground: Ground,
}

impl UnitOf {
    /// Whether that is the unit meant, by code or by name.
    pub fn is(&self, wanted: &str) -> bool {
        self.code.as_deref() == Some(wanted) || self.name.as_deref() == Some(wanted)
    }

    /// What units are told apart by: the code, or the name where there is no map.
    pub fn key(&self) -> Option<&Arc<str>> {
        self.code.as_ref().or(self.name.as_ref())
    }
}

impl Units {
    /// Reads the maps that stand, those valid now or later whole. Blocks.
    ///
    /// # Errors
    /// When the register cannot be read, or holds a map that cannot.
    pub fn load(&self, register: &Arc<dyn Register>, now: Timestamp) -> Result<(), RegisterError> {
        let register = self.register.get_or_init(|| register.clone());
        let mut versions = register.unit_versions()?;
        versions.retain(|version| version.withdrawn_at.is_none());
        versions.sort_by_key(|version| version.valid_from);
        let current = versions
            .iter()
            .rposition(|version| version.valid_from <= now)
            .unwrap_or(0);
        let mut pages = Vec::with_capacity(versions.len());
        for (index, version) in versions.into_iter().enumerate() {
            let page = Page::new(version);
            if index >= current {
                page.read(&**register)?;
            }
            pages.push(page);
        }
        *self.atlas.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Atlas { pages });
        Ok(())
    }

    /// The map valid at a moment. One that was over when the maps were loaded is read now: then this
    /// blocks.
    pub fn map_at(&self, at: Timestamp) -> Option<Arc<UnitMap>> {
        let atlas = self.atlas();
        let page = atlas.pages.iter().rfind(|p| p.version.valid_from <= at)?;
        if let Some(map) = page.map.get() {
            return Some(map.clone());
        }
        match page.read(&**self.register.get()?) {
            Ok(map) => Some(map),
            Err(error) => {
                tracing::error!(units.version = %page.version.id, %error, "a map of units cannot be read");
                None
            }
        }
    }

    /// The maps that stand, the earliest to begin first.
    pub fn versions(&self) -> Vec<UnitVersion> {
        let atlas = self.atlas();
        atlas
            .pages
            .iter()
            .map(|page| page.version.clone())
            .collect()
    }

    /// To which unit a source belonged, or will belong, at a moment.
    pub fn of(&self, source: &Source, at: Timestamp) -> UnitOf {
        unit_on(self.map_at(at).as_deref(), source)
    }

    fn atlas(&self) -> Arc<Atlas> {
        let atlas = self.atlas.read().unwrap_or_else(PoisonError::into_inner);
        atlas.clone()
    }
}

/// To which unit a source belongs on a map, or where there is none.
pub fn unit_on(map: Option<&UnitMap>, source: &Source) -> UnitOf {
    unit_at(map, source.position, source.unit.as_ref())
}

/// The same of a place, with the unit that was entered for it.
pub fn unit_at(map: Option<&UnitMap>, position: Position, entered: Option<&Arc<str>>) -> UnitOf {
    if let Some(unit) = map.and_then(|map| map.of(position)) {
        return UnitOf {
            code: Some(unit.code.clone()),
            name: Some(unit.name.clone()),
            ground: Ground::Polygon,
        };
    }
    UnitOf {
        code: None,
        name: entered.cloned(),
        ground: if map.is_some() {
            Ground::Outside
        } else {
            Ground::NoMap
        },
    }
}

impl Page {
    fn new(version: UnitVersion) -> Self {
        Self {
            version,
            map: OnceLock::new(),
        }
    }

    fn read(&self, register: &dyn Register) -> Result<Arc<UnitMap>, RegisterError> {
        if let Some(map) = self.map.get() {
            return Ok(map.clone());
        }
        let units = register.units_of(&self.version.id)?;
        let unreadable = |reason| RegisterError::Unreadable {
            what: "map of units",
            reason,
        };
        let map = UnitMap::of_rows(self.version.clone(), units).map_err(unreadable)?;
        Ok(self.map.get_or_init(|| Arc::new(map)).clone())
    }
}

impl std::fmt::Debug for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Units").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
