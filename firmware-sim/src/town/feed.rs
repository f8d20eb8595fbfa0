//! What feeds a zone's mains, and the pieces that mains are made of.

use epanet_rs::error::InputError;
use epanet_rs::model::demand::Demand;
use epanet_rs::model::link::LinkStatus;
use epanet_rs::model::network::{
    CurveData, JunctionData, Network, PipeData, PumpData, ReservoirData,
};

use super::character::{self, Feed};
use crate::noise::{between, draw};

const ROUGHNESS: f64 = 110.0;

/// Feeds the network at `entry`, where people draw `mean_lps` on average.
pub(super) fn lay(
    network: &mut Network,
    seed: u64,
    feed: Feed,
    entry: &str,
    mean_lps: f64,
) -> Result<(), InputError> {
    junction(network, "STATION", (0.0, 0.0), 6.0, 0.0)?;
    pipe(network, "ENTRY", ("STATION", entry), 150.0, 300.0, false)?;
    let head_m = |low: f64, high: f64| between(draw(seed, 40, 2), low, high);
    match feed {
        Feed::Pumped => station(network, seed, mean_lps, (21.0, 29.0)),
        Feed::HighPumped => station(network, seed, mean_lps, (42.0, 50.0)),
        Feed::Gravity => main_from(network, head_m(30.0, 38.0), mean_lps, 1.5),
        Feed::EndOfLine => main_from(network, head_m(19.9, 20.3), mean_lps, 1.3),
    }
}

/// The pumping station, and the city main that comes in behind a check valve.
fn station(
    network: &mut Network,
    seed: u64,
    mean_lps: f64,
    (least_m, most_m): (f64, f64),
) -> Result<(), InputError> {
    let design_lps = mean_lps * 1.6 + 25.0;
    let head_m = between(draw(seed, 40, 0), least_m, most_m);
    network.add_curve(
        "C1",
        &CurveData {
            x: vec![0.0, design_lps, design_lps * 2.2],
            y: vec![head_m * 1.06, head_m * 0.96, head_m * 0.62],
        },
    )?;
    reservoir(network, "CLEARWATER", 5.0)?;
    reservoir(network, "CITYMAIN", between(draw(seed, 40, 1), 16.5, 19.0))?;
    network.add_pump(
        "PUMP1",
        &PumpData {
            start_node: "CLEARWATER".into(),
            end_node: "STATION".into(),
            speed: 1.0,
            head_curve_id: Some("C1".into()),
            power: 0.0,
            initial_status: LinkStatus::Open,
            vertices: None,
        },
    )?;
    pipe(
        network,
        "HELP",
        ("CITYMAIN", "STATION"),
        1_200.0,
        200.0,
        true,
    )
}

/// A main from a reservoir of that head, that loses `loss_m` on the way when people draw as much as
/// on average.
fn main_from(
    network: &mut Network,
    head_m: f64,
    mean_lps: f64,
    loss_m: f64,
) -> Result<(), InputError> {
    const LENGTH_M: f64 = 1_000.0;
    reservoir(network, "HEIGHT", head_m)?;
    let diameter = character::diameter_mm(LENGTH_M, mean_lps, loss_m, ROUGHNESS);
    pipe(
        network,
        "FEED",
        ("HEIGHT", "STATION"),
        LENGTH_M,
        diameter,
        false,
    )
}

fn reservoir(network: &mut Network, id: &str, elevation: f64) -> Result<(), InputError> {
    network.add_reservoir(
        id,
        &ReservoirData {
            elevation,
            ..ReservoirData::default()
        },
    )
}

pub(super) fn junction(
    network: &mut Network,
    id: &str,
    at: (f64, f64),
    elevation: f64,
    demand_lps: f64,
) -> Result<(), InputError> {
    let demand = Demand {
        basedemand: demand_lps,
        pattern: None,
        pattern_index: None,
        name: None,
    };
    network.add_junction(
        id,
        &JunctionData {
            elevation,
            demands: vec![demand],
            emitter_coefficient: 0.0,
            coordinates: Some(at),
        },
    )
}

pub(super) fn pipe(
    network: &mut Network,
    id: &str,
    (from, to): (&str, &str),
    length: f64,
    diameter: f64,
    check_valve: bool,
) -> Result<(), InputError> {
    network.add_pipe(
        id,
        &PipeData {
            start_node: from.into(),
            end_node: to.into(),
            length,
            diameter,
            roughness: ROUGHNESS,
            minor_loss: 0.0,
            check_valve,
            initial_status: LinkStatus::Open,
            vertices: None,
        },
    )
}
