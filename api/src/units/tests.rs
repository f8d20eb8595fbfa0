use std::time::Instant;

use firemain_domain::source::Position;
use serde_json::{Value, json};

use super::*;

fn square(code: &str, west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Feature", "properties": { "code": code, "name": format!("Phường {code}") },
        "geometry": { "type": "Polygon", "coordinates":
            [[[west, south], [east, south], [east, north], [west, north], [west, south]]] } })
}

#[expect(clippy::needless_pass_by_value, reason = "written out at each call")]
fn collection(features: Vec<Value>) -> Vec<u8> {
    json!({ "type": "FeatureCollection", "features": features })
        .to_string()
        .into_bytes()
}

fn version() -> UnitVersion {
    UnitVersion {
        id: "v".into(),
        valid_from: Timestamp::from_ms(0),
        units: 0,
        entered_at: Timestamp::from_ms(0),
        by: "t".into(),
        withdrawn_at: None,
    }
}

fn map(features: Vec<Value>) -> UnitMap {
    UnitMap::new(version(), read(&collection(features)).unwrap().units).unwrap()
}

fn faults(features: Vec<Value>) -> Vec<UnitFault> {
    match read(&collection(features)) {
        Err(UnitsError::Faults(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

fn at(lon: f64, lat: f64) -> Position {
    Position { lat, lon }
}

#[test]
fn every_place_belongs_to_one_unit_also_on_a_border() {
    let map = map(vec![
        square("A", 105.0, 21.0, 0.1),
        square("B", 105.1, 21.0, 0.1),
        square("C", 105.0, 21.1, 0.1),
    ]);
    let code = |lon, lat| map.of(at(lon, lat)).map(|unit| unit.code.to_string());
    assert_eq!(code(105.05, 21.05).as_deref(), Some("A"));
    assert_eq!(code(105.15, 21.05).as_deref(), Some("B"));
    assert_eq!(code(105.1, 21.05).as_deref(), Some("B"), "on the border");
    assert_eq!(code(105.05, 21.1).as_deref(), Some("C"), "on the border");
    assert_eq!(code(105.15, 21.15), None, "in the box of all, in none");
    assert_eq!(code(100.0, 21.05), None);
}

#[test]
fn a_hole_belongs_to_nobody_or_to_the_unit_within() {
    let mut ring = square("A", 105.0, 21.0, 0.3);
    let hole = json!([
        [105.1, 21.1],
        [105.1, 21.2],
        [105.2, 21.2],
        [105.2, 21.1],
        [105.1, 21.1]
    ]);
    ring["geometry"]["coordinates"]
        .as_array_mut()
        .unwrap()
        .push(hole);
    let alone = map(vec![ring.clone()]);
    assert!(alone.of(at(105.15, 21.15)).is_none());
    assert_eq!(&*alone.of(at(105.05, 21.15)).unwrap().code, "A");
    let both = map(vec![ring, square("B", 105.1, 21.1, 0.1)]);
    assert_eq!(&*both.of(at(105.15, 21.15)).unwrap().code, "B");
}

#[test]
fn the_area_is_that_of_the_ellipsoid() {
    let map = map(vec![square("A", 105.0, 21.0, 0.01)]);
    let area = map.units()[0].area_m2;
    // 0.01° of longitude at 21° is 1,039.4 m, 0.01° of latitude 1,107.1 m.
    assert!((area / (1_039.4 * 1_107.1) - 1.0).abs() < 0.002, "{area}");
}

#[test]
fn what_is_wrong_is_told_feature_by_feature() {
    let mut open = square("B", 105.1, 21.0, 0.1);
    open["geometry"]["coordinates"][0]
        .as_array_mut()
        .unwrap()
        .pop();
    let swapped = json!({ "properties": { "code": "C", "name": "Xã C" }, "geometry":
        { "type": "Polygon", "coordinates": [[[21.0, 105.0], [21.0, 105.1], [21.1, 105.1], [21.0, 105.0]]] } });
    let bow = json!({ "properties": { "code": "D", "name": "Xã D" }, "geometry":
        { "type": "Polygon", "coordinates": [[[105.0, 21.0], [105.1, 21.1], [105.1, 21.0], [105.0, 21.1], [105.0, 21.0]]] } });
    let point = json!({ "properties": { "code": "E", "name": "Đảo" }, "geometry": { "type": "Point", "coordinates": [1, 2] } });
    let found = faults(vec![
        square("A", 105.0, 21.0, 0.1),
        open,
        swapped,
        bow,
        point,
        square("A", 106.0, 21.0, 0.1),
    ]);
    let told: Vec<(usize, &str)> = found
        .iter()
        .map(|f| (f.feature, f.reason.as_str()))
        .collect();
    assert!(
        told[0].0 == 2 && told[0].1.contains("not closed"),
        "{told:?}"
    );
    assert!(
        told[1].0 == 3 && told[1].1.contains("changed places"),
        "{told:?}"
    );
    assert!(
        told[2].0 == 4 && told[2].1.contains("self-intersection"),
        "{told:?}"
    );
    assert!(told[3].0 == 5 && told[3].1.contains("`kind`"), "{told:?}");
    assert!(
        told[4].0 == 5 && told[4].1.contains("Polygon or a MultiPolygon"),
        "{told:?}"
    );
    assert!(
        told[5].0 == 6 && told[5].1.contains("feature 1"),
        "{told:?}"
    );
    let same = faults(vec![
        square("A", 105.0, 21.0, 0.1),
        square("B", 105.0, 21.0, 0.1),
    ]);
    assert!(same[0].reason.contains("100 %"), "{same:?}");
}

#[test]
fn a_file_that_is_something_else_says_where() {
    for (text, told) in [
        ("{", "line 1"),
        (r#"{"type":"FeatureCollection"}"#, "features"),
        (r#"{"type":"Feature","features":[{}]}"#, "`Feature`"),
        (
            r#"{"type":"FeatureCollection","features":[]}"#,
            "0 features",
        ),
        (
            r#"{"type":"FeatureCollection","features":[{"geometry":{"type":"Polygon","coordinates":[[[1]]]}}]}"#,
            "features[0]",
        ),
    ] {
        let error = read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn overlaps_are_reported_with_their_size() {
    let file = read(&collection(vec![
        square("A", 105.0, 21.0, 0.1),
        square("B", 105.09, 21.0, 0.1),
        square("C", 105.19, 21.0, 0.1),
    ]))
    .unwrap();
    assert_eq!(file.overlaps.len(), 1, "touching is no overlap");
    let overlap = &file.overlaps[0];
    assert_eq!((overlap.one, overlap.other), (0, 1));
    assert!((overlap.share - 0.1).abs() < 0.001, "{overlap:?}");
}

/// A round-ish unit with many points.
fn round(code: &str, lon: f64, lat: f64, radius: f64, points: usize) -> Value {
    let mut ring: Vec<Value> = (0..points)
        .map(|n| {
            let angle = n as f64 / points as f64 * std::f64::consts::TAU;
            let r = radius * (1.0 + 0.1 * (angle * 9.0).sin());
            json!([lon + r * angle.cos(), lat + r * angle.sin()])
        })
        .collect();
    ring.push(ring[0].clone());
    json!({ "properties": { "code": code, "name": format!("Xã {code}") },
        "geometry": { "type": "Polygon", "coordinates": [ring] } })
}

#[test]
fn the_grid_answers_as_the_outlines_do_and_quickly() {
    let mut features = Vec::new();
    for n in 0..126_u32 {
        let (column, row) = (f64::from(n % 14), f64::from(n / 14));
        let (lon, lat) = (105.3 + column * 0.05, 20.6 + row * 0.08);
        features.push(round(&format!("{n:03}"), lon, lat, 0.022, 1_000));
    }
    let map = map(features);
    let mut state = 7_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let places: Vec<Position> = (0..1_000_000)
        .map(|_| at(105.25 + 0.8 * random(), 20.55 + 0.8 * random()))
        .collect();
    #[expect(
        clippy::disallowed_methods,
        reason = "a figure to look at, not a judgement"
    )]
    let began = Instant::now();
    let held = places.iter().filter(|p| map.of(**p).is_some()).count();
    let took = began.elapsed();
    println!("{held} of a million places in 126 units of 1,000 points: {took:?}");
    assert!((100_000..900_000).contains(&held), "{held}");
    assert!(took.as_secs_f64() < 3.0, "{took:?}");
    for place in places.iter().take(20_000) {
        let by_outline = map
            .units()
            .iter()
            .find(|unit| unit.shape.holds(place.lon, place.lat));
        let by_grid = map.of(*place);
        assert_eq!(
            by_grid.map(|u| &u.code),
            by_outline.map(|u| &u.code),
            "{place:?}"
        );
    }
}
