//! Where the sources of an alert stand: as the board knows them now.

use firemain_domain::judging::EpisodeState;

use crate::board::Board;
use crate::cap::Place;

/// What an alert is about, on the map.
pub fn place(board: &Board, alert: &EpisodeState) -> Place {
    let about = alert.id.source().into_iter().chain(&alert.members);
    let mut place = Place::default();
    for code in about {
        let Some(entry) = board.get(code) else {
            continue;
        };
        place.positions.push(entry.source.position);
        if place.name.is_empty() && alert.id.source().is_some() {
            place.name.clone_from(&entry.source.name);
        }
        if place.unit.is_none()
            && let Some(name) = &entry.unit.name
        {
            let code = entry.unit.code.as_deref().map(str::to_owned);
            place.unit = Some((code, name.to_string()));
        }
    }
    place
}
