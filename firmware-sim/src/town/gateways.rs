//! Which gateway hears which device: radio reaches some hundred metres through a town's walls.

use firemain_domain::source::Source;

use super::Place;

/// Devices that one gateway hears.
const DEVICES: usize = 40;

/// The gateway of each source's device, by source number, and how many gateways there are. Those of
/// a zone share its devices from west to east.
pub(super) fn assign(sources: &[Source], places: &[Place], zones: usize) -> (Vec<u32>, u32) {
    let mut of_zone: Vec<Vec<usize>> = vec![Vec::new(); zones];
    for (number, place) in places.iter().enumerate() {
        of_zone[place.zone()].push(number);
    }
    let mut gateways = vec![0; sources.len()];
    let mut next = 0;
    for mut devices in of_zone {
        devices.sort_by(|a, b| {
            let lon = |n: &usize| sources[*n].position.lon;
            lon(a).total_cmp(&lon(b)).then(a.cmp(b))
        });
        let count = devices.len().div_ceil(DEVICES).max(1);
        let each = devices.len().div_ceil(count).max(1);
        for (i, number) in devices.iter().enumerate() {
            gateways[*number] = next + (i / each) as u32;
        }
        next += count as u32;
    }
    (gateways, next)
}
