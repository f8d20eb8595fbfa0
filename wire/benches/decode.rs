//! What decoding a message costs, codec by codec: `cargo bench -p firemain-wire`.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use firemain_domain::clock::{Clock as _, SystemClock};
use firemain_domain::report::Sample;
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{CodecName, Decoder, Encoder, Limits, Outgoing, Subscription};

const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);
const DEVICES: usize = 1_000;
const ROUNDS: usize = 400;

fn main() {
    println!("{:<28} {:>9} {:>14}", "message", "bytes", "ns a message");
    let contract = br#"{"at":1764000000000,"seq":1234,"pressure_kpa":215.0,"flow_lps":0.0,"level_m":1.82,"battery_v":3.61}"#;
    let messages =
        (0..DEVICES).map(|i| (format!("firemain/v1/TR-{i}/telemetry"), contract.to_vec()));
    measure(
        "native, as documented",
        Subscription::defaults(),
        &messages.collect::<Vec<_>>(),
    );
    for codec in CodecName::ALL {
        measure(
            codec.name(),
            Encoder::subscription(codec),
            &messages_of(codec, 1),
        );
    }
    measure(
        "native, 15 readings",
        Subscription::defaults(),
        &messages_of(CodecName::Native, 15),
    );
}

/// A message of each device, of `readings` readings of four quantities.
fn messages_of(codec: CodecName, readings: u16) -> Vec<(String, Vec<u8>)> {
    use Quantity::{BatteryV, FlowLps, LevelM, PressureKpa};
    let samples: Vec<Sample> = (0..readings)
        .map(|i| Sample {
            at: Some(NOW.plus_ms(i64::from(i) * 60_000)),
            index: i,
            values: vec![
                (PressureKpa, 215.0),
                (FlowLps, 0.5),
                (LevelM, 1.82),
                (BatteryV, 3.61),
            ],
        })
        .collect();
    let mut encoder = Encoder::new(codec);
    (0..DEVICES)
        .filter_map(|i| {
            let device = format!("TR-{i:05}");
            encoder
                .encode(&Outgoing {
                    device: &device,
                    seq: 7,
                    samples: &samples,
                })
                .pop()
        })
        .collect()
}

fn measure(name: &str, subscriptions: Vec<Subscription>, messages: &[(String, Vec<u8>)]) {
    let clock = SystemClock::new();
    let mut decoder = Decoder::new(subscriptions, Limits::default());
    let mut round = || {
        for (topic, payload) in messages {
            black_box(decoder.decode(topic, payload, NOW).unwrap());
        }
    };
    round();
    let began = clock.monotonic_ms();
    (0..ROUNDS).for_each(|_| round());
    let ms = clock.monotonic_ms() - began;
    let ns = ms as f64 * 1e6 / (ROUNDS * messages.len()) as f64;
    println!("{name:<28} {:>9} {ns:>14.0}", messages[0].1.len());
}
