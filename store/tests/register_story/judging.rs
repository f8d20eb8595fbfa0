//! What judging commits and saves, and who asks for it.

use firemain_domain::change::Change;
use firemain_domain::handling::Mark;
use firemain_domain::judging::{EpisodeEvent, Severity, Verdict};
use firemain_store::journal::Position;
use firemain_store::register::{
    Checkpoint, EpisodeFilter, Register, RegisterError, SourceCheckpoint, WatchCommit,
};

use crate::register_support::{at, episode, event, hydrant, set, standing, step};

pub fn judging_commits(register: &dyn Register) {
    let commit = WatchCommit {
        upto: Position(100),
        standings: vec![
            ("TR-2".into(), standing(Verdict::Unusable)),
            ("TR-1".into(), standing(Verdict::Unknown)),
            ("TR-1".into(), standing(Verdict::Degraded)),
        ],
        episodes: vec![
            episode("TR-1", 1, Severity::Major, 10),
            episode("TR-2", 1, Severity::Critical, 20),
            episode("TR-2", 2, Severity::Minor, 20),
        ],
        steps: vec![step("TR-1/LOW_STATIC/1", EpisodeEvent::Raised)],
        events: vec![event("standing"), event("episode")],
        taken: vec![(1, Position(7)), (4, Position(9))],
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    assert_eq!(register.committed().unwrap(), (Position(100), 4));
    let mut standings = register.standings().unwrap();
    standings.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        standings,
        [
            ("TR-1".into(), standing(Verdict::Degraded)),
            ("TR-2".into(), standing(Verdict::Unusable)),
        ]
    );
    assert_eq!(register.stream_extent().unwrap(), (1, 2));
    assert_eq!(register.taken_changes(1).unwrap(), [(4, Position(9))]);

    let older = WatchCommit {
        upto: Position(99),
        ..WatchCommit::default()
    };
    assert!(matches!(
        register.commit(&older),
        Err(RegisterError::Conflict(_))
    ));
    let twice = WatchCommit {
        upto: Position(101),
        events: vec![event("lost")],
        taken: vec![(4, Position(101))],
        ..WatchCommit::default()
    };
    assert!(matches!(
        register.commit(&twice),
        Err(RegisterError::Conflict(_))
    ));
    assert_eq!(
        register.stream_extent().unwrap(),
        (1, 2),
        "nothing of it is there"
    );
    let same_place = WatchCommit {
        upto: Position(100),
        taken: vec![(5, Position(100))],
        ..WatchCommit::default()
    };
    register.commit(&same_place).unwrap();
    assert_eq!(register.committed().unwrap(), (Position(100), 5));
}

pub fn an_alert_is_acknowledged_once(register: &dyn Register) {
    let id = "TR-1/LOW_STATIC/1";
    let acknowledge = |by: &str| Change::EpisodeAcknowledged {
        episode: id.into(),
        by: by.into(),
    };
    register
        .change("lan", at(30), &[acknowledge("lan")])
        .unwrap();
    let said = register
        .change("huy", at(31), &[acknowledge("huy")])
        .unwrap_err()
        .to_string();
    assert!(said.contains("already acknowledged by lan"), "{said}");

    let mut cleared = episode("TR-1", 1, Severity::Minor, 10);
    cleared.raised_at = at(50);
    cleared.cleared_at = Some(at(60));
    let commit = WatchCommit {
        upto: Position(110),
        episodes: vec![cleared.clone()],
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    let row = register.episode(id).unwrap().unwrap();
    assert_eq!(row.state, cleared);
    assert_eq!(
        row.handling.acknowledged,
        Some(Mark {
            by: Some("lan".into()),
            at: at(30)
        }),
        "judging does not unsay it"
    );
}

pub fn alerts_are_asked_for(register: &dyn Register) {
    let ids = |filter: &EpisodeFilter, after, limit| -> Vec<String> {
        let page = register.episodes(filter, after, limit).unwrap();
        page.iter().map(|row| row.state.id.to_string()).collect()
    };
    let all = EpisodeFilter::default();
    let (first, second, third) = (
        "TR-2/LOW_STATIC/2",
        "TR-2/LOW_STATIC/1",
        "TR-1/LOW_STATIC/1",
    );
    assert_eq!(
        ids(&all, None, 9),
        [first, second, third],
        "an alert keeps its place"
    );
    assert_eq!(ids(&all, Some(first), 1), [second]);
    let open = EpisodeFilter {
        open: Some(true),
        ..all.clone()
    };
    assert_eq!(ids(&open, None, 9), [first, second]);
    let cleared = EpisodeFilter {
        open: Some(false),
        ..all.clone()
    };
    assert_eq!(ids(&cleared, None, 9), [third]);
    let severe = EpisodeFilter {
        at_least: Some(Severity::Major),
        ..all.clone()
    };
    assert_eq!(ids(&severe, None, 9), [second]);
    let of_one = EpisodeFilter {
        source: Some("TR-2".into()),
        ..open
    };
    assert_eq!(ids(&of_one, Some(first), 9), [second]);
    let of_rule = EpisodeFilter {
        rule: Some("STALE".into()),
        ..all.clone()
    };
    assert!(ids(&of_rule, None, 9).is_empty());
    assert!(register.episodes(&all, Some("TR-9/STALE/1"), 9).is_err());
}

pub fn the_stream_is_pruned_and_its_ids_go_on(register: &dyn Register) {
    let events = register.stream_after(1, 9).unwrap();
    assert_eq!((events[0].id, &events[0].kind[..]), (2, "episode"));
    register.prune_stream(0).unwrap();
    assert_eq!(register.stream_extent().unwrap(), (0, 0));
    let commit = WatchCommit {
        upto: Position(120),
        events: vec![event("change"), event("standing"), event("standing")],
        ..WatchCommit::default()
    };
    register.commit(&commit).unwrap();
    assert_eq!(
        register.stream_extent().unwrap(),
        (3, 5),
        "an id is never given twice"
    );
    register.prune_stream(2).unwrap();
    assert_eq!(register.stream_extent().unwrap(), (4, 5));
}

pub fn judging_saves_its_state(register: &dyn Register) {
    let part = |code: &str, settings: Option<&str>, state: Option<&[u8]>| SourceCheckpoint {
        code: code.into(),
        settings: settings.map(str::to_owned),
        state: state.map(<[u8]>::to_vec),
    };
    let mut checkpoint = Checkpoint {
        upto: Position(120),
        change: 5,
        global: vec![1, 2, 3],
        sources: vec![
            part("TR-2", Some("{}"), Some(&[2])),
            part("TR-1", Some("{\"a\":1}"), Some(&[1])),
        ],
    };
    let (first, second) = checkpoint.sources.split_at(1);
    let begun = Checkpoint {
        sources: first.to_vec(),
        ..checkpoint.clone()
    };
    let broken_off = [
        Ok(second[0].clone()),
        Err(RegisterError::Conflict("broken off".to_owned())),
    ];
    assert!(
        register
            .save_checkpoint(&begun, &mut broken_off.into_iter())
            .is_err()
    );
    let read = register.read_checkpoint(&mut |_, _| Ok(()));
    assert!(!read.unwrap(), "what was broken off was never written");
    let mut more = second.iter().cloned().map(Ok);
    register.save_checkpoint(&begun, &mut more).unwrap();
    checkpoint = Checkpoint {
        upto: Position(130),
        change: 6,
        global: vec![9],
        sources: vec![
            part("TR-1", None, Some(&[7, 7])),
            part("TR-2", None, None),
            part("BE-1", Some("{}"), Some(&[3])),
        ],
    };
    register
        .save_checkpoint(&checkpoint, &mut std::iter::empty())
        .unwrap();
}

pub fn sources_are_removed(register: &dyn Register) {
    let removed = Change::SourceRemoved {
        code: "TR-2".into(),
    };
    register.change("lan", at(40), &[removed]).unwrap();
    let late = WatchCommit {
        upto: Position(130),
        standings: vec![("TR-2".into(), standing(Verdict::Usable))],
        ..WatchCommit::default()
    };
    register.commit(&late).unwrap();
    let stands = |code: &str| {
        register
            .standings()
            .unwrap()
            .iter()
            .any(|(c, _)| &**c == code)
    };
    assert!(!stands("TR-2"), "what is not registered does not stand");
    register
        .change("lan", at(41), &[set(&hydrant("TR-2"))])
        .unwrap();
    assert!(!stands("TR-2"), "entered anew, it was not judged yet");
    assert!(stands("TR-1"));
}
