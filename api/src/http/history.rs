//! Readings of the past: the archive's, and those too young for it.

use firemain_domain::source::SourceCode;
use firemain_store::archive::{Bucket, Query, Value};

use super::app::App;
use super::problem::Problem;

/// Readings of one source in order of quantity, time and mark, at most `limit`.
pub async fn range(app: &App, query: Query, limit: usize) -> Result<Vec<Value>, Problem> {
    Ok(app.stores.archive.range(query, limit).await?)
}

/// Buckets of one source.
pub async fn buckets(app: &App, query: Query, width_ms: i64) -> Result<Vec<Bucket>, Problem> {
    Ok(app.stores.archive.buckets(query, width_ms).await?)
}

/// The newest reading of each quantity.
pub async fn latest(app: &App, source: SourceCode) -> Result<Vec<Value>, Problem> {
    Ok(app.stores.archive.latest(source).await?)
}
