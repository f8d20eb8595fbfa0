//! Lists of one source or of all.

use serde::Deserialize;
use utoipa::IntoParams;

use super::{Checks, PageSize};
use crate::http::problem::Problem;

/// Which of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfSource {
    /// Of one source; of all by default.
    #[param(example = "TR-0412")]
    pub source: Option<String>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: PageSize,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl OfSource {
    /// Refuses what cannot be a code.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.text_if("source", self.source.as_deref(), 64);
        checks.of_params()
    }
}
