//! The same low hour day after day: a work order for the water company, not a page each evening.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::judging::{Detail, EpisodeEvent, Judge, Mute, Rules, Severity, Verdict};
use firemain_domain::time::{HOUR_MS, MINUTE_MS};
use support::*;

/// How often somebody was paged.
fn pages(told: &Told) -> usize {
    told.episodes()
        .filter(|(what, e)| {
            e.pages
                && matches!(
                    what,
                    EpisodeEvent::Raised | EpisodeEvent::Paged | EpisodeEvent::Reopened
                )
        })
        .count()
}

/// One day of a reading each quarter of an hour, from 08:00 in Hanoi: `kpa` of the hour.
fn day(told: &mut Told, kpa: impl Fn(i64) -> f64) {
    for quarter in 0..96 {
        told.steady("H", kpa((8 + quarter / 4) % 24), 1);
    }
}

/// Low from six to nine in the evening.
fn evening(hour: i64) -> f64 {
    if (18..21).contains(&hour) {
        80.0
    } else {
        150.0
    }
}

/// So many days with a low evening.
fn low_evenings(days: usize) -> Told {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..days {
        day(&mut told, evening);
    }
    told
}

/// Into the evening of the next day, until 19:30.
fn into_the_evening(told: &mut Told) {
    for quarter in 0..46 {
        told.steady("H", evening(8 + quarter / 4), 1);
    }
}

#[test]
fn a_fire_within_500_m_lifts_the_mute_of_the_low_evening() {
    for (metres, lifted) in [(490.0, true), (510.0, false)] {
        let mut told = low_evenings(4);
        into_the_evening(&mut told);
        assert_eq!(pages(&told), 3, "the fifth evening pages nobody by itself");
        told.change(fire(told.now, metres));
        assert_eq!(pages(&told), 3 + usize::from(lifted), "{metres}");
        assert_eq!(told.newest("LOW_STATIC").unwrap().pages, lifted);
    }
    // A fire that burns already when the evening comes.
    let mut told = low_evenings(4);
    told.change(fire(told.now, 100.0));
    into_the_evening(&mut told);
    assert!(told.newest("LOW_STATIC").unwrap().pages);
}

#[test]
fn a_fire_at_an_hour_of_good_water_wakes_nobody_about_the_evening() {
    let mut told = low_evenings(4);
    told.change(fire(told.now, 100.0));
    told.steady("H", 150.0, 8);
    assert_eq!(pages(&told), 3);
}

#[test]
fn a_critical_low_pages_at_the_usual_hour_too() {
    let mut told = low_evenings(4);
    into_the_evening(&mut told);
    told.steady("H", 10.0, 3);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((alert.severity, alert.pages), (Severity::Critical, true));
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
}

#[test]
fn the_first_three_evenings_page_and_then_one_work_order_stands() {
    let mut told = low_evenings(3);
    assert_eq!(pages(&told), 3);
    for _ in 0..5 {
        day(&mut told, evening);
    }
    assert_eq!(pages(&told), 3);
    let order = told.newest("LOW_STATIC").unwrap();
    assert_eq!(
        (order.pages, order.muted_by, order.detail, order.cleared_at),
        (false, Some(Mute::EveryDay), Some(Detail::EveryDay), None)
    );
    assert_eq!(order.id.n, 4, "one alert for all of them");
    let raised = told
        .alerts()
        .iter()
        .filter(|a| *a == "LOW_STATIC Raised")
        .count();
    assert_eq!(raised, 4);
    into_the_evening(&mut told);
    assert_eq!(
        told.standing("H").verdict,
        Verdict::Degraded,
        "the map tells the truth"
    );
}

#[test]
fn a_low_at_another_hour_pages() {
    let mut told = low_evenings(4);
    let noon = |hour| if hour == 12 { 80.0 } else { evening(hour) };
    day(&mut told, noon);
    assert_eq!(pages(&told), 4);
    let mut told = low_evenings(4);
    // One dip at noon, over before its dwell.
    told.steady("H", 150.0, 16);
    told.reads("H", &[(PressureKpa, 80.0)]);
    told.pass_min(5);
    told.steady("H", 150.0, 3);
    assert_eq!(pages(&told), 3, "the work order does not shorten a dwell");
}

#[test]
fn an_evening_that_does_not_end_pages() {
    let mut told = low_evenings(4);
    day(&mut told, |hour| {
        if (18..24).contains(&hour) {
            80.0
        } else {
            150.0
        }
    });
    assert_eq!(pages(&told), 4);
    let paged = told
        .episodes()
        .find(|(what, _)| *what == EpisodeEvent::Paged);
    assert!(paged.is_some());
}

#[test]
fn a_much_deeper_low_than_usual_pages() {
    let mut told = low_evenings(4);
    day(&mut told, |hour| {
        evening(hour) - if hour >= 18 { 25.0 } else { 0.0 }
    });
    assert_eq!(pages(&told), 4);
}

#[test]
fn what_is_low_around_the_clock_is_no_low_hour() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..4 {
        day(&mut told, |hour| if hour == 7 { 150.0 } else { 80.0 });
    }
    let before = pages(&told);
    day(&mut told, |hour| if hour == 7 { 150.0 } else { 80.0 });
    assert_eq!(pages(&told), before + 1);
}

#[test]
fn the_work_order_ends_when_the_evenings_are_well_again_and_pages_anew_after() {
    let mut told = low_evenings(5);
    for _ in 0..7 {
        day(&mut told, |_| 150.0);
    }
    assert!(told.newest("LOW_STATIC").unwrap().cleared_at.is_some());
    let before = pages(&told);
    day(&mut told, evening);
    assert_eq!(pages(&told), before + 1);
}

#[test]
fn a_work_order_is_restored_at_any_moment() {
    let script = |told: &mut Told, from: i64, to: i64| {
        for quarter in from..to {
            told.reads("H", &[(PressureKpa, evening((8 + quarter / 4) % 24))]);
            told.now = told.now.plus_ms(15 * MINUTE_MS);
        }
    };
    let mut whole = Told::recording([hydrant("H")]);
    let last = 96 * 4 + 60;
    script(&mut whole, 0, last);
    assert_eq!(
        whole.newest("LOW_STATIC").unwrap().muted_by,
        Some(Mute::EveryDay)
    );
    for cut in (0..last).step_by(7) {
        let mut told = Told::recording([hydrant("H")]);
        script(&mut told, 0, cut);
        let mut restored = Judge::of_a_recording(Rules::default());
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, last);
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
    let _ = HOUR_MS;
}
