//! What is kept of the health of sensors comes back exactly as it was.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use firemain_domain::judging::{Effect, Judge, LeftOut, Rules, SavedSource};
use firemain_domain::time::MINUTE_MS;
use support::*;

/// Quarters of an hour that are played.
const QUARTERS: usize = 5 * 96;

/// Five calm neighbours, and one hydrant whose sensor spikes, sticks, jumps about and loses its scale.
fn quarter(told: &mut Told, n: usize) {
    let wave = 6.0 * (n as f64 / 96.0 * std::f64::consts::TAU).sin();
    for other in 0..5 {
        let own = f64::from(other) + ((n * 7 + other as usize * 3) % 5) as f64 * 0.7;
        told.reads(&format!("N{other}"), &[(PressureKpa, 240.0 + wave + own)]);
    }
    let calm = 230.0 + wave + (n % 4) as f64 * 0.9;
    let said = match n {
        150..230 if n.is_multiple_of(7) => calm + 300.0,
        240..300 => 231.5,
        320..350 => calm * if n.is_multiple_of(2) { 0.2 } else { 1.9 },
        380..430 => calm / 6.895,
        _ => calm,
    };
    told.reads("SICK", &[(PressureKpa, said)]);
    told.pass_min(15);
}

fn start() -> Told {
    let mut town: Vec<_> = (0..5)
        .map(|n| north_m(80.0 * f64::from(n + 1), hydrant(&format!("N{n}"))))
        .collect();
    town.push(hydrant("SICK"));
    for source in &mut town {
        source.sensor = firemain_domain::source::Sensor {
            resolution: Some(0.1),
            ..*source.sensor
        }
        .into();
    }
    Told::live(town)
}

/// All that would be saved now.
fn saved(judge: &mut Judge) -> Vec<(String, Option<Vec<u8>>)> {
    judge.begin_save();
    let parts = judge.save_some(usize::MAX).unwrap_or_default();
    let mut parts: Vec<_> = parts
        .into_iter()
        .map(|part| (part.code.to_string(), part.state))
        .collect();
    parts.sort();
    parts
}

#[test]
fn a_sick_sensor_is_known_as_before_after_a_restart_at_any_hour() {
    let mut whole = start();
    (0..QUARTERS).for_each(|n| quarter(&mut whole, n));
    let said = whole.alerts();
    for rule in ["FLATLINE", "DEVICE"] {
        assert!(said.iter().any(|one| one.starts_with(rule)), "{said:?}");
    }
    let spikes = |effect: &&Effect| {
        matches!(
            effect,
            Effect::LeftOut {
                why: LeftOut::Spike,
                ..
            }
        )
    };
    assert!(whole.effects.iter().filter(spikes).count() >= 5);
    let mut told = start();
    // As the register keeps them: what a dirty part does not say is as before.
    let mut kept: BTreeMap<String, SavedSource> = BTreeMap::new();
    for n in 0..QUARTERS {
        quarter(&mut told, n);
        if n % 4 == 3 {
            let global = told.judge.begin_save();
            let parts = told.judge.save_some(usize::MAX).unwrap_or_default();
            let mut restored = Judge::new(Rules::default());
            for mut part in parts {
                let code = part.code.to_string();
                let before = kept.remove(&code).and_then(|before| before.settings);
                part.settings = part.settings.or(before);
                kept.insert(code, part);
            }
            let parts: Vec<_> = kept.values().cloned().collect();
            restored.restore(&global, parts).unwrap();
            told.judge = restored;
        }
    }
    assert_eq!(told.now, whole.now);
    assert_eq!(told.effects, whole.effects);
    let last = told.now.plus_ms(MINUTE_MS);
    for judge in [&mut whole, &mut told] {
        judge.now = last;
        for code in ["N0", "N1", "N2", "N3", "N4", "SICK"] {
            judge.reads(code, &[(PressureKpa, 233.0)]);
        }
    }
    assert_eq!(saved(&mut told.judge), saved(&mut whole.judge));
}
