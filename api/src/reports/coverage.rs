//! What share of a unit's ground lies within reach of a source (QCVN 06:2022/BXD, 5.1.5.9: 200 m with
//! a fire engine; 150 m, the upper end of 100 to 150, with a portable pump), and where the gaps are.
//!
//! The ground is sampled on a square grid, at most [`SAMPLES`] to a unit and no closer than 10 m. A
//! sample is covered when a source lies within the radius, as the crow flies. The error is that of
//! the grid: about half a step along the edge of what is covered; the step is told with the share.

use std::collections::HashMap;

use firemain_domain::judging::Verdict;
use firemain_domain::source::Position;

use super::Ground;
use super::availability::Stands;
use super::table::{Cell, Column, Section, figure, key, rounded};
use crate::units::UnitOnMap;

/// Samples of one unit, about.
pub const SAMPLES: f64 = 40_000.0;
/// The finest step, m.
const FINEST_M: f64 = 10.0;
/// Metres in a degree of latitude, on the sphere that distances are told on.
const DEGREE_M: f64 = 111_195.08;
/// Gaps told one by one, the largest first.
const MOST_GAPS: usize = 1_000;

/// With what water is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vehicle {
    /// A fire engine: 200 m.
    FireEngine,
    /// A portable pump: 150 m.
    PortablePump,
}

impl Vehicle {
    /// Both.
    pub const ALL: [Self; 2] = [Self::FireEngine, Self::PortablePump];

    /// Its code.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FireEngine => "fire_engine",
            Self::PortablePump => "portable_pump",
        }
    }

    /// How far from a source it serves, m.
    pub const fn radius_m(self) -> f64 {
        match self {
            Self::FireEngine => 200.0,
            Self::PortablePump => 150.0,
        }
    }
}

const COLUMNS: &[Column] = &[
    key("unit"),
    key("name"),
    key("vehicle"),
    figure("radius_m", "m"),
    figure("area_km2", "km²"),
    figure("covered_by_usable_share", "%"),
    figure("covered_by_in_service_share", "%"),
    figure("uncovered_km2", "km²"),
    figure("grid_step_m", "m"),
];

/// One row for each unit and vehicle: of the unit asked for, or of all.
pub fn section(ground: &Ground<'_>, stands: &Stands) -> Section {
    // Sources of other units cover ground across the border; how they stood is asked of the board
    // where the report did not.
    let (mut usable, mut serving) = (Vec::new(), Vec::new());
    for lived in ground.sources.all().iter().filter(|lived| lived.serves()) {
        let Some(was) = &lived.was else { continue };
        serving.push(was.position);
        let verdict = stands.at_end(&lived.code).or_else(|| {
            let now = ground.board.get(&lived.code)?;
            (!lived.in_unit).then_some(now.standing.verdict)
        });
        if verdict == Some(Verdict::Usable) {
            usable.push(was.position);
        }
    }
    let (usable, serving) = (Near::new(&usable), Near::new(&serving));
    let mut rows = Vec::new();
    for unit in asked_for(ground) {
        let grid = Grid::over(unit);
        for vehicle in Vehicle::ALL {
            rows.push(row(unit, vehicle, &grid, &usable, &serving));
        }
    }
    Section {
        code: "coverage",
        columns: COLUMNS,
        rows,
    }
}

fn asked_for<'a>(ground: &'a Ground<'_>) -> Vec<&'a UnitOnMap> {
    let Some(map) = &ground.map else {
        return Vec::new();
    };
    match ground.asked.unit.as_deref() {
        None => map.units().iter().collect(),
        Some(wanted) => map.named(wanted).into_iter().collect(),
    }
}

fn row(
    unit: &UnitOnMap,
    vehicle: Vehicle,
    grid: &Grid,
    usable: &Near,
    serving: &Near,
) -> Vec<Cell> {
    let radius_m = vehicle.radius_m();
    let (mut samples, mut by_usable, mut by_serving) = (0_u32, 0_u32, 0_u32);
    for place in grid.places(unit) {
        samples += 1;
        by_usable += u32::from(usable.within(place, radius_m));
        by_serving += u32::from(serving.within(place, radius_m));
    }
    let whole = f64::from(samples);
    let area_km2 = unit.area_m2 / 1e6;
    let uncovered = 1.0 - f64::from(by_usable) / whole.max(1.0);
    vec![
        Cell::Text(unit.code.to_string()),
        Cell::Text(unit.name.to_string()),
        Cell::Code(vehicle.name()),
        Cell::Number(radius_m),
        Cell::Number(rounded(area_km2)),
        Cell::share(by_usable.into(), whole),
        Cell::share(by_serving.into(), whole),
        Cell::Number(rounded(area_km2 * uncovered)),
        Cell::Number((grid.step_m * 10.0).round() / 10.0),
    ]
}

/// Where samples lie: rows from south to north.
#[derive(Debug)]
struct Grid {
    low: [f64; 2],
    step: [f64; 2],
    columns: usize,
    rows: usize,
    step_m: f64,
}

impl Grid {
    fn over(unit: &UnitOnMap) -> Self {
        let step_m = (unit.area_m2 / SAMPLES).sqrt().max(FINEST_M);
        let (low, high) = (unit.shape.low, unit.shape.high);
        let squeeze = low[1].midpoint(high[1]).to_radians().cos();
        let step = [step_m / DEGREE_M / squeeze, step_m / DEGREE_M];
        // A long thin unit across its box may have many times the samples' cells: they are bounded.
        let count =
            |side: usize| (((high[side] - low[side]) / step[side]).ceil() as usize).min(20_000);
        Self {
            low,
            step,
            columns: count(0),
            rows: count(1),
            step_m,
        }
    }

    fn place(&self, column: usize, row: usize) -> Position {
        Position {
            lon: self.low[0] + (column as f64 + 0.5) * self.step[0],
            lat: self.low[1] + (row as f64 + 0.5) * self.step[1],
        }
    }

    fn places<'a>(&'a self, unit: &'a UnitOnMap) -> impl Iterator<Item = Position> + 'a {
        let all = (0..self.rows).flat_map(move |row| (0..self.columns).map(move |c| (c, row)));
        all.map(|(column, row)| self.place(column, row))
            .filter(|place| unit.shape.holds(place.lon, place.lat))
    }
}

/// Sources by squares of about 200 m, so that those around a place are found at once.
#[derive(Debug, Default)]
struct Near {
    squeeze: f64,
    by_cell: HashMap<(i32, i32), Vec<Position>>,
}

/// The side of a square, m: the largest radius.
const CELL_M: f64 = 200.0;

impl Near {
    fn new(positions: &[Position]) -> Self {
        let squeeze = positions.first().map_or(1.0, |p| p.lat.to_radians().cos());
        let mut near = Self {
            squeeze,
            by_cell: HashMap::new(),
        };
        for position in positions {
            near.by_cell
                .entry(near.cell(*position))
                .or_default()
                .push(*position);
        }
        near
    }

    fn cell(&self, place: Position) -> (i32, i32) {
        let cell = |degrees: f64| (degrees * DEGREE_M / CELL_M).floor() as i32;
        (cell(place.lon * self.squeeze), cell(place.lat))
    }

    fn around(&self, place: Position) -> impl Iterator<Item = &Position> {
        let (x, y) = self.cell(place);
        let cells = (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
        cells.filter_map(|cell| self.by_cell.get(&cell)).flatten()
    }

    fn within(&self, place: Position, radius_m: f64) -> bool {
        // On a sphere flattened around the place: a hundred-thousandth off at 200 m.
        let squeeze = place.lat.to_radians().cos();
        self.around(place).any(|p| {
            let x = (p.lon - place.lon) * squeeze * DEGREE_M;
            let y = (p.lat - place.lat) * DEGREE_M;
            x * x + y * y <= radius_m * radius_m
        })
    }
}

/// Ground of a unit that no usable source reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// The grid's step, m.
    pub step_m: f64,
    /// The gaps, the largest first; those smaller than four samples are left out.
    pub gaps: Vec<Gap>,
    /// How many more there are.
    pub more: usize,
}

/// One gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// How large, m².
    pub area_m2: f64,
    /// Its outline: strips of the grid, each west, south, east, north.
    pub strips: Vec<[f64; 4]>,
}

/// The gaps of a unit, where `sources` are what covers it.
pub fn gaps(unit: &UnitOnMap, sources: &[Position], vehicle: Vehicle) -> Gaps {
    let (grid, near) = (Grid::over(unit), Near::new(sources));
    let is_gap = |column: usize, row: usize| {
        let place = grid.place(column, row);
        unit.shape.holds(place.lon, place.lat) && !near.within(place, vehicle.radius_m())
    };
    let runs = runs(&grid, is_gap);
    let mut by_root: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = joined(&runs);
    for n in 0..runs.len() {
        by_root.entry(root(&mut roots, n)).or_default().push(n);
    }
    let sample_m2 = grid.step_m * grid.step_m;
    let mut gaps: Vec<Gap> = by_root
        .into_values()
        .map(|members| {
            let samples: usize = members.iter().map(|n| runs[*n].end - runs[*n].begin).sum();
            Gap {
                area_m2: samples as f64 * sample_m2,
                strips: members.iter().map(|n| strip(&grid, &runs[*n])).collect(),
            }
        })
        .filter(|gap| gap.area_m2 >= 4.0 * sample_m2)
        .collect();
    gaps.sort_by(|a, b| {
        let corner = |gap: &Gap| gap.strips.first().copied().unwrap_or_default();
        let by_place = corner(a).partial_cmp(&corner(b));
        let by_area = b.area_m2.total_cmp(&a.area_m2);
        by_area.then(by_place.unwrap_or(std::cmp::Ordering::Equal))
    });
    let more = gaps.len().saturating_sub(MOST_GAPS);
    gaps.truncate(MOST_GAPS);
    Gaps {
        step_m: grid.step_m,
        gaps,
        more,
    }
}

/// Samples side by side in a row, none of them covered.
#[derive(Clone, Copy, Debug)]
struct Run {
    row: usize,
    begin: usize,
    end: usize,
}

fn runs(grid: &Grid, is_gap: impl Fn(usize, usize) -> bool) -> Vec<Run> {
    let mut runs = Vec::new();
    for row in 0..grid.rows {
        let mut begin = None;
        for column in 0..=grid.columns {
            let open = column < grid.columns && is_gap(column, row);
            match (open, begin) {
                (true, None) => begin = Some(column),
                (false, Some(first)) => {
                    runs.push(Run {
                        row,
                        begin: first,
                        end: column,
                    });
                    begin = None;
                }
                _ => {}
            }
        }
    }
    runs
}

/// For each run another of the same gap, or itself: those of neighbouring rows that touch are one.
fn joined(runs: &[Run]) -> Vec<usize> {
    let mut roots: Vec<usize> = (0..runs.len()).collect();
    let mut below = 0;
    for n in 0..runs.len() {
        let run = runs[n];
        while runs[below].row + 1 < run.row {
            below += 1;
        }
        let mut at = below;
        while at < n && runs[at].row < run.row && runs[at].begin < run.end {
            if runs[at].end > run.begin {
                let (a, b) = (root(&mut roots, at), root(&mut roots, n));
                roots[a.max(b)] = a.min(b);
            }
            at += 1;
        }
    }
    roots
}

fn root(roots: &mut [usize], mut n: usize) -> usize {
    while roots[n] != n {
        roots[n] = roots[roots[n]];
        n = roots[n];
    }
    n
}

fn strip(grid: &Grid, run: &Run) -> [f64; 4] {
    let lon = |column: usize| grid.low[0] + column as f64 * grid.step[0];
    let lat = |row: usize| grid.low[1] + row as f64 * grid.step[1];
    [lon(run.begin), lat(run.row), lon(run.end), lat(run.row + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{UnitMap, read};
    use firemain_domain::Timestamp;
    use firemain_store::register::units::UnitVersion;

    /// A square of 2 km in the north of Hanoi.
    fn map() -> UnitMap {
        let (low, high) = ([105.8, 21.0], [105.8 + 0.019_266, 21.0 + 0.017_986]);
        let file = serde_json::json!({ "type": "FeatureCollection", "features": [{
            "properties": { "code": "A", "name": "Xã A" },
            "geometry": { "type": "Polygon", "coordinates": [[low, [high[0], low[1]], high, [low[0], high[1]], low]] } }] });
        let version = UnitVersion {
            id: "v".into(),
            valid_from: Timestamp::from_ms(0),
            units: 1,
            entered_at: Timestamp::from_ms(0),
            by: "t".into(),
            withdrawn_at: None,
        };
        UnitMap::new(version, read(file.to_string().as_bytes()).unwrap().units).unwrap()
    }

    #[test]
    fn a_lone_source_covers_a_circle_to_the_errors_of_the_grid() {
        let map = map();
        let unit = &map.units()[0];
        assert!((unit.area_m2 / 4e6 - 1.0).abs() < 0.01, "{}", unit.area_m2);
        let middle = [Position {
            lat: 21.009,
            lon: 105.809_6,
        }];
        let grid = Grid::over(unit);
        assert!((grid.step_m - 10.0).abs() < 0.1, "{}", grid.step_m);
        for vehicle in Vehicle::ALL {
            let near = Near::new(&middle);
            let row = row(unit, vehicle, &grid, &near, &near);
            let Cell::Share(share) = row[5] else {
                panic!("{row:?}")
            };
            let circle = std::f64::consts::PI * vehicle.radius_m().powi(2) / unit.area_m2;
            assert!((share / circle - 1.0).abs() < 0.01, "{share} {circle}");
        }
    }

    #[test]
    fn gaps_are_told_apart_where_covered_ground_lies_between() {
        let map = map();
        let unit = &map.units()[0];
        // A row of sources from west to east, 100 m apart, cuts the square in two.
        let wall: Vec<Position> = (0..=20)
            .map(|n| Position {
                lat: 21.009,
                lon: 105.8 + f64::from(n) * 0.000_963_3,
            })
            .collect();
        let found = gaps(unit, &wall, Vehicle::FireEngine);
        assert_eq!((found.gaps.len(), found.more), (2, 0));
        for gap in &found.gaps {
            // Each half is 2,000 m × (1,000 − nearly 200) m.
            assert!((gap.area_m2 / 1.62e6 - 1.0).abs() < 0.03, "{}", gap.area_m2);
        }
        let none = gaps(unit, &[], Vehicle::PortablePump);
        assert_eq!(none.gaps.len(), 1);
        assert!((none.gaps[0].area_m2 / unit.area_m2 - 1.0).abs() < 0.01);
    }
}
