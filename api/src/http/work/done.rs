//! `POST /work/{inspection}/{item}/done`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkView;
use crate::http::app::App;
use crate::http::ask::{Checks, OptionalBody, PathOf};
use crate::http::done::Done;
use crate::http::photos::check_ids;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// What was done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkDoneBody {
    /// What was done.
    #[schema(example = "thay ty van")]
    note: Option<String>,
    /// Photos, by the ids that `POST /photos` answered; at most 12.
    #[serde(default)]
    photos: Vec<String>,
}

/// Says that work was done. Its source stays as the inspection found it until a newer inspection or a
/// flow test.
#[utoipa::path(post, path = "/work/{inspection}/{item}/done", tag = "work",
    params(
        ("inspection" = String, Path, description = "The inspection's id", example = "KT-7"),
        ("item" = String, Path, description = "What was not in order", example = "drains"),
    ),
    request_body = Option<WorkDoneBody>,
    responses(
        (status = 200, description = "It is done", body = WorkView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = WorkView),
    ))]
pub async fn work_done(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((inspection, item)): PathOf<(String, String)>,
    OptionalBody(body): OptionalBody<WorkDoneBody>,
) -> Result<Done<WorkView>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("/note", body.note.as_deref(), 1_000);
    check_ids(&body.photos, &mut checks);
    checks.of_body()?;
    let id = format!("{inspection}/{item}");
    let work = of_id(&app, id.clone()).await?;
    let change = Change::WorkDone {
        id: id.clone(),
        source: work.source.into(),
        by: who.who.to_string(),
        note: body.note,
        photos: body.photos,
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(of_id(&app, id).await?, applied))
}

async fn of_id(app: &App, id: String) -> Result<WorkView, Problem> {
    let work = app.ask(move |stores| stores.register.work(&id)).await?;
    work.map(WorkView::from)
        .ok_or_else(|| Problem::not_found("there is no work of that id: GET /api/v1/work lists it"))
}
