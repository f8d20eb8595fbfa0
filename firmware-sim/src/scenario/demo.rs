//! The demo: something to see within the first minutes, and every few minutes after.

use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

use super::{Event, EventKind, Scenario};

impl Scenario {
    /// A day in which everything happens: within the first minutes a hydrant runs dry, a fire breaks
    /// out and a main bursts; then something new every few minutes, for ever.
    pub fn demo() -> Self {
        Self::demo_after(0)
    }

    /// The same after a past of `history_ms`, in which the same kinds of things have happened and
    /// some still last: for a demo that fills its history first.
    pub fn demo_after(history_ms: i64) -> Self {
        let mut events = past(history_ms);
        events.extend(now(history_ms));
        for event in &mut events {
            event.optional = true;
        }
        Self {
            events,
            everyday: None,
        }
    }
}

/// What happened during the last day, or as much of it as there is.
fn past(history_ms: i64) -> Vec<Event> {
    let ago = |hours: f64| history_ms - (hours * HOUR_MS as f64) as i64;
    let minutes = |n: i64| n * MINUTE_MS;
    let hours = |n: i64| n * HOUR_MS;
    [
        Event::new(EventKind::LakeFall, ago(96.0))
            .lasting(DAY_MS * 5)
            .of_size(1.1),
        Event::new(EventKind::TankLeak, ago(72.0))
            .lasting(DAY_MS * 9)
            .of_size(7.0),
        Event::new(EventKind::Sensor("dead_battery"), ago(40.0))
            .lasting(DAY_MS * 6)
            .of_size(8.0),
        Event::new(EventKind::TankDraw, ago(26.0))
            .lasting(minutes(150))
            .of_size(20.0),
        Event::new(EventKind::Burst, ago(22.0))
            .lasting(hours(5))
            .of_size(90.0),
        Event::new(EventKind::Sensor("spike"), ago(20.0)).lasting(DAY_MS * 3),
        Event::new(EventKind::Fire, ago(18.5))
            .lasting(minutes(100))
            .of_size(30.0),
        Event::new(EventKind::Outage, ago(15.0))
            .lasting(hours(4))
            .of_size(10.0),
        Event::new(EventKind::ClosedMain, ago(12.0))
            .lasting(hours(30))
            .of_size(3.0),
        Event::new(EventKind::PumpStop, ago(9.0)).lasting(minutes(75)),
        Event::new(EventKind::Sensor("wrong_scale"), ago(7.0)).lasting(DAY_MS * 2),
        Event::new(EventKind::Theft, ago(5.0))
            .lasting(minutes(45))
            .of_size(6.0),
        Event::new(EventKind::TankDraw, ago(3.0))
            .lasting(minutes(110))
            .of_size(18.0),
        Event::new(EventKind::Outage, ago(1.5))
            .lasting(hours(8))
            .of_size(6.0),
        Event::new(EventKind::Sensor("tamper"), ago(1.0)).lasting(hours(6)),
    ]
    .into_iter()
    .filter(|event| event.at_ms >= 0)
    .collect()
}

/// What happens from now on, again and again at other places.
fn now(from_ms: i64) -> Vec<Event> {
    let at = |seconds: i64| from_ms + seconds * SECOND_MS;
    let minutes = |n: i64| n * MINUTE_MS;
    vec![
        Event::new(EventKind::ClosedMain, at(40))
            .lasting(minutes(55))
            .of_size(2.0)
            .every(minutes(90)),
        Event::new(EventKind::Fire, at(90))
            .lasting(minutes(35))
            .of_size(45.0)
            .every(minutes(70)),
        Event::new(EventKind::Sensor("tamper"), at(150))
            .lasting(minutes(30))
            .every(minutes(65)),
        Event::new(EventKind::Burst, at(240))
            .lasting(minutes(60))
            .of_size(120.0)
            .every(minutes(150)),
        Event::new(EventKind::TankDraw, at(330))
            .lasting(minutes(70))
            .of_size(25.0)
            .every(minutes(110)),
        Event::new(EventKind::Sensor("erratic"), at(450))
            .lasting(minutes(80))
            .every(minutes(130)),
        Event::new(EventKind::Theft, at(540))
            .lasting(minutes(25))
            .of_size(8.0)
            .every(minutes(55)),
        Event::new(EventKind::Outage, at(660))
            .lasting(minutes(50))
            .of_size(8.0)
            .every(minutes(100)),
        Event::new(EventKind::TankLeak, at(800))
            .lasting(minutes(240))
            .of_size(90.0)
            .every(minutes(300)),
        Event::new(EventKind::PumpStop, at(900))
            .lasting(minutes(20))
            .every(minutes(140)),
        Event::new(EventKind::Sensor("spike"), at(1_020))
            .lasting(minutes(90))
            .every(minutes(120)),
        Event::new(EventKind::Sensor("dead_battery"), at(1_200))
            .lasting(minutes(360))
            .of_size(1.0)
            .every(minutes(400)),
        Event::new(EventKind::LakeFall, at(1_300))
            .lasting(minutes(600))
            .of_size(9.0)
            .every(minutes(1_300)),
        Event::new(EventKind::Sensor("wrong_scale"), at(1_500))
            .lasting(minutes(120))
            .every(minutes(170)),
    ]
}
