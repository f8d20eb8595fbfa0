//! Quarantine and strangers: kept, shown, adopted.

use firemain_domain::Timestamp;
use firemain_store::intake::{Intake, IntakeError, IntakeTotals, SqliteIntake, Stranger, Why};
use firemain_store::journal::Position;

use super::support::{Place, SMALL, bad, from};

#[test]
fn quarantine_shows_the_newest_first_of_one_reason_or_all_page_by_page() {
    let place = Place::new();
    let intake = place.open();
    let kept = [
        bad(1, Why::Undecodable),
        bad(2, Why::UnknownTopic),
        bad(3, Why::Undecodable),
    ];
    intake.quarantine(&kept).unwrap();
    intake.quarantine(&kept).unwrap();
    let all = intake.quarantined(None, None, 10).unwrap();
    assert_eq!(all, [kept[2].clone(), kept[1].clone(), kept[0].clone()]);
    let page = intake.quarantined(None, Some(Position(3)), 1).unwrap();
    assert_eq!(page, [kept[1].clone()]);
    let undecodable = intake
        .quarantined(Some(Why::Undecodable), None, 10)
        .unwrap();
    assert_eq!(undecodable, [kept[2].clone(), kept[0].clone()]);
    assert!(
        intake
            .quarantined(Some(Why::TooDeep), None, 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(intake.totals().unwrap().quarantined, 3);
}

#[test]
fn what_is_too_long_is_cut_at_a_character() {
    let place = Place::new();
    let intake = place.open();
    let mut long = bad(1, Why::TooLarge);
    long.detail = "ắ".repeat(500);
    long.payload = vec![7; 100_000];
    intake.quarantine(&[long]).unwrap();
    let kept = &intake.quarantined(None, None, 1).unwrap()[0];
    assert_eq!(kept.detail, "ắ".repeat(200));
    assert_eq!(kept.payload, vec![7; 4_096]);
}

#[test]
fn every_reason_has_a_code_of_its_own_that_reads_back() {
    for why in Why::ALL {
        assert_eq!(Why::from_code(why.code()), Some(why));
        assert_eq!(serde_json::to_value(why).unwrap(), why.code());
    }
}

#[test]
fn a_stranger_is_known_until_the_last_of_its_messages_is_adopted() {
    let place = Place::new();
    let intake = place.open();
    let messages = [from("tr-2", 10), from("tr-1", 11), from("tr-2", 12)];
    intake.keep(&messages).unwrap();
    intake.keep(&messages).unwrap();
    let stranger = Stranger {
        device: "tr-2".into(),
        first_at: Timestamp::from_ms(100),
        last_at: Timestamp::from_ms(120),
        messages: 2,
        kept: 2,
    };
    assert_eq!(intake.stranger("tr-2").unwrap(), Some(stranger.clone()));
    let names = |after| -> Vec<String> {
        let some = intake.strangers(after, 10).unwrap();
        some.iter().map(|s| s.device.to_string()).collect()
    };
    assert_eq!(names(None), ["tr-1", "tr-2"]);
    assert_eq!(names(Some("tr-1")), ["tr-2"]);
    let of_two = intake.kept("tr-2", Position(0), 10).unwrap();
    assert_eq!(of_two, [messages[0].clone(), messages[2].clone()]);
    assert_eq!(intake.kept("tr-2", Position(10), 10).unwrap().len(), 1);

    intake.adopted("tr-2", Position(10)).unwrap();
    assert_eq!(intake.stranger("tr-2").unwrap().unwrap().kept, 1);
    intake.adopted("tr-2", Position(12)).unwrap();
    assert_eq!(intake.stranger("tr-2").unwrap(), None);
    intake.adopted("tr-2", Position(12)).unwrap();
    intake.adopted("nobody", Position(12)).unwrap();
    let left = IntakeTotals {
        strangers: 1,
        kept: 1,
        ..IntakeTotals::default()
    };
    assert_eq!(intake.totals().unwrap(), left);
}

#[test]
fn a_reader_sees_all_and_changes_nothing() {
    let place = Place::new();
    let reader = SqliteIntake::open_reader(&place.file()).unwrap();
    assert_eq!(reader.totals().unwrap(), IntakeTotals::default());
    place.open().keep(&[from("tr-1", 1)]).unwrap();
    assert_eq!(reader.totals().unwrap().kept, 1);
    for refused in [
        reader.keep(&[from("tr-1", 2)]),
        reader.quarantine(&[bad(3, Why::TooDeep)]),
        reader.adopted("tr-1", Position(1)),
    ] {
        assert!(matches!(refused, Err(IntakeError::OnlyReads { .. })));
    }
    assert_eq!(reader.totals().unwrap().kept, 1);
}

#[test]
fn a_newer_or_damaged_intake_is_refused_with_the_way_out() {
    let place = Place::new();
    drop(place.open());
    let raw = rusqlite::Connection::open(place.file()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let error = SqliteIntake::open(&place.file(), SMALL).err().unwrap();
    assert!(matches!(
        error,
        IntakeError::Newer {
            found: 99,
            known: 1
        }
    ));
    std::fs::write(place.file(), "not a database ".repeat(500)).unwrap();
    let error = SqliteIntake::open(&place.file(), SMALL).err().unwrap();
    assert!(error.to_string().contains("move this file"), "{error}");
}
