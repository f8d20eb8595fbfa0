//! `/photos`: pictures of what was found and of what was done about it. They are sent first, and
//! named by inspections and work.

mod add;
mod get;
mod media;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::ask::Checks;

/// Photos of one inspection or one piece of work at most.
const MOST: usize = 12;

/// The routes of this resource that are like all others.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get::get_photo))
}

/// The route on which photos come in: it sets its own limits of size and time.
pub fn upload_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(add::add_photo))
}

/// Notes what is wrong with the ids of photos in a body.
pub fn check_ids(photos: &[String], checks: &mut Checks) {
    checks.that(
        photos.len() <= MOST,
        "/photos",
        format!("must name at most {MOST} photos"),
    );
    for (n, photo) in photos.iter().take(MOST).enumerate() {
        checks.text(&format!("/photos/{n}"), photo, 64);
    }
}
