//! What every request passes before its handler.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::table::{self, Needs};
use crate::http::app::App;
use crate::http::principal::{Principal, Role};
use crate::http::problem::{Problem, ProblemKind};

/// Lets through whom the table lets through.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else {
        // Nothing is there: whoever asks is told so.
        return next.run(request).await;
    };
    let Some(needs) = table::needs(request.method().as_str(), route.as_str()) else {
        return not_in_table(request.method(), route.as_str());
    };
    let (mut parts, body) = request.into_parts();
    match admit(&app, &parts, needs).await {
        Ok(Some(principal)) => {
            parts.extensions.insert(principal);
        }
        Ok(None) => {}
        Err(refusal) => return refusal.into_response(),
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn admit(_app: &App, _parts: &Parts, needs: Needs) -> Result<Option<Principal>, Problem> {
    let principal = Principal::local();
    match needs {
        Needs::Nothing | Needs::Metrics => Ok(None),
        Needs::Role(least) if principal.role >= least => Ok(Some(principal)),
        Needs::Role(least) => Err(too_low(&principal, least)),
    }
}

fn too_low(principal: &Principal, least: Role) -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        format!(
            "this needs the role {least} or more, and {} is {}: an administrator can give it",
            principal.who, principal.role
        ),
    )
}

/// A method that nobody may use there, or a route that was forgotten in the table.
fn not_in_table(method: &Method, route: &str) -> Response {
    let methods = table::methods(route);
    if methods.is_empty() {
        tracing::error!(%method, route, "access.route_not_in_table");
        let detail = "nobody may ask this: the route is missing in the table of access";
        return Problem::new(ProblemKind::Forbidden, detail).into_response();
    }
    let mut allowed = methods.join(",");
    if methods.contains(&"GET") {
        allowed.push_str(",HEAD");
    }
    let mut response = Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("{method} is not possible here; the header `Allow` tells what is"),
    )
    .into_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}
