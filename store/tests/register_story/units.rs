//! Maps of administrative units, and what was planned for them.

use firemain_domain::change::Change;
use firemain_domain::source::KindName;
use firemain_domain::units::{Target, UnitKind};
use firemain_store::register::units::{NewUnits, Unit};
use firemain_store::register::{Register, RegisterError};

use crate::register_support::at;

fn map(id: &str, minute: i64, names: &[&str]) -> NewUnits {
    let unit = |name: &&str| Unit {
        code: format!("code-{name}"),
        name: (*name).to_owned(),
        kind: UnitKind::Ward,
        geometry: r#"{"type":"Polygon","coordinates":[]}"#.to_owned(),
    };
    NewUnits {
        id: id.to_owned(),
        valid_from: at(minute),
        units: names.iter().map(unit).collect(),
    }
}

pub fn maps_of_units_are_entered_whole_and_withdrawn(register: &dyn Register) {
    let before = register.newest_change().unwrap();
    let first = map("first", 0, &["A", "B"]);
    let number = register.import_units("lan", at(1), &first).unwrap();
    assert_eq!(number, before + 1);
    let said = &register.changes_after(before, 10).unwrap()[0].change;
    assert!(
        matches!(said, Change::UnitsImported { version, units: 2, .. } if version == "first"),
        "{said:?}"
    );
    assert_eq!(register.units_of("first").unwrap(), first.units);

    let same_day = map("second", 0, &["C"]);
    let refused = register.import_units("lan", at(2), &same_day);
    assert!(matches!(refused, Err(RegisterError::Conflict(said)) if said.contains("`first`")));
    assert!(
        register.units_of("second").unwrap().is_empty(),
        "nothing is half-imported"
    );
    assert_eq!(register.newest_change().unwrap(), number);
    let by_hand = Change::UnitsImported {
        version: "second".to_owned(),
        valid_from: at(9),
        units: 1,
        by: "lan".to_owned(),
    };
    assert!(
        register.change("lan", at(2), &[by_hand]).is_err(),
        "without its units"
    );
    assert!(
        register
            .import_units("lan", at(2), &map("none", 5, &[]))
            .is_err()
    );

    let withdrawn = Change::UnitsWithdrawn {
        version: "first".to_owned(),
    };
    register
        .change("lan", at(3), std::slice::from_ref(&withdrawn))
        .unwrap();
    assert!(
        register.change("lan", at(3), &[withdrawn]).is_err(),
        "twice"
    );
    register.import_units("lan", at(4), &same_day).unwrap();
    let versions = register.unit_versions().unwrap();
    let told: Vec<_> = versions.iter().map(|v| (&*v.id, v.withdrawn_at)).collect();
    assert_eq!(told, [("second", None), ("first", Some(at(3)))]);
}

pub fn targets_are_set_and_taken_back(register: &dyn Register) {
    let target = |unit: Option<&str>, sources| Target {
        unit: unit.map(str::to_owned),
        kind: KindName::Tank,
        year: 2027,
        sources,
    };
    let set = |target| register.change("lan", at(5), &[Change::TargetSet { target }]);
    set(target(None, Some(7))).unwrap();
    set(target(Some("00070"), Some(3))).unwrap();
    set(target(Some("00070"), Some(4))).unwrap();
    let both = [target(None, Some(7)), target(Some("00070"), Some(4))];
    assert_eq!(register.targets().unwrap(), both);
    set(target(None, None)).unwrap();
    assert_eq!(register.targets().unwrap(), both[1..]);
}
