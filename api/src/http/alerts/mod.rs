//! `/alerts`: what judging raised, what people do about it, and its whole history.
//!
//! An alert's life: open → acknowledged → dispatched → on site → resolved, by data or by hand →
//! closed. Every act is a change of its own, and does nothing where it is so already.

mod geojson;
mod get;
mod list;

mod act;

mod acknowledge;
mod assign;
mod attach;
mod close;
mod comment;
mod dispatch;
mod on_site;
mod reopen;
mod resolve;
mod silence;
mod unacknowledge;
mod unassign;
mod unsilence;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;

/// Steps of one alert, at most: more are not kept.
const MOST_STEPS: usize = 4_000;

/// The routes of this resource. An id has slashes in it: it may be written as it is, or with `%2F`.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_alerts))
        .routes(routes!(get::get_alert))
        .routes(routes!(get::get_alert_by_parts))
        .routes(routes!(acknowledge::acknowledge_alert))
        .routes(routes!(acknowledge::acknowledge_alert_by_parts))
        .routes(routes!(unacknowledge::unacknowledge_alert))
        .routes(routes!(unacknowledge::unacknowledge_alert_by_parts))
        .routes(routes!(assign::assign_alert))
        .routes(routes!(assign::assign_alert_by_parts))
        .routes(routes!(unassign::unassign_alert))
        .routes(routes!(unassign::unassign_alert_by_parts))
        .routes(routes!(dispatch::dispatch_alert))
        .routes(routes!(dispatch::dispatch_alert_by_parts))
        .routes(routes!(on_site::alert_on_site))
        .routes(routes!(on_site::alert_on_site_by_parts))
        .routes(routes!(comment::comment_on_alert))
        .routes(routes!(comment::comment_on_alert_by_parts))
        .routes(routes!(resolve::resolve_alert))
        .routes(routes!(resolve::resolve_alert_by_parts))
        .routes(routes!(reopen::reopen_alert))
        .routes(routes!(reopen::reopen_alert_by_parts))
        .routes(routes!(close::close_alert))
        .routes(routes!(close::close_alert_by_parts))
        .routes(routes!(attach::attach_to_alert))
        .routes(routes!(attach::attach_to_alert_by_parts))
        .routes(routes!(silence::silence_alert))
        .routes(routes!(silence::silence_alert_by_parts))
        .routes(routes!(unsilence::unsilence_alert))
        .routes(routes!(unsilence::unsilence_alert_by_parts))
}

/// There is no such alert.
fn no_alert(id: &str) -> Problem {
    let shown: String = id.chars().take(100).collect();
    Problem::not_found(format!(
        "there is no alert `{shown}`: an id reads like TR-0412/LOW_STATIC/3, GET /api/v1/alerts lists them"
    ))
}
