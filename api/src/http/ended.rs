//! The answer to ending something.

use firemain_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What was ended, and when.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EndedView {
    /// Its id.
    pub id: String,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
}
