//! Escalation by the clock: a pure decision about one alert whose step is due.
//!
//! Steps go from the shift lead (1) to the water company and the commune (2) to the fire area team
//! (3). Taking an alert stops them, but for one that is taken and nobody is on the way to: that goes on
//! more slowly. However late we are — a stop, a clock that jumped — only one step is taken at a time.

use firemain_domain::Timestamp;
use firemain_domain::handling::Stage;
use firemain_domain::telling::MOST_LEVEL;
use firemain_domain::time::MINUTE_MS;
use firemain_store::register::EpisodeRow;
use firemain_store::register::telling::{Escalation, EscalationStep, NewNotice, Occasion};

use super::expand::delays;
use super::settings::NotifySettings;

/// What becomes of a step that is due: what is told, and what comes next.
pub fn step(
    due: &Escalation,
    alert: Option<&EpisodeRow>,
    settings: &NotifySettings,
    now: Timestamp,
) -> (Option<NewNotice>, EscalationStep) {
    let over = EscalationStep::Over {
        episode: due.episode.clone(),
    };
    let stands =
        alert.filter(|row| row.state.cleared_at.is_none() && row.state.reopened == due.opening);
    let Some(alert) = stands else {
        return (None, over);
    };
    let taken_at = alert.handling.acknowledged.as_ref().map(|taken| taken.at);
    let slowly_ms = i64::from(settings.acknowledged_after_min) * MINUTE_MS;
    if let Some(taken_at) = taken_at {
        if settings.acknowledged_after_min == 0 || is_handled(alert) {
            return (None, over);
        }
        let not_before = taken_at.plus_ms(slowly_ms);
        if now < not_before {
            let later = Escalation {
                due_at: not_before,
                ..due.clone()
            };
            return (None, EscalationStep::Next(later));
        }
    }
    if due.level > MOST_LEVEL {
        return (None, over);
    }
    let mut episode = alert.state.clone();
    episode.severity = episode.severity.max(due.severity);
    let notice = NewNotice {
        occasion: Occasion::Escalated,
        level: due.level,
        at: now,
        episode,
    };
    if due.level == MOST_LEVEL {
        return (Some(notice), over);
    }
    let delays = delays(settings, due.severity);
    let place = usize::from(due.level);
    let minutes = |place: usize| i64::from(delays[place]) * MINUTE_MS;
    let gap_ms = if taken_at.is_some() {
        slowly_ms
    } else {
        (minutes(place) - minutes(place - 1)).max(MINUTE_MS)
    };
    let on_time = due.paged_at.plus_ms(minutes(place));
    let next = Escalation {
        level: due.level + 1,
        // A step that comes late does not bring the next one on at once.
        due_at: on_time.max(now.plus_ms(gap_ms.min(minutes(place)))),
        ..due.clone()
    };
    (Some(notice), EscalationStep::Next(next))
}

/// Whether somebody is on the way, or further.
fn is_handled(alert: &EpisodeRow) -> bool {
    alert.stage() > Stage::Acknowledged
}
