//! What people do about alerts, and what judging makes of it: silences, alerts resolved by hand,
//! windows of zones and weeks, supply hours, and whose the water is that is drawn.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, MaintenanceWindow, Permit, PermitPurpose};
use firemain_domain::handling::{Act, Area, Attachment, Outcome, Silence, Silenced};
use firemain_domain::judging::{
    EpisodeEvent, EpisodeState, Judge, Mute, Reason, Rules, Severity, Verdict,
};
use firemain_domain::source::Source;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use support::*;

fn silence(over: Silenced, from: Timestamp, hours: i64) -> Change {
    Change::SilenceEntered {
        silence: Silence {
            id: "quiet".into(),
            over,
            from,
            until: from.plus_ms(hours * HOUR_MS),
            reason: "đang sửa".into(),
            by: "lan".into(),
        },
    }
}

fn act(alert: &EpisodeState, act: Act) -> Change {
    Change::EpisodeHandled {
        episode: alert.id.to_string(),
        by: "lan".into(),
        act,
    }
}

fn resolved(alert: &EpisodeState) -> Change {
    let act_ = Act::Resolved {
        outcome: Outcome::ValveOpened,
        note: None,
        photos: Vec::new(),
    };
    act(alert, act_)
}

fn low(told: &Told) -> EpisodeState {
    told.newest("LOW_STATIC").unwrap()
}

fn in_unit(unit: &str, source: Source) -> Source {
    Source {
        unit: Some(unit.into()),
        ..source
    }
}

#[test]
fn nothing_that_people_silence_or_resolve_hides_a_dead_source_during_a_fire() {
    let mutes: [fn(&mut Told); 6] = [
        |told| {
            let id = low(told).id.to_string();
            told.change(silence(Silenced::Alert(id), told.now, 48));
        },
        |told| told.change(silence(Silenced::Source("H".into()), told.now, 48)),
        |told| told.change(silence(Silenced::Zone("A".into()), told.now, 48)),
        |told| told.change(silence(Silenced::Unit("Hoàn Kiếm".into()), told.now, 48)),
        |told| told.change(resolved(&low(told))),
        |told| {
            let window = MaintenanceWindow {
                id: "w".into(),
                over: Area::Zone("A".into()),
                from: told.now,
                until: told.now.plus_ms(DAY_MS),
                weekly: None,
                reason: "valve".into(),
                by: "crew".into(),
            };
            told.change(Change::WindowEntered { window });
        },
    ];
    for (n, mute) in mutes.into_iter().enumerate() {
        for (metres, pages) in [(490.0, true), (510.0, false)] {
            let mut told = Told::recording([in_unit("Hoàn Kiếm", hydrant("H"))]);
            // Known to be low, and dead only after people had muted it.
            told.steady("H", 60.0, 3);
            assert_eq!(low(&told).paged, 1, "{n}");
            mute(&mut told);
            told.change(fire(told.now, metres));
            // One reading more than the first of the two that make it critical.
            told.steady("H", 10.0, 3);
            let alert = low(&told);
            assert_eq!(alert.severity, Severity::Critical, "{n} {metres}");
            let resolved = n == 4;
            // Worse than it was resolved as: that lapses by itself, fire or not.
            let paged = if pages || resolved { 2 } else { 1 };
            assert_eq!(alert.paged, paged, "{n} {metres}: {alert:?}");
            assert_eq!(alert.tells_command, pages, "{n} {metres}");
            assert_eq!(told.standing("H").verdict, Verdict::Unusable);
        }
    }
}

#[test]
fn a_fire_that_breaks_out_later_lifts_a_silence_of_a_dead_source_and_its_end_brings_it_back() {
    let mut told = Told::recording([hydrant("H")]);
    told.change(silence(Silenced::Source("H".into()), told.now, 48));
    told.steady("H", 10.0, 3);
    let alert = low(&told);
    assert_eq!((alert.pages, alert.muted_by), (false, Some(Mute::Silence)));
    assert!(alert.silenced_until().is_some());

    told.change(fire(told.now, 400.0));
    let alert = low(&told);
    assert_eq!((alert.pages, alert.paged, alert.muted_by), (true, 1, None));
    assert_eq!(alert.silenced_until(), None, "lifted, and seen to be");

    told.change(Change::IncidentEnded {
        id: "fire".into(),
        at: told.now,
    });
    let alert = low(&told);
    assert_eq!(alert.muted_by, Some(Mute::Silence), "quiet again");
    assert_eq!(alert.paged, 1);
}

#[test]
fn a_silence_mutes_the_page_never_the_map_and_pages_when_it_ends() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 2);
    told.change(silence(Silenced::Source("H".into()), told.now, 3));
    told.steady("H", 60.0, 8);
    assert_eq!(told.standing("H").verdict, Verdict::Degraded);
    assert_eq!(low(&told).paged, 0);
    told.steady("H", 60.0, 5);
    let alert = low(&told);
    assert_eq!((alert.pages, alert.paged, alert.muted_by), (true, 1, None));
    assert!(alert.silenced_until().is_none());
    assert_eq!(
        told.alerts().last().unwrap(),
        "LOW_STATIC Paged",
        "{:?}",
        told.alerts()
    );
}

#[test]
fn an_alert_that_had_paged_pages_again_when_its_silence_ends_and_not_before() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    let id = low(&told).id.to_string();
    told.change(silence(Silenced::Alert(id), told.now, 2));
    assert_eq!(low(&told).muted_by, Some(Mute::Silence));
    told.steady("H", 60.0, 7);
    assert_eq!(low(&told).paged, 1);
    told.steady("H", 60.0, 3);
    assert_eq!((low(&told).paged, low(&told).muted_by), (2, None));
}

#[test]
fn a_silence_ended_by_a_person_pages_at_once_what_still_stands_and_nothing_that_cleared() {
    for clears in [false, true] {
        let mut told = Told::recording([hydrant("H")]);
        told.change(silence(Silenced::Zone("A".into()), told.now, 24));
        told.steady("H", 60.0, 3);
        if clears {
            told.steady("H", 250.0, 5);
            assert!(low(&told).cleared_at.is_some());
        }
        told.change(Change::SilenceEnded {
            id: "quiet".into(),
            at: told.now,
        });
        assert_eq!(low(&told).paged, u16::from(!clears));
    }
}

#[test]
fn a_silence_of_one_zone_or_unit_is_none_of_another() {
    for over in [Silenced::Zone("B".into()), Silenced::Unit("Ba Đình".into())] {
        let mut told = Told::recording([in_unit("Hoàn Kiếm", hydrant("H"))]);
        told.change(silence(over, told.now, 24));
        told.steady("H", 60.0, 3);
        assert_eq!(low(&told).paged, 1);
    }
}

#[test]
fn low_residual_pressure_is_never_silenced() {
    let mut told = Told::recording([hydrant("H")]);
    told.may_draw("H");
    told.change(silence(Silenced::Source("H".into()), told.now, 24));
    told.reads("H", &[(PressureKpa, 60.0), (FlowLps, 12.0)]);
    told.pass_min(3);
    assert_eq!(told.newest("LOW_RESIDUAL").unwrap().paged, 1);
}

#[test]
fn an_alert_resolved_by_hand_stands_on_quietly_and_reopens_if_the_readings_go_on_for_an_hour() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    told.change(resolved(&low(&told)));
    let alert = low(&told);
    assert!(alert.resolution().is_some());
    assert_eq!(alert.cleared_at, None, "clearing is the readings' to say");
    assert_eq!(told.standing("H").verdict, Verdict::Degraded);
    told.steady("H", 60.0, 3);
    assert_eq!((low(&told).paged, low(&told).reopened), (1, 0));
    told.steady("H", 60.0, 2);
    let alert = low(&told);
    assert_eq!((alert.paged, alert.reopened), (2, 1));
    assert_eq!(alert.resolution(), None);
    assert_eq!(told.alerts().last().unwrap(), "LOW_STATIC Reopened");
}

#[test]
fn an_alert_resolved_by_hand_that_the_readings_clear_is_over() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    told.change(resolved(&low(&told)));
    told.steady("H", 250.0, 5);
    let alert = low(&told);
    assert!(alert.cleared_at.is_some());
    assert_eq!((alert.paged, alert.reopened), (1, 0));
    told.pass_min(120);
    assert_eq!(low(&told).reopened, 0);
}

#[test]
fn one_that_gets_worse_than_it_was_resolved_as_reopens_and_pages_at_once() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    told.change(resolved(&low(&told)));
    told.steady("H", 10.0, 2);
    let alert = low(&told);
    assert_eq!(alert.severity, Severity::Critical);
    assert_eq!((alert.paged, alert.reopened), (2, 1));
}

#[test]
fn what_was_resolved_by_mistake_is_taken_back_without_a_page() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    told.change(resolved(&low(&told)));
    told.change(act(&low(&told), Act::Reopened));
    let alert = low(&told);
    assert_eq!((alert.resolution(), alert.paged), (None, 1));
    told.steady("H", 60.0, 8);
    assert_eq!(low(&told).paged, 1, "whoever took it back knows of it");
}

#[test]
fn severity_follows_the_readings_down_and_up_and_turning_critical_pages_again() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    told.change(Change::EpisodeAcknowledged {
        episode: low(&told).id.to_string(),
        by: "lan".into(),
    });
    told.steady("H", 10.0, 2);
    let alert = low(&told);
    assert_eq!((alert.severity, alert.paged), (Severity::Critical, 2));
    assert_eq!(alert.paged_as, Some(Severity::Critical));

    told.steady("H", 60.0, 2);
    let alert = low(&told);
    assert_eq!(
        (alert.severity, alert.highest),
        (Severity::Major, Severity::Critical)
    );
    assert_eq!(alert.id.n, 1, "one episode");
    told.steady("H", 10.0, 2);
    assert_eq!(low(&told).paged, 2, "back within the hour is no news");
    told.steady("H", 60.0, 8);
    told.steady("H", 10.0, 2);
    assert_eq!(low(&told).paged, 3, "dead again after two hours is");
    assert_eq!(low(&told).id.n, 1);
}

#[test]
fn a_window_of_every_week_comes_back_and_ends_by_itself() {
    // START is a Monday, 08:00 local.
    let mut told = Told::recording([hydrant("H"), north_m(50.0, hydrant("I"))]);
    let window = MaintenanceWindow {
        id: "w".into(),
        over: Area::Zone("A".into()),
        from: START,
        until: START.plus_ms(36 * HOUR_MS),
        weekly: Some("mon-tue 09:00-10:00".parse().unwrap()),
        reason: "súc rửa".into(),
        by: "crew".into(),
    };
    let occurrence = |hours: i64| {
        let span = window.occurrence(START.plus_ms(hours * HOUR_MS));
        span.map(|(from, until)| {
            (
                from.since_ms(START) / HOUR_MS,
                until.since_ms(START) / HOUR_MS,
            )
        })
    };
    assert_eq!(occurrence(0), Some((1, 2)));
    assert_eq!(occurrence(1), Some((1, 2)));
    assert_eq!(occurrence(3), Some((25, 26)));
    assert_eq!(occurrence(27), None, "none after its last");
    told.change(Change::WindowEntered {
        window: window.clone(),
    });
    let mut maintained = Vec::new();
    for quarter in 0..48 * 4 {
        told.reads("H", &[(PressureKpa, 200.0)]);
        told.reads("I", &[(PressureKpa, 200.0)]);
        if told.standing("I").reasons == [Reason::Maintenance] {
            maintained.push(quarter / 4);
        }
        told.pass_min(15);
    }
    assert_eq!(maintained, [1, 1, 1, 1, 25, 25, 25, 25]);
}

#[test]
fn a_source_that_comes_into_a_zone_is_in_its_window_and_one_that_leaves_is_not() {
    let mut told = Told::recording([hydrant("H")]);
    let window = MaintenanceWindow {
        id: "w".into(),
        over: Area::Zone("A".into()),
        from: START,
        until: START.plus_ms(DAY_MS),
        weekly: None,
        reason: "súc rửa".into(),
        by: "crew".into(),
    };
    told.change(Change::WindowEntered { window });
    let set = |source: Source| Change::SourceSet {
        source: Box::new(source),
    };
    told.change(set(hydrant("NEW")));
    told.reads("NEW", &[(PressureKpa, 200.0)]);
    assert_eq!(told.standing("NEW").reasons, [Reason::Maintenance]);
    told.change(set(Source {
        zone: Some("B".into()),
        ..hydrant("H")
    }));
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.change(Change::WindowEnded {
        id: "w".into(),
        at: told.now,
    });
    told.reads("NEW", &[(PressureKpa, 201.0)]);
    assert_eq!(told.standing("NEW").verdict, Verdict::Usable);
}

#[test]
fn a_source_follows_the_supply_hours_of_its_zone_unless_it_has_its_own() {
    let own = Source {
        supply_schedule: Some("00:00-24:00".parse().unwrap()),
        ..hydrant("OWN")
    };
    let mut told = Told::recording([hydrant("H"), own]);
    // It is 08:00: water comes at 09:00.
    told.change(Change::ZoneSupplySet {
        zone: "A".into(),
        schedule: Some("09:00-17:00".parse().unwrap()),
        by: "lan".into(),
    });
    for quarter in 0..13 {
        told.reads("H", &[(PressureKpa, 60.0)]);
        told.reads("OWN", &[(PressureKpa, 200.0)]);
        if quarter == 1 {
            assert_eq!(told.standing("H").reasons, [Reason::SupplyHours]);
            assert_eq!(told.standing("OWN").verdict, Verdict::Usable);
        }
        told.pass_min(15);
        let minutes = told.now.since_ms(START) / MINUTE_MS;
        // Water is owed from 09:00, and its absence pages an hour later.
        let paged = told.newest("LOW_STATIC").is_some_and(|alert| alert.pages);
        assert_eq!(paged, minutes >= 120, "{minutes}");
    }
    told.change(Change::ZoneSupplySet {
        zone: "A".into(),
        schedule: None,
        by: "lan".into(),
    });
    told.pass_min(10 * 60);
    assert!(!told.standing("OWN").reasons.contains(&Reason::SupplyHours));
    assert!(!told.standing("H").reasons.contains(&Reason::SupplyHours));
}

/// Somebody draws from H without leave, and has been asked.
fn asked() -> Told {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 300.0), (FlowLps, 12.0)]);
    told.pass_min(1);
    told.reads("H", &[(PressureKpa, 300.0), (FlowLps, 12.0)]);
    let question = told.newest("UNAUTHORISED_USE").unwrap();
    assert_eq!((question.pages, question.cleared_at), (false, None));
    told
}

fn draws_on(told: &mut Told, minutes: i64) {
    for _ in 0..minutes {
        told.reads("H", &[(PressureKpa, 300.0), (FlowLps, 12.0)]);
        told.pass_min(1);
    }
}

#[test]
fn a_use_attached_to_a_fire_far_off_is_answered_until_that_fire_is_over() {
    let mut told = asked();
    told.change(fire(told.now, 3_000.0));
    assert!(
        told.newest("UNAUTHORISED_USE")
            .unwrap()
            .cleared_at
            .is_none()
    );
    let question = told.newest("UNAUTHORISED_USE").unwrap();
    let attachment = Attachment::Incident { id: "fire".into() };
    told.change(act(&question, Act::Attached { attachment }));
    let question = told.newest("UNAUTHORISED_USE").unwrap();
    assert!(question.cleared_at.is_some());
    assert_eq!(told.newest("IN_USE").unwrap().attached(), Some("fire"));
    draws_on(&mut told, 30);
    assert_eq!(told.newest("UNAUTHORISED_USE").unwrap().paged, 0);

    told.change(Change::IncidentEnded {
        id: "fire".into(),
        at: told.now,
    });
    assert!(
        told.newest("UNAUTHORISED_USE")
            .unwrap()
            .cleared_at
            .is_none()
    );
    draws_on(&mut told, 20);
    assert_eq!(told.newest("UNAUTHORISED_USE").unwrap().paged, 1);
}

#[test]
fn a_use_attached_to_the_permit_of_the_hydrant_next_door_is_answered_until_that_ends() {
    let mut told = asked();
    let permit = Permit {
        id: "p".into(),
        source: "NEXT".into(),
        purpose: PermitPurpose::Other,
        from: told.now,
        until: told.now.plus_ms(HOUR_MS),
        by: "me".into(),
        note: None,
    };
    let question = told.newest("UNAUTHORISED_USE").unwrap();
    let attachment = Attachment::Permit {
        permit: Box::new(permit),
    };
    told.change(act(&question, Act::Attached { attachment }));
    assert!(
        told.newest("UNAUTHORISED_USE")
            .unwrap()
            .cleared_at
            .is_some()
    );
    draws_on(&mut told, 30);
    assert_eq!(told.newest("UNAUTHORISED_USE").unwrap().paged, 0);
    draws_on(&mut told, 50);
    assert_eq!(told.newest("UNAUTHORISED_USE").unwrap().paged, 1);
}

#[test]
fn a_question_nobody_answers_pages_after_a_quarter_of_an_hour() {
    let mut told = asked();
    draws_on(&mut told, 13);
    assert!(!told.newest("UNAUTHORISED_USE").unwrap().pages);
    draws_on(&mut told, 3);
    assert!(told.newest("UNAUTHORISED_USE").unwrap().pages);
}

/// Five hydrants of one zone that learned what is usual, and lose most of it.
#[test]
fn a_silenced_zone_raises_its_drop_quietly_and_a_fire_near_it_pages() {
    let sources = (0..5).map(|n| north_m(f64::from(n) * 40.0, hydrant(&format!("H{n}"))));
    let mut told = Told::recording(sources);
    for _ in 0..4 * 24 * 8 {
        for n in 0..5 {
            told.reads(&format!("H{n}"), &[(PressureKpa, 300.0 + f64::from(n))]);
        }
        told.now = told.now.plus_ms(15 * MINUTE_MS);
    }
    told.change(silence(Silenced::Zone("A".into()), told.now, 48));
    for _ in 0..4 {
        for n in 0..5 {
            told.reads(&format!("H{n}"), &[(PressureKpa, 150.0)]);
        }
        told.pass_min(15);
    }
    let drop = told.newest("ZONE_DROP").unwrap();
    assert_eq!((drop.pages, drop.muted_by), (false, Some(Mute::Silence)));
    told.change(fire(told.now, 300.0));
    let drop = told.newest("ZONE_DROP").unwrap();
    assert_eq!((drop.paged, drop.silenced_until()), (1, None));
    assert!(drop.tells_command);
}

/// A state saved at every step and restored goes on as if nothing had been.
#[test]
fn a_silence_and_a_resolution_survive_being_saved_and_replay_exactly() {
    let story = |restarts: bool| {
        let mut told = Told::recording([hydrant("H"), north_m(100.0, hydrant("I"))]);
        let mut effects = Vec::new();
        for step in 0..40 {
            match step {
                4 => {
                    told.change(silence(Silenced::Source("H".into()), told.now, 3));
                    let window = MaintenanceWindow {
                        id: "w".into(),
                        over: Area::Zone("A".into()),
                        from: told.now.plus_ms(7 * HOUR_MS),
                        until: told.now.plus_ms(8 * HOUR_MS),
                        weekly: None,
                        reason: "valve".into(),
                        by: "crew".into(),
                    };
                    told.change(Change::WindowEntered { window });
                }
                20 => {
                    let alert = told.newest_of("I").unwrap();
                    told.change(resolved(&alert));
                }
                _ => {}
            }
            told.reads("H", &[(PressureKpa, 60.0)]);
            told.reads("I", &[(PressureKpa, 70.0)]);
            told.pass_min(15);
            effects.append(&mut told.effects.clone());
            if restarts {
                let global = told.judge.begin_save();
                told.judge.save_all_again();
                drop(global);
                let global = told.judge.begin_save();
                let mut parts = Vec::new();
                while let Some(some) = told.judge.save_some(100) {
                    parts.extend(some);
                }
                let mut judge = Judge::of_a_recording(Rules::default());
                judge.restore(&global, parts).unwrap();
                told.judge = judge;
            }
        }
        told.effects
    };
    let (through, restarted) = (story(false), story(true));
    assert_eq!(through, restarted);
    let of = |what: EpisodeEvent| {
        through
            .iter()
            .filter(|effect| {
                matches!(effect, firemain_domain::judging::Effect::Episode { what: w, .. } if *w == what)
            })
            .count()
    };
    assert!(of(EpisodeEvent::Paged) >= 1 && of(EpisodeEvent::Reopened) >= 1);
}
