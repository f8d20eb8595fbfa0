//! How long judging takes per report, and how much memory a source takes, on the judge and the
//! board together: `cargo bench -p firemain-api --bench judging [sources] [reports]`.
#![allow(clippy::unwrap_used)]

use firemain_api::board::Board;
use firemain_domain::change::Change;
use firemain_domain::clock::SystemClock;
use firemain_domain::judging::rules::Stale;
use firemain_domain::judging::{Control, Input, Judge, Rules, What};
use firemain_domain::report::{Mark, Report, Sample};
use firemain_domain::source::{
    Access, Kind, Position, Reporting, Requirement, Sensor, Source, Status, TapPoint,
};
use firemain_domain::{Quantity, Timestamp};

const START: Timestamp = Timestamp::from_ms(1_795_395_600_000);

fn hydrant(n: usize) -> Source {
    Source {
        code: format!("TR-{n:06}").into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: format!("{n} Hàng Bạc"),
        position: Position {
            lat: 20.9 + (n / 400) as f64 * 0.0012,
            lon: 105.7 + (n % 400) as f64 * 0.0012,
        },
        device: Some(format!("dev-{n:06}").into()),
        unit: Some(format!("P. {}", n % 126).into()),
        zone: Some(format!("Z{}", n / 400 / 10).into()),
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            flow_lps: Some(15.0),
            volume_m3: None,
        }
        .into(),
        reporting: Reporting::default(),
        access: Access::default().into(),
        status: Status::InService,
        supply_schedule: None,
        elevation_m: None,
        sensor: Sensor::default().into(),
    }
}

fn report(n: usize, round: usize, at: Timestamp) -> Report {
    let low = n.is_multiple_of(100) && round.is_multiple_of(3);
    let kpa = if low {
        50.0
    } else {
        200.0 + ((n + round * 7) % 13) as f64
    };
    let flow = if n % 500 == 7 { 6.0 } else { 0.0 };
    Report {
        device: format!("dev-{n:06}").into(),
        mark: Mark::Sequence(round as u64),
        payload_hash: (n * 31 + round) as u64,
        samples: vec![Sample {
            at: Some(at),
            index: 0,
            values: vec![(Quantity::PressureKpa, kpa), (Quantity::FlowLps, flow)],
        }],
        events: Vec::new(),
        online: None,
        via: None,
        unknown_fields: 0,
    }
}

/// Resident memory, bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4_096
}

fn main() {
    let mut numbers = std::env::args().filter_map(|a| a.parse::<usize>().ok());
    let sources = numbers.next().unwrap_or(100_000);
    let reports = numbers.next().unwrap_or(1_000_000);
    let clock = SystemClock::shared();
    let before = resident();
    let mut judge = Judge::new(Rules::default());
    let mut effects = Vec::new();
    let mut tell = |judge: &mut Judge, received_at, what| {
        judge.step(
            &Input {
                received_at,
                wall_offset_ms: 0,
                what,
            },
            &mut effects,
        );
        let told = effects.len();
        effects.clear();
        told
    };
    for n in 0..sources {
        let source = Box::new(hydrant(n));
        tell(
            &mut judge,
            START,
            What::Change(Change::SourceSet { source }),
        );
    }
    tell(
        &mut judge,
        START,
        What::Control(Control::Connected {
            session_present: true,
        }),
    );
    tell(&mut judge, START, What::Control(Control::Drained));
    let mut told = 0;
    let mut spent_ms = 0;
    let mut at = START;
    for round in 0..reports.div_ceil(sources) {
        for slice in (0..sources).collect::<Vec<_>>().chunks(1_000) {
            at = at.plus_ms(9_000 * 1_000 / sources as i64);
            let inputs: Vec<_> = slice.iter().map(|n| report(*n, round, at)).collect();
            let begun = clock.monotonic_ms();
            tell(
                &mut judge,
                at,
                What::Control(Control::Heartbeat { settled: 0 }),
            );
            for report in inputs {
                told += tell(
                    &mut judge,
                    at,
                    What::Report {
                        report,
                        retained: false,
                        copy: false,
                    },
                );
            }
            spent_ms += clock.monotonic_ms() - begun;
        }
    }
    let judged = reports.div_ceil(sources) * sources;
    let judge_bytes = resident().saturating_sub(before);
    let board = Board::new(clock.clone(), &Stale::default());
    board.fill(&judge);
    let both_bytes = resident().saturating_sub(before);
    let begun = clock.monotonic_ms();
    let global = judge.begin_save();
    let parts = judge.save_some(usize::MAX).unwrap_or_default();
    let saving_ms = clock.monotonic_ms() - begun;
    let saved: usize = parts
        .iter()
        .map(|p| p.state.as_ref().map_or(0, Vec::len))
        .sum();
    let begun = clock.monotonic_ms();
    let flagged = board.flags(0, 50, |_| true).total;
    let flags_ms = clock.monotonic_ms() - begun;
    println!(
        "sources {sources}, reports {judged}, effects {told}, flagged {flagged} in {flags_ms} ms"
    );
    println!(
        "{:.2} us per report",
        spent_ms as f64 * 1_000.0 / judged as f64
    );
    println!("{} bytes per source in the judge", judge_bytes / sources);
    println!("{} bytes per source with the board", both_bytes / sources);
    println!(
        "checkpoint: {saving_ms} ms, {} bytes of state per source, {} bytes beside",
        saved / sources,
        global.len()
    );
}
