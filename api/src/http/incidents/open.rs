//! `POST /incidents`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Incident};
use firemain_domain::source::Position;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::IncidentView;
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, find, id_or_new};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::PositionBody;

/// A fire or another call that needs water.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentBody {
    /// An id of your own (the dispatch system's, say): sent twice, the incident is opened once.
    id: Option<String>,
    /// What it is.
    #[schema(example = "Cháy nhà 12 Hàng Bạc")]
    name: String,
    /// Where.
    position: PositionBody,
    /// Since when; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The water needed, L/s.
    #[schema(example = 20.0)]
    required_flow_lps: Option<f64>,
}

/// Opens an incident: until it ends, no critical alert within 500 m of it is muted.
#[utoipa::path(post, path = "/incidents", tag = "incidents", request_body = IncidentBody,
    responses(
        (status = 201, description = "It is open", body = IncidentView),
        (status = 200, description = "The very same was opened before", body = IncidentView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = IncidentView),
    ))]
pub async fn open_incident(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<IncidentBody>,
) -> Result<Done<IncidentView>, Problem> {
    let at_given = body.at.is_some();
    let incident = body.into_incident(&app, &who)?;
    let id = incident.id.clone();
    let there = move |stores: &crate::Stores| {
        find(
            &id,
            |row: &Ended<Incident>| &row.what.id,
            |after, n| stores.register.incidents(false, after, n),
        )
    };
    let wanted = incident.clone();
    let same = move |there: &Ended<Incident>| {
        let at = if at_given { wanted.at } else { there.what.at };
        there.what == Incident { at, ..wanted }
    };
    let change = Change::IncidentOpened {
        incident: incident.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => Done::created(
            Ended {
                what: incident,
                ended_at: None,
            }
            .into(),
            applied,
        ),
        Entered::Before(row) => Done::unchanged(row.into()),
    })
}

impl IncidentBody {
    fn into_incident(self, app: &App, who: &Principal) -> Result<Incident, Problem> {
        let mut checks = Checks::default();
        let now = app.now();
        let incident = Incident {
            id: id_or_new(app, self.id, &mut checks)?,
            position: Position {
                lat: self.position.lat,
                lon: self.position.lon,
            },
            at: self.at.unwrap_or(now),
            name: self.name,
            by: who.who.to_string(),
            required_flow_lps: self.required_flow_lps,
        };
        checks.text("/name", &incident.name, 200);
        checks.within("/position/lat", incident.position.lat, -90.0..=90.0);
        checks.within("/position/lon", incident.position.lon, -180.0..=180.0);
        checks.that(
            incident.at <= now.plus_ms(300_000),
            "/at",
            "lies in the future",
        );
        checks.within_if(
            "/required_flow_lps",
            incident.required_flow_lps,
            0.1..=1_000.0,
        );
        checks.of_body()?;
        Ok(incident)
    }
}
