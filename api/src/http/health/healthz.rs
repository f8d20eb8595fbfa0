//! `GET /healthz`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alive {
    /// `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}

/// Whether the process lives; whether it does its work says `/readyz`.
#[utoipa::path(get, path = "/healthz", tag = "health",
    responses((status = 200, description = "It does", body = Alive)))]
pub async fn healthz() -> Json<Alive> {
    Json(Alive { status: "alive" })
}
