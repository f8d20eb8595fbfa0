//! What many sources have in common, kept once: in a city of a million, most owe the same, have the
//! same sensor, and of few is anything known about the way there.

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Access, Requirement, Sensor, Source};

/// Different values of one part that are kept to be shared; beyond that each source has its own.
const KNOWN: usize = 64;
/// The same of names of zones and units: a city has hundreds.
const NAMES_KNOWN: usize = 65_536;

/// A part of a source: a pointer's room, nothing more where nothing of it is set. Reads like the
/// part itself; written to, it becomes its source's own.
#[derive(Clone, Debug)]
pub struct Shared<T>(Option<Arc<T>>);

/// A part of which nothing may be set.
pub trait Unset: PartialEq + Sized + 'static {
    /// The part with nothing set.
    fn unset() -> &'static Self;
}

impl Unset for Requirement {
    fn unset() -> &'static Self {
        static UNSET: Requirement = Requirement {
            pressure_kpa: None,
            flow_lps: None,
            volume_m3: None,
        };
        &UNSET
    }
}

impl Unset for Access {
    fn unset() -> &'static Self {
        static UNSET: Access = Access {
            road_width_m: None,
            road_height_m: None,
            road_load_t: None,
            turning_area: None,
            obstruction: None,
        };
        &UNSET
    }
}

impl Unset for Sensor {
    fn unset() -> &'static Self {
        static UNSET: Sensor = Sensor {
            range_max: None,
            resolution: None,
            accuracy: None,
        };
        &UNSET
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Unset> From<T> for Shared<T> {
    fn from(part: T) -> Self {
        Self((part != *T::unset()).then(|| Arc::new(part)))
    }
}

impl<T: Unset> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(part) => part,
            None => T::unset(),
        }
    }
}

impl<T: Unset + Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(T::unset().clone())))
    }
}

impl<T: Unset> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Unset + Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl<'de, T: Unset + Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::from)
    }
}

/// What sources have in common, as it has been met so far.
#[derive(Clone, Debug, Default)]
pub struct Commons {
    requirements: Vec<Shared<Requirement>>,
    sensors: Vec<Shared<Sensor>>,
    ways: Vec<Shared<Access>>,
    names: HashSet<Arc<str>>,
}

impl Commons {
    /// The source with what it has in common with others in the one place that all share.
    pub fn share(&mut self, source: &mut Source) {
        share(&mut self.requirements, &mut source.requirement);
        share(&mut self.sensors, &mut source.sensor);
        share(&mut self.ways, &mut source.access);
        for name in [&mut source.zone, &mut source.unit].into_iter().flatten() {
            match self.names.get(name) {
                Some(known) => *name = known.clone(),
                None if self.names.len() < NAMES_KNOWN => drop(self.names.insert(name.clone())),
                None => {}
            }
        }
    }
}

fn share<T: Unset + Clone>(known: &mut Vec<Shared<T>>, part: &mut Shared<T>) {
    if part.0.is_none() {
        return;
    }
    match known.iter().find(|known| *known == part) {
        Some(known) => *part = known.clone(),
        None if known.len() < KNOWN => known.push(part.clone()),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owes(pressure_kpa: f64) -> Shared<Requirement> {
        Requirement {
            pressure_kpa: Some(pressure_kpa),
            ..Requirement::default()
        }
        .into()
    }

    #[test]
    fn what_is_alike_is_kept_once_until_one_of_them_changes() {
        let mut known = Vec::new();
        let (mut one, mut other) = (owes(98.1), owes(98.1));
        share(&mut known, &mut one);
        share(&mut known, &mut other);
        assert!(std::ptr::eq(&raw const *one, &raw const *other));
        other.flow_lps = Some(15.0);
        assert_eq!(one, owes(98.1));
        assert_eq!(
            (other.pressure_kpa, other.flow_lps),
            (Some(98.1), Some(15.0))
        );
    }

    #[test]
    fn a_part_with_nothing_set_takes_no_room_and_reads_as_such() {
        let nothing = Shared::from(Sensor::default());
        assert!(nothing.0.is_none());
        assert_eq!(*nothing, Sensor::default());
        let json = serde_json::to_string(&nothing).unwrap();
        assert_eq!(
            serde_json::from_str::<Shared<Sensor>>(&json).unwrap(),
            nothing
        );
    }

    #[test]
    fn no_more_is_kept_to_be_shared_than_is_worth_looking_through() {
        let mut known = Vec::new();
        for n in 0..1_000 {
            share(&mut known, &mut owes(f64::from(n)));
        }
        assert_eq!(known.len(), KNOWN);
    }
}
