//! Young readings among the archive's buckets.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_store::archive::{Bucket, Value};

/// The archive's buckets with young readings in them. A young reading counts as the bucket's newest:
/// it came in after everything the archive holds.
pub fn joined(old: Vec<Bucket>, young: Vec<Value>, width_ms: i64) -> Vec<Bucket> {
    if young.is_empty() {
        return old;
    }
    let mut buckets: BTreeMap<_, Bucket> = old
        .into_iter()
        .map(|bucket| ((bucket.quantity, bucket.at), bucket))
        .collect();
    for Value {
        quantity,
        at,
        value,
        ..
    } in young
    {
        let at = Timestamp::from_ms(at.ms() - at.ms().rem_euclid(width_ms.max(1)));
        let bucket = buckets.entry((quantity, at)).or_insert(Bucket {
            quantity,
            at,
            min: value,
            mean: value,
            max: value,
            last: value,
            count: 0,
        });
        bucket.min = bucket.min.min(value);
        bucket.max = bucket.max.max(value);
        bucket.count += 1;
        bucket.mean += (value - bucket.mean) / bucket.count as f64;
        bucket.last = value;
    }
    buckets.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::Quantity::PressureKpa;

    #[test]
    fn young_readings_join_the_bucket_they_fall_into() {
        let at = |s: i64| Timestamp::from_ms(s * 1_000);
        let young = |s, value| Value {
            quantity: PressureKpa,
            at: at(s),
            mark: 0,
            value,
        };
        let old = Bucket {
            quantity: PressureKpa,
            at: at(0),
            min: 1.0,
            mean: 2.0,
            max: 3.0,
            last: 3.0,
            count: 2,
        };
        let joined = joined(vec![old], vec![young(59, 8.0), young(61, 5.0)], 60_000);
        assert_eq!(
            joined[0],
            Bucket {
                mean: 4.0,
                max: 8.0,
                last: 8.0,
                count: 3,
                ..old
            }
        );
        assert_eq!(
            (joined[1].at, joined[1].count, joined[1].mean),
            (at(60), 1, 5.0)
        );
    }
}
