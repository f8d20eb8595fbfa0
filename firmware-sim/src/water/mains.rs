//! One network of mains that can be solved: the engine's network, its solver, and what we add.
//!
//! A thousand like districts share one `Mains`; what differs (demands, closed valves, bursts) is
//! laid on for each solution and taken off again.

use std::collections::BTreeMap;

use epanet_rs::error::SolverError;
use epanet_rs::model::link::{LinkStatus, LinkTrait};
use epanet_rs::model::network::Network;
use epanet_rs::model::node::NodeType;
use epanet_rs::model::options::DemandModel;
use epanet_rs::solver::hydraulicsolver::HydraulicSolver;
use epanet_rs::solver::state::SolverState;
use firemain_domain::Timestamp;
use firemain_domain::quantity::KPA_PER_METRE_OF_WATER;

use super::demand;

const M_PER_FT: f64 = 0.304_8;
const LPS_PER_CFS: f64 = 28.316_85;
/// Below this head people's taps give less than they want, m.
const FULL_SERVICE_M: f64 = 12.0;
/// What still seeps from a section whose valves are shut, so that it drains, L/s.
const SEEPAGE_LPS: f64 = 0.05;
const TRIALS: usize = 100;

/// A network ready to be solved again and again.
pub(crate) struct Mains {
    network: Network,
    solver: HydraulicSolver,
    mean_demand_cfs: Vec<f64>,
    links_at: Vec<Vec<usize>>,
    feeds: Vec<usize>,
    pumps: Vec<usize>,
    /// Those of constant head, whose own patterns do not move them.
    reservoirs: Vec<usize>,
    has_own_patterns: bool,
}

/// What is laid on a network for one solution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    /// Water drawn from hydrants: node → L/s wanted.
    pub(crate) drawn_lps: BTreeMap<usize, f64>,
    /// Nodes whose valves are shut all round.
    pub(crate) shut: BTreeMap<usize, u16>,
    /// Bursts: node → head loss in ft per cfs² of leaking water.
    pub(crate) bursts: BTreeMap<usize, f64>,
    /// Pumps that stand still.
    pub(crate) pumps_down: u16,
    /// How many reasons there are for all feeds to be shut.
    pub(crate) supply_off: u16,
    /// By how much the feeds stand too high, kPa.
    pub(crate) over_kpa: f64,
}

/// Whose demand is laid on.
#[derive(Clone, Copy, Debug)]
enum People {
    /// A district's, with its whims.
    Whims { seed: u64 },
    /// Nobody's in particular.
    Calm { factor: f64 },
}

/// A solution: what the engine found.
#[derive(Clone)]
pub(crate) struct Solution {
    state: SolverState,
}

impl Mains {
    /// Prepares a network; `Err` where the engine cannot make a system of equations of it.
    pub(crate) fn new(mut network: Network) -> Result<Self, SolverError> {
        if network.options.demand_model != DemandModel::PDA {
            network.options.demand_model = DemandModel::PDA;
            network.options.minimum_pressure = 0.0;
            network.options.required_pressure = FULL_SERVICE_M / M_PER_FT;
        }
        network.options.max_trials = network.options.max_trials.max(TRIALS);
        let solver = HydraulicSolver::new(&network)?;
        let mean_demand_cfs = network
            .nodes
            .iter()
            .map(|n| mean_demand(&n.node_type))
            .collect();
        let mut links_at = vec![Vec::new(); network.nodes.len()];
        let mut feeds = Vec::new();
        let mut pumps = Vec::new();
        for (i, link) in network.links.iter().enumerate() {
            links_at[link.start_node].push(i);
            links_at[link.end_node].push(i);
            if network.nodes[link.start_node].is_fixed() || network.nodes[link.end_node].is_fixed()
            {
                feeds.push(i);
            }
            if matches!(link.link_type, epanet_rs::model::link::LinkType::Pump(_)) {
                pumps.push(i);
            }
        }
        let reservoirs = network.nodes.iter().enumerate().filter(|(_, node)| {
            matches!(node.node_type, NodeType::Reservoir(_)) && node.head_pattern().is_none()
        });
        let reservoirs = reservoirs.map(|(i, _)| i).collect();
        let has_own_patterns = !network.patterns.is_empty();
        Ok(Self {
            network,
            solver,
            mean_demand_cfs,
            links_at,
            feeds,
            pumps,
            reservoirs,
            has_own_patterns,
        })
    }

    /// The engine's network.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Whether any pump stands in it.
    pub(crate) fn has_pumps(&self) -> bool {
        !self.pumps.is_empty()
    }

    /// Whether it has tanks of its own, that fill and drain.
    pub(crate) fn has_tanks(&self) -> bool {
        self.network.has_tanks()
    }

    /// The loss coefficient of a burst that would lose `flow_lps` at a head of `head_m`.
    pub(crate) fn burst_coefficient(flow_lps: f64, head_m: f64) -> f64 {
        let cfs = flow_lps / LPS_PER_CFS;
        (head_m / M_PER_FT) / (cfs * cfs)
    }

    /// Solves the network at `at` under `load`, starting from `before` where there is one.
    pub(crate) fn solve(
        &mut self,
        seed: u64,
        at: Timestamp,
        load: &Load,
        before: Option<&Solution>,
    ) -> Result<Solution, SolverError> {
        self.solve_for(People::Whims { seed }, at, load, before)
    }

    /// Solves the network as it is at that hour when nothing happens and people have no whims; they
    /// draw `factor` times their water.
    pub(crate) fn solve_calm(
        &mut self,
        at: Timestamp,
        factor: f64,
        before: Option<&Solution>,
    ) -> Result<Solution, SolverError> {
        self.solve_for(People::Calm { factor }, at, &Load::default(), before)
    }

    fn solve_for(
        &mut self,
        people: People,
        at: Timestamp,
        load: &Load,
        before: Option<&Solution>,
    ) -> Result<Solution, SolverError> {
        self.set_bursts(load, true);
        let warm = before.map(|b| self.laid_out(b.state.clone(), people, at, load));
        let mut solved = warm.map_or(Err(SolverError::NotInitialized), |state| {
            self.solver.solve(&self.network, &state)
        });
        if solved.is_err() {
            // A warm start far from the new state can circle; the engine's own start mostly does not.
            let mut cold = SolverState::new_with_initial_values(&self.network);
            if let Some(before) = before {
                self.keep_fixed_heads(&before.state, &mut cold);
            }
            let cold = self.laid_out(cold, people, at, load);
            solved = self.solver.solve(&self.network, &cold);
        }
        self.set_bursts(load, false);
        solved.map(|state| Solution { state })
    }

    /// Lets the network's own tanks fill or drain for `ms` milliseconds after a solution.
    pub(crate) fn pass(&self, solution: &mut Solution, ms: i64) {
        if self.has_tanks() {
            solution
                .state
                .update_tanks(&self.network, (ms / 1_000).max(0) as usize);
        }
    }

    /// Pressure above the atmosphere at a node's ground, kPa; never below 0: an emptied main
    /// breathes air.
    pub(crate) fn pressure_kpa(&self, solution: &Solution, node: usize) -> f64 {
        let head_ft = solution.state.heads[node] - self.network.nodes[node].elevation;
        (head_ft * M_PER_FT * KPA_PER_METRE_OF_WATER).max(0.0)
    }

    /// Head at a node above its ground, m.
    pub(crate) fn head_m(&self, solution: &Solution, node: usize) -> f64 {
        (solution.state.heads[node] - self.network.nodes[node].elevation) * M_PER_FT
    }

    /// Ground level of a node, m.
    pub(crate) fn ground_m(&self, node: usize) -> f64 {
        self.network.nodes[node].elevation * M_PER_FT
    }

    /// What a hydrant at `node` that wants `wanted_lps` gets, L/s.
    pub(crate) fn drawn_lps(&self, solution: &Solution, node: usize, wanted_lps: f64) -> f64 {
        let head_m = self.head_m(solution, node).max(0.0);
        let full_m = self.network.options.required_pressure * M_PER_FT;
        let share = (head_m / full_m)
            .powf(self.network.options.pressure_exponent)
            .min(1.0);
        wanted_lps * share
    }

    fn laid_out(
        &self,
        mut state: SolverState,
        people: People,
        at: Timestamp,
        load: &Load,
    ) -> SolverState {
        self.lay_demands(&mut state, people, at, load);
        self.lay_feeds(&mut state, load);
        self.lay_statuses(&mut state, at, load);
        for (node, flow) in state.emitter_flows.iter_mut().enumerate() {
            let bursts = load.bursts.contains_key(&node);
            if !bursts && !self.leaks(node) {
                *flow = 0.0;
            } else if *flow == 0.0 {
                *flow = 1.0;
            }
        }
        state
    }

    /// Reservoirs stand where they stand, and higher where something lets too much pressure in.
    fn lay_feeds(&self, state: &mut SolverState, load: &Load) {
        let over_ft = load.over_kpa / KPA_PER_METRE_OF_WATER / M_PER_FT;
        for node in &self.reservoirs {
            state.heads[*node] = self.network.nodes[*node].elevation + over_ft;
        }
    }

    fn lay_demands(&self, state: &mut SolverState, people: People, at: Timestamp, load: &Load) {
        let whim = |node: usize| match people {
            People::Whims { seed } => demand::node_share(seed, node, at),
            People::Calm { factor } => factor,
        };
        if self.has_own_patterns {
            state.apply_patterns(&self.network, second_of_week(at));
            for (node, demand) in state.demands.iter_mut().enumerate() {
                *demand *= whim(node);
            }
        } else {
            let share = match people {
                People::Whims { seed } => demand::district_share(seed, at),
                People::Calm { .. } => demand::usual_share(at),
            };
            state.demands.clear();
            state
                .demands
                .extend(self.mean_demand_cfs.iter().enumerate().map(|(node, mean)| {
                    if *mean > 0.0 {
                        mean * share * whim(node)
                    } else {
                        0.0
                    }
                }));
        }
        for (node, lps) in &load.drawn_lps {
            state.demands[*node] += lps / LPS_PER_CFS;
        }
        for node in load.shut.keys() {
            state.demands[*node] = state.demands[*node].max(SEEPAGE_LPS / LPS_PER_CFS);
        }
        state.demand_flows.clone_from(&state.demands);
    }

    fn lay_statuses(&self, state: &mut SolverState, at: Timestamp, load: &Load) {
        let mut shut = vec![false; self.network.links.len()];
        let pumps_down = usize::from(load.pumps_down).min(self.pumps.len());
        let supply_off: &[usize] = if load.supply_off > 0 {
            &self.feeds
        } else {
            &[]
        };
        let at_nodes = load.shut.keys().flat_map(|node| &self.links_at[*node]);
        for link in at_nodes.chain(supply_off).chain(&self.pumps[..pumps_down]) {
            shut[*link] = true;
        }
        for (i, link) in self.network.links.iter().enumerate() {
            if shut[i] {
                state.statuses[i] = LinkStatus::Closed;
            } else if state.statuses[i] == LinkStatus::Closed
                && link.initial_status != LinkStatus::Closed
            {
                state.statuses[i] = link.initial_status;
                state.flows[i] = link.initial_flow();
            }
        }
        if !self.network.controls.is_empty() && load.supply_off == 0 {
            state.apply_controls(&self.network, second_of_week(at));
        }
    }

    fn leaks(&self, node: usize) -> bool {
        matches!(&self.network.nodes[node].node_type, NodeType::Junction(j) if j.emitter_coefficient > 0.0)
    }

    fn set_bursts(&mut self, load: &Load, on: bool) {
        for (node, coefficient) in &load.bursts {
            if let NodeType::Junction(junction) = &mut self.network.nodes[*node].node_type {
                junction.emitter_coefficient = if on { *coefficient } else { 0.0 };
            }
        }
    }

    fn keep_fixed_heads(&self, from: &SolverState, to: &mut SolverState) {
        for (i, node) in self.network.nodes.iter().enumerate() {
            if node.is_fixed() {
                to.heads[i] = from.heads[i];
            }
        }
    }
}

fn mean_demand(node: &NodeType) -> f64 {
    match node {
        NodeType::Junction(junction) => junction.demands.iter().map(|d| d.basedemand).sum(),
        NodeType::Tank(_) | NodeType::Reservoir(_) => 0.0,
    }
}

/// Seconds since Monday, midnight local time: what an imported network's patterns run on.
fn second_of_week(at: Timestamp) -> usize {
    const LOCAL_OFFSET_S: i64 = 7 * 3_600;
    const THURSDAY_TO_MONDAY_S: i64 = 3 * 86_400;
    (at.ms() / 1_000 + LOCAL_OFFSET_S + THURSDAY_TO_MONDAY_S).rem_euclid(7 * 86_400) as usize
}
