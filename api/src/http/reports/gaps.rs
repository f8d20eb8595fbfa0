//! `GET /reports/coverage/gaps`.

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use firemain_domain::judging::Verdict;
use firemain_domain::source::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::ask::{Checks, Params};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::units::geojson;
use crate::reports::{Gap, Vehicle, gaps};

/// Of which unit, and with what water is drawn.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GapsQuery {
    /// The unit's code or name.
    #[param(example = "00070")]
    unit: String,
    /// `fire_engine` (200 m, the default) or `portable_pump` (150 m).
    #[serde(default)]
    #[param(value_type = Option<String>)]
    vehicle: VehicleName,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VehicleName {
    #[default]
    FireEngine,
    PortablePump,
}

/// A `FeatureCollection` of gaps.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    /// The gaps, the largest first, each a `Feature` with its outline and `area_m2`.
    #[schema(value_type = Vec<Object>)]
    features: Vec<Value>,
    /// The step of the grid on which the ground was sampled, m.
    grid_step_m: f64,
    /// Gaps beyond the first thousand.
    more: usize,
}

/// The ground of a unit that no usable source reaches now, gap by gap, as GeoJSON.
#[utoipa::path(get, path = "/reports/coverage/gaps", tag = "reports", params(GapsQuery),
    responses((status = 200, description = "The gaps", body = GapCollection, content_type = "application/geo+json")))]
pub async fn get_coverage_gaps(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<GapsQuery>,
) -> Result<Response, Problem> {
    let mut checks = Checks::default();
    checks.text("unit", &query.unit, 128);
    checks.of_params()?;
    let Ok(_turn) = app.reports.try_acquire() else {
        return Err(Problem::busy(
            "reports are being made; try again in a moment",
            5,
        ));
    };
    let (board, now) = (app.board.clone(), app.now());
    app.ask(move |_| {
        let map = board.units().map_at(now);
        let Some(unit) = map.as_ref().and_then(|map| map.named(&query.unit)) else {
            return Err(Problem::not_found(
                "no such unit is on the map valid now: GET /api/v1/units lists those that are",
            ));
        };
        let mut usable = Vec::new();
        board.visit(None, |view| {
            let source = view.source();
            if source.status == Status::InService && view.verdict() == Verdict::Usable {
                usable.push(source.position);
            }
            ControlFlow::Continue(())
        });
        let vehicle = match query.vehicle {
            VehicleName::FireEngine => Vehicle::FireEngine,
            VehicleName::PortablePump => Vehicle::PortablePump,
        };
        let found = gaps(unit, &usable, vehicle);
        Ok(geojson(&GapCollection {
            kind: "FeatureCollection",
            features: found.gaps.iter().map(feature).collect(),
            grid_step_m: found.step_m,
            more: found.more,
        }))
    })
    .await
}

fn feature(gap: &Gap) -> Value {
    let ring = |[west, south, east, north]: &[f64; 4]| {
        json!([[
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ]])
    };
    let strips: Vec<Value> = gap.strips.iter().map(ring).collect();
    json!({
        "type": "Feature",
        "geometry": { "type": "MultiPolygon", "coordinates": strips },
        "properties": { "area_m2": gap.area_m2.round() },
    })
}
