//! A dead gateway is one outage, and a loss of data by our own fault pages one person about us.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::judging::{
    Control, Detail, EpisodeEvent, Judge, Mute, RuleName, Rules, Subject, Verdict,
};
use firemain_domain::time::{HOUR_MS, MINUTE_MS};
use support::*;

fn name(n: usize) -> String {
    format!("H{n}")
}

fn town(houses: usize, zone: &str) -> Vec<firemain_domain::source::Source> {
    let mut all: Vec<_> = (0..houses)
        .map(|n| north_m(100.0 * n as f64, hydrant(&name(n))))
        .collect();
    for source in &mut all {
        source.zone = Some(zone.into());
    }
    all
}

fn pages(told: &Told) -> Vec<String> {
    let paging = told
        .episodes()
        .filter(|(what, e)| e.pages && matches!(what, EpisodeEvent::Raised | EpisodeEvent::Paged));
    paging.map(|(_, e)| e.id.to_string()).collect()
}

/// Those of `who` read, through `via`, each quarter of an hour.
fn quarters(told: &mut Told, count: usize, via: Option<&str>, who: &[usize]) {
    for _ in 0..count {
        for n in who {
            told.reads_via(&name(*n), via, 200.0);
            told.pass_min(1);
        }
        told.pass_min(15 - who.len() as i64);
    }
}

#[test]
fn a_dead_gateway_is_one_outage_that_pages_as_early_as_its_first_member_would() {
    let mut told = Told::live(town(7, "A"));
    quarters(&mut told, 4, Some("gw-1"), &[0, 1, 2, 3, 4, 5]);
    let last = told.now.plus_ms(-15 * MINUTE_MS);
    // One that speaks through another gateway goes on.
    for _ in 0..26 {
        told.reads_via("H6", Some("gw-2"), 200.0);
        told.pass_min(60);
    }
    assert_eq!(pages(&told), ["gateway:gw-1/STALE/1"]);
    let outage = told.newest_of("gateway:gw-1").unwrap();
    assert_eq!(outage.id.subject, Subject::Gateway("gw-1".into()));
    assert_eq!(outage.members.len(), 6);
    assert_eq!(outage.began_at, last);
    assert_eq!(outage.raised_at, last.plus_ms(24 * HOUR_MS));
    for n in 0..6 {
        let alert = told.newest_of(&name(n)).unwrap();
        assert_eq!(alert.muted_by, Some(Mute::Incident));
        assert_eq!(alert.incident, Some(outage.id.clone()));
        assert_eq!(told.standing(&name(n)).verdict, Verdict::Unknown);
    }
    // All but one are back: it is over, and the one pages alone.
    quarters(&mut told, 2, Some("gw-1"), &[0, 1, 2, 3, 4]);
    assert!(told.newest_of("gateway:gw-1").unwrap().cleared_at.is_some());
    assert_eq!(pages(&told), ["gateway:gw-1/STALE/1", "H5/STALE/1"]);
    let alone = told.newest_of("H5").unwrap();
    assert_eq!((alone.incident, alone.muted_by), (None, None));
}

#[test]
fn without_a_gateway_half_of_a_zone_is_an_outage_and_less_is_not() {
    for (silent, of, outage) in [(5, 10, true), (5, 11, false), (4, 4, false)] {
        let mut told = Told::live(town(of, "A"));
        let all: Vec<usize> = (0..of).collect();
        quarters(&mut told, 4, None, &all);
        quarters(&mut told, 26 * 4, None, &all[silent..]);
        let expected = if outage { 1 } else { silent };
        assert_eq!(pages(&told).len(), expected, "{silent} of {of}");
        assert_eq!(told.newest_of("zone:A").is_some(), outage);
    }
}

#[test]
fn those_that_fell_silent_hours_apart_are_no_outage() {
    let mut told = Told::live(town(6, "A"));
    for first in 0..6 {
        let who: Vec<usize> = (first..6).collect();
        quarters(&mut told, 8, Some("gw-1"), &who);
    }
    told.pass_min(26 * 60);
    assert_eq!(pages(&told).len(), 6);
    assert!(told.newest_of("gateway:gw-1").is_none());
}

#[test]
fn an_outage_is_the_same_after_a_restart_at_any_time() {
    let script = |told: &mut Told, from: usize, to: usize| {
        for hour in from..to {
            if (2..30).contains(&hour) {
                told.pass_min(60);
            } else {
                quarters(told, 4, Some("gw-1"), &[0, 1, 2, 3, 4, 5]);
            }
        }
    };
    let start = || Told::live(town(6, "A"));
    let mut whole = start();
    script(&mut whole, 0, 33);
    assert!(
        whole
            .newest_of("gateway:gw-1")
            .unwrap()
            .cleared_at
            .is_some()
    );
    for cut in 0..33 {
        let mut told = start();
        script(&mut told, 0, cut);
        told.judge = restored(&mut told);
        script(&mut told, cut, 33);
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
}

#[test]
fn cut_off_for_five_minutes_pages_one_person_about_us_and_nobody_about_hydrants() {
    let mut told = Told::live(town(6, "A"));
    quarters(&mut told, 4, None, &[0, 1, 2, 3, 4, 5]);
    let cut_off = told.now;
    told.control(Control::Disconnected);
    told.pass_min(4);
    assert!(pages(&told).is_empty());
    told.pass_min(30 * 60);
    assert_eq!(pages(&told), ["firemain:receive/STALE/1"]);
    let alert = told.newest_of("firemain:receive").unwrap();
    assert_eq!(alert.detail, Some(Detail::Receiving));
    assert_eq!(alert.began_at, cut_off);
    assert_eq!(alert.raised_at, cut_off.plus_ms(5 * MINUTE_MS));
    told.control(Control::Connected {
        session_present: true,
    });
    assert!(
        told.newest_of("firemain:receive")
            .unwrap()
            .cleared_at
            .is_none()
    );
    told.control(Control::Drained);
    assert!(
        told.newest_of("firemain:receive")
            .unwrap()
            .cleared_at
            .is_some()
    );
}

#[test]
fn a_receiver_that_was_down_says_so_when_it_starts_again_and_a_short_restart_does_not() {
    for (minutes, alerts) in [(4, 0), (6, 1)] {
        let mut told = Told::live(town(2, "A"));
        told.pass_min(10);
        let before = told.now;
        told.now = told.now.plus_ms(minutes * MINUTE_MS);
        told.control(Control::Started);
        assert_eq!(pages(&told).len(), alerts, "{minutes}");
        told.control(Control::Connected {
            session_present: true,
        });
        told.control(Control::Drained);
        let alert = told.newest_of("firemain:receive");
        assert_eq!(alert.is_some(), alerts == 1);
        if let Some(alert) = alert {
            assert_eq!(alert.id.rule, RuleName::Stale);
            assert_eq!((alert.began_at, alert.cleared_at), (before, Some(told.now)));
        }
    }
}

#[test]
fn history_played_in_before_the_receiver_starts_is_no_loss_of_data() {
    let mut told = Told::recording([]);
    told.judge = firemain_domain::judging::Judge::new(firemain_domain::judging::Rules::default());
    told.control(Control::Started);
    told.control(Control::History { begins: true });
    told.pass_min(24 * 60);
    told.control(Control::History { begins: false });
    told.pass_min(8);
    told.control(Control::Started);
    told.control(Control::Connected {
        session_present: false,
    });
    told.control(Control::Drained);
    assert_eq!(told.newest_of("firemain:receive"), None);
}

fn silent(told: &mut Told, since: Timestamp) {
    told.change(Change::ReceiverSilent {
        since: Some(since),
        at: told.now.plus_ms(MINUTE_MS),
    });
}

fn of_receiving(told: &Told) -> Vec<EpisodeEvent> {
    let ours = told
        .episodes()
        .filter(|(_, e)| matches!(e.id.subject, Subject::Part(_)));
    ours.map(|(what, _)| what).collect()
}

#[test]
fn a_dead_receiver_is_told_by_the_clock_and_clears_with_its_next_heartbeat() {
    let mut told = Told::live(town(2, "A"));
    told.pass_min(10);
    let last = told.now;
    silent(&mut told, last);
    silent(&mut told, last);
    assert_eq!(pages(&told), ["firemain:receive/STALE/1"]);
    let alert = told.newest_of("firemain:receive").unwrap();
    assert_eq!(alert.detail, Some(Detail::Receiving));
    assert_eq!(
        (alert.began_at, alert.raised_at),
        (last, last.plus_ms(MINUTE_MS))
    );
    told.pass_min(3);
    assert_eq!(
        of_receiving(&told),
        [EpisodeEvent::Raised, EpisodeEvent::Cleared]
    );
}

#[test]
fn a_dead_receiver_that_starts_again_late_is_told_once_and_clears_when_drained() {
    let mut told = Told::live(town(2, "A"));
    told.pass_min(10);
    let last = told.now;
    silent(&mut told, last);
    told.now = told.now.plus_ms(30 * MINUTE_MS);
    told.control(Control::Started);
    // The broker cannot be reached: we are deaf still.
    told.pass_min(20);
    assert_eq!(of_receiving(&told), [EpisodeEvent::Raised]);
    told.control(Control::Connected {
        session_present: true,
    });
    told.control(Control::Drained);
    assert_eq!(
        of_receiving(&told),
        [EpisodeEvent::Raised, EpisodeEvent::Cleared]
    );
}

#[test]
fn a_silence_that_something_broke_before_it_was_told_is_none() {
    let mut told = Told::live(town(2, "A"));
    told.pass_min(10);
    let last = told.now;
    told.pass_min(1);
    silent(&mut told, last);
    assert!(of_receiving(&told).is_empty());
    // Nor is there one where nobody ever received, once somebody does.
    told.change(Change::ReceiverSilent {
        since: None,
        at: told.now,
    });
    assert!(of_receiving(&told).is_empty());
}

fn restored(told: &mut Told) -> Judge {
    let mut restored = Judge::new(Rules::default());
    let global = told.judge.begin_save();
    let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
    restored.restore(&global, saved).unwrap();
    restored
}

#[test]
fn our_own_loss_of_data_is_the_same_after_a_restart_at_any_time() {
    let step = |told: &mut Told, step: usize| match step {
        3 => told.control(Control::Disconnected),
        10 => told.control(Control::Connected {
            session_present: true,
        }),
        11 | 31 => told.control(Control::Drained),
        15 | 20 => {
            let last = told.now;
            silent(told, last);
        }
        30 => {
            told.now = told.now.plus_ms(HOUR_MS);
            told.control(Control::Started);
        }
        _ => told.pass_min(1),
    };
    let start = || Told::live(town(2, "A"));
    let mut whole = start();
    (0..40).for_each(|n| step(&mut whole, n));
    use EpisodeEvent::{Cleared, Raised, Reopened};
    assert_eq!(
        of_receiving(&whole),
        [
            Raised, Cleared, Reopened, Cleared, Reopened, Cleared, Raised, Cleared
        ]
    );
    for cut in 0..40 {
        let mut told = start();
        (0..cut).for_each(|n| step(&mut told, n));
        told.judge = restored(&mut told);
        (cut..40).for_each(|n| step(&mut told, n));
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
}

#[test]
fn a_judge_that_begins_anew_holds_to_what_was_told_of_our_own_loss() {
    let mut told = Told::live(town(2, "A"));
    told.control(Control::Disconnected);
    told.pass_min(10);
    let stands = told.newest_of("firemain:receive").unwrap();
    let mut anew = Told::live(town(2, "A"));
    anew.now = told.now;
    anew.judge.hold_to(vec![stands.clone()], &mut anew.effects);
    assert!(of_receiving(&anew).is_empty(), "it was told already");
    anew.control(Control::Drained);
    let cleared = anew.newest_of("firemain:receive").unwrap();
    assert_eq!(
        (cleared.id, cleared.cleared_at),
        (stands.id, Some(told.now))
    );
    // Its count goes on.
    anew.pass_min(3 * 60);
    anew.control(Control::Disconnected);
    anew.pass_min(10);
    let second = anew.newest_of("firemain:receive").unwrap();
    assert_eq!(second.id.to_string(), "firemain:receive/STALE/2");

    // And one that the new judge alone knows of is told.
    let mut alone = Told::live(town(2, "A"));
    alone.control(Control::Disconnected);
    alone.pass_min(10);
    alone.effects.clear();
    alone.judge.hold_to(Vec::new(), &mut alone.effects);
    assert_eq!(of_receiving(&alone), [EpisodeEvent::Raised]);
}
