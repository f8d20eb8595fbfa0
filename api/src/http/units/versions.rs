//! `GET /units/versions`, `POST /units/versions/{id}/withdraw`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Change;

use super::view::UnitVersionView;
use crate::http::app::App;
use crate::http::ask::{Page, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Every map of units ever entered, the latest to begin first.
#[utoipa::path(get, path = "/units/versions", tag = "places",
    responses((status = 200, description = "All of them", body = Page<UnitVersionView>)))]
pub async fn list_unit_versions(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<UnitVersionView>>, Problem> {
    versions(&app)
        .await
        .map(|items| Json(Page { items, next: None }))
}

/// Strikes a map out as wrong: from now on the map before it holds in its place, for reports of the
/// past too. It stays in the list; the same file imported again reinstates it.
#[utoipa::path(post, path = "/units/versions/{id}/withdraw", tag = "places",
    params(("id" = String, Path, description = "The map's id", example = "2025-07-01-5f0c1a2b")),
    responses(
        (status = 200, description = "It is withdrawn", body = UnitVersionView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = UnitVersionView),
    ))]
pub async fn withdraw_unit_version(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<UnitVersionView>, Problem> {
    let Ok(_turn) = app.imports.try_acquire() else {
        return Err(Problem::busy(
            "an import is under way; try again when it is done",
            10,
        ));
    };
    let change = Change::UnitsWithdrawn {
        version: id.clone(),
    };
    let applied = app.change(&who, vec![change]).await?;
    app.load_units().await?;
    let all = versions(&app).await?;
    let found = all.into_iter().find(|version| version.id == id);
    let found = found.ok_or_else(|| Problem::not_found("the map is gone"))?;
    Ok(Done::altered(found, applied))
}

/// Every map, as it is shown.
pub async fn versions(app: &App) -> Result<Vec<UnitVersionView>, Problem> {
    let (units, now) = (app.board.units().clone(), app.now());
    app.ask(move |stores| {
        let versions = stores.register.unit_versions()?;
        let current = units.map_at(now).map(|map| map.version.id.clone());
        let show = |version| UnitVersionView::new(version, current.as_deref());
        Ok::<_, firemain_store::register::RegisterError>(versions.into_iter().map(show).collect())
    })
    .await
}
