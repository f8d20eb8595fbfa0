//! The alarm budget: whether people can answer what they are told. Pure.
//!
//! By ISA-18.2 / IEC 62682 (and EEMUA 191, from which both took the figures): about 6 alarms an hour
//! per person can be dealt with, more than 10 in 10 minutes are a flood, some 80 % should be of low
//! priority, 15 % medium and 5 % high; an alarm that comes three or more times within a short while is
//! chattering, one that stands for more than 24 hours is stale. An alarm here is a page told to a
//! contact, counted once whatever the channels; chattering, stale and shares are of alerts.

use std::collections::{BTreeMap, HashMap};

use firemain_domain::Timestamp;
use firemain_domain::judging::{RuleName, Severity};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_store::register::telling::{RaisedAlert, ToldPage};
use serde::Serialize;
use utoipa::ToSchema;

/// Rows looked at, at most.
pub const MOST_ROWS: usize = 200_000;
/// Alarms an hour that one person can deal with.
pub const SUSTAINABLE_PER_HOUR: f64 = 6.0;
/// More than so many within [`FLOOD_MS`] are a flood.
const FLOOD: usize = 10;
const FLOOD_MS: i64 = 10 * MINUTE_MS;
/// So many raises within an hour are chattering.
const CHATTERS: usize = 3;
const STALE_MS: i64 = DAY_MS;
const WORST: usize = 10;

/// The span that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
}

/// The alarm budget over a span.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlarmBudget {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Whether more happened than was looked at: the figures are then too low.
    pub cut: bool,
    /// What one person can deal with in an hour.
    pub sustainable_per_hour: f64,
    /// What each contact was told, most first.
    pub people: Vec<PersonBudget>,
    /// Alerts that page, raised within the span.
    pub paging_alerts: u64,
    /// Shares of alerts by priority, beside what they should be.
    pub priorities: Vec<PriorityShare>,
    /// What was raised three times or more within an hour.
    pub chattering: Vec<Chattering>,
    /// Alerts that stood for more than 24 hours at the end of the span, the oldest first, at most 100.
    pub stale: Vec<Standing>,
    /// How many there are.
    pub stale_count: u64,
    /// The ten sources that alert most, and what to do.
    pub worst: Vec<WorstSource>,
}

/// What a contact was told.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PersonBudget {
    /// `team/contact`.
    pub contact: String,
    /// Alarms.
    pub alarms: u64,
    /// On average an hour.
    pub per_hour: f64,
    /// Whether that is more than one person can deal with.
    pub too_many: bool,
    /// Most within ten minutes.
    pub peak_10_min: u64,
    /// Floods: times when more than ten came within ten minutes.
    pub floods: u64,
}

/// The share of one priority.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PriorityShare {
    /// `low` (minor), `medium` (major) or `high` (critical).
    pub priority: &'static str,
    /// Alerts.
    pub alerts: u64,
    /// Their share, %.
    pub share_pct: f64,
    /// What it should be, %.
    pub aim_pct: f64,
}

/// What chatters.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Chattering {
    /// About what.
    pub subject: String,
    /// Which rule.
    #[schema(value_type = String)]
    pub rule: RuleName,
    /// Most raises within an hour.
    pub raises_in_1_h: u64,
}

/// An alert that stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Standing {
    /// Its id.
    pub alert: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// For how many hours.
    pub hours: i64,
}

/// A source that alerts much.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WorstSource {
    /// About what.
    pub subject: String,
    /// The rule that raised most of it.
    #[schema(value_type = String)]
    pub rule: RuleName,
    /// Alerts of all rules, re-openings counted.
    pub alerts: u64,
    /// Their share of all, %.
    pub share_pct: f64,
    /// What to do about it.
    pub advice: Advice,
}

/// What to do: a code with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Advice {
    /// The value goes back and forth over its limit: widen what it takes to clear, or lengthen the dwell.
    WidenClearMargin {
        /// Which rule, as `/rules` names it.
        rule: String,
        /// Which parameter.
        parameter: &'static str,
    },
    /// The sensor or its device is at fault: mend or replace it.
    MendSensor {
        /// Which rule said so.
        rule: String,
    },
    /// It falls silent often: mend its power or its network, or enter the interval it really has.
    MendConnection {
        /// Which parameter of the source may be wrong.
        parameter: &'static str,
    },
    /// It really is short: the water company is to mend the supply.
    MendSupply {
        /// Which rule said so.
        rule: String,
    },
    /// Water is drawn by custom: grant a permit, or lock it.
    PermitOrLock,
}

impl AlarmBudget {
    /// The budget over a span. `keeps`: whether a subject counts.
    pub fn of(
        span: &Span,
        alerts: &[RaisedAlert],
        pages: &[ToldPage],
        keeps: impl Fn(&str) -> bool,
    ) -> Self {
        let cut = alerts.len() >= MOST_ROWS || pages.len() >= MOST_ROWS;
        let kept: Vec<&RaisedAlert> = alerts
            .iter()
            .filter(|alert| alert.severity > Severity::Info && keeps(&alert.subject))
            .collect();
        let raised: Vec<&RaisedAlert> = kept
            .iter()
            .copied()
            .filter(|alert| alert.raised_at >= span.from)
            .collect();
        let subject = |page: &ToldPage| {
            let mut parts = page.episode.rsplitn(3, '/');
            parts.nth(2).unwrap_or_default().to_owned()
        };
        let mut people: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for page in pages.iter().filter(|page| keeps(&subject(page))) {
            people.entry(&page.contact).or_default().push(page.at);
        }
        let mut people: Vec<PersonBudget> = people
            .into_iter()
            .map(|(contact, times)| person(contact, &times, span))
            .collect();
        people.sort_by(|a, b| {
            b.alarms
                .cmp(&a.alarms)
                .then_with(|| a.contact.cmp(&b.contact))
        });
        let stale = stale(&kept, span);
        Self {
            from: span.from,
            until: span.until,
            cut,
            sustainable_per_hour: SUSTAINABLE_PER_HOUR,
            people,
            paging_alerts: raised.iter().filter(|alert| alert.pages).count() as u64,
            priorities: priorities(&raised),
            chattering: chattering(&raised),
            stale_count: stale.len() as u64,
            stale: stale.into_iter().take(100).collect(),
            worst: worst(&raised),
        }
    }
}

fn person(contact: &str, times: &[Timestamp], span: &Span) -> PersonBudget {
    let hours = (span.until.since_ms(span.from) as f64 / HOUR_MS as f64).max(1.0 / 60.0);
    let per_hour = times.len() as f64 / hours;
    let (peak, floods) = peaks(times, FLOOD_MS, FLOOD);
    PersonBudget {
        contact: contact.to_owned(),
        alarms: times.len() as u64,
        per_hour: (per_hour * 100.0).round() / 100.0,
        too_many: per_hour > SUSTAINABLE_PER_HOUR,
        peak_10_min: peak as u64,
        floods,
    }
}

/// Most within a window, and how often more than `most` came: a flood lasts until it is over.
fn peaks(times: &[Timestamp], window_ms: i64, most: usize) -> (usize, u64) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let (mut first, mut peak, mut floods, mut flooding) = (0, 0, 0, false);
    for (place, at) in sorted.iter().enumerate() {
        while at.since_ms(sorted[first]) >= window_ms {
            first += 1;
        }
        let within = place + 1 - first;
        peak = peak.max(within);
        if within > most && !flooding {
            floods += 1;
        }
        flooding = within > most;
    }
    (peak, floods)
}

fn priorities(raised: &[&RaisedAlert]) -> Vec<PriorityShare> {
    let all = raised.len().max(1) as f64;
    [
        ("low", Severity::Minor, 80.0),
        ("medium", Severity::Major, 15.0),
        ("high", Severity::Critical, 5.0),
    ]
    .into_iter()
    .map(|(priority, severity, aim_pct)| {
        let alerts = raised
            .iter()
            .filter(|alert| alert.severity == severity)
            .count();
        PriorityShare {
            priority,
            alerts: alerts as u64,
            share_pct: (alerts as f64 / all * 1_000.0).round() / 10.0,
            aim_pct,
        }
    })
    .collect()
}

fn chattering(raised: &[&RaisedAlert]) -> Vec<Chattering> {
    let mut times: HashMap<(&str, RuleName), Vec<Timestamp>> = HashMap::new();
    for alert in raised {
        let times = times.entry((&alert.subject, alert.rule)).or_default();
        // Each re-opening came within the hour after the end before it.
        for _ in 0..=alert.reopened {
            times.push(alert.raised_at);
        }
    }
    let mut found: Vec<Chattering> = times
        .into_iter()
        .filter_map(|((subject, rule), times)| {
            let (peak, _) = peaks(&times, HOUR_MS, usize::MAX);
            (peak >= CHATTERS).then(|| Chattering {
                subject: subject.to_owned(),
                rule,
                raises_in_1_h: peak as u64,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        let most = b.raises_in_1_h.cmp(&a.raises_in_1_h);
        most.then_with(|| (&a.subject, a.rule).cmp(&(&b.subject, b.rule)))
    });
    found.truncate(100);
    found
}

fn stale(kept: &[&RaisedAlert], span: &Span) -> Vec<Standing> {
    let end = span.until.min(span.now);
    let mut stale: Vec<Standing> = kept
        .iter()
        .filter(|alert| alert.cleared_at.is_none_or(|at| at > end))
        .filter(|alert| end.since_ms(alert.raised_at) > STALE_MS)
        .map(|alert| Standing {
            alert: alert.id.clone(),
            raised_at: alert.raised_at,
            hours: end.since_ms(alert.raised_at) / HOUR_MS,
        })
        .collect();
    stale.sort_by(|a, b| (a.raised_at, &a.alert).cmp(&(b.raised_at, &b.alert)));
    stale
}

fn worst(raised: &[&RaisedAlert]) -> Vec<WorstSource> {
    let mut by_subject: BTreeMap<&str, BTreeMap<RuleName, u64>> = BTreeMap::new();
    let mut all = 0;
    for alert in raised {
        let count = 1 + u64::from(alert.reopened);
        all += count;
        *by_subject
            .entry(&alert.subject)
            .or_default()
            .entry(alert.rule)
            .or_default() += count;
    }
    let mut worst: Vec<WorstSource> = by_subject
        .into_iter()
        .filter_map(|(subject, rules)| {
            let alerts = rules.values().sum::<u64>();
            let (rule, most) = rules.into_iter().max_by_key(|(_, count)| *count)?;
            Some(WorstSource {
                subject: subject.to_owned(),
                rule,
                alerts,
                share_pct: (alerts as f64 / all.max(1) as f64 * 1_000.0).round() / 10.0,
                advice: advice(rule, most),
            })
        })
        .collect();
    worst.sort_by(|a, b| {
        b.alerts
            .cmp(&a.alerts)
            .then_with(|| a.subject.cmp(&b.subject))
    });
    worst.truncate(WORST);
    worst
}

/// What to do about a source that alerts by that rule so often.
fn advice(rule: RuleName, count: u64) -> Advice {
    let named = rule.name().to_lowercase();
    match rule {
        RuleName::Stale => Advice::MendConnection {
            parameter: "report_interval_s",
        },
        RuleName::UnauthorisedUse | RuleName::InUse => Advice::PermitOrLock,
        RuleName::Flatline
        | RuleName::Drift
        | RuleName::Device
        | RuleName::Clock
        | RuleName::Replay
        | RuleName::Spike => Advice::MendSensor { rule: named },
        _ if count >= 3 => {
            let parameter = match rule {
                RuleName::LowStatic => "clear_margin_kpa",
                RuleName::DrawLow => "clear_margin_m",
                _ => "dwell_s",
            };
            Advice::WidenClearMargin {
                rule: named,
                parameter,
            }
        }
        _ => Advice::MendSupply { rule: named },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Timestamp = Timestamp::from_ms(1_764_000_000_000);

    fn span() -> Span {
        let until = FROM.plus_ms(DAY_MS * 2);
        Span {
            from: FROM,
            until,
            now: until,
        }
    }

    fn alert(subject: &str, rule: RuleName, minute: i64, severity: Severity) -> RaisedAlert {
        RaisedAlert {
            id: format!("{subject}/{rule}/{minute}"),
            subject: subject.into(),
            rule,
            severity,
            raised_at: FROM.plus_ms(minute * MINUTE_MS),
            cleared_at: Some(FROM.plus_ms((minute + 5) * MINUTE_MS)),
            pages: severity >= Severity::Major,
            reopened: 0,
        }
    }

    fn page(contact: &str, second: i64) -> ToldPage {
        ToldPage {
            contact: contact.into(),
            at: FROM.plus_ms(second * 1_000),
            episode: "TR-1/LOW_STATIC/1".into(),
        }
    }

    #[test]
    fn more_than_ten_in_ten_minutes_are_a_flood_and_ten_are_none() {
        let mut pages: Vec<_> = (0..10).map(|n| page("t/calm", n * 59)).collect();
        pages.extend((0..11).map(|n| page("t/flooded", n * 59)));
        pages.extend((0..11).map(|n| page("t/flooded", 7_200 + n * 59)));
        let budget = AlarmBudget::of(&span(), &[], &pages, |_| true);
        let of = |name: &str| budget.people.iter().find(|p| p.contact == name).unwrap();
        assert_eq!((of("t/calm").peak_10_min, of("t/calm").floods), (10, 0));
        assert_eq!(
            (of("t/flooded").peak_10_min, of("t/flooded").floods),
            (11, 2)
        );
        assert!(!of("t/flooded").too_many);
        assert!((of("t/flooded").per_hour - 22.0 / 48.0).abs() < 0.01);
    }

    #[test]
    fn three_raises_in_an_hour_chatter_and_two_do_not() {
        let rule = RuleName::LowStatic;
        let mut alerts = Vec::new();
        for minute in [0, 20, 40] {
            alerts.push(alert("TR-1", rule, minute, Severity::Major));
        }
        for minute in [0, 20, 80] {
            alerts.push(alert("TR-2", rule, minute, Severity::Major));
        }
        alerts.sort_by_key(|alert| alert.raised_at);
        let budget = AlarmBudget::of(&span(), &alerts, &[], |_| true);
        assert_eq!(budget.chattering.len(), 1);
        assert_eq!(budget.chattering[0].subject, "TR-1");
        assert_eq!(
            budget.worst[0].advice,
            Advice::WidenClearMargin {
                rule: "low_static".into(),
                parameter: "clear_margin_kpa"
            }
        );
    }

    #[test]
    fn what_stands_for_more_than_a_day_is_stale() {
        let mut old = alert("TR-1", RuleName::LowStatic, 0, Severity::Major);
        old.cleared_at = None;
        let over = alert("TR-2", RuleName::LowStatic, 0, Severity::Major);
        let mut new = alert("TR-3", RuleName::LowStatic, 24 * 60 + 1, Severity::Major);
        new.cleared_at = None;
        let budget = AlarmBudget::of(&span(), &[old, over, new], &[], |_| true);
        assert_eq!(budget.stale_count, 1);
        assert_eq!(
            (&*budget.stale[0].alert, budget.stale[0].hours),
            ("TR-1/LOW_STATIC/0", 48)
        );
    }

    #[test]
    fn shares_stand_beside_what_they_should_be_and_a_unit_can_be_asked_for() {
        let mut alerts: Vec<_> = (0..8)
            .map(|n| alert(&format!("A-{n}"), RuleName::Device, n, Severity::Minor))
            .collect();
        alerts.push(alert("A-8", RuleName::LowStatic, 9, Severity::Major));
        alerts.push(alert("B-1", RuleName::LowStatic, 10, Severity::Critical));
        let budget = AlarmBudget::of(&span(), &alerts, &[], |_| true);
        let shares: Vec<_> = budget
            .priorities
            .iter()
            .map(|p| (p.share_pct, p.aim_pct))
            .collect();
        assert_eq!(shares, [(80.0, 80.0), (10.0, 15.0), (10.0, 5.0)]);
        let unit = AlarmBudget::of(&span(), &alerts, &[], |subject| subject.starts_with('B'));
        assert_eq!(unit.priorities[2].share_pct, 100.0);
    }
}
