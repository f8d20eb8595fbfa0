//! `GET /sources/nearest`: which water for this fire.

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::judging::{Basis, Measured, Verdict};
use firemain_domain::source::{Barred, KindName, Position, Vehicle};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::board::{Board, Entry, View};
use crate::http::app::App;
use crate::http::ask::{Checks, Params};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{KindCode, SourceView};

/// Sources named as left out, at most: the nearest.
const LEFT_OUT: usize = 20;
const AS_THE_CROW_FLIES: &str = "as_the_crow_flies";

/// Near what, for which vehicle, for how much water.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NearestQuery {
    /// Latitude, −90 to 90.
    #[param(example = 21.0345)]
    lat: f64,
    /// Longitude, −180 to 180.
    #[param(example = 105.8512)]
    lon: f64,
    /// The flow that is needed, L/s.
    #[param(example = 20.0)]
    flow_lps: Option<f64>,
    /// The vehicle's width, m.
    vehicle_width_m: Option<f64>,
    /// The vehicle's height, m.
    vehicle_height_m: Option<f64>,
    /// The vehicle's weight, t.
    vehicle_weight_t: Option<f64>,
    /// How far to look, m as the crow flies: 1 to 50000; 2000 by default.
    #[param(minimum = 1, maximum = 50000)]
    radius_m: Option<f64>,
    /// Sources to name, 1 to 50; 10 by default.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u32>,
}

/// Which water there is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Nearest {
    /// What came of it.
    pub outcome: Outcome,
    /// How far was looked, m.
    pub radius_m: f64,
    /// Usable before degraded before unknown; within each the nearest first.
    pub items: Vec<Candidate>,
    /// The nearest that were left out, and why; at most 20.
    pub left_out: Vec<LeftOut>,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is one that gives what is needed.
    Found,
    /// There are some, but of none can it be said now that it gives what is needed.
    NoneRatedInRange,
    /// There is none.
    NoneInRange,
}

/// A source that may serve.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Candidate {
    /// The source and how it stands.
    #[serde(flatten)]
    pub source: SourceView,
    /// How far, m.
    #[schema(example = 180)]
    pub distance_m: u32,
    /// What kind of distance that is: a straight line, not a way.
    #[schema(example = "as_the_crow_flies")]
    pub distance_basis: &'static str,
    /// Whether it gives the flow that is needed.
    pub flow: FlowAnswer,
    /// What was asked about the vehicle and is not known of the way there.
    #[schema(value_type = Vec<String>, example = json!(["height"]))]
    pub access_unknown: Vec<Barred>,
}

/// Whether a source gives the flow that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowAnswer {
    /// None was asked for.
    NotAsked,
    /// It does, by a test, a use or an estimate in date.
    Enough,
    /// Nobody knows how much it gives.
    Unrated,
}

/// A source that does not serve.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LeftOut {
    /// Its code.
    pub code: String,
    /// What it is.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// How far, m as the crow flies.
    pub distance_m: u32,
    /// Why it is left out.
    pub why: Why,
}

/// Why a source is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It cannot be counted on.
    Unusable,
    /// The way is too narrow for the vehicle.
    Width,
    /// The way is too low for it.
    Height,
    /// The road does not bear it.
    Weight,
    /// It gives less than is needed.
    FlowShort,
}

/// Which water is nearest, that can be counted on, reached, and gives enough.
///
/// Distances are as the crow flies. `none_in_range` and `none_rated_in_range` are different
/// answers: there is no water, or nobody knows how much. A value too old never counts.
#[utoipa::path(get, path = "/sources/nearest", tag = "sources", params(NearestQuery),
    responses((status = 200, description = "The ranking", body = Nearest)))]
pub async fn nearest_sources(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<NearestQuery>,
) -> Result<Json<Nearest>, Problem> {
    let wanted = query.check()?;
    Ok(Json(search(&app.board, &wanted).answer(&wanted, app.now())))
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    position: Position,
    radius_m: f64,
    flow_lps: Option<f64>,
    vehicle: Vehicle,
    limit: usize,
}

impl NearestQuery {
    fn check(&self) -> Result<Wanted, Problem> {
        let mut checks = Checks::default();
        let (radius_m, limit) = (self.radius_m.unwrap_or(2_000.0), self.limit.unwrap_or(10));
        checks.within("lat", self.lat, -90.0..=90.0);
        checks.within("lon", self.lon, -180.0..=180.0);
        checks.within("radius_m", radius_m, 1.0..=50_000.0);
        checks.within("limit", limit, 1..=50);
        checks.within_if("flow_lps", self.flow_lps, 0.1..=1_000.0);
        checks.within_if("vehicle_width_m", self.vehicle_width_m, 0.1..=10.0);
        checks.within_if("vehicle_height_m", self.vehicle_height_m, 0.1..=10.0);
        checks.within_if("vehicle_weight_t", self.vehicle_weight_t, 0.01..=200.0);
        checks.of_params()?;
        Ok(Wanted {
            position: Position {
                lat: self.lat,
                lon: self.lon,
            },
            radius_m,
            flow_lps: self.flow_lps,
            vehicle: Vehicle {
                width_m: self.vehicle_width_m,
                height_m: self.vehicle_height_m,
                weight_t: self.vehicle_weight_t,
            },
            limit: limit as usize,
        })
    }
}

/// A source that may serve, with its distance in metres.
type Hit = (f64, FlowAnswer, Entry);

/// What was found: of each verdict the nearest, no more than are wanted.
#[derive(Debug, Default)]
pub struct Found {
    usable: Vec<Hit>,
    degraded: Vec<Hit>,
    unknown: Vec<Hit>,
    left_out: Vec<LeftOut>,
    enough: bool,
    any: bool,
}

/// Looks from the place outwards; stops as soon as nothing further away can change the answer.
pub fn search(board: &Board, wanted: &Wanted) -> Found {
    let mut found = Found::default();
    board.nearest(wanted.position, wanted.radius_m, |distance_m, view| {
        found.see(wanted, distance_m, view);
        if found.enough && found.usable.len() >= wanted.limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found
}

impl Found {
    fn see(&mut self, wanted: &Wanted, distance_m: f64, view: &View<'_>) {
        match fits(wanted, view) {
            Err(why) => {
                if self.left_out.len() < LEFT_OUT {
                    self.left_out.push(LeftOut {
                        code: view.source().code.to_string(),
                        kind: view.source().kind_name(),
                        distance_m: distance_m.round() as u32,
                        why,
                    });
                }
            }
            Ok(flow) => {
                self.any = true;
                let of_verdict = match view.verdict() {
                    Verdict::Usable => &mut self.usable,
                    Verdict::Degraded => &mut self.degraded,
                    Verdict::Unknown | Verdict::Unusable => &mut self.unknown,
                };
                let enough = flow != FlowAnswer::Unrated && view.verdict() != Verdict::Unknown;
                // The first that serves is named even after a page of those nobody knows of.
                let first = enough && !self.enough;
                self.enough |= enough;
                if of_verdict.len() >= wanted.limit && first {
                    of_verdict.pop();
                }
                if of_verdict.len() < wanted.limit {
                    of_verdict.push((distance_m, flow, view.entry()));
                }
            }
        }
    }

    /// The answer at `now`.
    pub fn answer(self, wanted: &Wanted, now: Timestamp) -> Nearest {
        let outcome = match (self.enough, self.any) {
            (true, _) => Outcome::Found,
            (false, true) => Outcome::NoneRatedInRange,
            (false, false) => Outcome::NoneInRange,
        };
        let mut ranked = self.usable;
        ranked.extend(self.degraded);
        let serves = |(_, flow, _): &Hit| *flow != FlowAnswer::Unrated;
        if let Some(first) = ranked
            .iter()
            .position(serves)
            .filter(|n| *n >= wanted.limit)
        {
            ranked.swap(wanted.limit - 1, first);
        }
        ranked.extend(self.unknown);
        ranked.truncate(wanted.limit);
        let items = ranked
            .into_iter()
            .map(|(distance_m, flow, entry)| Candidate {
                access_unknown: unknown_access(wanted, &entry),
                source: SourceView::new(&entry, now),
                distance_m: distance_m.round() as u32,
                distance_basis: AS_THE_CROW_FLIES,
                flow,
            });
        Nearest {
            outcome,
            radius_m: wanted.radius_m,
            items: items.collect(),
            left_out: self.left_out,
        }
    }
}

fn fits(wanted: &Wanted, view: &View<'_>) -> Result<FlowAnswer, Why> {
    if view.verdict() == Verdict::Unusable {
        return Err(Why::Unusable);
    }
    match view.source().access.bars(&wanted.vehicle) {
        Some(Barred::Width) => return Err(Why::Width),
        Some(Barred::Height) => return Err(Why::Height),
        Some(Barred::Weight) => return Err(Why::Weight),
        None => {}
    }
    let Some(needed) = wanted.flow_lps else {
        return Ok(FlowAnswer::NotAsked);
    };
    match view.available_flow().filter(|flow| in_date(flow, view)) {
        None => Ok(FlowAnswer::Unrated),
        Some(flow) if flow.value >= needed => Ok(FlowAnswer::Enough),
        Some(_) => Err(Why::FlowShort),
    }
}

/// An estimate from live readings counts only while they are: of a source of which nobody knows, a
/// test or a use does.
fn in_date(flow: &Measured, view: &View<'_>) -> bool {
    view.verdict() != Verdict::Unknown || matches!(flow.basis, Basis::FlowTest | Basis::InUse)
}

fn unknown_access(wanted: &Wanted, entry: &Entry) -> Vec<Barred> {
    let (vehicle, access) = (&wanted.vehicle, &entry.source.access);
    [
        (
            Barred::Width,
            vehicle.width_m.is_some() && access.road_width_m.is_none(),
        ),
        (
            Barred::Height,
            vehicle.height_m.is_some() && access.road_height_m.is_none(),
        ),
        (
            Barred::Weight,
            vehicle.weight_t.is_some() && access.road_load_t.is_none(),
        ),
    ]
    .into_iter()
    .filter_map(|(what, unknown)| unknown.then_some(what))
    .collect()
}
