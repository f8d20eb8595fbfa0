//! `/inspections`: what people found when they looked at sources, what is checked at which kind, and
//! which sources are due to be looked at.

mod checklist;
mod cycle;
mod due;
mod enter;
mod list;
mod withdraw;

pub use cycle::{Due, due_sources};

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::{Check, CheckItem, Inspection};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::view::CheckCode;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_inspections, enter::enter_inspection))
        .routes(routes!(checklist::get_checklist))
        .routes(routes!(due::list_due))
        .routes(routes!(withdraw::withdraw_inspection))
}

/// One line of a checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// Which.
    #[schema(value_type = CheckCode)]
    pub item: CheckItem,
    /// Whether it was found in order.
    pub in_order: bool,
}

impl From<&Check> for CheckBody {
    fn from(check: &Check) -> Self {
        Self {
            item: check.item,
            in_order: check.in_order,
        }
    }
}

/// What a person found at a source.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct InspectionView {
    /// Its id.
    pub id: String,
    /// The source looked at.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether it works; if not, it is `unusable` until a newer inspection or flow test.
    pub operable: bool,
    /// Whether something keeps a crew or a vehicle from it; if so, it is `unusable` likewise.
    pub obstructed: bool,
    /// What was checked.
    pub checks: Vec<CheckBody>,
    /// The ids of the work that what was not in order made: see `/work`.
    #[schema(example = json!(["KT-7/drains"]))]
    pub work: Vec<String>,
    /// Anything else.
    pub note: Option<String>,
    /// Photos, by their ids: see `/photos`.
    pub photos: Vec<String>,
    /// Who looked.
    pub by: String,
}

impl From<Inspection> for InspectionView {
    fn from(inspection: Inspection) -> Self {
        let found = inspection.findings();
        Self {
            work: found
                .into_iter()
                .map(|item| inspection.work_id(item))
                .collect(),
            checks: inspection.checks.iter().map(CheckBody::from).collect(),
            id: inspection.id,
            source: inspection.source.to_string(),
            at: inspection.at,
            operable: inspection.operable,
            obstructed: inspection.obstructed,
            note: inspection.note,
            photos: inspection.photos,
            by: inspection.by,
        }
    }
}
