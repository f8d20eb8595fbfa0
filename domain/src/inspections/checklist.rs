//! The checklist of each kind, and what an inspection leaves to be done.

use serde::{Deserialize, Serialize};

use crate::change::{CheckItem, Inspection};
use crate::source::{KindName, SourceCode};
use crate::time::Timestamp;

/// Something found not in order that somebody is to mend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Its id: `{inspection}/{item}`.
    pub id: String,
    /// The source.
    pub source: SourceCode,
    /// The inspection that found it.
    pub inspection: String,
    /// What was not in order.
    pub item: CheckItem,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was done; `None`: it is open.
    pub done_at: Option<Timestamp>,
    /// Who did it.
    pub done_by: Option<String>,
    /// What was done.
    pub note: Option<String>,
    /// Photos of what was done, by their ids.
    pub photos: Vec<String>,
}

impl CheckItem {
    /// Every item.
    pub const ALL: [Self; 10] = [
        Self::Operable,
        Self::CapsAndThreads,
        Self::Drains,
        Self::Plate,
        Self::Unobstructed,
        Self::VehicleAccess,
        Self::Connection,
        Self::Filling,
        Self::Apron,
        Self::Suction,
    ];

    /// The checklist of a kind, in the order in which one goes about it.
    pub const fn of_kind(kind: KindName) -> &'static [Self] {
        match kind {
            KindName::Hydrant => &[
                Self::Operable,
                Self::CapsAndThreads,
                Self::Drains,
                Self::Plate,
                Self::Unobstructed,
                Self::VehicleAccess,
            ],
            KindName::Tank => &[
                Self::Operable,
                Self::Connection,
                Self::Filling,
                Self::Plate,
                Self::Unobstructed,
                Self::VehicleAccess,
            ],
            KindName::DrawPoint => &[
                Self::Operable,
                Self::Apron,
                Self::Suction,
                Self::Plate,
                Self::Unobstructed,
                Self::VehicleAccess,
            ],
        }
    }

    /// Its code, such as `caps_and_threads`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operable => "operable",
            Self::CapsAndThreads => "caps_and_threads",
            Self::Drains => "drains",
            Self::Plate => "plate",
            Self::Unobstructed => "unobstructed",
            Self::VehicleAccess => "vehicle_access",
            Self::Connection => "connection",
            Self::Filling => "filling",
            Self::Apron => "apron",
            Self::Suction => "suction",
        }
    }
}

impl Inspection {
    /// What was found not in order, each item once, in the order of the items.
    pub fn findings(&self) -> Vec<CheckItem> {
        let amiss = self.checks.iter().filter(|check| !check.in_order);
        let mut found: Vec<CheckItem> = amiss.map(|check| check.item).collect();
        if !self.operable {
            found.push(CheckItem::Operable);
        }
        let barred = [CheckItem::Unobstructed, CheckItem::VehicleAccess];
        if self.obstructed && !found.iter().any(|item| barred.contains(item)) {
            found.push(CheckItem::Unobstructed);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The id of the work that a finding makes.
    pub fn work_id(&self, item: CheckItem) -> String {
        format!("{}/{}", self.id, item.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Check;

    fn inspection(operable: bool, obstructed: bool, checks: &[(CheckItem, bool)]) -> Inspection {
        Inspection {
            id: "KT-1".to_owned(),
            source: "TR-1".into(),
            at: Timestamp::from_ms(0),
            operable,
            obstructed,
            checks: checks
                .iter()
                .map(|(item, in_order)| Check {
                    item: *item,
                    in_order: *in_order,
                })
                .collect(),
            note: None,
            photos: Vec::new(),
            by: "lan".to_owned(),
        }
    }

    #[test]
    fn items_are_named_as_they_are_written() {
        for item in CheckItem::ALL {
            assert_eq!(serde_json::to_value(item).unwrap(), item.name());
        }
    }

    #[test]
    fn what_is_not_in_order_is_found_once() {
        use CheckItem::{Operable, Plate, Unobstructed, VehicleAccess};
        assert!(
            inspection(true, false, &[(Plate, true)])
                .findings()
                .is_empty()
        );
        let found = inspection(false, true, &[(Plate, false), (Operable, false)]);
        assert_eq!(found.findings(), [Operable, Plate, Unobstructed]);
        let no_way = inspection(true, true, &[(VehicleAccess, false)]);
        assert_eq!(no_way.findings(), [VehicleAccess]);
        assert_eq!(no_way.work_id(VehicleAccess), "KT-1/vehicle_access");
    }
}
