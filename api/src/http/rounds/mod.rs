//! `/rounds`: the sources that a crew goes to look at, in their order.

mod end;
mod get;
mod list;
mod plan;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::Round;
use firemain_domain::source::{Position, SourceCode};
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;
use super::view::PositionBody;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_rounds, plan::plan_round))
        .routes(routes!(get::get_round))
        .routes(routes!(end::end_round))
}

/// A round, without its stops.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RoundSummary {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[schema(example = "Hoàn Kiếm, tuần 48")]
    pub name: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who planned it.
    pub by: String,
    /// How many sources are in it.
    pub sources: usize,
    /// When it ended; `null`: it is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<Ended<Round>> for RoundSummary {
    fn from(row: Ended<Round>) -> Self {
        Self {
            sources: row.what.sources.len(),
            id: row.what.id,
            name: row.what.name,
            at: row.what.at,
            by: row.what.by,
            ended_at: row.ended_at,
        }
    }
}

/// A round with its stops.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RoundView {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[schema(example = "Hoàn Kiếm, tuần 48")]
    pub name: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who planned it.
    pub by: String,
    /// When it ended; `null`: it is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The stops in their order.
    pub stops: Vec<StopView>,
    /// How many of them are done.
    pub done: usize,
    /// Metres from the first stop to the last, as the crow flies.
    pub distance_m: f64,
}

/// A stop of a round.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StopView {
    /// The source.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// Where people say it is; `null`: it is in the register no more.
    pub name: Option<String>,
    /// Where it stands; `null`: it is in the register no more.
    pub position: Option<PositionBody>,
    /// Metres to the next stop, as the crow flies; `null` at the last, and where one of both is in
    /// the register no more.
    pub next_m: Option<f64>,
    /// When it was looked at since the round began; `null`: not yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
}

/// The round with its stops as they are now.
async fn with_stops(app: &App, row: Ended<Round>) -> Result<RoundView, Problem> {
    let (from, until) = (row.what.at, row.ended_at.unwrap_or(Timestamp::MAX));
    let sources = row.what.sources.clone();
    let done = app.ask(move |stores| stores.register.inspected_within(&sources, from, until));
    let done = done.await?;
    let there: Vec<Option<(String, Position)>> = row
        .what
        .sources
        .iter()
        .map(|code| place(app, code))
        .collect();
    let next_m = |n: usize| {
        let (here, next) = (there[n].as_ref()?, there.get(n + 1)?.as_ref()?);
        Some(here.1.distance_m(&next.1))
    };
    let stops: Vec<StopView> = (row.what.sources.iter().enumerate())
        .map(|(n, code)| StopView {
            source: code.to_string(),
            name: there[n].as_ref().map(|(name, _)| name.clone()),
            position: there[n].as_ref().map(|(_, position)| PositionBody {
                lat: position.lat,
                lon: position.lon,
            }),
            next_m: next_m(n),
            done_at: done.get(n).copied().flatten(),
        })
        .collect();
    Ok(RoundView {
        done: stops.iter().filter(|stop| stop.done_at.is_some()).count(),
        distance_m: stops.iter().filter_map(|stop| stop.next_m).sum(),
        stops,
        id: row.what.id,
        name: row.what.name,
        at: row.what.at,
        by: row.what.by,
        ended_at: row.ended_at,
    })
}

fn place(app: &App, code: &SourceCode) -> Option<(String, Position)> {
    let source = app.board.get(code)?.source;
    Some((source.name.clone(), source.position))
}
