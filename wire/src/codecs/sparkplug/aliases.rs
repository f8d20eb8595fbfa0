//! What is remembered of each edge node: the names behind aliases, and the sequence.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::time::MINUTE_MS;
use serde::{Deserialize, Serialize};

/// Edge nodes remembered at most.
const MOST_EDGES: usize = 100_000;
/// Aliases remembered of one edge node at most.
const MOST_ALIASES: usize = 10_000;
/// An edge node is asked for a rebirth at most so often.
const ASK_AGAIN_MS: i64 = MINUTE_MS;

/// What is remembered of all edge nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aliases {
    edges: BTreeMap<String, Edge>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Edge {
    seq: Option<u8>,
    names: BTreeMap<(String, u64), String>,
    asked_at: Option<Timestamp>,
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

    /// Whether `seq` is the one expected next; a node's birth starts a new count and forgets names.
    pub(crate) fn follows(&mut self, edge: &str, kind: &str, seq: Option<u64>) -> bool {
        let Some(edge) = self.edge(edge) else { return true };
        let Some(seq) = seq.and_then(|seq| u8::try_from(seq).ok()) else { return kind == "NDEATH" };
        let expected = edge.seq.map(|before| before.wrapping_add(1));
        edge.seq = Some(seq);
        if kind == "NBIRTH" {
            edge.names.clear();
            return true;
        }
        expected == Some(seq)
    }

    pub(crate) fn learn(&mut self, edge: &str, device: Option<&str>, alias: u64, name: &str) {
        let Some(edge) = self.edge(edge) else { return };
        let key = (device.unwrap_or_default().to_owned(), alias);
        if edge.names.len() < MOST_ALIASES || edge.names.contains_key(&key) {
            edge.names.insert(key, name.chars().take(128).collect());
        }
    }

    pub(crate) fn name(&self, edge: &str, device: Option<&str>, alias: u64) -> Option<&str> {
        let key = (device.unwrap_or_default().to_owned(), alias);
        self.edges.get(edge)?.names.get(&key).map(String::as_str)
    }

    /// Whether the node may be asked for a rebirth now, and takes note that it was.
    pub(crate) fn may_ask(&mut self, edge: &str, now: Timestamp) -> bool {
        let Some(edge) = self.edge(edge) else { return false };
        let may = edge.asked_at.is_none_or(|asked| now.since_ms(asked).abs() >= ASK_AGAIN_MS);
        if may {
            edge.asked_at = Some(now);
        }
        may
    }
}
