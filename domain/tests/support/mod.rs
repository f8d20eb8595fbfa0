//! A town of a few sources, told to the judge by hand.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;

use firemain_domain::change::{
    Change, FlowTest, Incident, MaintenanceWindow, Permit, PermitPurpose,
};
use firemain_domain::handling::Area;
use firemain_domain::judging::{
    Control, Effect, EpisodeEvent, EpisodeState, Input, Judge, Rules, Standing, Subject, What,
};
use firemain_domain::report::{DeviceEvent, EventKind, Mark, Report, Sample};
use firemain_domain::source::{
    Access, DrawPointGeometry, Kind, Position, Reporting, Requirement, Sensor, Source, Status,
    TankGeometry, TapPoint,
};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_domain::{Quantity, Timestamp};

#[allow(unused_imports, reason = "each test file uses its own part")]
pub use Quantity::{AvailableFlowLps, FlowLps, LevelM, PressureKpa};

/// 08:00 in Hanoi on 23 November 2026.
pub const START: Timestamp = Timestamp::from_ms(1_795_395_600_000);

pub fn hydrant(code: &str) -> Source {
    Source {
        code: code.into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: "12 Hàng Bạc".into(),
        position: Position {
            lat: 21.03,
            lon: 105.85,
        },
        device: Some(code.into()),
        unit: None,
        zone: Some("A".into()),
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            ..Requirement::default()
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

pub fn tank(code: &str) -> Source {
    Source {
        kind: Kind::Tank(
            TankGeometry {
                area_m2: Some(54.0),
                height_m: Some(3.0),
                ..TankGeometry::default()
            }
            .into(),
        ),
        requirement: Requirement {
            volume_m3: Some(108.0),
            ..Requirement::default()
        }
        .into(),
        ..hydrant(code)
    }
}

pub fn draw_point(code: &str) -> Source {
    Source {
        kind: Kind::DrawPoint(
            DrawPointGeometry {
                apron_level_m: Some(7.0),
                bed_level_m: Some(-1.0),
            }
            .into(),
        ),
        requirement: Requirement::default().into(),
        ..hydrant(code)
    }
}

/// A judge, the effects so far, and the clock by which it is told.
pub struct Told {
    pub judge: Judge,
    pub effects: Vec<Effect>,
    pub now: Timestamp,
    seq: u64,
}

impl Told {
    /// A recording: all time counts as listened to.
    pub fn recording(sources: impl IntoIterator<Item = Source>) -> Self {
        Self::with(Judge::of_a_recording(Rules::default()), sources)
    }

    /// Live: connected and drained.
    pub fn live(sources: impl IntoIterator<Item = Source>) -> Self {
        let mut told = Self::with(Judge::new(Rules::default()), sources);
        told.control(Control::Started);
        told.control(Control::Connected {
            session_present: true,
        });
        told.control(Control::Drained);
        told
    }

    fn with(judge: Judge, sources: impl IntoIterator<Item = Source>) -> Self {
        let mut told = Self {
            judge,
            effects: Vec::new(),
            now: START,
            seq: 0,
        };
        for source in sources {
            told.change(Change::SourceSet {
                source: Box::new(source),
            });
        }
        told
    }

    pub fn tell(&mut self, what: What) {
        self.tell_at(self.now, 0, what);
    }

    pub fn tell_at(&mut self, received_at: Timestamp, wall_offset_ms: i64, what: What) {
        self.now = received_at;
        self.judge.step(
            &Input {
                received_at,
                wall_offset_ms,
                what,
            },
            &mut self.effects,
        );
    }

    pub fn change(&mut self, change: Change) {
        self.tell(What::Change(change));
    }

    pub fn control(&mut self, control: Control) {
        self.tell(What::Control(control));
    }

    /// Whoever draws from there may: its use is nobody's question.
    pub fn may_draw(&mut self, source: &str) {
        let permit = Permit {
            id: format!("leave-{source}"),
            source: source.into(),
            purpose: PermitPurpose::Other,
            from: self.now,
            until: self.now.plus_ms(30 * DAY_MS),
            by: "test".into(),
            note: None,
        };
        self.change(Change::PermitGranted { permit });
    }

    /// Minutes pass in silence, with heartbeats.
    pub fn pass_min(&mut self, minutes: i64) {
        let until = self.now.plus_ms(minutes * MINUTE_MS);
        while self.now < until {
            self.now = self.now.plus_ms(5_000).min(until);
            self.control(Control::Heartbeat { settled: 0 });
        }
    }

    /// A reading measured and received now.
    pub fn reads(&mut self, device: &str, values: &[(Quantity, f64)]) {
        self.reads_at(device, Some(self.now), values);
    }

    /// A reading measured at some time and received now.
    pub fn reads_at(&mut self, device: &str, at: Option<Timestamp>, values: &[(Quantity, f64)]) {
        self.seq += 1;
        let report = self.report(device, at, values);
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// A reading of a device whose clock is right, while ours was set back by `offset_ms`.
    pub fn reads_with_offset(&mut self, device: &str, at: Timestamp, offset_ms: i64, kpa: f64) {
        self.seq += 1;
        let report = self.report(device, Some(at), &[(PressureKpa, kpa)]);
        self.tell_at(
            self.now,
            offset_ms,
            What::Report {
                report,
                retained: false,
                copy: false,
            },
        );
    }

    /// A reading of a device without a clock, received now, while ours is set back by `offset_ms`.
    pub fn reads_untimed_with_offset(&mut self, device: &str, offset_ms: i64, kpa: f64) {
        self.seq += 1;
        let report = self.report(device, None, &[(PressureKpa, kpa)]);
        self.tell_at(
            self.now,
            offset_ms,
            What::Report {
                report,
                retained: false,
                copy: false,
            },
        );
    }

    /// A pressure measured and received now, through a gateway.
    pub fn reads_via(&mut self, device: &str, via: Option<&str>, kpa: f64) {
        self.seq += 1;
        let mut report = self.report(device, Some(self.now), &[(PressureKpa, kpa)]);
        report.via = via.map(Into::into);
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// The newest state of the newest alert about a subject.
    pub fn newest_of(&self, subject: &str) -> Option<EpisodeState> {
        self.episodes()
            .filter(|(_, e)| e.id.subject.to_string() == subject)
            .last()
            .map(|(_, e)| e.clone())
    }

    /// Several readings of a pressure in one message: minutes ago and kPa.
    pub fn batch(&mut self, device: &str, readings: &[(i64, f64)]) {
        self.seq += 1;
        let mut report = self.report(device, None, &[]);
        report.samples = readings
            .iter()
            .enumerate()
            .map(|(index, (minutes_ago, kpa))| Sample {
                at: Some(self.now.plus_ms(-minutes_ago * MINUTE_MS)),
                index: index as u16,
                values: vec![(PressureKpa, *kpa)],
            })
            .collect();
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// Something happens at a device now.
    pub fn happens(&mut self, device: &str, what: EventKind) {
        self.seq += 1;
        let mut report = self.report(device, None, &[]);
        report.samples.clear();
        let at = Some(self.now);
        report.events = vec![DeviceEvent { at, what }];
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// A reading that the broker had kept.
    pub fn reads_retained(&mut self, device: &str, values: &[(Quantity, f64)]) {
        self.seq += 1;
        let report = self.report(device, Some(self.now), values);
        self.tell(What::Report {
            report,
            retained: true,
            copy: false,
        });
    }

    /// A reading without a time, with a sequence of the test's choice.
    pub fn reads_untimed(&mut self, device: &str, seq: u64, kpa: f64) {
        let mut report = self.report(device, None, &[(PressureKpa, kpa)]);
        report.mark = Mark::Sequence(seq);
        report.payload_hash = seq;
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// A reading with a sequence of its own, taken at `at` by the device's clock.
    pub fn reads_numbered(&mut self, device: &str, at: Timestamp, seq: u64, kpa: f64) {
        let mut report = self.report(device, Some(at), &[(PressureKpa, kpa)]);
        report.mark = Mark::Sequence(seq);
        report.payload_hash = seq;
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    /// The last message again.
    pub fn repeat_last(&mut self, device: &str, at: Option<Timestamp>, values: &[(Quantity, f64)]) {
        let report = self.report(device, at, values);
        self.tell(What::Report {
            report,
            retained: false,
            copy: false,
        });
    }

    fn report(&self, device: &str, at: Option<Timestamp>, values: &[(Quantity, f64)]) -> Report {
        Report {
            device: device.into(),
            mark: Mark::Sequence(self.seq),
            payload_hash: self.seq,
            samples: vec![Sample {
                at,
                index: 0,
                values: values.to_vec(),
            }],
            events: Vec::new(),
            online: None,
            via: None,
            unknown_fields: 0,
        }
    }

    /// The same pressure every quarter of an hour.
    pub fn steady(&mut self, device: &str, kpa: f64, times: u32) {
        for _ in 0..times {
            self.reads(device, &[(PressureKpa, kpa)]);
            self.pass_min(15);
        }
    }

    pub fn standing(&self, code: &str) -> Standing {
        self.judge.standing(code).expect("the source is known")
    }

    /// What happened to alerts, but for those about firemain itself, oldest first, as `RULE event`.
    pub fn alerts(&self) -> Vec<String> {
        self.episodes()
            .filter(|(_, e)| !matches!(e.id.subject, Subject::Part(_)))
            .map(|(what, e)| format!("{} {what:?}", e.id.rule))
            .collect()
    }

    pub fn episodes(&self) -> impl Iterator<Item = (EpisodeEvent, &EpisodeState)> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Episode { what, episode, .. } => Some((*what, &**episode)),
            _ => None,
        })
    }

    /// The newest state of the newest alert of a rule.
    pub fn newest(&self, rule: &str) -> Option<EpisodeState> {
        self.episodes()
            .filter(|(_, e)| e.id.rule.name() == rule)
            .last()
            .map(|(_, e)| e.clone())
    }
}

pub fn flow_test(
    source: &str,
    at: Timestamp,
    static_kpa: f64,
    residual_kpa: f64,
    flow_lps: f64,
) -> FlowTest {
    FlowTest {
        id: format!("test-{}", at.ms()),
        source: Arc::from(source),
        at,
        static_kpa,
        residual_kpa,
        flow_lps,
        gauge_accuracy_kpa: None,
        by: "tester".into(),
        note: None,
    }
}

/// A hydrant of which a flow is required too.
pub fn owing_flow(code: &str) -> Source {
    Source {
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            flow_lps: Some(15.0),
            volume_m3: None,
        }
        .into(),
        ..hydrant(code)
    }
}

/// The same source so many metres further north.
pub fn north_m(metres: f64, source: Source) -> Source {
    let position = Position {
        lat: source.position.lat + metres / 111_195.0,
        ..source.position
    };
    Source { position, ..source }
}

pub fn window(source: &str, from: Timestamp, until: Timestamp) -> Change {
    Change::WindowEntered {
        window: MaintenanceWindow {
            id: "w".into(),
            over: Area::Source(source.into()),
            from,
            until,
            weekly: None,
            reason: "valve".into(),
            by: "crew".into(),
        },
    }
}

/// A fire so many metres north of where all sources stand.
pub fn fire(at: Timestamp, metres: f64) -> Change {
    Change::IncidentOpened {
        incident: Incident {
            id: "fire".into(),
            position: north_m(metres, hydrant("X")).position,
            at,
            name: "Cháy nhà".into(),
            by: "114".into(),
            required_flow_lps: None,
        },
    }
}
