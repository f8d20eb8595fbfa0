//! One district's water as time passes: solved at the ends of stretches, drawn straight between.
//!
//! A stretch is one hydraulic step, or shorter where something happens. Everything that happens to
//! the district is an [`Action`] at its moment; at that moment the network is solved before and
//! after it, so a burst shows as the sudden fall it is.

use std::sync::Arc;

use firemain_domain::Timestamp;
use tracing::warn;

use super::mains::{Load, Mains, Solution};

/// Something that changes a district's water.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// A hydrant (by its place in the district) is opened for so many L/s.
    Open { hydrant: usize, flow_lps: f64 },
    /// It is closed by so much again.
    Close { hydrant: usize, flow_lps: f64 },
    /// A main bursts at a hydrant's node; `flow_lps` at the pressure it then has.
    Burst { hydrant: usize, flow_lps: f64 },
    /// The burst is mended.
    Mend { hydrant: usize },
    /// The valves on both sides of a hydrant are shut.
    Shut { hydrant: usize },
    /// They are opened.
    Unshut { hydrant: usize },
    /// A pump stops.
    PumpStops,
    /// It runs again.
    PumpStarts,
    /// No water comes in at all.
    SupplyStops,
    /// It comes back.
    SupplyReturns,
    /// The feeds stand higher by so many kPa (lower again, if negative).
    Over { kpa: f64 },
}

/// A stretch of time in one district, as the hydrants saw it.
pub(crate) struct Stretch<'a> {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) from_kpa: &'a [f32],
    pub(crate) until_kpa: &'a [f32],
    pub(crate) drawn: &'a [Drawn],
}

/// Water drawn from one hydrant over a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) hydrant: usize,
    pub(crate) wanted_lps: f64,
    pub(crate) from_lps: f64,
    pub(crate) until_lps: f64,
}

/// The water of one district.
pub(crate) struct District {
    pub(crate) mains: usize,
    seed: u64,
    hydrant_nodes: Arc<[usize]>,
    load: Load,
    drawn: Vec<Drawn>,
    solution: Option<Solution>,
    /// How the network's own tanks stood when the running stretch began, where it has any.
    begun: Option<Solution>,
    from: Timestamp,
    until: Timestamp,
    from_kpa: Vec<f32>,
    until_kpa: Vec<f32>,
    actions: Vec<(Timestamp, Action)>,
    next_action: usize,
    unsolved: u64,
    started: bool,
}

impl District {
    pub(crate) fn new(
        mains: usize,
        seed: u64,
        hydrant_nodes: Arc<[usize]>,
        start: Timestamp,
    ) -> Self {
        let hydrants = hydrant_nodes.len();
        Self {
            mains,
            seed,
            hydrant_nodes,
            load: Load::default(),
            drawn: Vec::new(),
            solution: None,
            begun: None,
            from: start,
            until: start,
            from_kpa: vec![0.0; hydrants],
            until_kpa: vec![0.0; hydrants],
            actions: Vec::new(),
            next_action: 0,
            unsolved: 0,
            started: false,
        }
    }

    /// How often the engine found no solution and the water stayed as it was.
    pub(crate) fn unsolved(&self) -> u64 {
        self.unsolved
    }

    /// Enters something that happens at `at`. The running stretch is cut there, so that it shows
    /// from then on; what lies before the stretch happens at its beginning.
    pub(crate) fn plan(&mut self, mains: &Mains, at: Timestamp, action: Action) {
        let at = at.max(self.from);
        self.cut(mains, at);
        let place = self
            .actions
            .partition_point(|(t, _)| *t <= at)
            .max(self.next_action);
        self.actions.insert(place, (at, action));
    }

    fn cut(&mut self, mains: &Mains, at: Timestamp) {
        if !self.started || at >= self.until {
            return;
        }
        let (_, until) = self.pressures(at);
        self.until_kpa = until;
        let part = self.part(at);
        for drawn in &mut self.drawn {
            drawn.until_lps = drawn.from_lps + (drawn.until_lps - drawn.from_lps) * part;
        }
        self.until = at;
        if let Some(mut begun) = self.begun.clone() {
            mains.pass(&mut begun, at.since_ms(self.from));
            self.solution = Some(begun);
        }
    }

    /// Pressures at the beginning of the running stretch, and at `at`.
    fn pressures(&self, at: Timestamp) -> (&[f32], Vec<f32>) {
        let until = (0..self.until_kpa.len()).map(|hydrant| self.pressure_kpa(hydrant, at) as f32);
        (&self.from_kpa, until.collect())
    }

    /// Moves on until the running stretch holds `at`, telling of each stretch that is over.
    pub(crate) fn advance(
        &mut self,
        mains: &mut Mains,
        at: Timestamp,
        step_ms: i64,
        mut seen: impl FnMut(&Stretch<'_>),
    ) {
        while !self.covers(at) {
            if self.started && self.from < self.until {
                seen(&Stretch {
                    from: self.from,
                    until: self.until,
                    from_kpa: &self.from_kpa,
                    until_kpa: &self.until_kpa,
                    drawn: &self.drawn,
                });
            }
            self.next_stretch(mains, step_ms);
        }
    }

    /// Tells of the running stretch as far as `now`.
    pub(crate) fn so_far(&self, now: Timestamp, seen: impl FnOnce(&Stretch<'_>)) {
        let now = now.min(self.until);
        if !self.started || now <= self.from {
            return;
        }
        let (from_kpa, until_kpa) = self.pressures(now);
        seen(&Stretch {
            from: self.from,
            until: now,
            from_kpa,
            until_kpa: &until_kpa,
            drawn: &self.drawn,
        });
    }

    /// Whether [`Self::advance`] to `at` would have anything to do.
    pub(crate) fn covers(&self, at: Timestamp) -> bool {
        at <= self.until && self.started
    }

    /// True pressure in the main at a hydrant, kPa.
    pub(crate) fn pressure_kpa(&self, hydrant: usize, at: Timestamp) -> f64 {
        let (from, until) = (
            f64::from(self.from_kpa[hydrant]),
            f64::from(self.until_kpa[hydrant]),
        );
        from + (until - from) * self.part(at)
    }

    /// True flow out of a hydrant, L/s.
    pub(crate) fn drawn_lps(&self, hydrant: usize, at: Timestamp) -> f64 {
        self.drawn
            .iter()
            .find(|d| d.hydrant == hydrant)
            .map_or(0.0, |d| {
                d.from_lps + (d.until_lps - d.from_lps) * self.part(at)
            })
    }

    fn part(&self, at: Timestamp) -> f64 {
        let length = self.until.since_ms(self.from);
        if length <= 0 {
            return 1.0;
        }
        (at.since_ms(self.from) as f64 / length as f64).clamp(0.0, 1.0)
    }

    fn next_stretch(&mut self, mains: &mut Mains, step_ms: i64) {
        self.started = true;
        self.from = self.until;
        let changed = self.act(mains);
        if changed || self.solution.is_none() {
            self.solve(mains, self.from);
        }
        std::mem::swap(&mut self.from_kpa, &mut self.until_kpa);
        for drawn in &mut self.drawn {
            drawn.from_lps = drawn.until_lps;
        }
        // Steps keep to a fixed raster, so that a cut stretch does not shift all that follow.
        let next_step = Timestamp::from_ms((self.from.ms().div_euclid(step_ms) + 1) * step_ms);
        let next_action = self
            .actions
            .get(self.next_action)
            .map_or(Timestamp::MAX, |(t, _)| *t);
        self.until = next_step.min(next_action);
        if let Some(solution) = &mut self.solution {
            self.begun = mains.has_tanks().then(|| solution.clone());
            mains.pass(solution, self.until.since_ms(self.from));
        }
        self.solve(mains, self.until);
    }

    /// Solves at `at`; leaves the pressures in `until_kpa`.
    fn solve(&mut self, mains: &mut Mains, at: Timestamp) {
        match mains.solve(self.seed, at, &self.load, self.solution.as_ref()) {
            Ok(solution) => self.solution = Some(solution),
            Err(error) => {
                self.unsolved += 1;
                warn!(%at, %error, "the water could not be solved and stays as it was");
            }
        }
        let Some(solution) = &self.solution else {
            return;
        };
        for (kpa, node) in self.until_kpa.iter_mut().zip(self.hydrant_nodes.iter()) {
            *kpa = mains.pressure_kpa(solution, *node) as f32;
        }
        for drawn in &mut self.drawn {
            drawn.until_lps = mains.drawn_lps(
                solution,
                self.hydrant_nodes[drawn.hydrant],
                drawn.wanted_lps,
            );
        }
    }

    /// Carries out what is due at the start of the stretch; says whether anything was.
    fn act(&mut self, mains: &Mains) -> bool {
        let mut any = false;
        while let Some((at, action)) = self.actions.get(self.next_action)
            && *at <= self.from
        {
            let action = action.clone();
            self.next_action += 1;
            self.carry_out(mains, &action);
            any = true;
        }
        any
    }

    fn carry_out(&mut self, mains: &Mains, action: &Action) {
        let node = |hydrant: usize| self.hydrant_nodes[hydrant];
        match *action {
            Action::Open { hydrant, flow_lps } => {
                *self.load.drawn_lps.entry(node(hydrant)).or_default() += flow_lps;
                match self.drawn.iter_mut().find(|d| d.hydrant == hydrant) {
                    Some(drawn) => drawn.wanted_lps += flow_lps,
                    None => self.drawn.push(Drawn {
                        hydrant,
                        wanted_lps: flow_lps,
                        from_lps: 0.0,
                        until_lps: 0.0,
                    }),
                }
            }
            Action::Close { hydrant, flow_lps } => {
                let node = node(hydrant);
                let left = self
                    .load
                    .drawn_lps
                    .get(&node)
                    .map_or(0.0, |lps| lps - flow_lps);
                if left > 0.01 {
                    self.load.drawn_lps.insert(node, left);
                    self.drawn
                        .iter_mut()
                        .filter(|d| d.hydrant == hydrant)
                        .for_each(|d| d.wanted_lps = left);
                } else {
                    self.load.drawn_lps.remove(&node);
                    self.drawn.retain(|d| d.hydrant != hydrant);
                }
            }
            Action::Burst { hydrant, flow_lps } => {
                let head_m = self
                    .solution
                    .as_ref()
                    .map_or(20.0, |s| mains.head_m(s, node(hydrant)))
                    .max(5.0);
                self.load
                    .bursts
                    .insert(node(hydrant), Mains::burst_coefficient(flow_lps, head_m));
            }
            Action::Mend { hydrant } => {
                self.load.bursts.remove(&node(hydrant));
            }
            Action::Shut { hydrant } => *self.load.shut.entry(node(hydrant)).or_default() += 1,
            Action::Unshut { hydrant } => {
                let node = node(hydrant);
                let left = self.load.shut.get(&node).map_or(0, |n| n.saturating_sub(1));
                if left == 0 {
                    self.load.shut.remove(&node);
                } else {
                    self.load.shut.insert(node, left);
                }
            }
            Action::Over { kpa } => self.load.over_kpa = (self.load.over_kpa + kpa).max(0.0),
            Action::PumpStops => self.load.pumps_down += 1,
            Action::PumpStarts => self.load.pumps_down = self.load.pumps_down.saturating_sub(1),
            Action::SupplyStops => self.load.supply_off += 1,
            Action::SupplyReturns => self.load.supply_off = self.load.supply_off.saturating_sub(1),
        }
    }
}
