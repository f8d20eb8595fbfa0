//! Commands to devices, and what the own endpoint remembers of its clients.

use firemain_store::register::endpoint::{
    CommandAnswer, CommandStep, EndpointEdit, KeptSession, MOST_OF_DEVICE, MOST_WAITING,
    NewCommand, Step,
};
use firemain_store::register::{Register, RegisterError};

use crate::register_support::{at, login};

const DEVICE: &str = "dev-tr-1";

fn command(id: &str, minute: i64) -> NewCommand {
    NewCommand {
        device: DEVICE.into(),
        id: id.into(),
        body: format!(r#"{{"id":"{id}","set":{{"report_interval_s":600}}}}"#),
        created_at: at(minute),
        expires_at: at(minute + 60),
    }
}

fn waiting(register: &dyn Register, minute: i64) -> Vec<String> {
    let pending = register.pending_commands(0, at(minute), 100).unwrap();
    pending.into_iter().map(|command| command.id).collect()
}

fn unpublished(register: &dyn Register, minute: i64) -> Vec<String> {
    let pending = register.unpublished_commands(at(minute), 100).unwrap();
    pending.into_iter().map(|command| command.id).collect()
}

fn step(number: u64, step: Step, minute: i64) -> CommandStep {
    CommandStep {
        number,
        step,
        at: at(minute),
    }
}

pub fn a_command_goes_its_way(register: &dyn Register) {
    let first = register.enqueue_command(&command("c-1", 0)).unwrap();
    let second = register.enqueue_command(&command("c-2", 5)).unwrap();
    assert!(first < second);
    assert_eq!(waiting(register, 6), ["c-1", "c-2"]);
    assert_eq!(
        register.pending_commands(first, at(6), 100).unwrap().len(),
        1
    );
    assert_eq!(waiting(register, 61), ["c-2"], "the first has expired");

    let steps = [
        step(first, Step::Published, 7),
        step(first, Step::Sent, 8),
        step(first, Step::Sent, 9),
    ];
    register.note_delivery(&steps).unwrap();
    assert_eq!(unpublished(register, 9), ["c-2"]);
    assert_eq!(
        waiting(register, 9),
        ["c-1", "c-2"],
        "the broker is not the device"
    );
    register
        .note_delivery(&[step(first, Step::Delivered, 10)])
        .unwrap();
    assert_eq!(waiting(register, 10), ["c-2"]);

    let answer = |id: &str, ok: bool, minute| CommandAnswer {
        device: DEVICE.into(),
        id: id.into(),
        at: at(minute),
        ok,
        error: (!ok).then(|| "é".repeat(2_000)),
    };
    let answers = [
        answer("c-1", true, 11),
        answer("c-2", false, 12),
        answer("c-9", true, 12),
    ];
    assert_eq!(register.note_answer(&answers).unwrap(), 2);
    let again = register.note_answer(&[answer("c-1", false, 13)]).unwrap();
    assert_eq!(again, 0, "the first answer counts");
    assert!(waiting(register, 13).is_empty(), "an answer settles it");

    let done = register.command(first).unwrap().unwrap();
    assert_eq!(
        (done.published_at, done.sent_at, done.delivered_at),
        (Some(at(7)), Some(at(8)), Some(at(10)))
    );
    assert_eq!((done.answered_at, done.ok), (Some(at(11)), Some(true)));
    let refused = register.command(second).unwrap().unwrap();
    assert_eq!(refused.ok, Some(false));
    assert_eq!(refused.error.unwrap().chars().count(), 500);
    assert!(register.command(second + 1).unwrap().is_none());
}

pub fn what_cannot_be_a_command_is_refused(register: &dyn Register) {
    let refused = |change: &dyn Fn(&mut NewCommand), said: &str| {
        let mut command = command("c-3", 20);
        change(&mut command);
        let error = register.enqueue_command(&command).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        error
    };
    refused(&|c| c.id = "c-1".into(), "this id");
    refused(&|c| c.body = "go".into(), "this id");
    refused(
        &|c| c.body = format!(r#"{{"id":"c-3","x":"{}"}}"#, "x".repeat(5_000)),
        "bytes",
    );
    refused(&|c| c.expires_at = c.created_at, "expire");
    refused(&|c| c.expires_at = at(60 * 24 * 31), "30 days");
    refused(&|c| c.id = String::new(), "id");
    let used = register.enqueue_command(&command("c-1", 20)).unwrap_err();
    assert!(used.to_string().contains("before"), "{used}");
    let unknown = refused(&|c| c.device = "nobody".into(), "no source");
    assert!(matches!(unknown, RegisterError::NotFound(_)));
}

pub fn commands_of_a_device_are_bounded(register: &dyn Register) {
    let rounds = MOST_OF_DEVICE / MOST_WAITING + 2;
    for round in 0..rounds as i64 {
        for n in 0..MOST_WAITING {
            let command = command(&format!("r{round}-{n}"), 100 * (round + 1));
            register.enqueue_command(&command).unwrap();
        }
        let one_more = command("one-more", 100 * (round + 1));
        let full = register.enqueue_command(&one_more).unwrap_err();
        assert!(full.to_string().contains("16 commands wait"), "{full}");
    }
    let kept = register.commands(DEVICE, None, 1_000).unwrap();
    assert_eq!(kept.len(), MOST_OF_DEVICE);
    assert_eq!(
        kept[0].id,
        format!("r{}-15", rounds - 1),
        "the newest first"
    );
    let page = register.commands(DEVICE, Some(kept[1].number), 2).unwrap();
    assert_eq!(page[0], kept[2]);
    assert!(
        register
            .enqueue_command(&command("late", 100 * (rounds as i64 + 1)))
            .is_ok(),
        "what has expired does not wait"
    );
}

fn keep(client_id: &str, keep_s: u32, away_minute: Option<i64>) -> EndpointEdit {
    EndpointEdit::Keep {
        login: "gateway".into(),
        client_id: client_id.into(),
        keep_s,
        away_since: away_minute.map(at),
    }
}

fn subscribe(client_id: &str, filter: &str) -> EndpointEdit {
    EndpointEdit::Subscribe {
        login: "gateway".into(),
        client_id: client_id.into(),
        filter: filter.into(),
    }
}

fn status(device: &str, payload: &[u8]) -> EndpointEdit {
    EndpointEdit::Status {
        device: device.into(),
        payload: payload.into(),
        at: at(1),
    }
}

pub fn the_endpoint_remembers_its_clients(register: &dyn Register) {
    let edits = [
        subscribe("nobody", "x"),
        keep("a", 600, None),
        subscribe("a", "one"),
        subscribe("a", "one"),
        subscribe("a", "two"),
        EndpointEdit::Unsubscribe {
            login: "gateway".into(),
            client_id: "a".into(),
            filter: "two".into(),
        },
        keep("b", 60, None),
        subscribe("b", "one"),
        EndpointEdit::Forget {
            login: "gateway".into(),
            client_id: "b".into(),
        },
        keep("b", 90, None),
        keep("a", 700, Some(3)),
        status("dev-tr-1", b"on"),
        status("dev-tr-1", b"off"),
        status("dev-tr-2", b"on"),
        status("dev-tr-2", b""),
    ];
    register.edit_endpoint(&edits).unwrap();
}

pub fn after_a_restart_the_endpoint_knows_its_clients(register: &dyn Register) {
    let mut sessions = register.endpoint_sessions().unwrap();
    sessions.sort_by(|a, b| a.client_id.cmp(&b.client_id));
    let kept = |client_id: &str, keep_s, away_since, filters: &[&str]| KeptSession {
        login: "gateway".into(),
        client_id: client_id.into(),
        keep_s,
        away_since,
        filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
    };
    assert_eq!(
        sessions,
        [
            kept("a", 700, Some(at(3)), &["one"]),
            kept("b", 90, None, &[])
        ]
    );
    assert_eq!(
        register.device_statuses().unwrap(),
        [("dev-tr-1".into(), b"off".to_vec())]
    );
}

pub fn every_change_of_a_login_moves_a_number(register: &dyn Register) {
    let version = || register.logins_version().unwrap();
    let mut before = version();
    let mut moved = |what: &str| {
        assert!(version() > before, "{what}");
        before = version();
    };
    register
        .set_login(&login("passing", &["dev-tr-1"]))
        .unwrap();
    moved("entered");
    register
        .set_login(&login("passing", &["dev-tr-2"]))
        .unwrap();
    moved("changed");
    register.remove_login("passing").unwrap();
    moved("removed");
    register.remove_login("passing").unwrap();
    assert_eq!(version(), before, "nothing was removed");
}
