//! What every request passes before its handler.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client::Client;
use super::table::{self, Needs};
use crate::access::is_in_scope;
use crate::http::app::App;
use crate::http::principal::{Principal, Role, Via};
use crate::http::problem::{Problem, ProblemKind};

/// What a page sends along with a change.
pub const CSRF: &str = "x-csrf-token";

/// Lets through whom the table lets through.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else {
        // Nothing is there: whoever asks is told so.
        return next.run(request).await;
    };
    let route = route.as_str();
    let Some(needs) = table::needs(request.method().as_str(), route) else {
        return not_in_table(request.method(), route);
    };
    let (mut parts, body) = request.into_parts();
    let client = Client::of(&parts, &app.settings.access.proxies);
    parts.extensions.insert(client);
    match admit(&app, &parts, client, route, needs).await {
        Ok(Some(principal)) => {
            parts.extensions.insert(principal);
        }
        Ok(None) => {}
        Err(refusal) => return refused(refusal),
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn admit(
    app: &App,
    parts: &Parts,
    client: Client,
    route: &str,
    needs: Needs,
) -> Result<Option<Principal>, Problem> {
    let least = match needs {
        Needs::Nothing => return Ok(None),
        Needs::Metrics if client.local && app.settings.listen.ip().is_loopback() => {
            return Ok(None);
        }
        Needs::Metrics => None,
        Needs::Role(least) => Some(least),
    };
    let Some(principal) = app.identify(parts).await? else {
        return Err(Problem::new(
            ProblemKind::Unauthenticated,
            "log in at /login (or by POST /api/v1/login), or send a key as `Authorization: Bearer …`",
        ));
    };
    let writes = !matches!(parts.method, Method::GET | Method::HEAD);
    match least {
        None => check_metrics(&principal)?,
        Some(least) if principal.role < least => return Err(too_low(&principal, least)),
        Some(_) => check_scopes(&principal, route, writes)?,
    }
    if writes {
        check_csrf(&principal, &parts.headers)?;
    }
    Ok(Some(principal))
}

fn check_metrics(principal: &Principal) -> Result<(), Problem> {
    let may = match &principal.via {
        Via::Key { scopes, .. } if !scopes.is_empty() => scopes.iter().any(|s| s == "metrics"),
        _ => principal.role >= Role::Operator,
    };
    if may {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        "metrics need a key of scope `metrics`, or the role operator",
    ))
}

/// A key that is bound to resources asks those only.
fn check_scopes(principal: &Principal, route: &str, writes: bool) -> Result<(), Problem> {
    let Via::Key { scopes, .. } = &principal.via else {
        return Ok(());
    };
    let resource = table::resource_of(route);
    if is_in_scope(scopes, resource, writes) {
        return Ok(());
    }
    let way = if writes { "write" } else { "read" };
    Err(Problem::new(
        ProblemKind::Forbidden,
        format!(
            "this key is bound to {}, and this needs {resource}:{way}",
            scopes.join(", ")
        ),
    ))
}

/// A cookie goes along whoever makes the browser ask: what changes something has to show that a page
/// of ours asks.
fn check_csrf(principal: &Principal, headers: &HeaderMap) -> Result<(), Problem> {
    let Via::Session { csrf, .. } = &principal.via else {
        return Ok(());
    };
    let sent = headers.get(CSRF).map_or(&b""[..], HeaderValue::as_bytes);
    if is_same(sent, csrf.as_bytes()) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        "with a session's cookie every change needs the header `X-CSRF-Token`: GET /api/v1/me tells it as `csrf`",
    ))
}

/// Takes as long wherever they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y)) == 0
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

fn refused(refusal: Problem) -> Response {
    let unknown = refusal.status_code() == ProblemKind::Unauthenticated.status();
    let mut response = refusal.into_response();
    if unknown {
        let challenge = HeaderValue::from_static("Bearer realm=\"firemain\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
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
