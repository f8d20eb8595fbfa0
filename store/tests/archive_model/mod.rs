//! The archive as one would write it on a napkin: every point in an ordered map. What the real ones
//! answer is held against what this one answers.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Mutex;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Answer, Archive, Bucket, Point, Query, Value, Written};
use firemain_store::journal::Position;

type Identity = (SourceCode, Quantity, Timestamp, u32);

/// Everything in memory.
#[derive(Debug, Default)]
pub struct Model {
    points: Mutex<BTreeMap<Identity, f64>>,
}

impl Model {
    fn values(&self, wanted: impl Fn(&Identity) -> bool) -> Vec<Value> {
        self.points
            .lock()
            .unwrap()
            .iter()
            .filter(|(identity, _)| wanted(identity))
            .map(|((_, quantity, at, mark), value)| Value {
                quantity: *quantity,
                at: *at,
                mark: *mark,
                value: *value,
            })
            .collect()
    }

    fn matching(&self, query: &Query) -> Vec<Value> {
        self.values(|(source, quantity, at, _)| {
            *source == query.source
                && (query.quantities.is_empty() || query.quantities.contains(quantity))
                && (query.from..query.until).contains(at)
        })
    }
}

impl Archive for Model {
    fn write(&self, points: Vec<Point>, _upto: Position) -> Answer<'_, Written> {
        let written = Written {
            points: points.len() as u64,
            refused: Vec::new(),
        };
        let mut kept = self.points.lock().unwrap();
        for point in points {
            kept.entry((point.source, point.quantity, point.at, point.mark))
                .or_insert(point.value);
        }
        Box::pin(ready(Ok(written)))
    }

    fn durable_upto(&self) -> Option<Position> {
        None
    }

    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>> {
        let mut values = self.matching(&query);
        values.truncate(limit);
        Box::pin(ready(Ok(values)))
    }

    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>> {
        let values = self.matching(&query);
        let buckets = values
            .chunk_by(|a, b| {
                a.quantity == b.quantity
                    && a.at.ms().div_euclid(width_ms) == b.at.ms().div_euclid(width_ms)
            })
            .map(|values| Bucket {
                quantity: values[0].quantity,
                at: Timestamp::from_ms(values[0].at.ms().div_euclid(width_ms) * width_ms),
                min: values.iter().map(|v| v.value).fold(f64::INFINITY, f64::min),
                mean: values.iter().map(|v| v.value).sum::<f64>() / values.len() as f64,
                max: values
                    .iter()
                    .map(|v| v.value)
                    .fold(f64::NEG_INFINITY, f64::max),
                last: values[values.len() - 1].value,
                count: values.len() as u64,
            })
            .collect();
        Box::pin(ready(Ok(buckets)))
    }

    fn latest(&self, source: SourceCode) -> Answer<'_, Vec<Value>> {
        let values = self.values(|(of, ..)| *of == source);
        let newest = values
            .chunk_by(|a, b| a.quantity == b.quantity)
            .map(|values| values[values.len() - 1])
            .collect();
        Box::pin(ready(Ok(newest)))
    }

    fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Answer<'_, u64> {
        let count = self.values(|(of, _, at, _)| {
            source.as_ref().is_none_or(|source| source == of) && (from..until).contains(at)
        });
        Box::pin(ready(Ok(count.len() as u64)))
    }

    fn maintain(&self, _now: Timestamp) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn flush(&self) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}
