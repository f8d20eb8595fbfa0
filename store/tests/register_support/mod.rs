//! Things to enter into a register.

#![allow(dead_code, reason = "each test file uses a part of it")]

use firemain_domain::Timestamp;
use firemain_domain::change::{
    Change, FlowTest, Incident, MaintenanceWindow, Permit, PermitPurpose,
};
use firemain_domain::handling::Area;
use firemain_domain::judging::{
    Basis, EpisodeEvent, EpisodeId, EpisodeState, Evidence, Measured, Reason, RuleName, Severity,
    Standing, Subject, Verdict,
};
use firemain_domain::quantity::Quantity;
use firemain_domain::source::{
    Access, Kind, Position, Reporting, Requirement, Sensor, Source, Status, TankGeometry, TapPoint,
};
use firemain_store::register::{JudgedStep, Login, StreamEvent};

/// A minute of the story.
pub fn at(minute: i64) -> Timestamp {
    Timestamp::from_ms(1_764_000_000_000 + minute * 60_000)
}

pub fn hydrant(code: &str) -> Source {
    Source {
        code: code.into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: "12 Hàng Bạc".into(),
        position: Position {
            lat: 21.034_123_456_789_01,
            lon: 105.852_987_654_321_09,
        },
        device: Some(format!("dev-{}", code.to_lowercase()).into()),
        unit: Some("Phường Hoàn Kiếm".into()),
        zone: Some("HK-1".into()),
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            flow_lps: Some(15.0),
            volume_m3: None,
        }
        .into(),
        reporting: Reporting::default(),
        access: Access {
            road_width_m: Some(3.5),
            ..Access::default()
        }
        .into(),
        status: Status::InService,
        supply_schedule: Some("05:00-09:00,17:00-22:30".parse().unwrap()),
        elevation_m: Some(7.2),
        sensor: Sensor::default().into(),
    }
}

pub fn tank(code: &str) -> Source {
    Source {
        kind: Kind::Tank(
            TankGeometry {
                area_m2: Some(36.0),
                height_m: Some(3.0),
                outlet_level_m: Some(0.1),
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

pub fn set(source: &Source) -> Change {
    Change::SourceSet {
        source: Box::new(source.clone()),
    }
}

pub fn flow_test(id: &str, source: &str, minute: i64) -> FlowTest {
    FlowTest {
        id: id.into(),
        source: source.into(),
        at: at(minute),
        static_kpa: 300.0,
        residual_kpa: 220.0,
        flow_lps: 15.0,
        gauge_accuracy_kpa: Some(8.0),
        by: "Đội Chữa cháy và CNCH khu vực 1".into(),
        note: None,
    }
}

pub fn window(id: &str, source: &str, minute: i64) -> MaintenanceWindow {
    MaintenanceWindow {
        id: id.into(),
        over: Area::Source(source.into()),
        from: at(minute),
        until: at(minute + 60),
        weekly: None,
        reason: "thay van".into(),
        by: "lan".into(),
    }
}

pub fn incident(id: &str, minute: i64) -> Incident {
    Incident {
        id: id.into(),
        position: hydrant("x").position,
        at: at(minute),
        name: "Cháy nhà dân".into(),
        by: "lan".into(),
        required_flow_lps: Some(20.0),
    }
}

pub fn permit(id: &str, source: &str, purpose: PermitPurpose, minute: i64) -> Permit {
    Permit {
        id: id.into(),
        source: source.into(),
        purpose,
        from: at(minute),
        until: at(minute + 60),
        by: "lan".into(),
        note: Some("theo kế hoạch\ntháng 11".into()),
    }
}

pub fn login(name: &str, devices: &[&str]) -> Login {
    Login {
        name: name.into(),
        secret_sha256: [7; 32],
        broker_hash: String::new(),
        devices: devices.iter().map(|d| (*d).into()).collect(),
        created_at: at(0),
    }
}

pub fn evidence(minute: i64) -> Evidence {
    Evidence {
        measured: vec![Measured {
            basis: Basis::StaticPressure,
            quantity: Quantity::PressureKpa,
            value: 30.000_000_000_000_004,
            limit: Some(98.1),
            margin: Some(-68.1),
            at: at(minute),
        }],
    }
}

pub fn standing(verdict: Verdict) -> Standing {
    Standing {
        verdict,
        reasons: vec![Reason::LowStatic, Reason::FlowUnproven],
        notes: Vec::new(),
        evidence: evidence(1),
        since: at(1),
        heard_at: Some(at(2)),
        available_flow: evidence(1).measured.pop(),
    }
}

pub fn episode(source: &str, n: u32, severity: Severity, minute: i64) -> EpisodeState {
    EpisodeState {
        id: EpisodeId {
            subject: Subject::Source(source.into()),
            rule: RuleName::LowStatic,
            n,
        },
        severity,
        highest: Severity::Critical,
        began_at: at(minute - 10),
        raised_at: at(minute),
        cleared_at: None,
        reopened: 0,
        pages: true,
        muted_by: None,
        tells_command: false,
        evidence: evidence(minute),
        detail: None,
        clock_off_s: None,
        incident: None,
        members: Vec::new(),
        paged: 1,
        paged_as: Some(severity),
        severity_since: None,
        low_hours: 0,
        heeded: None,
    }
}

pub fn event(kind: &str) -> StreamEvent {
    StreamEvent {
        id: 0,
        kind: kind.into(),
        body: "{\"source\":\"TR-1\"}".into(),
    }
}

pub fn step(episode: &str, event: EpisodeEvent) -> JudgedStep {
    JudgedStep {
        episode: episode.into(),
        at: at(10),
        event,
        severity: Severity::Major,
        pages: true,
        muted_by: None,
    }
}
