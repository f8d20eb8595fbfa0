//! `/deliveries`: every message, where it stands, and every try to deliver it.

mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_store::register::telling::{Delivery, DeliveryState, Occasion, Try, TryOutcome};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::view::SeverityCode;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list::list_deliveries))
}

/// A message to one contact by one channel.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The key by which its receiver knows a copy.
    pub key: String,
    /// The alert it tells of; `null`: a digest or a test.
    pub alert: Option<String>,
    /// Why: `paged`, `reopened`, `raised`, `command`, `escalated`, `cleared`, `listed`, `digest`, `test`.
    #[schema(value_type = String, example = "paged")]
    pub occasion: Occasion,
    /// How severe.
    #[schema(value_type = SeverityCode)]
    pub severity: Severity,
    /// To whom: `team/contact`; `team/` where the team as a whole is told.
    pub contact: String,
    /// By which channel.
    pub channel: String,
    /// To which address.
    pub address: String,
    /// In one line, what it says.
    pub title: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// Where it stands: `waiting`, `held` (for a digest), `sent`, `refused`, `expired`, `overtaken`, `digested`.
    #[schema(value_type = String, example = "sent")]
    pub state: DeliveryState,
    /// When it is tried next, or its digest goes; `null` once it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The key of the digest that told it.
    pub digest: Option<String>,
    /// Every try, in order.
    pub tries: Vec<TryView>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TryView {
    /// The how-many-th.
    pub n: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `accepted`, `refused` (for good) or `failed`.
    #[schema(value_type = String, example = "accepted")]
    pub outcome: TryOutcome,
    /// What the receiver answered, or why it could not.
    pub answer: String,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
}

impl DeliveryView {
    /// A message with its tries.
    pub fn new(delivery: Delivery, tries: Vec<Try>) -> Self {
        let what = delivery.what;
        let over = delivery.ended_at.is_some();
        let said: serde_json::Value = serde_json::from_str(&what.message).unwrap_or_default();
        Self {
            key: what.key,
            alert: what.episode,
            occasion: what.occasion,
            severity: what.severity,
            contact: what.contact,
            channel: what.channel,
            address: what.address,
            title: said["title"].as_str().unwrap_or_default().to_owned(),
            made_at: what.made_at,
            state: delivery.state,
            next_at: (!over).then_some(what.due_at),
            ended_at: delivery.ended_at,
            digest: delivery.digest,
            tries: tries
                .into_iter()
                .map(|tried| TryView {
                    n: tried.n,
                    at: tried.at,
                    outcome: tried.outcome,
                    answer: tried.answer,
                    next_at: tried.next_at,
                })
                .collect(),
        }
    }
}
