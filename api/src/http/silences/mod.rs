//! `/silences`: for a while somebody wants no pages, of one alert, a source, a zone or a unit.
//!
//! It mutes paging, never the map. A fire within reach lifts it for criticals; what still stands when
//! it ends pages.

mod end;
mod enter;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::handling::{LONGEST_SILENCE_MS, Silence, Silenced};
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::ask::Checks;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_silences, enter::enter_silence))
        .routes(routes!(end::end_silence))
}

/// A silence.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SilenceView {
    /// Its id.
    pub id: String,
    /// The alert that is silenced.
    #[schema(example = "TR-0412/LOW_STATIC/3")]
    pub alert: Option<String>,
    /// The source that is.
    #[schema(example = "TR-0412")]
    pub source: Option<String>,
    /// The pressure zone that is, all of it.
    pub zone: Option<String>,
    /// The administrative unit that is, all of it.
    pub unit: Option<String>,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When a person ended it before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Whether it holds now.
    pub in_force: bool,
}

impl SilenceView {
    /// `row` as it looks at `now`.
    pub fn new(row: Ended<Silence>, now: Timestamp) -> Self {
        let silence = row.what;
        let ended = row.ended_at.is_some_and(|at| at <= now);
        let (mut alert, mut source, mut zone, mut unit) = (None, None, None, None);
        match silence.over {
            Silenced::Alert(id) => alert = Some(id),
            Silenced::Source(code) => source = Some(code.to_string()),
            Silenced::Zone(name) => zone = Some(name.to_string()),
            Silenced::Unit(name) => unit = Some(name.to_string()),
        }
        Self {
            id: silence.id,
            alert,
            source,
            zone,
            unit,
            in_force: silence.from <= now && now < silence.until && !ended,
            from: silence.from,
            until: silence.until,
            reason: silence.reason,
            by: silence.by,
            ended_at: row.ended_at,
        }
    }
}

/// Notes what is wrong with a silence.
pub fn check_silence(silence: &Silence, checks: &mut Checks) {
    checks.text("/reason", &silence.reason, 500);
    let span_ms = silence.until.since_ms(silence.from);
    checks.that(span_ms > 0, "/until", "must be in the future");
    checks.that(
        span_ms <= LONGEST_SILENCE_MS,
        "/until",
        "must be at most seven days from now; for longer work enter a maintenance window",
    );
}
