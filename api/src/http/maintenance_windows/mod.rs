//! `/maintenance-windows`: sources, zones and units that are being worked on, once or every week.

pub mod area;
mod end;
mod enter;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::MaintenanceWindow;
use firemain_domain::handling::Area;
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_windows, enter::enter_window))
        .routes(routes!(end::end_window))
}

/// A span in which a source is worked on: it is `unusable`, and does not page.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WindowView {
    /// Its id.
    pub id: String,
    /// The source worked on.
    #[schema(example = "TR-0412")]
    pub source: Option<String>,
    /// The pressure zone worked on, all of it.
    pub zone: Option<String>,
    /// The administrative unit worked on, all of it.
    pub unit: Option<String>,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The hours of the week in which it comes back, local time; `null`: all the time.
    #[schema(example = "sat-sun 22:00-04:00")]
    pub weekly: Option<String>,
    /// Whether it is worked now.
    pub in_force: bool,
    /// The span in which it is worked, now or next; `null`: it is over.
    pub next: Option<SpanView>,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
    /// When a person ended it before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanView {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

impl WindowView {
    /// `row` as it looks at `now`.
    pub fn new(row: Ended<MaintenanceWindow>, now: Timestamp) -> Self {
        let mut window = row.what;
        let entered_until = window.until;
        window.until = window.until.min(row.ended_at.unwrap_or(Timestamp::MAX));
        let next = window.occurrence(now);
        let in_force = window.is_on(now);
        let (source, zone, unit) = match window.over {
            Area::Source(code) => (Some(code.to_string()), None, None),
            Area::Zone(name) => (None, Some(name.to_string()), None),
            Area::Unit(name) => (None, None, Some(name.to_string())),
        };
        Self {
            id: window.id,
            source,
            zone,
            unit,
            from: window.from,
            until: entered_until,
            weekly: window.weekly.map(String::from),
            in_force,
            next: next.map(|(from, until)| SpanView { from, until }),
            reason: window.reason,
            by: window.by,
            ended_at: row.ended_at,
        }
    }
}
