//! The yardstick: a plain threshold, as any dashboard has it.
//!
//! A hydrant on the main whose pressure is below its requirement, a tank below its volume, open water
//! beyond its limits: a page, at once or when it has been so for a hold; back above: over. Nothing is
//! cleaned, nobody is asked, and silence is not heard.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::{Evidence, RuleName, Rules, Severity};
use firemain_domain::quantity::Quantity;
use firemain_domain::report::{Report, Sample};
use firemain_domain::source::{Kind, Source, SourceCode, Status};
use firemain_wire::{Decoder, Limits, Subscription};

use super::Line;
use super::output::EpisodeLine;

/// Judging by a plain threshold.
#[derive(Debug)]
pub struct Thresholds {
    hold_ms: i64,
    rules: Rules,
    decoder: Decoder,
    sources: HashMap<std::sync::Arc<str>, Watched>,
    episodes: Vec<EpisodeLine>,
}

#[derive(Debug)]
struct Watched {
    source: Source,
    below_since: Option<Timestamp>,
    /// The place of its open alert.
    open: Option<usize>,
    n: u32,
}

impl Thresholds {
    /// Pages what has been below for `hold_ms` of reading time.
    pub fn new(
        hold_ms: i64,
        rules: Rules,
        subscriptions: Vec<Subscription>,
        sources: &[Source],
    ) -> Self {
        let judged = sources.iter().filter(|s| s.status == Status::InService);
        let sources = judged.filter_map(|source| {
            let watched = Watched {
                source: source.clone(),
                below_since: None,
                open: None,
                n: 0,
            };
            Some((source.device.clone()?, watched))
        });
        Self {
            hold_ms,
            rules,
            decoder: Decoder::new(subscriptions, Limits::default()),
            sources: sources.collect(),
            episodes: Vec::new(),
        }
    }

    /// Takes the next line.
    pub fn feed(&mut self, line: &Line<'_>) {
        let at = line.received_at;
        let Ok(decoded) = self.decoder.decode(&line.topic, &line.payload, at) else {
            return;
        };
        for report in &decoded.reports {
            self.hear(report, at);
        }
    }

    fn hear(&mut self, report: &Report, received_at: Timestamp) {
        let Some(watched) = self.sources.get_mut(&*report.device) else {
            return;
        };
        for sample in &report.samples {
            let Some((rule, below)) = below(&watched.source, sample, &self.rules) else {
                continue;
            };
            let at = sample.at.unwrap_or(received_at);
            if !below {
                watched.below_since = None;
                if let Some(open) = watched.open.take() {
                    self.episodes[open].cleared_at = Some(received_at);
                }
                continue;
            }
            let since = *watched.below_since.get_or_insert(at);
            if watched.open.is_none() && at.since_ms(since) >= self.hold_ms {
                watched.n += 1;
                watched.open = Some(self.episodes.len());
                let code = &watched.source.code;
                self.episodes.push(page(code, rule, watched.n, received_at));
            }
        }
    }

    /// Every page, in the order in which they were raised.
    pub fn into_episodes(self) -> Vec<EpisodeLine> {
        self.episodes
    }
}

fn page(code: &SourceCode, rule: RuleName, n: u32, at: Timestamp) -> EpisodeLine {
    EpisodeLine {
        id: format!("{code}/{}/{n}", rule.name()),
        source: Some(code.clone()),
        rule,
        severity: Severity::Major,
        raised_at: at,
        cleared_at: None,
        pages: true,
        incident: None,
        members: Vec::new(),
        evidence: Evidence::default(),
        paged_at: Some(at),
        muted_by: None,
    }
}

/// Whether a sample is below what its source owes; `None`: it says nothing of it.
fn below(source: &Source, sample: &Sample, rules: &Rules) -> Option<(RuleName, bool)> {
    let requirement = &source.requirement;
    match &source.kind {
        Kind::Hydrant { .. } if source.taps_main() => {
            let pressure = sample.get(Quantity::PressureKpa)?;
            let drawn = sample.get(Quantity::FlowLps).unwrap_or(0.0);
            let rule = if drawn >= rules.low_residual.min_flow_lps {
                RuleName::LowResidual
            } else {
                RuleName::LowStatic
            };
            Some((rule, pressure < requirement.pressure_kpa?))
        }
        Kind::Hydrant { .. } => {
            let pressure = sample.get(Quantity::PressureKpa)?;
            let drawn = sample.get(Quantity::FlowLps)? >= rules.low_residual.min_flow_lps;
            let below = drawn && pressure < requirement.pressure_kpa?;
            Some((RuleName::LowResidual, below))
        }
        Kind::Tank(tank) => {
            let volume = tank.volume_m3(sample.get(Quantity::LevelM)?)?;
            Some((RuleName::TankLow, volume < requirement.volume_m3?))
        }
        Kind::DrawPoint(point) => {
            let level = sample.get(Quantity::LevelM)?;
            let limits = &rules.draw_low;
            let deep = point
                .below_apron_m(level)
                .is_some_and(|m| m > limits.below_apron_m);
            let thin = point.layer_m(level).is_some_and(|m| m < limits.layer_m);
            Some((RuleName::DrawLow, deep || thin))
        }
    }
}
