//! The sources of a generated town, as a register would describe them.

use std::sync::Arc;

use firemain_domain::source::{
    Access, DrawPointGeometry, Kind, Position, Reporting, Requirement, Sensor, Source, Status,
    TankGeometry, TapPoint,
};

use super::character::Feed;
use super::layout::{HydrantPlace, Shape};
use super::{Place, TownSettings, Zone, makes};
use crate::names::{STREETS, WARDS, WATERS};
use crate::noise::{between, draw, share};

/// The Turtle Tower, more or less.
pub(super) const CENTRE: Position = Position {
    lat: 21.0278,
    lon: 105.8523,
};
const M_PER_DEGREE: f64 = 111_320.0;
/// QCVN 10:2025/BCA H.1.1.2: 10 m of free head at the ground.
const REQUIRED_KPA: f64 = 98.1;
/// 0.5 % of a full scale of 16 bar.
const PRESSURE_SENSOR: Sensor = Sensor {
    range_max: Some(1_600.0),
    resolution: Some(0.5),
    accuracy: Some(8.0),
};
const LEVEL_SENSOR: Sensor = Sensor {
    range_max: Some(15.0),
    resolution: Some(0.002),
    accuracy: Some(0.02),
};

/// A position so many metres east and north of the town's centre.
pub(super) fn position(x_m: f64, y_m: f64) -> Position {
    let lat = (CENTRE.lat + y_m / M_PER_DEGREE).clamp(-89.0, 89.0);
    let lon = CENTRE.lon + x_m / (M_PER_DEGREE * CENTRE.lat.to_radians().cos());
    Position {
        lat: round(lat, 6),
        lon: round((lon + 180.0).rem_euclid(360.0) - 180.0, 6),
    }
}

/// `value` rounded to so many decimals.
pub(super) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// Hydrants, tanks and draw points, in this order, with the places of their water.
pub(super) fn of(
    settings: &TownSettings,
    shapes: &[Shape],
    zones: &[Zone],
) -> (Vec<Source>, Vec<Place>) {
    let total = settings.hydrants + settings.tanks + settings.draw_points;
    let mut sources = Vec::with_capacity(total);
    let mut places = Vec::with_capacity(total);
    let digits = total.to_string().len().max(4);
    for (z, zone) in zones.iter().enumerate() {
        for (local, place) in shapes[zone.mains].hydrants[..zone.hydrant_nodes.len()]
            .iter()
            .enumerate()
        {
            let number = sources.len();
            sources.push(hydrant(
                settings,
                &shapes[zone.mains],
                zone,
                z,
                place,
                number,
                digits,
            ));
            let metered = share(draw(settings.seed, 52, number as u64)) < settings.metered_share;
            places.push(Place::Hydrant {
                zone: z as u32,
                local: local as u32,
                metered,
            });
        }
    }
    for i in 0..settings.tanks {
        let z = i % zones.len();
        sources.push(tank(settings, shapes, zones, z, i, digits));
        places.push(Place::Tank { zone: z as u32 });
    }
    for i in 0..settings.draw_points {
        let z = (i * 3 + 1) % zones.len();
        let (source, place) = draw_point(settings, shapes, zones, z, i, digits);
        sources.push(source);
        places.push(place);
    }
    (sources, places)
}

pub(super) fn bare(
    code: String,
    kind: Kind,
    name: String,
    position: Position,
    zone: &Arc<str>,
    z: usize,
) -> Source {
    Source {
        device: Some(code.to_lowercase().into()),
        code: code.into(),
        kind,
        name,
        position,
        unit: Some(format!("Phường {}", WARDS[z % WARDS.len()]).into()),
        zone: Some(zone.clone()),
        requirement: Requirement::default().into(),
        reporting: Reporting::default(),
        access: Access::default().into(),
        status: Status::InService,
        supply_schedule: None,
        elevation_m: None,
        sensor: Sensor::default().into(),
    }
}

/// A hydrant's requirement and sensor, the same in generated and imported towns.
pub(super) fn equip_hydrant(source: &mut Source, diameter_mm: f64, ground_m: f64) {
    source.requirement.pressure_kpa = Some(REQUIRED_KPA);
    source.requirement.flow_lps = Some(if diameter_mm > 120.0 { 15.0 } else { 10.0 });
    source.reporting.interval_s = Some(900);
    source.elevation_m = Some(round(ground_m, 2));
    source.sensor = PRESSURE_SENSOR.into();
}

fn hydrant(
    settings: &TownSettings,
    shape: &Shape,
    zone: &Zone,
    z: usize,
    place: &HydrantPlace,
    number: usize,
    digits: usize,
) -> Source {
    let mains = &shape.mains;
    let of = |what: u64| draw(settings.seed, what, number as u64);
    let tap_point = if share(of(51)) < settings.barrel_share {
        TapPoint::Barrel
    } else {
        TapPoint::Main
    };
    let street =
        STREETS[(z * 7 + place.street.0 + if place.street.1 { 19 } else { 0 }) % STREETS.len()];
    let mut source = bare(
        format!("TR-{:0digits$}", number + 1),
        Kind::Hydrant { tap_point },
        format!("{} {street}", place.number),
        position(zone.origin_m.0 + place.x_m, zone.origin_m.1 + place.y_m),
        &zone.name,
        z,
    );
    equip_hydrant(&mut source, place.diameter_mm, mains.ground_m(place.node));
    source.supply_schedule.clone_from(&zone.supply_schedule);
    if shape.character.feed == Feed::EndOfLine {
        // Nobody promises an engine's flow there.
        source.requirement.flow_lps = None;
    }
    if settings.varied {
        makes::vary_hydrant(&mut source, draw(settings.seed, 56, number as u64));
    }
    let narrow = place.diameter_mm < 120.0 && share(of(53)) < 0.3;
    source.access = Access {
        road_width_m: Some(round(
            if narrow {
                between(of(54), 2.2, 3.4)
            } else {
                between(of(54), 3.5, 9.0)
            },
            1,
        )),
        road_height_m: Some(round(between(of(55), 4.2, 6.0), 1)),
        road_load_t: Some(if narrow { 5.0 } else { 20.0 }),
        turning_area: Some(!narrow),
        obstruction: None,
    }
    .into();
    source
}

fn somewhere(
    settings: &TownSettings,
    shapes: &[Shape],
    zones: &[Zone],
    z: usize,
    what: u64,
    i: usize,
) -> Position {
    let half = shapes[zones[z].mains].side_m / 2.0;
    let of = |salt: u64| between(draw(settings.seed, what + salt, i as u64), -half, half);
    position(zones[z].origin_m.0 + of(0), zones[z].origin_m.1 + of(1))
}

fn tank(
    settings: &TownSettings,
    shapes: &[Shape],
    zones: &[Zone],
    z: usize,
    i: usize,
    digits: usize,
) -> Source {
    let of = |what: u64| draw(settings.seed, what, i as u64);
    // 3.6 · Q · t for 10, 15 and 20 L/s over 3 h, and small lane tanks of 1 h (QCVN 10:2025/BCA H.1.3.3).
    let required_m3 = [36.0, 54.0, 108.0, 162.0, 216.0][(of(61) % 5) as usize];
    let height = round(between(of(62), 2.0, 3.6), 1);
    let outlet = 0.2;
    let area = round(
        required_m3 * between(of(63), 1.30, 1.6) / (height * 0.96 - outlet),
        1,
    );
    let geometry = TankGeometry {
        area_m2: Some(area),
        height_m: Some(height),
        open: of(64).is_multiple_of(5),
        daily_use: of(65).is_multiple_of(6),
        outlet_level_m: Some(outlet),
        refill_hours: Some(if of(66).is_multiple_of(3) { 36.0 } else { 24.0 }),
    };
    let street = STREETS[(of(67) % STREETS.len() as u64) as usize];
    let mut source = bare(
        format!("BN-{:0digits$}", i + 1),
        Kind::Tank(geometry.into()),
        format!("Bể ngõ {} {street}", of(68) % 180 + 1),
        somewhere(settings, shapes, zones, z, 70, i),
        &zones[z].name,
        z,
    );
    source.requirement.volume_m3 = Some(required_m3);
    source.reporting.interval_s = Some(3_600);
    source.sensor = LEVEL_SENSOR.into();
    source.access.road_width_m = Some(round(between(of(69), 1.8, 4.0), 1));
    if settings.varied {
        makes::vary_tank(&mut source, of(57));
    }
    source
}

fn draw_point(
    settings: &TownSettings,
    shapes: &[Shape],
    zones: &[Zone],
    z: usize,
    i: usize,
    digits: usize,
) -> (Source, Place) {
    let of = |what: u64| draw(settings.seed, what, i as u64);
    let (water, tidal) = WATERS[i % WATERS.len()];
    let mean_m = round(between(of(81), 5.0, 6.5), 2);
    let apron = round(mean_m + between(of(82), 1.2, 2.6), 2);
    let bed = round(mean_m - between(of(83), 1.6, 3.0), 2);
    let mut source = bare(
        format!("HL-{:0digits$}", i + 1),
        Kind::DrawPoint(
            DrawPointGeometry {
                apron_level_m: Some(apron),
                bed_level_m: Some(bed),
            }
            .into(),
        ),
        if i < WATERS.len() {
            water.to_owned()
        } else {
            format!("{water} {}", i / WATERS.len() + 1)
        },
        somewhere(settings, shapes, zones, z, 84, i),
        &zones[z].name,
        z,
    );
    source.reporting.interval_s = Some(21_600);
    source.sensor = LEVEL_SENSOR.into();
    source.access.road_width_m = Some(round(between(of(86), 3.5, 8.0), 1));
    if settings.varied {
        makes::vary_draw_point(&mut source, of(58));
    }
    let tide_m = if tidal {
        between(of(87), 0.2, 0.45) as f32
    } else {
        0.0
    };
    (
        source,
        Place::DrawPoint {
            zone: z as u32,
            mean_m: mean_m as f32,
            tide_m,
        },
    )
}
