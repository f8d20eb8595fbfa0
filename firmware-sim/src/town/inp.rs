//! A town on a water utility's own network: an EPANET `.inp` file.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use epanet_rs::model::link::LinkType;
use epanet_rs::model::network::Network;
use epanet_rs::model::node::NodeType;
use epanet_rs::model::options::HeadlossFormula;
use firemain_domain::Timestamp;
use firemain_domain::source::{Kind, TapPoint};

use super::sources::{CENTRE, bare, equip_hydrant, position};
use super::{Place, Town, TownError, TownSettings, Zone};
use crate::noise::{draw, share};
use crate::water::{Load, Mains};

const MM_PER_FT: f64 = 304.8;
const M_PER_DEGREE: f64 = 111_320.0;

impl Town {
    /// As [`Self::from_inp`], from a file of that text.
    ///
    /// # Errors
    /// A file that cannot be read, and those of [`Self::from_inp`].
    pub fn from_inp_file(file: &Path, settings: &TownSettings) -> Result<Self, TownError> {
        let bytes = std::fs::read(file).map_err(|error| {
            TownError::Network(format!("{} cannot be read: {error}", file.display()))
        })?;
        // Old files have names in some code page; names matter to nobody here.
        Self::from_inp(&String::from_utf8_lossy(&bytes), settings)
    }

    /// A town on the network of an EPANET `.inp` file: one zone, hydrants on its junctions. Of the
    /// settings count `seed`, `hydrants` (0: one on every junction, else so many spread over
    /// them), `barrel_share` and `metered_share`. Coordinates in degrees are taken as they are,
    /// others as metres about Hanoi's centre. RULES are not read by the engine.
    ///
    /// # Errors
    /// A file that is no network, has no feed or no junction, or cannot be solved.
    pub fn from_inp(text: &str, settings: &TownSettings) -> Result<Self, TownError> {
        let mut network = read(text)?;
        let junctions = checked(&network)?;
        centre(&mut network);
        let chosen = choose(settings, junctions)?;
        let mains = Mains::new(network)
            .map_err(|e| TownError::Network(format!("it cannot be solved: {e}")))?;
        let zone = Zone {
            name: "KV-01".into(),
            mains: 0,
            seed: draw(settings.seed, 32, 0),
            hydrant_nodes: chosen.into(),
            first_source: 0,
            origin_m: (0.0, 0.0),
            supply_schedule: None,
        };
        let mut mains = mains;
        mains
            .solve(zone.seed, Timestamp::from_ms(0), &Load::default(), None)
            .map_err(|e| {
                TownError::Network(format!(
                    "it cannot be solved: {e}; check it in EPANET first"
                ))
            })?;
        let (sources, places) = sources(settings, &mains, &zone);
        Ok(Self::assemble(
            settings.seed,
            vec![mains],
            vec![zone],
            sources,
            places,
        ))
    }
}

fn read(text: &str) -> Result<Network, TownError> {
    let io = |error: std::io::Error| {
        TownError::Network(format!(
            "it could not be set down for the engine to read: {error}"
        ))
    };
    // The engine reads files only.
    let mut file = tempfile::Builder::new()
        .suffix(".inp")
        .tempfile()
        .map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    let path = file.path().to_string_lossy().into_owned();
    let read = std::panic::catch_unwind(|| Network::from_file(&path)).map_err(|_| {
        TownError::Network("the engine cannot read it: check it in EPANET first".into())
    })?;
    read.map_err(|error| TownError::Network(error.to_string()))
}

fn checked(network: &Network) -> Result<Vec<usize>, TownError> {
    if network.options.headloss_formula == HeadlossFormula::ChezyManning {
        return Err(TownError::Network(
            "HEADLOSS C-M is not supported: use H-W or D-W".into(),
        ));
    }
    if !network
        .nodes
        .iter()
        .any(epanet_rs::model::node::Node::is_fixed)
    {
        return Err(TownError::Network(
            "it has no reservoir and no tank: nothing feeds it".into(),
        ));
    }
    let junctions: Vec<usize> = network
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, n)| matches!(n.node_type, NodeType::Junction(_)))
        .map(|(i, _)| i)
        .collect();
    if junctions.is_empty() {
        return Err(TownError::Network(
            "it has no junctions: is it an EPANET .inp file, with [JUNCTIONS] and [PIPES]?".into(),
        ));
    }
    Ok(junctions)
}

fn choose(settings: &TownSettings, mut junctions: Vec<usize>) -> Result<Vec<usize>, TownError> {
    if settings.hydrants == 0 {
        return Ok(junctions);
    }
    if settings.hydrants > junctions.len() {
        return Err(TownError::Settings(format!(
            "{} hydrants do not fit on the network's {} junctions: ask for fewer, or 0 for one on each",
            settings.hydrants,
            junctions.len()
        )));
    }
    junctions.sort_by_key(|node| draw(settings.seed, 91, *node as u64));
    junctions.truncate(settings.hydrants);
    junctions.sort_unstable();
    Ok(junctions)
}

/// Moves the network's coordinates to metres about the town's centre.
fn centre(network: &mut Network) {
    let known: Vec<(f64, f64)> = network.nodes.iter().filter_map(|n| n.coordinates).collect();
    let count = known.len().max(1) as f64;
    let mean = known
        .iter()
        .fold((0.0, 0.0), |m, c| (m.0 + c.0 / count, m.1 + c.1 / count));
    let degrees = !known.is_empty()
        && known
            .iter()
            .all(|(x, y)| x.abs() <= 180.0 && y.abs() <= 90.0)
        && known
            .iter()
            .all(|(x, y)| (x - mean.0).abs() < 2.0 && (y - mean.1).abs() < 2.0)
        && mean.0.abs() > 2.0;
    for (i, node) in network.nodes.iter_mut().enumerate() {
        node.coordinates = Some(match node.coordinates {
            Some((x, y)) if degrees => (
                (x - CENTRE.lon) * M_PER_DEGREE * CENTRE.lat.to_radians().cos(),
                (y - CENTRE.lat) * M_PER_DEGREE,
            ),
            Some((x, y)) => (x - mean.0, y - mean.1),
            None => ((i % 32) as f64 * 120.0, (i / 32) as f64 * 120.0),
        });
    }
}

fn sources(
    settings: &TownSettings,
    mains: &Mains,
    zone: &Zone,
) -> (Vec<firemain_domain::source::Source>, Vec<Place>) {
    let network = mains.network();
    let mut sources = Vec::new();
    let mut places = Vec::new();
    for (local, node) in zone.hydrant_nodes.iter().enumerate() {
        let of = |what: u64| draw(settings.seed, what, local as u64);
        let tap_point = if share(of(51)) < settings.barrel_share {
            TapPoint::Barrel
        } else {
            TapPoint::Main
        };
        let (x, y) = network.nodes[*node].coordinates.unwrap_or_default();
        let mut source = bare(
            format!("TR-{:04}", local + 1),
            Kind::Hydrant { tap_point },
            format!("Nút {}", network.nodes[*node].id),
            position(x, y),
            &Arc::clone(&zone.name),
            0,
        );
        equip_hydrant(
            &mut source,
            widest_mm(network, *node),
            mains.ground_m(*node),
        );
        sources.push(source);
        let metered = share(of(52)) < settings.metered_share;
        places.push(Place::Hydrant {
            zone: 0,
            local: local as u32,
            metered,
        });
    }
    (sources, places)
}

fn widest_mm(network: &Network, node: usize) -> f64 {
    network
        .links
        .iter()
        .filter(|l| l.start_node == node || l.end_node == node)
        .filter_map(|l| {
            if let LinkType::Pipe(pipe) = &l.link_type {
                Some(pipe.diameter * MM_PER_FT)
            } else {
                None
            }
        })
        .fold(0.0, f64::max)
}
