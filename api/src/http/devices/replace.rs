//! `POST /devices/{old}/replace`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::time::DAY_MS;
use firemain_store::register::RegisterError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::adopt::view;
use super::{check_name, no_device};
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::view::SourceView;

/// An exchange may be entered so long afterwards.
const LATEST_MS: i64 = 30 * DAY_MS;

/// Which device takes the place, when and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceBody {
    /// The device that is there now.
    #[schema(example = "hn-000977")]
    with: String,
    /// When they were exchanged, at most 30 days ago; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Why.
    #[schema(example = "Hết pin")]
    reason: String,
}

/// Puts another device in the place of one that reports for a source.
///
/// The source's series go on. What the old device says from now on is kept as of one that nobody
/// registered; what the new one said before `at` was not said of the source, and is let go. What was
/// learned of the old one's readings and health begins anew.
#[utoipa::path(post, path = "/devices/{id}/replace", tag = "devices",
    params(("id" = String, Path, description = "The device that was there", example = "hn-000412")),
    request_body = ReplaceBody,
    responses(
        (status = 200, description = "The source with its new device", body = SourceView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = SourceView),
    ))]
pub async fn replace_device(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(old): PathOf<String>,
    Body(body): Body<ReplaceBody>,
) -> Result<Done<SourceView>, Problem> {
    let mut checks = Checks::default();
    check_name("id", &old, &mut checks);
    checks.of_params()?;
    let now = app.now();
    let at = body.at.unwrap_or(now);
    let mut checks = Checks::default();
    check_name("/with", &body.with, &mut checks);
    checks.that(body.with != old, "/with", "must be another device");
    checks.text("/reason", &body.reason, 1_000);
    checks.that(
        (0..=LATEST_MS).contains(&now.since_ms(at)),
        "/at",
        "must not lie ahead, nor more than 30 days back",
    );
    checks.of_body()?;
    if let Some(code) = app.source_of_device(&body.with).await? {
        // The same request once more.
        let ask = move |stores: &crate::Stores| {
            let newest = stores.register.device_terms(&code, None, 1)?.pop();
            Ok::<_, RegisterError>((newest, stores.register.source(&code)?))
        };
        let (newest, there) = app.ask(ask).await?;
        let Some(there) = there else {
            return Err(no_device(&body.with));
        };
        if newest
            .is_some_and(|term| term.device == old && term.next.as_deref() == Some(&*body.with))
        {
            return Ok(Done::unchanged(view(&app, &there)));
        }
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "device `{}` is mounted at source {}: take it from there first",
                body.with, there.code
            ),
        ));
    }
    let Some(code) = app.source_of_device(&old).await? else {
        return Err(no_device(&old));
    };
    let source = app.ask(move |stores| stores.register.source(&code)).await?;
    let Some(mut source) = source.filter(|source| source.device.as_deref() == Some(&*old)) else {
        return Err(no_device(&old));
    };
    let replaced = Change::DeviceReplaced {
        source: source.code.clone(),
        old,
        new: body.with.clone(),
        at,
        reason: body.reason,
    };
    source.device = Some(body.with.into());
    let set = Change::SourceSet {
        source: Box::new(source.clone()),
    };
    let applied = app.change(&who, vec![replaced, set]).await?;
    Ok(Done::altered(view(&app, &source), applied))
}
