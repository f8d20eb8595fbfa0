//! An archive in memory: what the API asks of one, and no more.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Mutex;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Answer, Archive, Bucket, Point, Query, Value, Written};
use firemain_store::journal::Position;

type Identity = (SourceCode, Quantity, Timestamp, u32);

#[derive(Debug, Default)]
pub struct InMemory {
    points: Mutex<BTreeMap<Identity, f64>>,
}

impl InMemory {
    fn of(&self, query: &Query) -> Vec<Value> {
        let points = self.points.lock().unwrap();
        let wanted = points.iter().filter(|((source, quantity, at, _), _)| {
            *source == query.source
                && (query.quantities.is_empty() || query.quantities.contains(quantity))
                && (query.from..query.until).contains(at)
        });
        wanted
            .map(|((_, quantity, at, mark), value)| Value {
                quantity: *quantity,
                at: *at,
                mark: *mark,
                value: *value,
            })
            .collect()
    }
}

impl Archive for InMemory {
    fn write(&self, points: Vec<Point>, _: Position) -> Answer<'_, Written> {
        let mut kept = self.points.lock().unwrap();
        let number = points.len() as u64;
        for point in points {
            kept.insert(
                (point.source, point.quantity, point.at, point.mark),
                point.value,
            );
        }
        Box::pin(ready(Ok(Written {
            points: number,
            refused: Vec::new(),
        })))
    }

    fn durable_upto(&self) -> Option<Position> {
        None
    }

    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>> {
        let mut values = self.of(&query);
        values.truncate(limit);
        Box::pin(ready(Ok(values)))
    }

    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>> {
        let mut buckets: Vec<Bucket> = Vec::new();
        for value in self.of(&query) {
            let at = Timestamp::from_ms(value.at.ms() - value.at.ms().rem_euclid(width_ms));
            let v = value.value;
            match buckets.last_mut() {
                Some(last) if last.quantity == value.quantity && last.at == at => {
                    last.mean = (last.mean * last.count as f64 + v) / (last.count + 1) as f64;
                    (last.min, last.max, last.last) = (last.min.min(v), last.max.max(v), v);
                    last.count += 1;
                }
                _ => buckets.push(Bucket {
                    quantity: value.quantity,
                    at,
                    min: v,
                    mean: v,
                    max: v,
                    last: v,
                    count: 1,
                }),
            }
        }
        Box::pin(ready(Ok(buckets)))
    }

    fn latest(&self, source: SourceCode) -> Answer<'_, Vec<Value>> {
        let all = Query {
            source,
            quantities: vec![],
            from: Timestamp::MIN,
            until: Timestamp::MAX,
        };
        let mut newest: BTreeMap<Quantity, Value> = BTreeMap::new();
        for value in self.of(&all) {
            newest.insert(value.quantity, value);
        }
        Box::pin(ready(Ok(newest.into_values().collect())))
    }

    fn count(&self, _: Option<SourceCode>, _: Timestamp, _: Timestamp) -> Answer<'_, u64> {
        Box::pin(ready(Ok(self.points.lock().unwrap().len() as u64)))
    }

    fn maintain(&self, _: Timestamp) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn flush(&self) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}
