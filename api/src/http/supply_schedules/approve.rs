//! `POST /supply-schedules/proposals/{source}/approve`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;
use serde::Deserialize;
use utoipa::ToSchema;

use super::proposals::of_source;
use crate::http::app::App;
use crate::http::ask::{Checks, OptionalBody, PathOf};
use crate::http::done::Done;
use crate::http::maintenance_windows::area::hours_of;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::view::SourceBody;

/// The hours, where they are to be others than proposed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    /// The hours, local time of Vietnam; as proposed by default.
    #[schema(example = "21:00-17:30")]
    hours: Option<String>,
}

/// Approves the supply hours that were learned for a source, or sets others: from now on it is judged
/// by them.
#[utoipa::path(post, path = "/supply-schedules/proposals/{source}/approve", tag = "supply schedules",
    params(("source" = String, Path, description = "The source's code", example = "TR-0412")),
    request_body = Option<ApproveBody>,
    responses(
        (status = 200, description = "They are set", body = SourceBody),
        (status = 202, description = "Recorded; judging is behind and will take it", body = SourceBody),
    ))]
pub async fn approve_supply_proposal(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(code): PathOf<String>,
    OptionalBody(body): OptionalBody<ApproveBody>,
) -> Result<Done<SourceBody>, Problem> {
    let mut checks = Checks::default();
    let given = body
        .hours
        .map(|hours| hours_of("/hours", &hours, &mut checks));
    checks.of_body()?;
    let wanted = code.clone();
    let (source, proposal) = app
        .ask(move |stores| {
            let source = stores.register.source(&wanted)?;
            Ok::<_, firemain_store::register::RegisterError>((source, of_source(stores, &wanted)?))
        })
        .await?;
    let Some(mut source) = source else {
        return Err(Problem::not_found(
            "there is no such source: GET /api/v1/supply-schedules/proposals lists what is proposed",
        ));
    };
    let Some(proposal) = proposal else {
        return if source.supply_schedule.is_some() {
            Ok(Done::unchanged(SourceBody::from(&source)))
        } else {
            Err(Problem::new(
                ProblemKind::Conflict,
                "nothing is proposed for this source any more; set `supply_schedule` by PUT /api/v1/sources/{code} if you know its hours",
            ))
        };
    };
    let hours = given.flatten().or_else(|| proposal.hours.parse().ok());
    if source.supply_schedule == hours {
        return Ok(Done::unchanged(SourceBody::from(&source)));
    }
    source.supply_schedule = hours;
    let row = SourceBody::from(&source);
    let change = Change::SourceSet {
        source: Box::new(source),
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(row, applied))
}
