//! The task that makes messages: notices, escalation, digests, and what is said of ourselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};
use firemain_store::register::telling::{Occasion, TellingTotals};
use firemain_store::register::{PartStatus, RegisterError};
use tokio::sync::watch;

use super::expand::{Around, expand};
use super::storm::{COUNTED_MS, Counts};
use super::{Shared, escalate, health, storm};

/// Notices taken at a time.
const BATCH: usize = 256;
/// How often the clock is asked, ms.
const TURN_MS: u64 = 500;
/// How often our state is told, ms.
const STATUS_MS: u64 = 5_000;
/// A wall clock that moved by more than the steady one, by this, was set.
const STEP_MS: i64 = 5_000;
/// The name under which telling says how it is.
pub const PART: &str = "tell";

/// Makes messages until it is to stop.
pub async fn tell(shared: Arc<Shared>, mut newest_event: watch::Receiver<u64>) {
    let mut teller = Teller {
        wall: shared.clock.now(),
        steady_ms: shared.clock.monotonic_ms(),
        status_due_ms: 0,
        prune_due_ms: 0,
        troubled: false,
        silent_before: false,
    };
    loop {
        let worked = match teller.turn(&shared).await {
            Ok(worked) => {
                if std::mem::take(&mut teller.troubled) {
                    tracing::info!("telling goes on");
                }
                worked
            }
            Err(error) => {
                if !std::mem::replace(&mut teller.troubled, true) {
                    tracing::error!(%error, "telling waits: it goes on by itself");
                }
                false
            }
        };
        if worked {
            shared.delivering.notify_waiters();
        }
        let moved = async {
            if newest_event.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = moved, if !worked => {}
            goes_on = shared.wait(&shared.telling, if worked { 0 } else { TURN_MS }) => {
                if !goes_on {
                    return;
                }
            }
        }
        if shared.cancel.is_cancelled() {
            return;
        }
    }
}

struct Teller {
    wall: Timestamp,
    steady_ms: u64,
    status_due_ms: u64,
    prune_due_ms: u64,
    troubled: bool,
    silent_before: bool,
}

impl Teller {
    /// One turn; whether there was a full batch, so that there may be more.
    async fn turn(&mut self, shared: &Arc<Shared>) -> Result<bool, RegisterError> {
        let now = self.heed_clock(shared).await?;
        let expanding = shared.clone();
        let notices = blocking(move || expand_some(&expanding, now)).await?;
        let escalating = shared.clone();
        let steps = blocking(move || escalate_some(&escalating, now)).await?;
        let digesting = shared.clone();
        let digests = blocking(move || digest_some(&digesting, now)).await?;
        health::look(shared).await?;
        let steady_ms = shared.clock.monotonic_ms();
        if steady_ms >= self.status_due_ms {
            self.status_due_ms = steady_ms + STATUS_MS;
            self.say_how_we_are(shared, now).await?;
        }
        if steady_ms >= self.prune_due_ms {
            self.prune_due_ms = steady_ms + HOUR_MS as u64;
            let before = now.plus_ms(-i64::from(shared.settings.keep_days.max(1)) * DAY_MS);
            shared
                .ask(move |register| register.prune_telling(before, 50_000))
                .await?;
        }
        Ok(notices + steps + digests > 0)
    }

    /// When the wall clock was set, what waits is moved with it: no step fires for a jump. What it
    /// showed then.
    async fn heed_clock(&mut self, shared: &Shared) -> Result<Timestamp, RegisterError> {
        let (wall, steady_ms) = (shared.clock.now(), shared.clock.monotonic_ms());
        let passed_ms = i64::try_from(steady_ms - self.steady_ms).unwrap_or(i64::MAX);
        let jumped_ms = wall.since_ms(self.wall) - passed_ms;
        if jumped_ms.abs() > STEP_MS {
            tracing::warn!(
                clock.jumped_ms = jumped_ms,
                "the clock was set: what waits to be told is moved with it"
            );
            shared
                .ask(move |register| register.shift_waiting(jumped_ms))
                .await?;
        }
        (self.wall, self.steady_ms) = (wall, steady_ms);
        Ok(wall)
    }

    async fn say_how_we_are(
        &mut self,
        shared: &Shared,
        now: Timestamp,
    ) -> Result<(), RegisterError> {
        let settings = &shared.settings;
        let (totals, teams, routes) = shared
            .ask(move |register| {
                let totals = register.telling_totals(now.plus_ms(-DAY_MS))?;
                Ok((totals, register.teams()?.len(), register.routes()?.len()))
            })
            .await?;
        let mut complaints = Vec::new();
        if shared.channels.is_empty() {
            complaints.push(
                "nobody can be told of alerts: no channel is set; add `[notify.channels.NAME]`"
                    .to_owned(),
            );
        } else if teams == 0 || routes == 0 {
            complaints.push("nobody is told of alerts: enter a team (PUT /api/v1/teams/{id}) and a route to it (PUT /api/v1/routes/{id})".to_owned());
        }
        if totals.nobody > 0 {
            complaints.push(format!(
                "{} notices of the last day reached nobody: no route takes them, and `[notify] fallback_team` names no team that can be reached",
                totals.nobody
            ));
        }
        if totals.fallback > 0 {
            let team = settings.fallback_team.as_deref().unwrap_or_default();
            complaints.push(format!(
                "{} notices of the last day were taken by no route and went to the fallback team {team}: look at GET /api/v1/deliveries and the routes",
                totals.fallback
            ));
        }
        for dead in shared.healths.dead() {
            complaints.push(format!(
                "the channel {dead} delivers nothing: see GET /api/v1/channels"
            ));
        }
        let silent = !complaints.is_empty();
        if silent && !self.silent_before {
            tracing::warn!(
                tell.complaint = complaints.join("; "),
                "telling is not well"
            );
        }
        self.silent_before = silent;
        let status = PartStatus {
            part: PART.to_owned(),
            at: Some(now),
            well: complaints.is_empty(),
            complaint: complaints.join("; "),
            numbers: numbers(totals, shared),
        };
        shared
            .ask(move |register| register.tell_status(&status))
            .await
    }
}

fn numbers(totals: TellingTotals, shared: &Shared) -> BTreeMap<String, f64> {
    let mut numbers: BTreeMap<String, f64> = [
        ("tell_notices_waiting", totals.notices_waiting),
        ("tell_deliveries_waiting", totals.waiting),
        ("tell_deliveries_held", totals.held),
        ("tell_fallback_last_day", totals.fallback),
        ("tell_nobody_last_day", totals.nobody),
        ("tell_failed_last_day", totals.failed),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value as f64))
    .collect();
    shared.healths.count_into(&mut numbers);
    numbers
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RegisterError> + Send + 'static,
) -> Result<T, RegisterError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(RegisterError::Unreadable {
            what: "notice",
            reason: error.to_string(),
        }),
    }
}

/// Makes messages of the oldest notices; how many notices.
fn expand_some(shared: &Shared, now: Timestamp) -> Result<usize, RegisterError> {
    let register = &shared.register;
    let notices = register.notices_waiting(BATCH)?;
    if notices.is_empty() {
        return Ok(0);
    }
    let (teams, routes) = (register.teams()?, register.routes()?);
    let channels: Vec<_> = shared
        .channels
        .iter()
        .map(|(name, channel)| (name.clone(), channel.own_address()))
        .collect();
    let around = Around {
        settings: &shared.settings,
        teams: &teams,
        routes: &routes,
        channels: &channels,
        board: &shared.board,
        now,
    };
    let mut counts = Counts::new(register.told_since(now.plus_ms(-COUNTED_MS))?);
    let mut expanded = Vec::with_capacity(notices.len());
    // An alert's page and its end may come in one batch: what was told is then in no table yet.
    let mut fresh = std::collections::HashSet::new();
    for notice in &notices {
        let episode = notice.what.episode.id.to_string();
        if notice.what.occasion == Occasion::Cleared && fresh.contains(&episode) {
            register.expand(now, &expanded)?;
            expanded.clear();
            fresh.clear();
        }
        let told = match notice.what.occasion {
            Occasion::Cleared => register.told_of(&episode)?,
            _ => Vec::new(),
        };
        fresh.insert(episode);
        let one = expand(notice, &told, &around, &mut counts);
        if let Some(wrong) = one.wrong {
            tracing::warn!(
                notice = notice.id,
                tell.wrong = wrong.name(),
                "no route takes this notice"
            );
        }
        expanded.push(one);
    }
    register.expand(now, &expanded)?;
    Ok(notices.len())
}

/// Takes steps of escalation that are due; how many.
fn escalate_some(shared: &Shared, now: Timestamp) -> Result<usize, RegisterError> {
    let register = &shared.register;
    let due = register.escalations_due(now, BATCH)?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut steps = Vec::with_capacity(due.len());
    for due in &due {
        let alert = register.episode(&due.episode)?;
        steps.push(escalate::step(due, alert.as_ref(), &shared.settings, now));
    }
    register.escalate(&steps)?;
    Ok(due.len())
}

/// Makes digests that are due; how many.
fn digest_some(shared: &Shared, now: Timestamp) -> Result<usize, RegisterError> {
    let register = &shared.register;
    let groups = register.held_due(now, BATCH)?;
    for group in &groups {
        let summary = register.held_summary(group, now)?;
        register.digest(group, now, &storm::digest(group, &summary, now))?;
    }
    Ok(groups.len())
}
