//! The alarm budget of the last day, as metrics: made anew at most once a minute, for it reads every
//! alert and page of a day.

use std::sync::{Arc, Mutex, PoisonError};

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_store::register::RegisterError;

use super::text::{Text, quoted};
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::notify::budget::{AlarmBudget, MOST_ROWS, Span};

/// Contacts that are told of, those with most alarms first: a metric must not grow with the city.
const MOST_CONTACTS: usize = 50;

/// The budget that was made last, and when.
#[derive(Debug, Default)]
pub struct KeptBudget(Mutex<Option<(Timestamp, Arc<AlarmBudget>)>>);

impl KeptBudget {
    fn young(&self, now: Timestamp) -> Option<Arc<AlarmBudget>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, budget) = kept.as_ref()?;
        let age_ms = now.since_ms(*at);
        (0..MINUTE_MS).contains(&age_ms).then(|| budget.clone())
    }

    fn keep(&self, now: Timestamp, budget: Arc<AlarmBudget>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, budget));
    }
}

/// The budget of the last day, at most a minute old.
pub async fn budget(app: &App) -> Result<Arc<AlarmBudget>, Problem> {
    let now = app.now();
    if let Some(young) = app.alarm_budget.young(now) {
        return Ok(young);
    }
    let from = now.plus_ms(-DAY_MS);
    let (alerts, pages) = app
        .ask(move |stores| {
            let alerts = stores.register.raised_within(from, now, MOST_ROWS)?;
            let pages = stores.register.told_pages(from, now, MOST_ROWS)?;
            Ok::<_, RegisterError>((alerts, pages))
        })
        .await?;
    let span = Span {
        from,
        until: now,
        now,
    };
    let budget = Arc::new(AlarmBudget::of(&span, &alerts, &pages, |_| true));
    app.alarm_budget.keep(now, budget.clone());
    Ok(budget)
}

impl Text {
    /// The figures of ISA-18.2 / IEC 62682 over the last 24 hours.
    pub(super) fn budget(&mut self, budget: &AlarmBudget) {
        self.head(
            "alarm_budget_alarms_per_hour",
            "Alarms told to a contact, an hour, over the last 24: about 6 are what a person can deal with.",
        );
        for person in budget.people.iter().take(MOST_CONTACTS) {
            let label = format!("{{contact=\"{}\"}}", quoted(&person.contact));
            self.value("alarm_budget_alarms_per_hour", &label, person.per_hour);
        }
        let too_many = budget.people.iter().filter(|person| person.too_many);
        let floods = budget
            .people
            .iter()
            .map(|person| person.floods)
            .sum::<u64>();
        for (name, help, value) in [
            (
                "alarm_budget_people_over",
                "Contacts that were told more than a person can deal with.",
                too_many.count() as f64,
            ),
            (
                "alarm_budget_floods",
                "Times within 24 hours that more than 10 alarms within 10 minutes were told to a contact.",
                floods as f64,
            ),
            (
                "alarm_budget_chattering",
                "Subjects and rules that alerted three times or more within an hour.",
                budget.chattering.len() as f64,
            ),
            (
                "alarm_budget_stale",
                "Alerts that have stood for more than 24 hours.",
                budget.stale_count as f64,
            ),
            (
                "alarm_budget_paging_alerts",
                "Alerts that page, raised within the last 24 hours.",
                budget.paging_alerts as f64,
            ),
        ] {
            self.number(name, help, value);
        }
        self.head(
            "alarm_budget_priority_share",
            "Share of alerts by priority, 0 to 1: 0.80 low, 0.15 medium, 0.05 high are aimed at.",
        );
        for share in &budget.priorities {
            let label = format!("{{priority=\"{}\"}}", share.priority);
            let value = share.share_pct / 100.0;
            self.value("alarm_budget_priority_share", &label, value);
        }
        self.head(
            "alarm_budget_worst_alerts",
            "Alerts of the ten that alert most, within the last 24 hours.",
        );
        for worst in &budget.worst {
            let label = format!("{{subject=\"{}\"}}", quoted(&worst.subject));
            self.value("alarm_budget_worst_alerts", &label, worst.alerts as f64);
        }
    }
}
