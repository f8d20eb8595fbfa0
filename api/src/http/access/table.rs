//! Who may ask what: every route with the least role it needs. What does not stand here is refused,
//! so **a new route needs its row here** (and `docs/access.md` the same row).

use firemain_domain::people::Role;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody may ask.
    Nothing,
    /// Somebody on this machine, or a key of scope `metrics`.
    Metrics,
    /// Somebody of at least this role.
    Role(Role),
}

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `GET` (which `HEAD` follows), `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The route as it is written where it is made, `/api/v1` before it.
    pub route: &'static str,
    /// What it needs.
    pub needs: Needs,
}

const fn row(method: &'static str, route: &'static str, role: Role) -> Row {
    Row {
        method,
        route,
        needs: Needs::Role(role),
    }
}

const fn open(method: &'static str, route: &'static str) -> Row {
    Row {
        method,
        route,
        needs: Needs::Nothing,
    }
}

use Role::{Administrator, Crew, Dispatcher, Operator, Viewer};

/// Every route.
pub const TABLE: &[Row] = &[
    // How firemain itself is, and the plain page: it holds no data, it asks for them.
    open("GET", "/healthz"),
    open("GET", "/readyz"),
    Row {
        method: "GET",
        route: "/metrics",
        needs: Needs::Metrics,
    },
    open("GET", "/"),
    open("GET", "/page.css"),
    open("GET", "/page.js"),
    open("GET", "/api/v1/openapi.json"),
    // Logging in.
    open("GET", "/login"),
    open("POST", "/login"),
    open("GET", "/login.css"),
    open("GET", "/login/oidc"),
    open("GET", "/login/oidc/callback"),
    open("POST", "/api/v1/login"),
    row("POST", "/api/v1/logout", Viewer),
    // People.
    row("GET", "/api/v1/me", Viewer),
    row("PUT", "/api/v1/me/password", Viewer),
    row("GET", "/api/v1/sessions", Viewer),
    row("DELETE", "/api/v1/sessions/{id}", Viewer),
    row("GET", "/api/v1/users", Administrator),
    row("GET", "/api/v1/users/{name}", Administrator),
    row("PUT", "/api/v1/users/{name}", Administrator),
    row("POST", "/api/v1/users/{name}/disable", Administrator),
    row("POST", "/api/v1/users/{name}/password", Administrator),
    row("GET", "/api/v1/keys", Administrator),
    row("POST", "/api/v1/keys", Administrator),
    row("DELETE", "/api/v1/keys/{id}", Administrator),
    // Sources, and how they stand.
    row("GET", "/api/v1/flags", Viewer),
    row("GET", "/api/v1/forecasts", Viewer),
    row("GET", "/api/v1/sources", Viewer),
    row("GET", "/api/v1/sources/nearest", Viewer),
    row("GET", "/api/v1/sources/{code}", Viewer),
    row("PUT", "/api/v1/sources/{code}", Operator),
    row("DELETE", "/api/v1/sources/{code}", Operator),
    row("GET", "/api/v1/sources/{code}/verdict", Viewer),
    row("GET", "/api/v1/sources/{code}/baseline", Viewer),
    row("GET", "/api/v1/sources/{code}/devices", Crew),
    row("GET", "/api/v1/sources/{code}/readings", Viewer),
    row("GET", "/api/v1/sources/{code}/readings/latest", Viewer),
    row("POST", "/api/v1/import", Operator),
    row("GET", "/api/v1/units", Viewer),
    row("GET", "/api/v1/units/{code}", Viewer),
    row("POST", "/api/v1/units/import", Operator),
    row("GET", "/api/v1/units/versions", Viewer),
    row("POST", "/api/v1/units/versions/{id}/withdraw", Operator),
    row("GET", "/api/v1/units/targets", Viewer),
    row("PUT", "/api/v1/units/targets", Operator),
    row("GET", "/api/v1/reports", Viewer),
    row("GET", "/api/v1/reports/coverage/gaps", Viewer),
    row("GET", "/api/v1/cap", Viewer),
    row("GET", "/api/v1/cap/{identifier}", Viewer),
    row("GET", "/api/v1/zones", Viewer),
    row("GET", "/api/v1/stream", Viewer),
    // Who is told of alerts: contacts' numbers are not for everybody. A link from a message is
    // checked by itself.
    open("GET", "/a/{token}"),
    open("POST", "/a/{token}"),
    row("GET", "/api/v1/teams", Dispatcher),
    row("GET", "/api/v1/teams/{id}", Dispatcher),
    row("PUT", "/api/v1/teams/{id}", Operator),
    row("DELETE", "/api/v1/teams/{id}", Operator),
    row("GET", "/api/v1/routes", Dispatcher),
    row("GET", "/api/v1/routes/{id}", Dispatcher),
    row("PUT", "/api/v1/routes/{id}", Operator),
    row("DELETE", "/api/v1/routes/{id}", Operator),
    row("GET", "/api/v1/channels", Operator),
    row("POST", "/api/v1/channels/{name}/test", Operator),
    row("GET", "/api/v1/deliveries", Dispatcher),
    row("GET", "/api/v1/alarm-budget", Dispatcher),
    // Alerts.
    row("GET", "/api/v1/alerts", Viewer),
    row("GET", "/api/v1/alerts/{id}", Viewer),
    row("POST", "/api/v1/alerts/{id}/acknowledge", Crew),
    row("GET", "/api/v1/alerts/{source}/{rule}/{n}", Viewer),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/acknowledge",
        Crew,
    ),
    row("POST", "/api/v1/alerts/{id}/unacknowledge", Crew),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/unacknowledge",
        Crew,
    ),
    row("POST", "/api/v1/alerts/{id}/assign", Dispatcher),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/assign",
        Dispatcher,
    ),
    row("POST", "/api/v1/alerts/{id}/unassign", Dispatcher),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/unassign",
        Dispatcher,
    ),
    row("POST", "/api/v1/alerts/{id}/dispatch", Dispatcher),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/dispatch",
        Dispatcher,
    ),
    row("POST", "/api/v1/alerts/{id}/on-site", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/on-site", Crew),
    row("POST", "/api/v1/alerts/{id}/comment", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/comment", Crew),
    row("POST", "/api/v1/alerts/{id}/resolve", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/resolve", Crew),
    row("POST", "/api/v1/alerts/{id}/reopen", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/reopen", Crew),
    row("POST", "/api/v1/alerts/{id}/close", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/close", Crew),
    row("POST", "/api/v1/alerts/{id}/attach", Crew),
    row("POST", "/api/v1/alerts/{source}/{rule}/{n}/attach", Crew),
    row("POST", "/api/v1/alerts/{id}/silence", Dispatcher),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/silence",
        Dispatcher,
    ),
    row("POST", "/api/v1/alerts/{id}/unsilence", Dispatcher),
    row(
        "POST",
        "/api/v1/alerts/{source}/{rule}/{n}/unsilence",
        Dispatcher,
    ),
    row("GET", "/api/v1/uses/questions", Viewer),
    row("GET", "/api/v1/silences", Viewer),
    row("POST", "/api/v1/silences", Dispatcher),
    row("POST", "/api/v1/silences/{id}/end", Dispatcher),
    row("GET", "/api/v1/supply-schedules", Viewer),
    row("PUT", "/api/v1/supply-schedules/zones/{zone}", Operator),
    row("DELETE", "/api/v1/supply-schedules/zones/{zone}", Operator),
    row("GET", "/api/v1/supply-schedules/proposals", Viewer),
    row(
        "POST",
        "/api/v1/supply-schedules/proposals/{source}/approve",
        Operator,
    ),
    // What people do at sources.
    row("GET", "/api/v1/flow-tests", Viewer),
    row("POST", "/api/v1/flow-tests", Crew),
    row("DELETE", "/api/v1/flow-tests/{id}", Operator),
    row("GET", "/api/v1/flow-tests/{id}/curve.svg", Viewer),
    row("GET", "/api/v1/flow-tests/{id}/flow", Viewer),
    row("GET", "/api/v1/inspections", Viewer),
    row("POST", "/api/v1/inspections", Crew),
    row("GET", "/api/v1/inspections/checklist", Viewer),
    row("GET", "/api/v1/inspections/due", Viewer),
    row("DELETE", "/api/v1/inspections/{id}", Operator),
    row("POST", "/api/v1/photos", Crew),
    row("GET", "/api/v1/photos/{id}", Viewer),
    row("GET", "/api/v1/work", Viewer),
    row("POST", "/api/v1/work/{inspection}/{item}/done", Crew),
    row("GET", "/api/v1/rounds", Viewer),
    row("POST", "/api/v1/rounds", Dispatcher),
    row("GET", "/api/v1/rounds/{id}", Viewer),
    row("POST", "/api/v1/rounds/{id}/end", Crew),
    row("GET", "/api/v1/maintenance-windows", Viewer),
    row("POST", "/api/v1/maintenance-windows", Dispatcher),
    row("POST", "/api/v1/maintenance-windows/{id}/end", Dispatcher),
    row("GET", "/api/v1/incidents", Viewer),
    row("POST", "/api/v1/incidents", Dispatcher),
    row("POST", "/api/v1/incidents/{id}/end", Dispatcher),
    row("GET", "/api/v1/permits", Viewer),
    row("POST", "/api/v1/permits", Dispatcher),
    row("POST", "/api/v1/permits/{id}/end", Dispatcher),
    // Devices, rules and the record.
    row("GET", "/api/v1/devices", Crew),
    row("GET", "/api/v1/devices/{id}", Crew),
    row("POST", "/api/v1/devices/{id}/adopt", Operator),
    row("POST", "/api/v1/devices/{id}/config", Operator),
    row("GET", "/api/v1/devices/{id}/commands", Crew),
    row("POST", "/api/v1/devices/{id}/replace", Operator),
    row("POST", "/api/v1/devices/{id}/credentials", Operator),
    row("DELETE", "/api/v1/devices/{id}/credentials", Operator),
    row("GET", "/api/v1/quarantine", Operator),
    row("GET", "/api/v1/rules", Viewer),
    row("PUT", "/api/v1/rules/{scope}", Operator),
    row("DELETE", "/api/v1/rules/{scope}", Operator),
    row("GET", "/api/v1/changes", Dispatcher),
];

/// What a route needs; `None`: it does not stand in the table.
pub fn needs(method: &str, route: &str) -> Option<Needs> {
    let method = if method == "HEAD" { "GET" } else { method };
    let row = TABLE
        .iter()
        .find(|row| row.route == route && row.method == method);
    row.map(|row| row.needs)
}

/// The methods of a route, for `Allow`; empty: it does not stand in the table.
pub fn methods(route: &str) -> Vec<&'static str> {
    let rows = TABLE.iter().filter(|row| row.route == route);
    rows.map(|row| row.method).collect()
}

/// The resource that a route is about: what a key's scopes name.
pub fn resource_of(route: &str) -> &str {
    let path = route.strip_prefix("/api/v1/").unwrap_or(route);
    path.trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
}

/// Every resource that a scope can name.
pub fn resources() -> Vec<&'static str> {
    let bound = TABLE
        .iter()
        .filter(|row| matches!(row.needs, Needs::Role(_)));
    let mut all: Vec<_> = bound.map(|row| resource_of(row.route)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::router::documented;

    #[test]
    fn every_route_of_the_document_stands_in_the_table() {
        let (_, document) = documented(None);
        let json = serde_json::to_value(&document).unwrap();
        let mut missing = Vec::new();
        for (path, item) in json["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                if needs(&method, path).is_none() {
                    missing.push(format!("row(\"{method}\", \"{path}\", …)"));
                }
            }
        }
        assert!(
            missing.is_empty(),
            "routes that nobody may ask: add to TABLE in api/src/http/access/table.rs, with the least role that may ask them:\n    {}",
            missing.join(",\n    ")
        );
    }

    #[test]
    fn no_route_stands_in_the_table_twice() {
        for (n, row) in TABLE.iter().enumerate() {
            let twice = TABLE[..n]
                .iter()
                .any(|before| before.route == row.route && before.method == row.method);
            assert!(!twice, "{} {}", row.method, row.route);
        }
    }
}
