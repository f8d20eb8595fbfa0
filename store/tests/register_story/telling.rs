//! What is kept of telling: notices with their alerts, messages, tries, digests and escalation, each
//! written once however often it is tried.

use firemain_domain::judging::Severity;
use firemain_store::register::telling::{
    DeliveryFilter, DeliveryState, Escalation, EscalationStep, Expanded, NewDelivery, NewNotice,
    Occasion, Try, TryOutcome, Wrong,
};
use firemain_store::register::{Register, WatchCommit};

use crate::register_support::{at, episode};

const ALERT: &str = "TR-T/LOW_STATIC/1";
const NOTICE: &str = "TR-T/LOW_STATIC/1/paged-0";

fn notice(occasion: Occasion, level: u8) -> NewNotice {
    NewNotice {
        occasion,
        level,
        at: at(500),
        episode: episode("TR-T", 1, Severity::Major, 500),
    }
}

fn delivery(contact: &str, severity: Severity, minute: i64) -> NewDelivery {
    NewDelivery {
        key: format!("{NOTICE}/sms/{contact}"),
        notice: Some(NOTICE.into()),
        episode: Some(ALERT.into()),
        occasion: Occasion::Paged,
        severity,
        team: "doi-1".into(),
        contact: contact.into(),
        channel: "sms".into(),
        address: "+84900000001".into(),
        message: format!("{{\"title\":\"{contact}\"}}"),
        made_at: at(minute),
        held: false,
        due_at: at(minute),
    }
}

fn escalation(level: u8, minute: i64) -> Escalation {
    Escalation {
        episode: ALERT.into(),
        opening: 0,
        severity: Severity::Major,
        paged_at: at(500),
        level,
        due_at: at(minute),
    }
}

fn tried(n: u32, outcome: TryOutcome, next: Option<i64>) -> Try {
    Try {
        n,
        at: at(501 + i64::from(n)),
        outcome,
        answer: "503 later".into(),
        next_at: next.map(at),
    }
}

fn all(register: &dyn Register) -> Vec<(String, DeliveryState, u32)> {
    let filter = DeliveryFilter {
        episode: Some(ALERT.into()),
        ..DeliveryFilter::default()
    };
    let mut all = register.deliveries(&filter, None, 100).unwrap();
    all.reverse();
    all.into_iter()
        .map(|one| (one.what.contact, one.state, one.tries))
        .collect()
}

pub fn a_notice_comes_with_its_alert_and_becomes_messages_once(register: &dyn Register) {
    let waiting = register.notices_waiting(100).unwrap().len();
    let commit = WatchCommit {
        upto: register.committed().unwrap().0,
        episodes: vec![episode("TR-T", 1, Severity::Major, 500)],
        notices: vec![notice(Occasion::Paged, 0), notice(Occasion::Paged, 0)],
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    register.commit(&commit).unwrap();
    assert_eq!(register.notices_waiting(100).unwrap().len(), waiting + 1);
    assert_eq!(
        register.notice(NOTICE).unwrap().unwrap().what,
        notice(Occasion::Paged, 0)
    );

    let expanded = Expanded {
        notice: NOTICE.into(),
        deliveries: vec![
            delivery("doi-1/a", Severity::Major, 500),
            delivery("doi-1/b", Severity::Critical, 501),
            NewDelivery {
                due_at: at(5_000),
                ..delivery("doi-1/quiet", Severity::Major, 500)
            },
        ],
        escalation: EscalationStep::Next(escalation(1, 530)),
        wrong: Some(Wrong::Fallback),
        ..Expanded::default()
    };
    for _ in 0..2 {
        register
            .expand(at(501), std::slice::from_ref(&expanded))
            .unwrap();
    }
    assert_eq!(register.notices_waiting(100).unwrap().len(), waiting);
    let new = |contact: &str| (contact.to_owned(), DeliveryState::Waiting, 0);
    assert_eq!(
        all(register),
        [new("doi-1/a"), new("doi-1/b"), new("doi-1/quiet")]
    );
    let totals = register.telling_totals(at(400)).unwrap();
    assert_eq!((totals.fallback, totals.nobody), (1, 0));
}

pub fn a_message_goes_until_a_receiver_takes_it(register: &dyn Register) {
    let due = |minute| {
        let due = register.deliveries_due("sms", at(minute), 10).unwrap();
        due.into_iter()
            .map(|one| one.what.contact)
            .collect::<Vec<_>>()
    };
    assert_eq!(due(499), Vec::<String>::new());
    assert_eq!(due(501), ["doi-1/b", "doi-1/a"], "the most severe first");
    assert_eq!(
        register.deliveries_due("mail", at(501), 10).unwrap().len(),
        0
    );
    let first = register
        .deliveries_due("sms", at(501), 1)
        .unwrap()
        .remove(0);
    let failed = tried(1, TryOutcome::Failed, Some(510));
    register
        .add_try(first.number, &failed, DeliveryState::Waiting)
        .unwrap();
    assert_eq!(due(509), ["doi-1/a"], "it waits for its next try");
    assert_eq!(due(510), ["doi-1/b", "doi-1/a"]);
    let taken = tried(2, TryOutcome::Accepted, None);
    register
        .add_try(first.number, &taken, DeliveryState::Sent)
        .unwrap();
    assert_eq!(due(600), ["doi-1/a"]);
    assert_eq!(register.tries(first.number).unwrap(), [failed, taken]);
    let told = register.delivery(first.number).unwrap().unwrap();
    assert_eq!((told.state, told.tries), (DeliveryState::Sent, 2));
    assert_eq!(told.ended_at, Some(at(503)));
    let queue = register.queue("sms", at(600)).unwrap();
    assert_eq!((queue.waiting, queue.oldest), (1, Some(at(500))));
}

pub fn escalation_goes_on_one_step_at_a_time(register: &dyn Register) {
    let due = |minute| register.escalations_due(at(minute), 10).unwrap();
    assert!(due(529).iter().all(|one| one.episode != ALERT));
    let ours = |minute| due(minute).into_iter().find(|one| one.episode == ALERT);
    assert_eq!(ours(530), Some(escalation(1, 530)));
    let step = (
        Some(notice(Occasion::Escalated, 1)),
        EscalationStep::Next(escalation(2, 620)),
    );
    for _ in 0..2 {
        register.escalate(std::slice::from_ref(&step)).unwrap();
    }
    assert_eq!(ours(619), None);
    assert_eq!(ours(620), Some(escalation(2, 620)));
    let escalated = register.notices_waiting(100).unwrap();
    let escalated = escalated.iter().filter(|one| one.id.contains("escalated"));
    assert_eq!(escalated.count(), 1, "told once, however often it is tried");
    register.shift_waiting(60_000).unwrap();
    assert_eq!(ours(620), None, "what waits moves with the clock");
    let moved = ours(621).unwrap();
    assert_eq!((moved.level, moved.due_at), (2, at(621)));
    register.shift_waiting(-60_000).unwrap();

    // It is over: what waits for quiet hours to end is of no use any more, what is on its way goes.
    let over = NewNotice {
        occasion: Occasion::Cleared,
        ..notice(Occasion::Cleared, 0)
    };
    let commit = WatchCommit {
        upto: register.committed().unwrap().0,
        notices: vec![over.clone()],
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    let told = register.told_of(ALERT).unwrap();
    assert_eq!(
        told.len(),
        2,
        "whom it did not reach yet need not hear of its end"
    );
    let cleared = Expanded {
        notice: over.id(),
        overtakes: Some(ALERT.into()),
        escalation: EscalationStep::Over {
            episode: ALERT.into(),
        },
        ..Expanded::default()
    };
    register.expand(at(640), &[cleared]).unwrap();
    assert_eq!(ours(10_000), None);
    assert_eq!(
        all(register),
        [
            ("doi-1/a".to_owned(), DeliveryState::Waiting, 0),
            ("doi-1/b".to_owned(), DeliveryState::Sent, 2),
            ("doi-1/quiet".to_owned(), DeliveryState::Overtaken, 0)
        ]
    );
}

pub fn what_is_held_is_told_in_one_digest(register: &dyn Register) {
    for n in 0..7 {
        let severity = match n {
            0 => Severity::Critical,
            _ => Severity::Minor,
        };
        let held = NewDelivery {
            key: format!("held-{n}"),
            notice: None,
            episode: Some(format!("TR-H{n}/STALE/1")),
            held: true,
            due_at: at(720),
            ..delivery("doi-1/c", severity, 700 + n)
        };
        for _ in 0..2 {
            register.add_delivery(&held).unwrap();
        }
    }
    assert_eq!(register.held_due(at(719), 10).unwrap(), []);
    let groups = register.held_due(at(720), 10).unwrap();
    assert_eq!(groups.len(), 1);
    let group = &groups[0];
    assert_eq!((&*group.contact, &*group.channel), ("doi-1/c", "sms"));
    let summary = register.held_summary(group, at(720)).unwrap();
    let count = |wanted| {
        let those = summary
            .counts
            .iter()
            .filter(|(severity, ..)| *severity == wanted);
        those.map(|(_, _, count)| count).sum::<u64>()
    };
    assert_eq!((count(Severity::Critical), count(Severity::Minor)), (1, 6));
    assert_eq!(summary.worst.len(), 5);
    let digest = NewDelivery {
        key: "digest-1".into(),
        notice: None,
        episode: None,
        occasion: Occasion::Digest,
        ..delivery("doi-1/c", Severity::Critical, 720)
    };
    register.digest(group, at(720), &digest).unwrap();
    assert_eq!(register.held_due(at(9_000), 10).unwrap(), []);
    let state = |key: &str| {
        let filter = DeliveryFilter {
            contact: Some("doi-1/c".into()),
            ..DeliveryFilter::default()
        };
        let all = register.deliveries(&filter, None, 100).unwrap();
        let one = all.into_iter().find(|one| one.what.key == key).unwrap();
        (one.state, one.digest)
    };
    assert_eq!(
        state("held-3"),
        (DeliveryState::Digested, Some("digest-1".into()))
    );
    assert_eq!(state("digest-1"), (DeliveryState::Waiting, None));
}

pub fn what_is_long_over_is_let_go(register: &dyn Register) {
    assert_eq!(register.prune_telling(at(500), 100).unwrap(), 0);
    let pages = register.told_pages(at(400), at(600), 100).unwrap();
    assert!(pages.iter().any(|page| page.episode == ALERT), "{pages:?}");
    assert!(register.prune_telling(at(100_000), 100).unwrap() >= 2);
    let waits = ("doi-1/a".to_owned(), DeliveryState::Waiting, 0);
    assert_eq!(all(register), [waits], "what waits is never let go");
    let key = register.telling_key([1; 32]).unwrap();
    assert_eq!(
        register.telling_key([2; 32]).unwrap(),
        key,
        "it is made once"
    );
}

pub fn after_a_restart_links_are_still_good(register: &dyn Register) {
    assert_eq!(register.telling_key([3; 32]).unwrap(), [1; 32]);
    let due = register.deliveries_due("sms", at(9_000), 10).unwrap();
    let keys: Vec<&str> = due.iter().map(|one| &*one.what.key).collect();
    assert!(
        keys.contains(&"digest-1"),
        "the digest still waits: {keys:?}"
    );
}
