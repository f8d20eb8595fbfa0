//! Inspections: what they found becomes work, photos are kept, rounds are planned and ended.

use firemain_domain::change::{Change, Check, CheckItem, Inspection, Round};
use firemain_store::register::inspections::{NewPhoto, WorkFilter};
use firemain_store::register::{Register, RegisterError};

use crate::register_support::at;

fn inspection(id: &str, minute: i64, checks: &[(CheckItem, bool)]) -> Inspection {
    let check = |(item, in_order): &(CheckItem, bool)| Check {
        item: *item,
        in_order: *in_order,
    };
    Inspection {
        id: id.to_owned(),
        source: "TR-2".into(),
        at: at(minute),
        operable: true,
        obstructed: false,
        checks: checks.iter().map(check).collect(),
        note: None,
        photos: Vec::new(),
        by: "lan".to_owned(),
    }
}

fn entered(inspection: &Inspection) -> Change {
    Change::InspectionEntered {
        inspection: inspection.clone(),
    }
}

fn photo(bytes: &[u8]) -> NewPhoto<'_> {
    NewPhoto {
        id: "photo-1",
        media: "image/png",
        at: at(20),
        by: "lan",
        bytes,
    }
}

fn works(register: &dyn Register, open: Option<bool>) -> Vec<String> {
    let filter = WorkFilter {
        source: Some("TR-2".to_owned()),
        open,
    };
    let works = register.works(&filter, None, 10).unwrap();
    works.into_iter().map(|work| work.id).collect()
}

pub fn findings_become_work_that_is_done_once(register: &dyn Register) {
    use CheckItem::{CapsAndThreads, Operable, Plate};
    let looked = register.looked_at().unwrap();
    let of = |code: &str| looked.iter().find(|l| &*l.code == code).unwrap().clone();
    assert_eq!(
        (of("TR-2").entered_at, of("TR-2").inspected_at),
        (Some(at(0)), None)
    );

    let mut first = inspection("KT-1", 20, &[(Plate, false), (Operable, false)]);
    first.operable = false;
    first.photos = vec!["photo-1".to_owned()];
    let refused = register.change("lan", at(20), &[entered(&first)]);
    assert!(matches!(refused, Err(RegisterError::NotFound(said)) if said.contains("photo-1")));
    assert!(works(register, None).is_empty(), "nothing of it was kept");

    assert!(register.add_photo(&photo(b"picture"), 10).unwrap());
    assert!(!register.add_photo(&photo(b"picture"), 10).unwrap());
    let other = NewPhoto {
        id: "photo-2",
        ..photo(b"else")
    };
    let full = register.add_photo(&other, 10).unwrap_err().to_string();
    assert!(full.contains("photos_max_bytes"), "{full}");
    let kept = register.photo("photo-1").unwrap().unwrap();
    assert_eq!((&*kept.media, &*kept.bytes), ("image/png", &b"picture"[..]));

    register.change("lan", at(20), &[entered(&first)]).unwrap();
    let second = inspection("KT-2", 30, &[(CapsAndThreads, false), (Plate, true)]);
    register.change("lan", at(30), &[entered(&second)]).unwrap();
    let all = ["KT-2/caps_and_threads", "KT-1/plate", "KT-1/operable"];
    assert_eq!(works(register, None), all);
    let after = register.works(&WorkFilter::default(), Some("KT-1/plate"), 1);
    assert_eq!(after.unwrap()[0].id, "KT-1/operable");

    let done = |id: &str| Change::WorkDone {
        id: id.to_owned(),
        source: "TR-2".into(),
        by: "minh".to_owned(),
        note: Some("thay ty van".to_owned()),
        photos: vec!["photo-1".to_owned()],
    };
    register
        .change("minh", at(40), &[done("KT-1/operable")])
        .unwrap();
    assert_eq!(works(register, Some(true)), all[..2]);
    assert_eq!(works(register, Some(false)), all[2..]);
    let work = register.work("KT-1/operable").unwrap().unwrap();
    assert_eq!(
        (work.done_at, work.done_by.as_deref(), work.photos.len()),
        (Some(at(40)), Some("minh"), 1)
    );
    let again = register.change("lan", at(41), &[done("KT-1/operable")]);
    assert!(matches!(again, Err(RegisterError::Conflict(said)) if said.contains("minh")));
    let none = register.change("lan", at(41), &[done("KT-9/operable")]);
    assert!(matches!(none, Err(RegisterError::NotFound(_))));

    let struck = Change::InspectionWithdrawn {
        id: "KT-1".to_owned(),
        source: "TR-2".into(),
    };
    register.change("lan", at(42), &[struck]).unwrap();
    assert_eq!(
        works(register, None),
        ["KT-2/caps_and_threads", "KT-1/operable"],
        "what was done stays"
    );
    let looked = register.looked_at().unwrap();
    let of = looked.iter().find(|l| &*l.code == "TR-2").unwrap();
    assert_eq!(of.inspected_at, Some(at(30)));
}

pub fn rounds_are_planned_and_ended_once(register: &dyn Register) {
    let round = |id: &str, sources: &[&str]| Change::RoundPlanned {
        round: Round {
            id: id.to_owned(),
            name: "Tuần 48".to_owned(),
            at: at(25),
            sources: sources.iter().map(|code| (*code).into()).collect(),
            by: "lan".to_owned(),
        },
    };
    for (wrong, said) in [
        (round("V-0", &[]), "1 to 200"),
        (round("V-0", &["TR-1", "TR-1"]), "twice"),
        (round("V-0", &["TR-1", "NONE"]), "`NONE`"),
    ] {
        let refused = register.change("lan", at(25), &[wrong]).unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
    let planned = round("V-1", &["TR-2", "TR-1"]);
    register.change("lan", at(25), &[planned]).unwrap();
    let there = register.round("V-1").unwrap().unwrap();
    let visited = register
        .inspected_within(&there.what.sources, at(25), at(60))
        .unwrap();
    assert_eq!(visited, [Some(at(30)), None]);

    let end = Change::RoundEnded {
        id: "V-1".to_owned(),
        at: at(60),
    };
    register
        .change("lan", at(60), std::slice::from_ref(&end))
        .unwrap();
    assert!(register.rounds(true, None, 10).unwrap().is_empty());
    let ended = register.rounds(false, None, 10).unwrap();
    assert_eq!(ended[0].ended_at, Some(at(60)));
    let again = register.change("lan", at(61), &[end]).unwrap_err();
    assert!(again.to_string().contains("already ended"), "{again}");
}

pub fn what_is_found_twice_is_mended_once(register: &dyn Register) {
    use CheckItem::Drains;
    let enter = |id: &str, minute: i64| {
        let found = inspection(id, minute, &[(Drains, false)]);
        register
            .change("lan", at(minute), &[entered(&found)])
            .unwrap();
    };
    let open = || {
        let mut open = works(register, Some(true));
        open.retain(|id| id.ends_with("/drains"));
        open
    };
    enter("KT-A", 70);
    enter("KT-B", 71);
    assert_eq!(open(), ["KT-A/drains"], "one piece of work");
    let strike = |id: &str| {
        let struck = Change::InspectionWithdrawn {
            id: id.to_owned(),
            source: "TR-2".into(),
        };
        register.change("lan", at(72), &[struck]).unwrap();
    };
    strike("KT-A");
    assert_eq!(open(), ["KT-B/drains"], "the other found it too");
    let done = Change::WorkDone {
        id: "KT-B/drains".to_owned(),
        source: "TR-2".into(),
        by: "minh".to_owned(),
        note: None,
        photos: Vec::new(),
    };
    register.change("minh", at(75), &[done]).unwrap();
    enter("KT-C", 80);
    assert_eq!(open(), ["KT-C/drains"], "broken again is work again");
    strike("KT-C");
    assert!(open().is_empty(), "what was mended stays so");
}

pub fn photos_that_nothing_names_are_let_go(register: &dyn Register) {
    let sent = |id: &'static str, minute: i64| NewPhoto {
        id,
        at: at(minute),
        ..photo(b"x")
    };
    for (id, minute) in [
        ("stray-1", 30),
        ("stray-2", 31),
        ("again", 30),
        ("young", 90),
    ] {
        assert!(register.add_photo(&sent(id, minute), 100).unwrap());
    }
    assert!(!register.add_photo(&sent("again", 90), 100).unwrap());
    let there = |id: &str| register.photo(id).unwrap().is_some();
    assert_eq!(
        register.drop_unnamed_photos(at(60), 1).unwrap(),
        1,
        "bounded"
    );
    assert!(!there("stray-1") && there("stray-2"));
    assert_eq!(register.drop_unnamed_photos(at(60), 9).unwrap(), 1);
    assert!(!there("stray-2") && there("again") && there("young"));
    assert!(there("photo-1"), "an inspection and work name it");
    assert_eq!(register.drop_unnamed_photos(at(99), 9).unwrap(), 2);
    // Their room is free again.
    assert!(register.add_photo(&sent("next", 95), 8).unwrap());
}
