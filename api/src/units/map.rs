//! A map of units, prepared: a grid knows at once of most places in which unit they lie; where a
//! border runs through the cell, the outlines around are asked.

use std::collections::HashMap;
use std::sync::Arc;

use firemain_domain::source::Position;
use firemain_domain::units::UnitKind;
use firemain_store::register::units::{Unit, UnitVersion};
use geo::{LinesIter, MultiPolygon};
use rstar::{AABB, RTree, RTreeObject};

use super::read::polygons_of;
use super::shape::{Shape, area_m2};

/// Cells of the grid along each side.
const CELLS: usize = 256;
/// A border runs through the cell.
const BORDER: u32 = u32::MAX;
/// No unit has the cell.
const NOBODY: u32 = u32::MAX - 1;

/// A map of units, ready to be asked.
#[derive(Debug)]
pub struct UnitMap {
    /// Which map.
    pub version: UnitVersion,
    units: Vec<UnitOnMap>,
    by_code: HashMap<Arc<str>, usize>,
    grid: Grid,
    boxes: RTree<Boxed>,
}

/// A unit of a map.
#[derive(Debug)]
pub struct UnitOnMap {
    /// Its code, unique on the map.
    pub code: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: UnitKind,
    /// Its area on the ellipsoid, m².
    pub area_m2: f64,
    /// Its outline, GeoJSON.
    pub geometry: String,
    /// Its outline, prepared.
    pub shape: Shape,
}

#[derive(Debug)]
struct Grid {
    low: [f64; 2],
    per_degree: [f64; 2],
    cells: Vec<u32>,
}

#[derive(Debug)]
struct Boxed {
    low: [f64; 2],
    high: [f64; 2],
    index: u32,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.low, self.high)
    }
}

impl UnitMap {
    /// Of the register's rows, in order of code.
    ///
    /// # Errors
    /// What is wrong with an outline.
    pub fn of_rows(version: UnitVersion, rows: Vec<Unit>) -> Result<Self, String> {
        let mut shaped = Vec::with_capacity(rows.len());
        for row in rows {
            let polygons = polygons_of(&row.geometry).map_err(|e| format!("{}: {e}", row.code))?;
            shaped.push((row, polygons));
        }
        Self::new(version, shaped)
    }

    /// Of units with their outlines, in order of code.
    ///
    /// # Errors
    /// Which unit's outline holds nothing.
    pub fn new(version: UnitVersion, rows: Vec<(Unit, MultiPolygon)>) -> Result<Self, String> {
        let mut units = Vec::with_capacity(rows.len());
        let mut grid = Grid::over(rows.iter().map(|(_, polygons)| polygons));
        for (row, polygons) in rows {
            let shape = Shape::of(&polygons).ok_or_else(|| format!("{} has no area", row.code))?;
            for line in polygons.lines_iter() {
                grid.draw([line.start.x, line.start.y], [line.end.x, line.end.y]);
            }
            units.push(UnitOnMap {
                code: row.code.into(),
                name: row.name.into(),
                kind: row.kind,
                area_m2: area_m2(&polygons),
                geometry: row.geometry,
                shape,
            });
        }
        let boxes = units.iter().enumerate().map(|(index, unit)| Boxed {
            low: unit.shape.low,
            high: unit.shape.high,
            index: index as u32,
        });
        let by_code = units.iter().enumerate();
        let mut map = Self {
            version,
            by_code: by_code.map(|(n, unit)| (unit.code.clone(), n)).collect(),
            boxes: RTree::bulk_load(boxes.collect()),
            grid,
            units,
        };
        map.fill_grid();
        Ok(map)
    }

    fn fill_grid(&mut self) {
        for cell in 0..self.grid.cells.len() {
            if self.grid.cells[cell] != BORDER {
                let [lon, lat] = self.grid.centre(cell);
                self.grid.cells[cell] = self.look(lon, lat).unwrap_or(NOBODY);
            }
        }
    }

    /// The unit that holds a place; of several that overlap, the first by code.
    pub fn of(&self, position: Position) -> Option<&UnitOnMap> {
        let index = match self.grid.at(position) {
            None | Some(NOBODY) => return None,
            Some(BORDER) => self.look(position.lon, position.lat)?,
            Some(unit) => unit,
        };
        self.units.get(index as usize)
    }

    fn look(&self, lon: f64, lat: f64) -> Option<u32> {
        let point = AABB::from_point([lon, lat]);
        let around = self.boxes.locate_in_envelope_intersecting(point);
        let holding = around
            .map(|boxed| boxed.index)
            .filter(|index| self.units[*index as usize].shape.holds(lon, lat));
        holding.min()
    }

    /// Its units, in order of code.
    pub fn units(&self) -> &[UnitOnMap] {
        &self.units
    }

    /// The unit of a code, or else of a name.
    pub fn named(&self, wanted: &str) -> Option<&UnitOnMap> {
        match self.by_code.get(wanted) {
            Some(index) => self.units.get(*index),
            None => self.units.iter().find(|unit| *unit.name == *wanted),
        }
    }
}

impl Grid {
    fn over<'a>(all: impl Iterator<Item = &'a MultiPolygon>) -> Self {
        let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
        for line in all.flat_map(geo::LinesIter::lines_iter) {
            for point in [line.start, line.end] {
                for (side, value) in [point.x, point.y].into_iter().enumerate() {
                    low[side] = low[side].min(value);
                    high[side] = high[side].max(value);
                }
            }
        }
        let per_degree = [0, 1].map(|side| CELLS as f64 / (high[side] - low[side]).max(1e-9));
        Self {
            low,
            per_degree,
            cells: vec![NOBODY; CELLS * CELLS],
        }
    }

    /// Which column and row, with their fractions; may lie outside.
    fn place(&self, point: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|side| (point[side] - self.low[side]) * self.per_degree[side])
    }

    /// A border runs from a point to another: piece by piece of less than a cell, every cell that the
    /// piece may touch.
    fn draw(&mut self, from: [f64; 2], to: [f64; 2]) {
        let (a, b) = (self.place(from), self.place(to));
        let longest = (b[0] - a[0]).abs().max((b[1] - a[1]).abs());
        let pieces = longest.ceil().clamp(1.0, 4.0 * CELLS as f64);
        let along = |n: f64, side: usize| a[side] + (b[side] - a[side]) * n / pieces;
        for piece in 0..pieces as usize {
            let ends = [piece as f64, piece as f64 + 1.0];
            let span = |side: usize| {
                let [p, q] = ends.map(|n| along(n, side));
                // A hair wider, so that rounding loses no cell.
                cell_of(p.min(q) - 1e-6)..=cell_of(p.max(q) + 1e-6)
            };
            for row in span(1) {
                for column in span(0) {
                    self.cells[row * CELLS + column] = BORDER;
                }
            }
        }
    }

    fn at(&self, position: Position) -> Option<u32> {
        let [column, row] = self.place([position.lon, position.lat]);
        let within = 0.0..=CELLS as f64;
        (within.contains(&column) && within.contains(&row))
            .then(|| self.cells[cell_of(row) * CELLS + cell_of(column)])
    }

    fn centre(&self, cell: usize) -> [f64; 2] {
        let place = [cell % CELLS, cell / CELLS];
        [0, 1].map(|side| self.low[side] + (place[side] as f64 + 0.5) / self.per_degree[side])
    }
}

fn cell_of(place: f64) -> usize {
    (place.max(0.0) as usize).min(CELLS - 1)
}
