//! Logins, cursors, the words of our own parts; and what a restart finds.

use firemain_store::journal::Position;
use firemain_store::register::{Checkpoint, Login, PartStatus, Register};

use crate::register_support::{at, login};

pub fn devices_log_in(register: &dyn Register) {
    let gateway = login("gateway", &["dev-tr-1", "dev-tr-2"]);
    register.set_login(&gateway).unwrap();
    register
        .set_login(&login("dev-be-1", &["dev-be-1"]))
        .unwrap();
    assert_eq!(register.login("gateway").unwrap(), Some(gateway.clone()));
    let renewed = Login {
        secret_sha256: [9; 32],
        broker_hash: "$7$101$a$b".into(),
        ..gateway
    };
    register.set_login(&renewed).unwrap();
    assert_eq!(
        register.login("gateway").unwrap().unwrap().secret_sha256,
        [9; 32]
    );
    let names = |after| -> Vec<String> {
        register
            .logins(after, 9)
            .unwrap()
            .into_iter()
            .map(|l| l.name)
            .collect()
    };
    assert_eq!(names(None), ["dev-be-1", "gateway"]);
    assert_eq!(names(Some("dev-be-1")), ["gateway"]);
    assert!(register.remove_login("dev-be-1").unwrap());
    assert!(!register.remove_login("dev-be-1").unwrap());
    assert!(register.set_login(&login("", &[])).is_err());
}

pub fn parts_keep_cursors_and_tell_how_they_are(register: &dyn Register) {
    register
        .set_cursor("archive", Position(5), b"aliases")
        .unwrap();
    register.set_cursor("archive", Position(6), b"").unwrap();
    let mut status = PartStatus {
        part: "receive".into(),
        at: Some(at(1)),
        well: false,
        complaint: "the broker does not answer".into(),
        numbers: [("unacked".into(), 7.0), ("broken".into(), f64::NAN)].into(),
    };
    register.tell_status(&status).unwrap();
    status.at = Some(at(2));
    register.tell_status(&status).unwrap();
    status.numbers.remove("broken");
    assert_eq!(register.statuses().unwrap(), [status]);
}

pub fn after_a_restart_all_is_there(register: &dyn Register) {
    assert_eq!(
        register.cursor("archive").unwrap(),
        Some((Position(6), Vec::new()))
    );
    assert_eq!(register.committed().unwrap(), (Position(130), 5));
    assert_eq!(register.stream_extent().unwrap(), (4, 5));
    assert_eq!(register.login("gateway").unwrap().unwrap().devices.len(), 2);
    let mut read = None;
    let there = register.read_checkpoint(&mut |head, sources| {
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        read = Some(Checkpoint { sources, ..head });
        Ok(())
    });
    assert!(there.unwrap());
    let checkpoint = read.unwrap();
    assert_eq!((checkpoint.upto, checkpoint.change), (Position(130), 6));
    assert_eq!(checkpoint.global, [9]);
    let parts: Vec<_> = checkpoint
        .sources
        .iter()
        .map(|s| (&*s.code, s.settings.as_deref(), s.state.as_deref()))
        .collect();
    let one: (&str, Option<&str>, Option<&[u8]>) = ("BE-1", Some("{}"), Some(&[3]));
    assert_eq!(parts, [one, ("TR-1", Some("{\"a\":1}"), Some(&[7, 7]))]);
    let all = register.changes_after(0, 1_000).unwrap();
    let numbers: Vec<u64> = all.iter().map(|c| c.number).collect();
    assert_eq!(
        numbers,
        (1..=register.newest_change().unwrap()).collect::<Vec<_>>()
    );
}
