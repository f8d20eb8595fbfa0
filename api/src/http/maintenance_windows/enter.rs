//! `POST /maintenance-windows`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, MaintenanceWindow};
use firemain_domain::time::DAY_MS;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WindowView;
use super::area::{one_area, weekly_hours};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, find, id_or_new};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A window at most: a year.
const LONGEST_MS: i64 = 366 * DAY_MS;

/// A span in which a source, or all of a zone or unit, is worked on: all the time, or in hours that
/// come back every week.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowBody {
    /// An id of your own: sent twice, the window is entered once.
    id: Option<String>,
    /// The source worked on; this, `zone` or `unit`.
    #[schema(example = "TR-0412")]
    source: Option<String>,
    /// The pressure zone worked on, all of it.
    zone: Option<String>,
    /// The administrative unit worked on, all of it.
    unit: Option<String>,
    /// From when; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Until when, at most a year later; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// The hours of the week in which it comes back between these, local time of Vietnam; all the
    /// time by default.
    #[schema(example = "sat-sun 22:00-04:00")]
    weekly: Option<String>,
    /// Why.
    #[schema(example = "thay van")]
    reason: String,
}

/// Enters a maintenance window: while it lasts its sources are `unusable`, and do not page.
///
/// A fire within 500 m lifts it for criticals. With `weekly` it comes back, until `until`.
#[utoipa::path(post, path = "/maintenance-windows", tag = "maintenance windows",
    request_body = WindowBody,
    responses(
        (status = 201, description = "It is entered", body = WindowView),
        (status = 200, description = "The very same was entered before", body = WindowView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = WindowView),
    ))]
pub async fn enter_window(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<WindowBody>,
) -> Result<Done<WindowView>, Problem> {
    let from_given = body.from.is_some();
    let window = body.into_window(&app, &who)?;
    let (id, source) = (window.id.clone(), window.over.source().cloned());
    let there = move |stores: &crate::Stores| {
        find(
            &id,
            |row: &Ended<MaintenanceWindow>| &row.what.id,
            |after, n| stores.register.windows(source.as_deref(), after, n),
        )
    };
    let wanted = window.clone();
    let same = move |there: &Ended<MaintenanceWindow>| {
        let from = if from_given {
            wanted.from
        } else {
            there.what.from
        };
        there.what == MaintenanceWindow { from, ..wanted }
    };
    let change = Change::WindowEntered {
        window: window.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => {
            let row = Ended {
                what: window,
                ended_at: None,
            };
            Done::created(WindowView::new(row, app.now()), applied)
        }
        Entered::Before(row) => Done::unchanged(WindowView::new(row, app.now())),
    })
}

impl WindowBody {
    fn into_window(self, app: &App, who: &Principal) -> Result<MaintenanceWindow, Problem> {
        let mut checks = Checks::default();
        let over = one_area(app, self.source, self.zone, self.unit, &mut checks);
        let weekly = weekly_hours(self.weekly.as_deref(), &mut checks);
        let window = MaintenanceWindow {
            id: id_or_new(app, self.id, &mut checks)?,
            over,
            from: self.from.unwrap_or_else(|| app.now()),
            until: self.until,
            weekly,
            reason: self.reason,
            by: who.who.to_string(),
        };
        checks.text("/reason", &window.reason, 500);
        let span_ms = window.until.since_ms(window.from);
        checks.that(span_ms > 0, "/until", "must be after `from`");
        checks.that(
            span_ms <= LONGEST_MS,
            "/until",
            "must be at most a year after `from`; set the source's status instead",
        );
        checks.of_body()?;
        Ok(window)
    }
}
