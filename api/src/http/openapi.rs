//! The OpenAPI 3.1 document, at `/api/v1/openapi.json`.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::access::{CSRF, Cookie, Needs, needs};
use super::problem::{Fault, Problem};

/// A key, as `Authorization: Bearer`.
const KEY: &str = "key";
/// The cookie of somebody who logged in.
const SESSION: &str = "session";
/// What goes with the cookie wherever something changes.
const PAGE: &str = "csrf";

const TAGS: [(&str, &str); 26] = [
    (
        "flags",
        "What falls below its requirement now, worst first.",
    ),
    (
        "sources",
        "The register's sources, how each stands, and which is nearest.",
    ),
    ("forecasts", "What will happen, and how sure that is."),
    ("readings", "What sources measured."),
    ("alerts", "What judging raised, and who took it."),
    (
        "telling",
        "Who is told of alerts, by what, and whether it reached them.",
    ),
    ("stream", "What changes, as it changes."),
    ("flow tests", "What hydrants gave when somebody measured."),
    (
        "inspections",
        "What people found at sources, and which are due to be looked at.",
    ),
    ("photos", "Pictures of what was found and done."),
    ("work", "What was found not in order, until it is mended."),
    ("rounds", "Sources that a crew goes to look at, in order."),
    ("maintenance windows", "Sources that are being worked on."),
    ("silences", "What pages nobody for a while."),
    ("supply schedules", "The hours in which there is water."),
    ("incidents", "Fires and other calls that need water."),
    ("permits", "Leave to draw water."),
    (
        "rules",
        "The parameters judging works with, set while it runs.",
    ),
    ("changes", "Who changed what, and when."),
    (
        "devices",
        "What reports for sources, and what speaks without being registered.",
    ),
    ("quarantine", "Messages that could not be used."),
    ("places", "Administrative units and pressure zones."),
    (
        "people",
        "Who one is, who may log in, and what they may do; sessions and keys.",
    ),
    (
        "reports",
        "Figures of a period and a unit, for those who answer for them.",
    ),
    ("feeds", "Alerts for command, rescue and police systems."),
    ("health", "How firemain itself is."),
];

/// What the routes are added to.
pub fn empty(public_url: Option<&str>) -> OpenApi {
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("firemain")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Firefighting water that falls short: what, where, since when, and by which evidence. \
             Lists are `{\"items\":[…],\"next\":…}`: give `next` as `after` for the next page. \
             Refusals are RFC 9457 problem documents. Times are RFC 3339; values carry their age.",
        ))
        .license(Some(license))
        .build();
    let tags =
        TAGS.map(|(name, says)| TagBuilder::new().name(name).description(Some(says)).build());
    let import = TagBuilder::new()
        .name("import")
        .description(Some("Whole registers from files."))
        .build();
    let server = ServerBuilder::new().url(public_url.unwrap_or("/")).build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([server]))
        .tags(Some(tags.into_iter().chain([import])))
        .build()
}

/// How one shows who one is.
fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let described = ApiKeyValue::with_description;
    [
        (
            KEY,
            SecurityScheme::Http({
                let mut bearer = Http::new(HttpAuthScheme::Bearer);
                bearer.description = Some(
                    "A key, made by `firemain key add` or POST /api/v1/keys and shown once; with scopes and an expiry.".to_owned(),
                );
                bearer
            }),
        ),
        (
            SESSION,
            SecurityScheme::ApiKey(ApiKey::Cookie(described(
                Cookie::NAME,
                "The session of somebody who logged in; over TLS its name begins with `__Host-`.",
            ))),
        ),
        (
            PAGE,
            SecurityScheme::ApiKey(ApiKey::Header(described(
                CSRF,
                "With a session's cookie every change needs it: GET /api/v1/me tells it as `csrf`.",
            ))),
        ),
    ]
}

/// With what a route may be asked: a key, or a session, which needs more where it changes something.
/// Empty: anybody may.
fn security_of(method: &str, route: &str) -> Vec<SecurityRequirement> {
    if matches!(needs(method, route), Some(Needs::Nothing)) {
        return Vec::new();
    }
    let none: [&str; 0] = [];
    let session = SecurityRequirement::new(SESSION, none);
    let session = if method == "GET" {
        session
    } else {
        session.add(PAGE, none)
    };
    vec![SecurityRequirement::new(KEY, none), session]
}

/// The document made whole: every operation may answer with a problem, and says who may ask.
pub fn finish(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    components
        .schemas
        .insert(Fault::name().into_owned(), Fault::schema());
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    for (route, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.security = Some(security_of(method, route));
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Problem::name())))
                .build();
            let refusal = ResponseBuilder::new()
                .description("A problem document (RFC 9457)")
                .content("application/problem+json", content)
                .build();
            operation
                .responses
                .responses
                .insert("default".to_owned(), refusal.into());
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::router::documented;

    #[test]
    fn every_route_says_how_one_shows_who_one_is() {
        let (_, document) = documented(None);
        let document = serde_json::to_value(&document).unwrap();
        let security = |route: &str, method: &str| &document["paths"][route][method]["security"];
        let read = json!([{ "key": [] }, { "session": [] }]);
        let change = json!([{ "key": [] }, { "session": [], "csrf": [] }]);
        assert_eq!(security("/api/v1/flags", "get"), &read);
        assert_eq!(security("/api/v1/sources/{code}", "put"), &change);
        assert_eq!(security("/healthz", "get"), &json!([]));
        let schemes = document["components"]["securitySchemes"]
            .as_object()
            .unwrap();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let ways = operation["security"].as_array();
                let names = ways.expect("every operation says it").iter();
                let names = names
                    .filter_map(Value::as_object)
                    .flat_map(|way| way.keys());
                assert!(names.into_iter().all(|name| schemes.contains_key(name)));
            }
        }
    }
}
