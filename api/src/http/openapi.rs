//! The OpenAPI 3.1 document, at `/api/v1/openapi.json`.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{Fault, Problem};

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

/// The document made whole: every operation may answer with a problem.
pub fn finish(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    components
        .schemas
        .insert(Fault::name().into_owned(), Fault::schema());
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
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

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}
