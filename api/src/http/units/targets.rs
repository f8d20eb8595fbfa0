//! `GET /units/targets`, `PUT /units/targets`: how many sources a unit is to have by a year's end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Change;
use firemain_domain::source::KindName;
use firemain_domain::units::Target;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::ask::{Body, Checks, Page};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::KindCode;

/// How many sources are to be in service by the end of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetView {
    /// The unit's code; `null`: the whole city.
    #[schema(example = "00070")]
    pub unit: Option<String>,
    /// Of which kind.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// By the end of which year.
    #[schema(example = 2027, minimum = 2000, maximum = 2100)]
    pub year: u16,
    /// How many; `null` takes the target back.
    #[schema(example = 140)]
    pub sources: Option<u32>,
}

impl From<Target> for TargetView {
    fn from(target: Target) -> Self {
        Self {
            unit: target.unit,
            kind: target.kind,
            year: target.year,
            sources: target.sources,
        }
    }
}

/// Every target, by unit, kind and year, all on one page.
#[utoipa::path(get, path = "/units/targets", tag = "places",
    responses((status = 200, description = "All of them", body = Page<TargetView>)))]
pub async fn list_targets(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<TargetView>>, Problem> {
    let targets = app.ask(|stores| stores.register.targets()).await?;
    Ok(Json(Page {
        items: targets.into_iter().map(TargetView::from).collect(),
        next: None,
    }))
}

/// Sets a target, or takes it back with `sources` null.
#[utoipa::path(put, path = "/units/targets", tag = "places", request_body = TargetView,
    responses(
        (status = 200, description = "It is set", body = TargetView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = TargetView),
    ))]
pub async fn set_target(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<TargetView>,
) -> Result<Done<TargetView>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("/unit", body.unit.as_deref(), 64);
    checks.within("/year", body.year, 2_000..=2_100);
    checks.within_if("/sources", body.sources, 0..=10_000_000);
    checks.of_body()?;
    let target = Target {
        unit: body.unit.clone(),
        kind: body.kind,
        year: body.year,
        sources: body.sources,
    };
    let applied = app.change(&who, vec![Change::TargetSet { target }]).await?;
    Ok(Done::altered(body, applied))
}
