//! What people enter, and what is refused.

use firemain_domain::change::{Change, PermitPurpose};
use firemain_domain::source::KindName;
use firemain_store::journal::Position;
use firemain_store::register::{Register, RegisterError};

use crate::register_support::{at, flow_test, hydrant, incident, permit, set, tank, window};

pub fn an_empty_register_says_so(register: &dyn Register) {
    assert_eq!(register.newest_change().unwrap(), 0);
    assert_eq!(register.committed().unwrap(), (Position(0), 0));
    assert_eq!(register.stream_extent().unwrap(), (0, 0));
    let read = register.read_checkpoint(&mut |_, _| panic!("there is none"));
    assert!(!read.unwrap());
    assert!(register.sources(None, 10).unwrap().is_empty());
    assert!(register.source("TR-1").unwrap().is_none());
    assert!(register.cursor("archive").unwrap().is_none());
    assert!(register.episode("TR-1/LOW_STATIC/1").unwrap().is_none());
}

pub fn people_enter_sources(register: &dyn Register) {
    let sources = [
        hydrant("TR-1"),
        hydrant("TR-2"),
        tank("BE-1"),
        hydrant("TR-3"),
    ];
    let changes: Vec<Change> = sources.iter().map(set).collect();
    assert_eq!(register.change("lan", at(0), &changes).unwrap(), 4);
    assert_eq!(
        register.change("lan", at(0), &[]).unwrap(),
        4,
        "nothing is no change"
    );

    let codes = |after, limit| -> Vec<String> {
        let page = register.sources(after, limit).unwrap();
        page.iter().map(|s| s.code.to_string()).collect()
    };
    assert_eq!(codes(None, 2), ["BE-1", "TR-1"]);
    assert_eq!(codes(Some("TR-1"), 10), ["TR-2", "TR-3"]);
    assert_eq!(register.source("BE-1").unwrap(), Some(tank("BE-1")));
    assert_eq!(register.device_map().unwrap().len(), 4);

    let listed = register.changes_after(1, 2).unwrap();
    assert_eq!(listed.iter().map(|c| c.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(listed[0].change, set(&hydrant("TR-2")));
    assert_eq!((listed[0].by.as_str(), listed[0].at), ("lan", at(0)));
}

pub fn what_contradicts_is_refused_whole(register: &dyn Register) {
    let refused = |changes: &[Change]| {
        let error = register.change("lan", at(1), changes).unwrap_err();
        assert_eq!(
            register.newest_change().unwrap(),
            4,
            "nothing is entered: {error}"
        );
        error.to_string()
    };
    let mut thief = hydrant("TR-9");
    thief.device = Some("dev-tr-1".into());
    let said = refused(&[set(&hydrant("TR-8")), set(&thief)]);
    assert!(
        said.contains("`TR-1`") && said.contains("dev-tr-1"),
        "{said}"
    );
    assert!(register.source("TR-8").unwrap().is_none(), "all or none");

    let mut nowhere = hydrant("TR-9");
    nowhere.position.lat = f64::NAN;
    assert!(refused(&[set(&nowhere)]).contains("lat"));
    let mut nameless = hydrant("TR-9");
    nameless.code = "".into();
    assert!(refused(&[set(&nameless)]).contains("1 to 64"));
    let said = refused(&[Change::SourceRemoved {
        code: "TR-77".into(),
    }]);
    assert!(said.contains("no source `TR-77`"), "{said}");

    let mut test = flow_test("ft-1", "TR-1", 5);
    (test.static_kpa, test.residual_kpa) = (120.0, 220.0);
    let said = refused(&[Change::FlowTestEntered { test: test.clone() }]);
    assert!(said.contains("residual pressure must be below"), "{said}");
    test.source = "BE-1".into();
    (test.static_kpa, test.residual_kpa) = (300.0, 220.0);
    assert!(refused(&[Change::FlowTestEntered { test }]).contains("hydrants"));
    let mut backwards = window("w-1", "TR-1", 10);
    backwards.until = backwards.from;
    assert!(refused(&[Change::WindowEntered { window: backwards }]).contains("later end"));
    let mut adrift = incident("i-1", 10);
    adrift.position.lon = 400.0;
    assert!(refused(&[Change::IncidentOpened { incident: adrift }]).contains("lon"));
    let gone = Change::WindowEnded {
        id: "w-77".into(),
        at: at(2),
    };
    assert!(refused(&[gone]).contains("no maintenance window `w-77`"));
    let unknown = Change::EpisodeAcknowledged {
        episode: "x/y/1".into(),
        by: "lan".into(),
    };
    assert!(matches!(
        register.change("lan", at(1), &[unknown]),
        Err(RegisterError::NotFound(_))
    ));
    assert!(
        register.change(" ", at(1), &[]).is_err(),
        "somebody must have done it"
    );
}

pub fn devices_change_over(register: &dyn Register) {
    let (mut one, mut two) = (hydrant("TR-1"), hydrant("TR-2"));
    std::mem::swap(&mut one.device, &mut two.device);
    register
        .change("lan", at(2), &[set(&one), set(&two)])
        .unwrap();
    let map = register.device_map().unwrap();
    assert!(map.contains(&("dev-tr-2".into(), "TR-1".into(), KindName::Hydrant)));
    let back = [set(&hydrant("TR-1")), set(&hydrant("TR-2"))];
    assert_eq!(register.change("lan", at(3), &back).unwrap(), 8);
}

pub fn people_enter_tests_windows_incidents_and_permits(register: &dyn Register) {
    let changes = [
        Change::FlowTestEntered {
            test: flow_test("ft-1", "TR-1", 10),
        },
        Change::FlowTestEntered {
            test: flow_test("ft-2", "TR-2", 30),
        },
        Change::FlowTestEntered {
            test: flow_test("ft-3", "TR-1", 20),
        },
        Change::FlowTestEntered {
            test: flow_test("ft-4", "TR-1", 20),
        },
        Change::WindowEntered {
            window: window("w-1", "TR-1", 10),
        },
        Change::WindowEntered {
            window: window("w-2", "TR-2", 20),
        },
        Change::IncidentOpened {
            incident: incident("i-1", 10),
        },
        Change::IncidentOpened {
            incident: incident("i-2", 20),
        },
        Change::PermitGranted {
            permit: permit("p-1", "TR-2", PermitPurpose::Test, 10),
        },
    ];
    assert_eq!(register.change("lan", at(10), &changes).unwrap(), 17);

    let again = Change::PermitGranted {
        permit: permit("w-1", "TR-2", PermitPurpose::Drill, 10),
    };
    let said = register
        .change("lan", at(10), &[again])
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("`w-1` is taken"),
        "a window and a permit share their ids: {said}"
    );
}

pub fn lists_go_on_by_key(register: &dyn Register) {
    let tests = |source, after, limit| -> Vec<String> {
        let page = register.flow_tests(source, after, limit).unwrap();
        page.into_iter().map(|test| test.id).collect()
    };
    assert_eq!(tests(None, None, 2), ["ft-2", "ft-4"]);
    assert_eq!(
        tests(None, Some("ft-4"), 9),
        ["ft-3", "ft-1"],
        "equal times go by id"
    );
    assert_eq!(tests(Some("TR-1"), Some("ft-4"), 1), ["ft-3"]);
    assert!(tests(Some("TR-3"), None, 9).is_empty());
    let lost = register.flow_tests(None, Some("ft-77"), 9).unwrap_err();
    assert!(matches!(lost, RegisterError::NotFound(_)), "{lost}");

    let windows = register.windows(Some("TR-2"), None, 9).unwrap();
    assert_eq!(windows[0].what, window("w-2", "TR-2", 20));
    assert_eq!(
        register.windows(None, Some("w-2"), 9).unwrap()[0].what.id,
        "w-1"
    );
    assert_eq!(register.permits(Some("TR-2"), None, 9).unwrap().len(), 1);
}

pub fn what_was_entered_ends_once(register: &dyn Register) {
    let withdrawn = Change::FlowTestWithdrawn {
        id: "ft-3".into(),
        source: "TR-1".into(),
    };
    let ends = [
        withdrawn.clone(),
        Change::WindowEnded {
            id: "w-1".into(),
            at: at(12),
        },
        Change::IncidentEnded {
            id: "i-1".into(),
            at: at(12),
        },
        Change::PermitEnded {
            id: "p-1".into(),
            at: at(12),
        },
    ];
    let others = Change::FlowTestWithdrawn {
        id: "ft-1".into(),
        source: "TR-2".into(),
    };
    let said = register
        .change("lan", at(12), &[others])
        .unwrap_err()
        .to_string();
    assert!(said.contains("of source `TR-1`, not of `TR-2`"), "{said}");

    register.change("lan", at(12), &ends).unwrap();
    for end in ends {
        let error = register.change("lan", at(13), &[end]).unwrap_err();
        assert!(error.to_string().contains("already"), "{error}");
    }
    let again = Change::FlowTestEntered {
        test: flow_test("ft-3", "TR-1", 20),
    };
    assert!(
        register.change("lan", at(13), &[again]).is_err(),
        "an id is not used again"
    );
    let tests = register.flow_tests(Some("TR-1"), None, 9).unwrap();
    assert_eq!(
        tests.iter().map(|t| &t.id[..]).collect::<Vec<_>>(),
        ["ft-4", "ft-1"]
    );
    let window = &register.windows(Some("TR-1"), None, 9).unwrap()[0];
    assert_eq!(window.ended_at, Some(at(12)));
    let open = register.incidents(true, None, 9).unwrap();
    assert_eq!(
        open.iter().map(|i| &i.what.id[..]).collect::<Vec<_>>(),
        ["i-2"]
    );
    assert_eq!(register.incidents(false, None, 9).unwrap().len(), 2);
    assert_eq!(register.newest_change().unwrap(), 21);
}
