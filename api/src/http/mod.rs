//! What people and machines may ask.
//!
//! In: requests under `/api/v1`, the health of it all at `/healthz`, `/readyz` and `/metrics`, a
//! plain page at `/`. Out: JSON, GeoJSON and server-sent events; refusals as problem documents.
//! A request's way: [`mod@serve`] accepts it, the `router` guards, bounds and times it, one file per
//! action answers it: from the board where it asks how things stand, from the stores where it asks
//! what was. A change goes into the register as a numbered row, and waits a moment until judging
//! has taken it.

mod serve;
mod settings;

mod access;
mod guard;
mod router;
mod watched;

mod ask;
mod principal;
mod problem;

mod flags;
mod rules;
mod sources;

mod keys;
mod login;
mod me;
mod sessions;
mod users;

mod alerts;
mod stream;

mod alarm_budget;
mod alert_routes;
mod cap;
mod channels;
mod deliveries;
mod take;
mod teams;

mod changes;
mod flow_tests;
mod forecasts;
mod incidents;
mod inspections;
mod maintenance_windows;
mod permits;
mod photos;
mod rounds;
mod silences;
mod supply_schedules;
mod uses;
mod work;

mod devices;
mod import;
mod places;
mod quarantine;
mod reports;
mod units;

mod health;
mod openapi;
mod page;

mod app;
mod done;
mod ended;
mod enter;
mod entropy;
mod history;
mod view;

pub use access::NO_USER;
pub(crate) use access::table as access_table;
pub use app::AppState;
pub use history::Tail;
pub use principal::{Principal, Role, Scope, Via};
pub use problem::{Fault, Problem, ProblemKind};
pub use serve::{ServeError, Serving, serve};
pub use settings::{AccessSettings, HttpSettings, InspectionSettings, OidcSettings, TlsFiles};

/// The OpenAPI document as JSON: for those who generate clients from it.
pub fn openapi_json() -> String {
    let (_, document) = router::documented(None);
    document.to_pretty_json().unwrap_or_default()
}
