//! `/devices`: what reports for sources, and what speaks without being registered.

mod adopt;
mod commands;
mod configure;
mod credentials;
mod get;
mod list;
mod replace;
mod trends;
mod view;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::ask::Checks;
use super::problem::Problem;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_devices))
        .routes(routes!(get::get_device))
        .routes(routes!(
            credentials::make_credentials,
            credentials::remove_credentials
        ))
        .routes(routes!(adopt::adopt_device))
        .routes(routes!(replace::replace_device))
        .routes(routes!(configure::configure_device))
        .routes(routes!(commands::list_commands))
}

/// Refuses what cannot be a device's name.
fn check_name(field: &str, name: &str, checks: &mut Checks) {
    checks.text(field, name, 128);
    checks.that(
        !name.contains(['/', '+', '#']),
        field,
        "must not contain `/`, `+` or `#`",
    );
}

/// There is no such device.
fn no_device(device: &str) -> Problem {
    let shown: String = device.chars().take(128).collect();
    Problem::not_found(format!(
        "no source has the device `{shown}`, and it was never heard: GET /api/v1/devices lists them"
    ))
}
