//! How sources lived and stood over time, and what was made known of alerts.

use firemain_domain::change::Change;
use firemain_domain::judging::{Reason, Severity, Verdict};
use firemain_domain::source::Status;
use firemain_store::register::bulletins::BulletinKind;
use firemain_store::register::history::{LifeRow, Reasons, VerdictRow};
use firemain_store::register::{Register, WatchCommit};

use crate::register_support::{at, episode, hydrant, set};

pub fn what_a_source_was_is_told_row_by_row(register: &dyn Register) {
    let mut source = hydrant("LIFE-1");
    source.device = None;
    register.change("lan", at(10), &[set(&source)]).unwrap();
    "another name is no other life".clone_into(&mut source.name);
    register.change("lan", at(11), &[set(&source)]).unwrap();
    source.status = Status::OutOfService;
    register.change("lan", at(12), &[set(&source)]).unwrap();
    let code = source.code.clone();
    register
        .change("lan", at(13), &[Change::SourceRemoved { code }])
        .unwrap();

    let told = |until| {
        let mut rows: Vec<LifeRow> = Vec::new();
        register.lives(until, &mut |row| rows.push(row)).unwrap();
        let ours = rows.into_iter().filter(|row| &*row.source == "LIFE-1");
        ours.map(|row| (row.at, row.was.map(|was| was.status)))
            .collect::<Vec<_>>()
    };
    let all = [
        (at(10), Some(Status::InService)),
        (at(12), Some(Status::OutOfService)),
        (at(13), None),
    ];
    assert_eq!(told(at(14)), all);
    assert_eq!(told(at(12)), all[..1], "the end is no part of it");
}

fn row(minute: i64, verdict: Verdict) -> VerdictRow {
    VerdictRow {
        at: at(minute),
        verdict,
        reasons: Reasons::of(&[Reason::LowStatic]),
    }
}

pub fn verdicts_are_told_of_a_span_and_let_go(register: &dyn Register) {
    let rows = [
        row(100, Verdict::Usable),
        row(110, Verdict::Degraded),
        row(120, Verdict::Unusable),
        row(130, Verdict::Unknown),
    ];
    let commit = WatchCommit {
        upto: register.committed().unwrap().0,
        verdicts: rows.iter().map(|row| ("V-1".into(), *row)).collect(),
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    register.commit(&commit).unwrap();
    let told = |from, until| {
        let mut found = Vec::new();
        let sources = ["V-0".into(), "V-1".into()];
        let mut take = |n, rows: &[VerdictRow]| found.push((n, rows.to_vec()));
        register.verdicts(&sources, from, until, &mut take).unwrap();
        found
    };
    let nothing = (0, Vec::new());
    assert_eq!(
        told(at(115), at(130)),
        [nothing.clone(), (1, rows[1..3].to_vec())]
    );
    assert_eq!(
        told(at(0), at(500)),
        [nothing.clone(), (1, rows.to_vec())],
        "each once"
    );
    register.prune_history(at(120)).unwrap();
    assert_eq!(
        told(at(0), at(500)),
        [nothing, (1, rows[2..].to_vec())],
        "what still held stays"
    );
}

pub fn an_alert_that_pages_is_made_known_once(register: &dyn Register) {
    let make_known = |minute: i64, alert: &firemain_domain::judging::EpisodeState| {
        let commit = WatchCommit {
            upto: register.committed().unwrap().0,
            paging: vec![(at(minute), alert.clone())],
            ..WatchCommit::default()
        };
        register.commit(&commit).unwrap();
    };
    let mut alert = episode("TR-1", 9, Severity::Major, 200);
    alert.pages = true;
    make_known(200, &alert);
    make_known(201, &alert);
    alert.severity = Severity::Critical;
    make_known(202, &alert);
    alert.cleared_at = Some(at(203));
    make_known(203, &alert);
    make_known(204, &alert);
    alert.cleared_at = None;
    make_known(205, &alert);

    let list = register.bulletins(None, 10).unwrap();
    let told: Vec<_> = list.iter().rev().map(|b| (b.kind, b.sent_at)).collect();
    assert_eq!(
        told,
        [
            (BulletinKind::Alert, at(200)),
            (BulletinKind::Update, at(202)),
            (BulletinKind::Cancel, at(203)),
            (BulletinKind::Alert, at(205)),
        ]
    );
    let cancel = register.bulletin(&list[1].identifier).unwrap().unwrap();
    let follows: Vec<_> = cancel.follows.iter().map(|(_, sent)| *sent).collect();
    assert_eq!(follows, [at(200), at(202)]);
    assert!(
        register
            .bulletin(&list[0].identifier)
            .unwrap()
            .unwrap()
            .follows
            .is_empty()
    );
    assert_eq!(
        register.bulletins(Some(list[1].number), 10).unwrap().len(),
        2
    );
}
