//! `GET /channels`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::telling;
use crate::http::app::App;
use crate::http::ask::Page;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::notify::{ChannelHealth, ChannelKind};

/// A channel and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChannelView {
    /// Its name, as set.
    #[schema(example = "sms")]
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Whether it delivers nothing: then there is an alert about `firemain:channel:` and its name.
    pub dead: bool,
    /// Failures since a receiver last took something.
    pub failures_in_row: u32,
    /// When a receiver last took something, since the start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub succeeded_at: Option<Timestamp>,
    /// When a try last failed or was refused, since the start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
    /// Messages that wait to be taken.
    pub waiting: u64,
    /// When the oldest of them was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest_at: Option<Timestamp>,
}

impl From<ChannelHealth> for ChannelView {
    fn from(health: ChannelHealth) -> Self {
        Self {
            name: health.name,
            kind: health.kind,
            dead: health.dead,
            failures_in_row: health.failures_in_row,
            succeeded_at: health.succeeded_at,
            failed_at: health.failed_at,
            failure: health.failure,
            waiting: health.waiting,
            oldest_at: health.oldest_at,
        }
    }
}

/// Every channel that is set, and how it is.
#[utoipa::path(get, path = "/channels", tag = "telling",
    responses((status = 200, description = "All channels", body = Page<ChannelView>)))]
pub async fn list_channels(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<ChannelView>>, Problem> {
    let channels = telling(&app)?.channels();
    Ok(Json(Page {
        items: channels.into_iter().map(ChannelView::from).collect(),
        next: None,
    }))
}
