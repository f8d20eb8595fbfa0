//! `POST /silences`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::handling::{Area, Silence, Silenced};
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SilenceView, check_silence};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, id_or_new};
use crate::http::maintenance_windows::area::one_area;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// What is silenced, until when, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// An id of your own: sent twice, the silence is entered once.
    id: Option<String>,
    /// The source that is silenced; this, `zone` or `unit`.
    #[schema(example = "TR-0412")]
    source: Option<String>,
    /// The pressure zone that is, all of it.
    zone: Option<String>,
    /// The administrative unit that is, all of it.
    unit: Option<String>,
    /// Until when, at most seven days from now.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Why.
    #[schema(example = "diễn tập toàn phường")]
    reason: String,
}

/// Silences a source, or all of a zone or unit, for a while; one alert: `POST /alerts/{id}/silence`.
///
/// It mutes paging, never the map: no verdict improves, and what still stands when it ends pages. A
/// fire within 500 m lifts it for criticals.
#[utoipa::path(post, path = "/silences", tag = "silences",
    request_body = NewSilence,
    responses(
        (status = 201, description = "It is entered", body = SilenceView),
        (status = 200, description = "The very same was entered before", body = SilenceView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = SilenceView),
    ))]
pub async fn enter_silence(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<NewSilence>,
) -> Result<Done<SilenceView>, Problem> {
    let silence = body.into_silence(&app, &who)?;
    let id = silence.id.clone();
    let there = move |stores: &crate::Stores| stores.register.silence(&id);
    let wanted = silence.clone();
    let same = move |there: &Ended<Silence>| {
        let from = there.what.from;
        there.what == Silence { from, ..wanted }
    };
    let change = Change::SilenceEntered {
        silence: silence.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => {
            let row = Ended {
                what: silence,
                ended_at: None,
            };
            Done::created(SilenceView::new(row, app.now()), applied)
        }
        Entered::Before(row) => Done::unchanged(SilenceView::new(row, app.now())),
    })
}

impl NewSilence {
    fn into_silence(self, app: &App, who: &Principal) -> Result<Silence, Problem> {
        let mut checks = Checks::default();
        let over = match one_area(app, self.source, self.zone, self.unit, &mut checks) {
            Area::Source(code) => Silenced::Source(code),
            Area::Zone(name) => Silenced::Zone(name),
            Area::Unit(name) => Silenced::Unit(name),
        };
        let silence = Silence {
            id: id_or_new(app, self.id, &mut checks)?,
            over,
            from: app.now(),
            until: self.until,
            reason: self.reason,
            by: who.who.to_string(),
        };
        check_silence(&silence, &mut checks);
        checks.of_body()?;
        Ok(silence)
    }
}
