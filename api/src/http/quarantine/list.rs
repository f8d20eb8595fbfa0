//! `GET /quarantine`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use firemain_domain::Timestamp;
use firemain_store::intake::{Quarantined, Why};
use firemain_store::journal::Position;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "quarantine";

/// Which messages.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuarantineQuery {
    /// For one reason: `too_large`, `too_deep`, `undecodable`, `unknown_topic`, `no_device` or
    /// `refused_by_archive`.
    #[param(value_type = Option<String>, example = "undecodable")]
    why: Option<Why>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A message that could not be used.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuarantinedView {
    /// Where it stands in the journal.
    pub position: u64,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Why it is here.
    #[schema(value_type = String, example = "undecodable")]
    pub why: Why,
    /// More about it.
    pub detail: String,
    /// Its topic.
    #[schema(example = "firemain/v1/hn-000412/telemetry")]
    pub topic: String,
    /// The beginning of its payload, at most 4 KiB.
    pub payload: String,
    /// How `payload` is written.
    pub payload_encoding: Encoding,
}

/// How a payload is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As it came.
    Text,
    /// In base 64: it is no text.
    Base64,
}

/// Messages that could not be used, newest first, with the reason. Bounded: the oldest go first,
/// and `/metrics` counts those that went.
#[utoipa::path(get, path = "/quarantine", tag = "quarantine", params(QuarantineQuery),
    responses((status = 200, description = "A page of messages", body = Page<QuarantinedView>)))]
pub async fn list_quarantine(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<QuarantineQuery>,
) -> Result<Json<Page<QuarantinedView>>, Problem> {
    let before = from_cursor::<u64>(LIST, query.after.as_deref())?.map(Position);
    let (why, size) = (query.why, query.limit);
    let rows = app
        .ask(move |stores| stores.intake.quarantined(why, before, size.items() + 1))
        .await?;
    let key = |row: &Quarantined| row.position.0;
    Ok(Json(page_of(rows, size, LIST, key, QuarantinedView::from)))
}

impl From<Quarantined> for QuarantinedView {
    fn from(row: Quarantined) -> Self {
        let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let (payload, payload_encoding) = match String::from_utf8(row.payload) {
            Ok(text) if text.chars().all(readable) => (text, Encoding::Text),
            Ok(text) => (STANDARD.encode(text), Encoding::Base64),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), Encoding::Base64),
        };
        Self {
            position: row.position.0,
            received_at: row.received_at,
            why: row.why,
            detail: row.detail,
            topic: row.topic,
            payload,
            payload_encoding,
        }
    }
}
