//! `GET /inspections/checklist`.

use axum::Json;
use firemain_domain::change::CheckItem;
use firemain_domain::source::KindName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::ask::Params;
use crate::http::principal::Principal;
use crate::http::view::{CheckCode, KindCode};

/// Of which kind.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChecklistQuery {
    /// Of which kind.
    #[param(value_type = KindCode, inline)]
    kind: KindName,
}

/// What is checked at a kind of source.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChecklistView {
    /// Of which kind.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// What is checked, in the order in which one goes about it.
    #[schema(value_type = Vec<CheckCode>)]
    pub items: &'static [CheckItem],
}

/// What is checked at a kind of source.
#[utoipa::path(get, path = "/inspections/checklist", tag = "inspections", params(ChecklistQuery),
    responses((status = 200, description = "The checklist", body = ChecklistView)))]
pub async fn get_checklist(
    _: Principal,
    Params(query): Params<ChecklistQuery>,
) -> Json<ChecklistView> {
    Json(ChecklistView {
        kind: query.kind,
        items: CheckItem::of_kind(query.kind),
    })
}
