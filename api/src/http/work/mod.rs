//! `/work`: what inspections found not in order, until somebody mends it. Work that is done does not
//! make a source usable: a newer inspection or a flow test does.

mod done;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::CheckItem;
use firemain_domain::inspections::Work;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::view::CheckCode;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_work))
        .routes(routes!(done::work_done))
}

/// Something found not in order that somebody is to mend.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WorkView {
    /// Its id: `{inspection}/{item}`.
    #[schema(example = "KT-7/drains")]
    pub id: String,
    /// The source.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// The inspection that found it.
    pub inspection: String,
    /// What was not in order.
    #[schema(value_type = CheckCode)]
    pub item: CheckItem,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub found_at: Timestamp,
    /// When it was done; `null`: it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
    /// Who did it.
    pub done_by: Option<String>,
    /// What was done.
    pub note: Option<String>,
    /// Photos of what was done, by their ids.
    pub photos: Vec<String>,
}

impl From<Work> for WorkView {
    fn from(work: Work) -> Self {
        Self {
            id: work.id,
            source: work.source.to_string(),
            inspection: work.inspection,
            item: work.item,
            found_at: work.found_at,
            done_at: work.done_at,
            done_by: work.done_by,
            note: work.note,
            photos: work.photos,
        }
    }
}
