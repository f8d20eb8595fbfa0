//! All routes, and what every request goes through: the guard, time, size, and a net beneath.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::app::App;
use super::problem::{Problem, ProblemKind};
use super::{
    access, alarm_budget, alert_routes, alerts, cap, changes, channels, deliveries, devices, flags,
    flow_tests, forecasts, guard, health, import, incidents, inspections, keys, login,
    maintenance_windows, me, openapi, page, permits, photos, places, quarantine, reports, rounds,
    rules, sessions, silences, sources, stream, supply_schedules, take, teams, units, users, uses,
    watched, work,
};

/// A body at most, bytes; imports have their own limit.
const BODY_BYTES: usize = 64 * 1024;
/// The form of the login page at most, bytes.
const PAGE_BYTES: usize = 8 * 1024;
/// An answer at most takes so long; the stream and imports have their own limits.
const WITHIN: Duration = Duration::from_secs(30);
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All routes.
pub fn of(app: Arc<App>) -> Router {
    let (routes, document) = documented(app.settings.public_url.as_deref());
    let document = Arc::new(document);
    routes
        .route(
            "/api/v1/openapi.json",
            get(async move || Json((*document).clone())),
        )
        .merge(page::routes())
        .merge(login::page_routes().layer(DefaultBodyLimit::max(PAGE_BYTES)))
        .merge(take::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), access::guard))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(CompressionLayer::new())
        .layer(middleware::map_response(secured))
        .layer(middleware::from_fn_with_state(app.clone(), watched::time))
        .with_state(app)
}

/// The routes that the OpenAPI document tells of, and the document.
pub fn documented(public_url: Option<&str>) -> (Router<Arc<App>>, OpenApi) {
    let quick = OpenApiRouter::new()
        .merge(flags::routes())
        .merge(sources::routes())
        .merge(alerts::routes())
        .merge(flow_tests::routes())
        .merge(forecasts::routes())
        .merge(inspections::routes())
        .merge(photos::routes())
        .merge(work::routes())
        .merge(rounds::routes())
        .merge(maintenance_windows::routes())
        .merge(silences::routes())
        .merge(supply_schedules::routes())
        .merge(uses::routes())
        .merge(incidents::routes())
        .merge(permits::routes())
        .merge(rules::routes())
        .merge(changes::routes())
        .merge(devices::routes())
        .merge(quarantine::routes())
        .merge(places::routes())
        .merge(login::routes())
        .merge(me::routes())
        .merge(sessions::routes())
        .merge(users::routes())
        .merge(keys::routes())
        .merge(units::routes())
        .merge(reports::routes())
        .merge(cap::routes())
        .merge(teams::routes())
        .merge(alert_routes::routes())
        .merge(channels::routes())
        .merge(deliveries::routes())
        .merge(alarm_budget::routes())
        .layer(middleware::from_fn(in_time))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    let api = quick
        .merge(stream::routes())
        .merge(import::routes())
        .merge(units::import_routes())
        .merge(photos::upload_routes());
    let (routes, document) = OpenApiRouter::with_openapi(openapi::empty(public_url))
        .nest("/api/v1", api)
        .merge(health::routes())
        .split_for_parts();
    (routes, openapi::finish(document))
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            ProblemKind::TimedOut,
            "no answer within 30 s; ask for less (a shorter span, a smaller page), or try again",
        )
        .into_response(),
    }
}

async fn not_found(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(100).collect();
    Problem::not_found(format!(
        "there is nothing at `{path}`: /api/v1/openapi.json tells what there is"
    ))
}

async fn method_not_allowed(request: Request) -> Problem {
    let method = request.method();
    Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("{method} is not possible here; the header `Allow` tells what is"),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "as the layer calls it")]
fn panicked(fault: Box<dyn Any + Send + 'static>) -> Response {
    let said = fault.downcast_ref::<String>().map(String::as_str);
    let said = said
        .or_else(|| fault.downcast_ref::<&str>().copied())
        .unwrap_or("nothing");
    tracing::error!(said, "http.handler_panicked");
    Problem::new(
        ProblemKind::Internal,
        "a fault of ours; the log of firemain says more",
    )
    .into_response()
}

async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        // A page may say what it needs, such as a form that may be sent.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CSP));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_documented_with_its_answers() {
        let (_, document) = documented(None);
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!(json["openapi"], "3.1.0");
        let paths = json["paths"].as_object().unwrap();
        assert!(paths.len() >= 30, "{}", paths.len());
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let told = operation["summary"]
                    .as_str()
                    .or(operation["description"].as_str());
                assert!(told.is_some_and(|text| !text.is_empty()), "{method} {path}");
                assert!(
                    operation["responses"].as_object().unwrap().len() >= 2,
                    "{method} {path}"
                );
                assert!(operation["operationId"].is_string(), "{method} {path}");
            }
        }
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let (_, document) = documented(None);
        let json = serde_json::to_value(&document).unwrap();
        let mut references = Vec::new();
        gather(&json, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(json.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn gather(json: &serde_json::Value, into: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    match value {
                        serde_json::Value::String(text) if name == "$ref" => {
                            into.push(text.clone());
                        }
                        _ => gather(value, into),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
            _ => {}
        }
    }
}
