//! `POST /devices/{id}/adopt`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;
use serde::Deserialize;
use utoipa::ToSchema;

use super::check_name;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};
use crate::http::view::{SourceBody, SourceView};

/// At which source a device is mounted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptBody {
    /// The source's code.
    #[schema(example = "TR-0412")]
    source: String,
    /// Whether it takes the place of a device that the source has already.
    #[serde(default)]
    replace: bool,
}

/// Registers a device at a source. What was kept of its messages is archived, and judged as late
/// data.
#[utoipa::path(post, path = "/devices/{id}/adopt", tag = "devices",
    params(("id" = String, Path, description = "The device's name", example = "hn-000412")),
    request_body = AdoptBody,
    responses(
        (status = 200, description = "The source with its device", body = SourceView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = SourceView),
    ))]
pub async fn adopt_device(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<AdoptBody>,
) -> Result<Done<SourceView>, Problem> {
    let mut checks = Checks::default();
    check_name("id", &id, &mut checks);
    checks.of_params()?;
    let code = body.source.clone();
    let source = app.ask(move |stores| stores.register.source(&code)).await?;
    let Some(mut source) = source else {
        let fault = Fault::new(
            "/source",
            "is not in the register: PUT /api/v1/sources/{code} enters it",
        );
        return Err(Problem::of_faults(ProblemKind::InvalidBody, vec![fault]));
    };
    match source.device.as_deref() {
        Some(device) if device == id => return Ok(Done::unchanged(view(&app, &source))),
        Some(device) if !body.replace => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!(
                    "the source {} has the device `{device}` already: send `\"replace\":true` to put this one in its place",
                    source.code
                ),
            ));
        }
        _ => {}
    }
    source.device = Some(id.into());
    let change = Change::SourceSet {
        source: Box::new(source.clone()),
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(view(&app, &source), applied))
}

/// A source as it was just set.
pub(super) fn view(app: &App, source: &firemain_domain::source::Source) -> SourceView {
    match app
        .board
        .get(&source.code)
        .filter(|entry| *entry.source == *source)
    {
        Some(entry) => SourceView::new(&entry, app.now()),
        None => SourceView {
            source: SourceBody::from(source),
            standing: None,
            alerts: Vec::new(),
            ahead: Vec::new(),
        },
    }
}
