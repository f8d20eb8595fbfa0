//! Registers as files: what is read, what is refused and why, and the way there and back.

#![allow(clippy::unwrap_used)]

use firemain_api::import::{
    COLUMNS, Format, ImportError, ImportPlan, Place, read, read_csv, read_geojson, write_csv,
    write_geojson,
};
use firemain_domain::source::{
    Access, DrawPointGeometry, Kind, Position, ReportMode, Reporting, Requirement, Sensor, Source,
    Status, TankGeometry, TapPoint,
};
use firemain_store::register::limits;
use proptest::option::of;
use proptest::prelude::*;

const GUIDE: &str = include_str!("../../docs/register.md");

fn csv(text: &str) -> ImportPlan {
    read_csv(text.as_bytes()).unwrap()
}

/// The one error of a file, as people read it.
fn only_error(plan: &ImportPlan) -> String {
    assert!(plan.sources.is_empty(), "nothing is half-imported");
    assert_eq!(plan.errors.len(), 1, "{:#?}", plan.errors);
    plan.errors[0].to_string()
}

#[test]
fn empty_and_absent_columns_mean_what_is_documented() {
    let plan = csv("code,kind,lat,lon\nTR-1,hydrant,21.03,105.85\nBE-1,tank,21.03,105.85\n");
    let [hydrant, tank] = &plan.sources[..] else {
        panic!("{plan:#?}")
    };
    assert_eq!(
        hydrant.kind,
        Kind::Hydrant {
            tap_point: TapPoint::Main
        }
    );
    assert_eq!(hydrant.interval_ms(), 900_000);
    assert_eq!(hydrant.status, Status::InService);
    assert_eq!(*hydrant.requirement, Requirement::default());
    assert_eq!(tank.kind, Kind::Tank(Box::default()));
    assert_eq!(tank.interval_ms(), 3_600_000);
    assert!(
        plan.warnings[0].reason.contains("2 source(s)"),
        "owing nothing is told"
    );
}

#[test]
fn separators_line_ends_and_decimal_commas_of_any_office_are_read() {
    let plain = csv("code,kind,lat,lon,required_flow_lps\nTR-1,hydrant,21.03,105.85,12.5\n");
    for office in [
        "\u{feff}code;kind;lat;lon;required_flow_lps\r\nTR-1;hydrant;21,03;105,85;12,5\r\n",
        "Code\tKind\tLat\tLon\tRequired_flow_lps\rTR-1\tHydrant\t21.03\t105.85\t12.5",
        "sep=;\r\ncode;kind;lat;lon;required_flow_lps\r\n;;;;\r\nTR-1;hydrant;21.03;105.85;12.5",
    ] {
        let plan = csv(office);
        assert!(plan.is_good(), "{:?}", plan.errors);
        assert_eq!(plan.sources, plain.sources, "{office:?}");
    }
    let both = csv("code;kind;lat;lon\nTR-1;hydrant;21,03;105,85\nTR-2;hydrant;21.03;105.85\n");
    assert!(only_error(&both).contains("write one of them"));
}

#[test]
fn one_bad_row_imports_nothing_and_is_told_with_line_code_and_reason() {
    let plan = csv("code,kind,lat,lon\nTR-1,hydrant,21.03,105.85\n\nTR-2,hydrant,105.85,21.03\n");
    let said = only_error(&plan);
    assert!(said.starts_with("line 4, TR-2, lat:"), "{said}");
    assert!(
        said.contains("-90 to 90 °") && said.contains("wrong way round"),
        "{said}"
    );
    assert!(plan.into_changes(&|_| None).is_empty());
}

#[test]
fn lines_are_counted_through_blank_lines_quotes_and_line_ends() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [
            "code,kind,name,lat,lon",
            "",
            "a,hydrant,\"two",
            "lines\",1,1",
            "",
            "b,hydrant,x,1,1",
            "c,pump,x,1,1",
        ]
        .join(end);
        let places: Vec<Place> = csv(&text).errors.iter().map(|e| e.place).collect();
        assert_eq!(places, [Place::Line(3), Place::Line(7)], "{end:?}");
    }
}

#[test]
fn codes_and_devices_stand_once() {
    let plan = csv(
        "code,kind,lat,lon,device\nTR-1,hydrant,1,1,d1\nTR-1,hydrant,1,1,d2\nTR-3,hydrant,1,1,d1\n",
    );
    let said: Vec<String> = plan.errors.iter().map(ToString::to_string).collect();
    assert!(
        said[0].contains("line 3, TR-1, code: `TR-1` stands already in line 2"),
        "{said:?}"
    );
    assert!(
        said[1].contains("line 4, TR-3, device: `d1` stands already in line 2"),
        "{said:?}"
    );
}

#[test]
fn what_belongs_to_another_kind_is_not_lost_silently() {
    let head = "code,kind,lat,lon,tap_point,tank_area_m2,tank_open,bed_level_m\n";
    assert!(csv(&format!("{head}TR-1,hydrant,1,1,main,,false,\n")).is_good());
    let said = only_error(&csv(&format!("{head}TR-1,hydrant,1,1,,36,no,\n")));
    assert!(said.contains("tank_area_m2: is only for tanks"), "{said}");
    assert!(!csv(&format!("{head}BE-1,tank,1,1,barrel,36,,\n")).is_good());
}

#[test]
fn files_that_are_no_register_are_refused_with_the_way_out() {
    let refused = |bytes: &[u8]| read(bytes, Format::Csv).unwrap_err().to_string();
    assert!(refused(b"").contains("empty"));
    assert!(refused(b"PK\x03\x04rest").contains("Excel workbook"));
    assert!(refused(b"\xff\xfec\0o\0d\0e\0").contains("UTF-16"));
    assert!(refused(b"code,kind,latitude,lon\n").contains("missing: lat."));
    assert!(refused(b"code,kind,lat,lon,code\n").contains("twice"));
    let endless = format!(
        "code,kind,lat,lon\nTR-1,hydrant,1,\"{}",
        "x".repeat(3 << 20)
    );
    assert!(refused(endless.as_bytes()).contains("quotation mark"));
    let plan = read_csv(b"code,kind,lat,lon,name\nTR-1,hydrant,1,1,H\xe0ng\n".as_slice()).unwrap();
    assert!(only_error(&plan).starts_with("line 2, name: name is not UTF-8"));
}

#[test]
fn errors_are_bounded_and_the_rest_is_counted() {
    let rows: Vec<String> = (0..1_500).map(|n| format!("TR-{n},pump,1,1\n")).collect();
    let rows = rows.concat();
    let plan = csv(&format!("code,kind,lat,lon,colour\n{rows}"));
    assert_eq!(
        (plan.errors.len(), plan.more_errors, plan.error_count()),
        (1_000, 500, 1_500)
    );
    assert_eq!(plan.unknown_columns, ["colour"]);
}

#[test]
fn geojson_is_read_feature_by_feature() {
    let text = r#"{"bbox":[1,2,3,4],"type":"FeatureCollection","features":[
      {"type":"Feature","geometry":{"type":"Point","coordinates":[105.85,21.03,7]},
       "properties":{"code":"TR-1","kind":"hydrant","required_flow_lps":15,"turning_area":true,"zone":null,"colour":"red"}},
      {"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{}},
      {"type":"Feature","geometry":null,"properties":{"code":"TR-3"}}]}"#;
    let plan = read_geojson(text.as_bytes()).unwrap();
    let places: Vec<Place> = plan.errors.iter().map(|e| e.place).collect();
    assert_eq!(places, [Place::Feature(2), Place::Feature(3)]);
    assert_eq!(plan.unknown_columns, ["colour"]);
    for wrong in [
        "{\"type\":\"Feature\"}",
        "[1]",
        "{\"type\":\"FeatureCollection\"}",
    ] {
        let refused = read_geojson(wrong.as_bytes());
        assert!(
            matches!(refused, Err(ImportError::NoCollection)),
            "{refused:?}"
        );
    }
    let cut = read_geojson(&text.as_bytes()[..200]).unwrap_err();
    assert!(matches!(cut, ImportError::Json { .. }), "{cut}");
}

#[test]
fn only_sources_that_differ_become_changes() {
    let plan = csv("code,kind,lat,lon\nTR-1,hydrant,1,1\nTR-2,hydrant,1,1\nTR-3,hydrant,1,1\n");
    let same = plan.sources[0].clone();
    let moved = Source {
        position: Position { lat: 2.0, lon: 1.0 },
        ..plan.sources[1].clone()
    };
    let known = [same, moved];
    let changes = plan.into_changes(&|code| known.iter().find(|s| &*s.code == code).cloned());
    assert_eq!(changes.len(), 2, "one moved, one new: {changes:?}");
}

#[test]
fn the_guide_tells_of_every_column_and_range_and_its_example_is_read() {
    let table: Vec<&str> = GUIDE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for (row, column) in table.iter().zip(COLUMNS) {
        assert!(row.starts_with(&format!("| `{column}`")), "{column}: {row}");
    }
    assert_eq!(table.len(), COLUMNS.len());
    for range in limits::RANGES {
        let row = table
            .iter()
            .find(|row| row.starts_with(&format!("| `{}`", range.column)));
        let expected = format!("{} to {}", range.least, range.most);
        assert!(
            row.unwrap().contains(&expected),
            "{}: {expected}",
            range.column
        );
    }
    let example = GUIDE
        .split("```csv\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let plan = csv(example);
    assert!(plan.is_good() && plan.warnings.is_empty(), "{plan:#?}");
    assert_eq!((plan.sources.len(), plan.unknown_columns.len()), (3, 0));
}

fn any_text() -> impl Strategy<Value = String> {
    "[A-Za-zÀ-ỹ0-9\",;=' -]{0,20}".prop_map(|text| text.trim().to_owned())
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    any_text().prop_map(|text| (!text.is_empty()).then_some(text))
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let tank = (
        of(0.1..1e6_f64),
        of(50.0..100.0_f64),
        any::<(bool, bool)>(),
        of(0.0..50.0_f64),
        of(1.0..720.0_f64),
    )
        .prop_map(
            |(area_m2, height_m, (open, daily_use), outlet_level_m, refill_hours)| {
                Kind::Tank(
                    TankGeometry {
                        area_m2,
                        height_m,
                        open,
                        daily_use,
                        outlet_level_m,
                        refill_hours,
                    }
                    .into(),
                )
            },
        );
    let point = (of(0.0..9e3_f64), of(-500.0..0.0_f64)).prop_map(|(apron_level_m, bed_level_m)| {
        Kind::DrawPoint(
            DrawPointGeometry {
                apron_level_m,
                bed_level_m,
            }
            .into(),
        )
    });
    prop_oneof![
        Just(Kind::Hydrant {
            tap_point: TapPoint::Main
        }),
        Just(Kind::Hydrant {
            tap_point: TapPoint::Barrel
        }),
        tank,
        point,
    ]
}

fn any_source() -> impl Strategy<Value = Source> {
    let place = (
        any_kind(),
        any_text(),
        -90.0..=90.0_f64,
        -180.0..=180.0_f64,
        some_text(),
        some_text(),
    );
    let owes = (
        of(1.0..2e3_f64),
        of(0.1..500.0_f64),
        of(0.1..1e6_f64),
        of(1..2_678_400_u32),
        any::<bool>(),
    );
    let access = (
        of(0.0..100.0_f64),
        of(0.0..100.0_f64),
        of(0.0..500.0_f64),
        of(any::<bool>()),
        some_text(),
    );
    let rest = (
        0..4_usize,
        any::<bool>(),
        of(-500.0..9e3_f64),
        of(1e4..1e5_f64),
        of(1e-5..1e4_f64),
        of(0.0..1e4_f64),
    );
    (place, owes, access, rest).prop_map(|(place, owes, access, rest)| {
        let (kind, name, lat, lon, unit, zone) = place;
        let mode = if owes.4 {
            ReportMode::OnChange
        } else {
            ReportMode::Periodic
        };
        let statuses = [
            Status::Planned,
            Status::InService,
            Status::OutOfService,
            Status::Removed,
        ];
        Source {
            code: "".into(),
            kind,
            name,
            position: Position { lat, lon },
            device: None,
            unit: unit.map(Into::into),
            zone: zone.map(Into::into),
            requirement: Requirement {
                pressure_kpa: owes.0,
                flow_lps: owes.1,
                volume_m3: owes.2,
            }
            .into(),
            reporting: Reporting {
                interval_s: owes.3,
                mode,
            },
            access: Access {
                road_width_m: access.0,
                road_height_m: access.1,
                road_load_t: access.2,
                turning_area: access.3,
                obstruction: access.4,
            }
            .into(),
            status: statuses[rest.0],
            supply_schedule: rest
                .1
                .then(|| "mon-fri 05:00-09:00,22:00-02:00".parse().unwrap()),
            elevation_m: rest.2,
            sensor: Sensor {
                range_max: rest.3,
                resolution: rest.4,
                accuracy: rest.5,
            }
            .into(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_again(mut sources in prop::collection::vec(any_source(), 0..8)) {
        for (n, source) in sources.iter_mut().enumerate() {
            source.code = format!("TR-{n}").into();
            source.device = (n % 2 == 0).then(|| format!("dev-{n}").into());
            prop_assert_eq!(limits::check_source(source), Ok(()));
        }
        let (mut csv, mut geojson) = (Vec::new(), Vec::new());
        write_csv(&sources, &mut csv).unwrap();
        write_geojson(&sources, &mut geojson).unwrap();
        for (bytes, format) in [(csv, Format::Csv), (geojson, Format::GeoJson)] {
            let plan = read(&bytes[..], format).unwrap();
            prop_assert!(plan.is_good(), "{:?}", plan.errors);
            prop_assert_eq!(&plan.sources, &sources);
        }
    }

    #[test]
    fn any_bytes_are_answered_and_what_passes_may_be_kept(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let csv = [b"code,kind,lat,lon,name\n".as_slice(), &bytes].concat();
        if let Ok(plan) = read_csv(&csv[..]) {
            prop_assert!(plan.sources.iter().all(|s| limits::check_source(s).is_ok()));
        }
        let _ = read_geojson(&bytes[..]);
    }
}
