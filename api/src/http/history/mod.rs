//! Readings of the past: the archive's, and those too young for it.
//!
//! Where receiving and archiving run in the same process, the archive answers for all. Where they
//! run in another one, what it has not made durable yet is read from the journal's tail.

mod buckets;
mod young;

pub use young::Tail;

use std::collections::BTreeMap;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Bucket, Query, Value};

use super::app::App;
use super::problem::Problem;

/// Readings of one source in order of quantity, time and mark, at most `limit`.
pub async fn range(app: &App, query: Query, limit: usize) -> Result<Vec<Value>, Problem> {
    let young = young::of(app, &query).await?;
    let mut values = app.stores.archive.range(query, limit).await?;
    if young.is_empty() {
        return Ok(values);
    }
    values.extend(young);
    let identity = |value: &Value| (value.quantity, value.at, value.mark);
    values.sort_by_key(identity);
    values.dedup_by_key(|value| identity(value));
    values.truncate(limit);
    Ok(values)
}

/// Buckets of one source.
pub async fn buckets(app: &App, query: Query, width_ms: i64) -> Result<Vec<Bucket>, Problem> {
    let young = young::of(app, &query).await?;
    let old = app.stores.archive.buckets(query, width_ms).await?;
    Ok(buckets::joined(old, young, width_ms))
}

/// The newest reading of each quantity.
pub async fn latest(app: &App, source: SourceCode) -> Result<Vec<Value>, Problem> {
    let always = Query {
        source: source.clone(),
        quantities: Vec::new(),
        from: Timestamp::MIN,
        until: Timestamp::MAX,
    };
    let young = young::of(app, &always).await?;
    let old = app.stores.archive.latest(source).await?;
    let mut newest: BTreeMap<Quantity, Value> = BTreeMap::new();
    for value in old.into_iter().chain(young) {
        let known = newest.entry(value.quantity).or_insert(value);
        if (value.at, value.mark) >= (known.at, known.mark) {
            *known = value;
        }
    }
    Ok(newest.into_values().collect())
}
