use super::*;
use crate::time::MINUTE_MS;

/// Monday, 23 November 2026, 00:00 in Hanoi.
const MONDAY: Timestamp = Timestamp::from_ms(1_795_366_800_000);

fn of_pressure() -> Baseline {
    Baseline::new(Scale::Pressure)
}

/// Days of a sample each quarter of an hour, from a Monday: `kpa` by day and hour.
fn days(baseline: &mut Baseline, from_day: i64, days: i64, kpa: impl Fn(i64, f64) -> f64) {
    for day in from_day..from_day + days {
        for quarter in 0..96 {
            let at = MONDAY.plus_ms(day * DAY_MS + quarter * 15 * MINUTE_MS);
            baseline.take(at, kpa(day, quarter as f64 / 4.0), true, false);
        }
    }
}

fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
    MONDAY.plus_ms(day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS)
}

#[test]
fn nothing_is_usual_before_three_days_of_that_hour() {
    let mut baseline = of_pressure();
    days(&mut baseline, 0, 2, |_, _| 200.0);
    assert_eq!(baseline.expected(at(2, 8, 30), None), None);
    days(&mut baseline, 2, 1, |_, _| 200.0);
    let expected = baseline.expected(at(3, 8, 30), None).unwrap();
    assert!((expected.mean - 200.0).abs() < 0.1);
    assert!((expected.sigma - 2.0).abs() < 1e-9, "never below 2 kPa");
    assert!(
        (baseline.expected(at(3, 8, 30), Some(7.0)).unwrap().sigma - 7.0).abs() < 1e-9,
        "never below a step of the sensor"
    );
}

#[test]
fn each_hour_is_learned_by_itself_and_what_is_between_two_middles_is_between_them() {
    let mut baseline = of_pressure();
    days(&mut baseline, 0, 4, |_, hour| {
        200.0 - 10.0 * (hour.floor() - 7.0).clamp(0.0, 2.0)
    });
    let mean = |hour, minute| baseline.expected(at(4, hour, minute), None).unwrap().mean;
    for (hour, minute, kpa) in [(7, 30, 200.0), (8, 30, 190.0), (8, 0, 195.0), (9, 0, 185.0)] {
        assert!((mean(hour, minute) - kpa).abs() < 0.1, "{hour}:{minute}");
    }
}

#[test]
fn a_weekend_borrows_from_the_weekdays_with_a_wider_sigma_until_it_is_learned() {
    let mut baseline = of_pressure();
    let kpa = |day: i64, _| if day % 7 >= 5 { 150.0 } else { 200.0 };
    days(&mut baseline, 0, 5, kpa);
    let saturday = |weeks: i64| at(5 + 7 * weeks, 8, 30);
    let borrowed = baseline.expected(saturday(0), None).unwrap();
    assert!((borrowed.mean - 200.0).abs() < 0.1 && borrowed.sigma > 2.5);
    days(&mut baseline, 5, 9, kpa);
    assert!((baseline.expected(saturday(2), None).unwrap().mean - 150.0).abs() < 0.1);
    assert!((baseline.expected(at(14, 8, 30), None).unwrap().mean - 200.0).abs() < 0.1);
}

#[test]
fn sigma_is_that_of_the_days_and_one_odd_day_moves_little() {
    let mut baseline = of_pressure();
    let kpa = |day: i64, _| if day % 2 == 0 { 190.0 } else { 210.0 };
    for week in 0..4 {
        days(&mut baseline, week * 7, 5, kpa);
    }
    let usual = baseline.expected(at(28, 8, 30), None).unwrap();
    assert!((usual.mean - 200.0).abs() < 3.0, "{usual:?}");
    assert!((8.0..14.0).contains(&usual.sigma), "{usual:?}");
    days(&mut baseline, 28, 1, |_, _| 0.0);
    let after = baseline.expected(at(29, 8, 30), None).unwrap();
    assert!((after.mean - usual.mean).abs() < 3.0, "{after:?}");
}

#[test]
fn a_lasting_change_is_learned() {
    let mut baseline = of_pressure();
    for week in 0..3 {
        days(&mut baseline, week * 7, 5, |_, _| 300.0);
    }
    for week in 3..9 {
        days(&mut baseline, week * 7, 5, |_, _| 240.0);
    }
    let usual = baseline.expected(at(63, 8, 30), None).unwrap();
    assert!((usual.mean - 240.0).abs() < 15.0, "{usual:?}");
    assert!((usual.mean - 240.0).abs() < usual.sigma, "{usual:?}");
}

#[test]
fn an_hour_with_one_unusual_sample_teaches_nothing() {
    let mut baseline = of_pressure();
    days(&mut baseline, 0, 3, |_, _| 200.0);
    for quarter in 0..8 {
        let at = at(3, 8, quarter * 15);
        baseline.take(at, 50.0, quarter != 2, false);
    }
    baseline.take(at(3, 10, 0), 200.0, true, false);
    let mean = |hour| baseline.expected(at(4, hour, 30), None).unwrap().mean;
    assert!((mean(8) - 200.0).abs() < 0.1);
    assert!(mean(9) < 199.0);
}

#[test]
fn the_value_of_an_on_change_device_stands_through_the_hours_between() {
    let mut baseline = of_pressure();
    for day in 0..4 {
        baseline.take(at(day, 6, 0), 220.0, true, true);
        baseline.take(at(day, 18, 0), 180.0, true, true);
    }
    let mean = |hour| baseline.expected(at(4, hour, 30), None).map(|e| e.mean);
    assert!((mean(10).unwrap() - 220.0).abs() < 0.1);
    assert!((mean(22).unwrap() - 180.0).abs() < 0.1);
}

#[test]
fn how_far_it_moved_is_known_for_one_and_a_half_to_three_hours() {
    let mut baseline = of_pressure();
    let mut take = |minute: i64, kpa: f64| {
        baseline.take(at(0, 9, minute), kpa, true, false);
        baseline.moved()
    };
    assert!((take(0, 200.0) - 0.0).abs() < f32::EPSILON);
    assert!((take(15, 175.0) - 25.0).abs() < f32::EPSILON);
    assert!((take(100, 176.0) - 25.0).abs() < f32::EPSILON);
    assert!((take(190, 177.0) - 1.0).abs() < f32::EPSILON);
    assert!((take(600, 190.0) - 0.0).abs() < f32::EPSILON);
}

#[test]
fn levels_are_kept_in_millimetres_and_what_is_saved_comes_back() {
    let mut baseline = Baseline::new(Scale::Level);
    days(&mut baseline, 0, 3, |_, _| 1.817);
    baseline.take(at(3, 0, 0), 1.817, true, false);
    let expected = baseline.expected(at(3, 8, 30), None).unwrap();
    assert!((expected.mean - 1.817).abs() < 0.0006 && (expected.sigma - 0.01).abs() < 1e-9);
    let saved = postcard::to_stdvec(&baseline).unwrap();
    assert_eq!(postcard::from_bytes::<Baseline>(&saved).unwrap(), baseline);
    assert!(size_of::<Baseline>() <= 264, "{}", size_of::<Baseline>());
    let [weekday, weekend] = baseline.shown();
    assert!(weekday.iter().all(Option::is_some));
    assert!(weekend[3].unwrap().sigma > weekday[3].unwrap().sigma);
}
