//! `GET /alerts/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::telling::DeliveryFilter;
use firemain_store::register::{EpisodeRow, RegisterError};

use super::{MOST_STEPS, no_alert};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{AlertDetail, AlertView};

/// Messages shown with an alert, at most.
const MOST_MESSAGES: usize = 1_000;

/// One alert; the slashes of its id written as `%2F`.
#[utoipa::path(get, path = "/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    responses((status = 200, description = "The alert, with its history", body = AlertDetail)))]
pub async fn get_alert(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<AlertDetail>, Problem> {
    detail(&app, id).await.map(Json)
}

/// One alert; its id written as it is.
#[utoipa::path(get, path = "/alerts/{source}/{rule}/{n}", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    responses((status = 200, description = "The alert, with its history", body = AlertDetail)))]
pub async fn get_alert_by_parts(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
) -> Result<Json<AlertDetail>, Problem> {
    detail(&app, format!("{source}/{rule}/{n}")).await.map(Json)
}

async fn detail(app: &App, id: String) -> Result<AlertDetail, Problem> {
    let alert = find(app, id.clone()).await?;
    let (steps, told) = app
        .ask(move |stores| {
            let steps = stores.register.timeline(&id, 0, MOST_STEPS)?;
            let about = DeliveryFilter {
                episode: Some(id),
                ..DeliveryFilter::default()
            };
            let told = stores.register.deliveries(&about, None, MOST_MESSAGES)?;
            Ok::<_, RegisterError>((steps, told))
        })
        .await?;
    Ok(AlertDetail::new(alert, steps, told))
}

/// The alert of that id.
pub async fn find(app: &App, id: String) -> Result<AlertView, Problem> {
    let row = row_of(app, id).await?;
    Ok(AlertView::new(&row, &app.board, app.now()))
}

/// The alert of that id, as the register has it.
pub async fn row_of(app: &App, id: String) -> Result<EpisodeRow, Problem> {
    let wanted = id.clone();
    let row = app
        .ask(move |stores| stores.register.episode(&wanted))
        .await?;
    row.ok_or_else(|| no_alert(&id))
}
