//! `POST /permits`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Permit, PermitPurpose};
use firemain_domain::time::DAY_MS;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PermitView;
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, find, id_or_new};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::PurposeCode;

/// A permit at most: 31 days.
const LONGEST_MS: i64 = 31 * DAY_MS;

/// Leave to draw water from a source.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PermitBody {
    /// An id of your own: sent twice, the permit is granted once.
    id: Option<String>,
    /// From which source.
    #[schema(example = "TR-0412")]
    source: String,
    /// What for.
    #[schema(value_type = PurposeCode)]
    purpose: PermitPurpose,
    /// From when; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Until when, at most 31 days later; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Anything else.
    note: Option<String>,
}

/// Grants a permit: under one for a test, low pressure in use does not call command.
#[utoipa::path(post, path = "/permits", tag = "permits", request_body = PermitBody,
    responses(
        (status = 201, description = "It is granted", body = PermitView),
        (status = 200, description = "The very same was granted before", body = PermitView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = PermitView),
    ))]
pub async fn grant_permit(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<PermitBody>,
) -> Result<Done<PermitView>, Problem> {
    let from_given = body.from.is_some();
    let permit = body.into_permit(&app, &who)?;
    let (id, source) = (permit.id.clone(), permit.source.clone());
    let there = move |stores: &crate::Stores| {
        find(
            &id,
            |row: &Ended<Permit>| &row.what.id,
            |after, n| stores.register.permits(Some(&source), after, n),
        )
    };
    let wanted = permit.clone();
    let same = move |there: &Ended<Permit>| {
        let from = if from_given {
            wanted.from
        } else {
            there.what.from
        };
        there.what == Permit { from, ..wanted }
    };
    let change = Change::PermitGranted {
        permit: permit.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => Done::created(
            Ended {
                what: permit,
                ended_at: None,
            }
            .into(),
            applied,
        ),
        Entered::Before(row) => Done::unchanged(row.into()),
    })
}

impl PermitBody {
    fn into_permit(self, app: &App, who: &Principal) -> Result<Permit, Problem> {
        let mut checks = Checks::default();
        let permit = Permit {
            id: id_or_new(app, self.id, &mut checks)?,
            source: self.source.into(),
            purpose: self.purpose,
            from: self.from.unwrap_or_else(|| app.now()),
            until: self.until,
            by: who.who.to_string(),
            note: self.note,
        };
        checks.text("/source", &permit.source, 64);
        checks.text_if("/note", permit.note.as_deref(), 1_000);
        let span_ms = permit.until.since_ms(permit.from);
        checks.that(span_ms > 0, "/until", "must be after `from`");
        checks.that(
            span_ms <= LONGEST_MS,
            "/until",
            "must be at most 31 days after `from`",
        );
        checks.of_body()?;
        Ok(permit)
    }
}
