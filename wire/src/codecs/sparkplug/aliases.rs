//! What is remembered of each edge node: its births, the names behind aliases, and the sequence.

use std::collections::{BTreeMap, BTreeSet};

use firemain_domain::Timestamp;
use firemain_domain::time::MINUTE_MS;
use serde::{Deserialize, Serialize};

/// Edge nodes remembered at most.
const MOST_EDGES: usize = 100_000;
/// Aliases, and devices, remembered of one edge node at most.
const MOST_OF_ONE: usize = 10_000;
/// Aliases remembered of all edge nodes at most.
const MOST_ALIASES: usize = 2_000_000;
/// An edge node is asked for a rebirth at most so often.
const ASK_AGAIN_MS: i64 = MINUTE_MS;

/// What is remembered of all edge nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aliases {
    edges: BTreeMap<String, Edge>,
    /// Aliases of all edges together.
    count: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Edge {
    /// The sequence of its newest message; `None` before its birth and after its death.
    seq: Option<u8>,
    /// `bdSeq` of its newest birth: a death that names another is of an older session.
    birth: Option<u64>,
    devices: BTreeSet<String>,
    metrics: BTreeMap<(String, u64), Known>,
    asked_at: Option<Timestamp>,
}

/// What a birth said of a metric; data may then leave both out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) datatype: Option<u32>,
}

impl Aliases {
    pub(crate) fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    pub(crate) fn restore(saved: &[u8]) -> Self {
        postcard::from_bytes(saved).unwrap_or_default()
    }

    fn edge(&mut self, edge: &str) -> Option<&mut Edge> {
        if !self.edges.contains_key(edge) {
            if self.edges.len() >= MOST_EDGES {
                return None;
            }
            self.edges.insert(edge.to_owned(), Edge::default());
        }
        self.edges.get_mut(edge)
    }

    /// A node is born: its count begins, and what older births said is forgotten.
    pub(crate) fn node_born(&mut self, edge: &str, seq: Option<u64>, birth: Option<u64>) {
        let Some(edge) = self.edge(edge) else { return };
        let forgotten = edge.metrics.len();
        edge.metrics.clear();
        edge.devices.clear();
        edge.seq = seq.and_then(|seq| u8::try_from(seq).ok());
        edge.birth = birth;
        self.count = self.count.saturating_sub(forgotten);
    }

    /// A node is dead, and with it the devices that are given back; `None` where the death is of a
    /// session that a newer birth has followed.
    pub(crate) fn node_dead(&mut self, edge: &str, birth: Option<u64>) -> Option<BTreeSet<String>> {
        let Some(edge) = self.edges.get_mut(edge) else {
            return Some(BTreeSet::new());
        };
        if birth.is_some() && edge.birth.is_some() && birth != edge.birth {
            return None;
        }
        edge.seq = None;
        Some(std::mem::take(&mut edge.devices))
    }

    /// A device of that node is there.
    pub(crate) fn device_born(&mut self, edge: &str, device: &str) {
        if let Some(edge) = self.edge(edge)
            && edge.devices.len() < MOST_OF_ONE
        {
            edge.devices.insert(device.to_owned());
        }
    }

    /// Whether `seq` is the one expected next, or the newest once more (a redelivery).
    pub(crate) fn follows(&mut self, edge: &str, seq: Option<u64>) -> bool {
        let Some(edge) = self.edge(edge) else {
            return true;
        };
        let Some(seq) = seq.and_then(|seq| u8::try_from(seq).ok()) else {
            return false;
        };
        let before = edge.seq.replace(seq);
        before.is_some_and(|before| before == seq || before.wrapping_add(1) == seq)
    }

    pub(crate) fn learn(&mut self, edge: &str, device: Option<&str>, alias: u64, known: Known) {
        let full = self.count >= MOST_ALIASES;
        let Some(edge) = self.edge(edge) else { return };
        let key = (device.unwrap_or_default().to_owned(), alias);
        let new = !edge.metrics.contains_key(&key);
        if new && (full || edge.metrics.len() >= MOST_OF_ONE) {
            return;
        }
        edge.metrics.insert(key, known);
        self.count += usize::from(new);
    }

    pub(crate) fn known(&self, edge: &str, device: Option<&str>, alias: u64) -> Option<&Known> {
        let key = (device.unwrap_or_default().to_owned(), alias);
        self.edges.get(edge)?.metrics.get(&key)
    }

    /// Whether the node may be asked for a rebirth now, and takes note that it was.
    pub(crate) fn may_ask(&mut self, edge: &str, now: Timestamp) -> bool {
        let Some(edge) = self.edge(edge) else {
            return false;
        };
        let may = edge
            .asked_at
            .is_none_or(|asked| now.since_ms(asked).abs() >= ASK_AGAIN_MS);
        if may {
            edge.asked_at = Some(now);
        }
        may
    }
}
