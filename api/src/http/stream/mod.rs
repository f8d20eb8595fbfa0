//! `/stream`: what changes, as it changes, as server-sent events.
//!
//! In: the register's committed events. Out: the same to each client, from where it left off. One
//! task feeds each client; it waits on new events, on the client and on the heartbeat, and ends
//! when the client is gone, too slow, or the process stops.

mod feed;
mod get;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource: it has no time limit.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get::stream_events))
}
