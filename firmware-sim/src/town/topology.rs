//! The network as others may draw it: nodes and pipes by zone.

use epanet_rs::model::link::LinkType;
use serde::Serialize;

use super::Town;
use super::sources::position;

const MM_PER_FT: f64 = 304.8;

/// A town's mains.
#[derive(Clone, Debug, Serialize)]
pub struct Topology {
    /// Its pressure zones.
    pub zones: Vec<TopologyZone>,
}

/// One pressure zone's mains.
#[derive(Clone, Debug, Serialize)]
pub struct TopologyZone {
    /// Its name, as the register has it.
    pub name: String,
    /// Junctions and feeds.
    pub nodes: Vec<TopologyNode>,
    /// Pipes; pumps and valves have length 0.
    pub pipes: Vec<TopologyPipe>,
}

/// Where pipes meet.
#[derive(Clone, Debug, Serialize)]
pub struct TopologyNode {
    /// Its name in its zone's network.
    pub id: String,
    /// WGS 84, degrees.
    pub lat: f64,
    /// WGS 84, degrees.
    pub lon: f64,
    /// Height of the ground, m.
    pub ground_m: f64,
}

/// A pipe, pump or valve.
#[derive(Clone, Debug, Serialize)]
pub struct TopologyPipe {
    /// Its name in its zone's network.
    pub id: String,
    /// The node it comes from.
    pub from: String,
    /// The node it goes to.
    pub to: String,
    /// m.
    pub length_m: f64,
    /// Inner diameter, mm; 0 of a pump.
    pub diameter_mm: f64,
}

impl Town {
    /// Its mains, zone by zone.
    pub fn topology(&self) -> Topology {
        let zones = self
            .zones
            .iter()
            .map(|zone| {
                let mains = &self.mains[zone.mains];
                let network = mains.network();
                let nodes = network.nodes.iter().enumerate().map(|(i, node)| {
                    let (x, y) = node.coordinates.unwrap_or_default();
                    let at = position(zone.origin_m.0 + x, zone.origin_m.1 + y);
                    TopologyNode {
                        id: node.id.to_string(),
                        lat: at.lat,
                        lon: at.lon,
                        ground_m: mains.ground_m(i),
                    }
                });
                let pipes = network.links.iter().map(|link| {
                    let (length_m, diameter_mm) = match &link.link_type {
                        LinkType::Pipe(pipe) => {
                            (pipe.length * MM_PER_FT / 1_000.0, pipe.diameter * MM_PER_FT)
                        }
                        LinkType::Valve(valve) => (0.0, valve.diameter * MM_PER_FT),
                        LinkType::Pump(_) => (0.0, 0.0),
                    };
                    let (from, to) = (link.start_node_id.to_string(), link.end_node_id.to_string());
                    TopologyPipe {
                        id: link.id.to_string(),
                        from,
                        to,
                        length_m,
                        diameter_mm,
                    }
                });
                TopologyZone {
                    name: zone.name.to_string(),
                    nodes: nodes.collect(),
                    pipes: pipes.collect(),
                }
            })
            .collect();
        Topology { zones }
    }
}
