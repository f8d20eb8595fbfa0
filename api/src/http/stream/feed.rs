//! What feeds one client.

use std::time::Duration;

use axum::response::sse::Event;
use firemain_store::register::StreamEvent;
use tokio::sync::mpsc::Sender;
use tokio::time::{MissedTickBehavior, timeout};

use crate::http::app::App;
use crate::http::principal::{Principal, Role};
use crate::http::problem::Problem;

/// Who may read `/changes`, as the table of routes says.
const SEES_CHANGES: Role = Role::Dispatcher;
/// Changes that are about people.
const ABOUT_PEOPLE: [&str; 6] = ["user_", "password_", "sessions_", "key_", "team_", "route_"];
/// Events read at once.
const STEP: usize = 256;
/// A comment comes so often, so that a dead connection is seen.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// So often it is looked whether a client may still listen.
const LOOKS: Duration = Duration::from_secs(2);
/// A client that takes nothing for so long is cut off.
const TAKES_WITHIN: Duration = Duration::from_secs(10);

/// Where a client begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    after: u64,
    reset: bool,
}

/// Where a client begins that has seen everything up to `after`.
pub async fn start(app: &App, after: Option<u64>) -> Result<Start, Problem> {
    let (oldest, newest) = app.ask(|stores| stores.register.stream_extent()).await?;
    Ok(begin(after, oldest, newest))
}

/// Events between what it has seen and the oldest kept are lost to it; so is its place in a
/// register that was restored from a backup.
fn begin(after: Option<u64>, oldest: u64, newest: u64) -> Start {
    match after {
        None => Start {
            after: newest,
            reset: false,
        },
        Some(after) if after > newest || after + 1 < oldest => Start {
            after: newest,
            reset: true,
        },
        Some(after) => Start {
            after,
            reset: false,
        },
    }
}

/// Feeds a client until it is gone, too slow, or we stop.
pub async fn run(app: &App, who: &Principal, start: Start, to: &Sender<Event>) {
    let feeding = feed(app, who.role, start, to);
    tokio::select! {
        // In this order, so that the greeting comes first even to one who comes as we stop.
        biased;
        _ = feeding => {}
        () = to.closed() => {}
        () = app.cancel.cancelled() => {}
        () = let_out(app, who) => {}
    }
}

/// Waits until who listens may no longer: the session ended, the key was revoked.
async fn let_out(app: &App, who: &Principal) {
    let mut looks = tokio::time::interval(LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if !app.still(who).await {
            return;
        }
    }
}

/// `None`: the client is gone or too slow, or the register does not answer.
async fn feed(app: &App, role: Role, start: Start, to: &Sender<Event>) -> Option<()> {
    let mut newest = app.watch.newest_event();
    let mut seen = start.after;
    let first = if start.reset { "reset" } else { "hello" };
    let first = Event::default()
        .event(first)
        .id(seen.to_string())
        .data("{}");
    give(to, first.retry(Duration::from_secs(2))).await?;
    loop {
        newest.mark_unchanged();
        seen = catch_up(app, role, seen, to).await?;
        if let Ok(changed) = timeout(HEARTBEAT, newest.changed()).await {
            changed.ok()?;
        } else {
            give(to, Event::default().comment("alive")).await?;
        }
    }
}

/// Gives all events after `seen`; says up to which.
async fn catch_up(app: &App, role: Role, mut seen: u64, to: &Sender<Event>) -> Option<u64> {
    loop {
        let events = app
            .ask(move |stores| stores.register.stream_after(seen, STEP))
            .await
            .ok()?;
        let full = events.len() == STEP;
        for event in events {
            seen = event.id;
            if let Some(event) = shown(event, role) {
                give(to, event).await?;
            }
        }
        if !full {
            return Some(seen);
        }
    }
}

/// An event as somebody of that role may see it: who changed what is for those who may read the
/// changes, and to all others a change of people or keys is none.
fn shown(event: StreamEvent, role: Role) -> Option<Event> {
    let mut body = event.body;
    if event.kind == "change" && role < SEES_CHANGES {
        let mut change: serde_json::Value = serde_json::from_str(&body).ok()?;
        let about = change["kind"].as_str()?;
        if ABOUT_PEOPLE.iter().any(|people| about.starts_with(people)) {
            return None;
        }
        change.as_object_mut()?.remove("by");
        body = change.to_string();
    }
    Some(
        Event::default()
            .id(event.id.to_string())
            .event(event.kind)
            .data(body),
    )
}

async fn give(to: &Sender<Event>, event: Event) -> Option<()> {
    timeout(TAKES_WITHIN, to.send(event)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_comes_back_goes_on_where_it_was_or_is_told_to_begin_anew() {
        let goes_on = |after| Start {
            after,
            reset: false,
        };
        let anew = |after| Start { after, reset: true };
        assert_eq!(begin(None, 10, 20), goes_on(20));
        assert_eq!(begin(Some(15), 10, 20), goes_on(15));
        assert_eq!(begin(Some(9), 10, 20), goes_on(9));
        assert_eq!(begin(Some(8), 10, 20), anew(20));
        assert_eq!(
            begin(Some(21), 10, 20),
            anew(20),
            "a register from a backup"
        );
        assert_eq!(begin(Some(0), 0, 0), goes_on(0));
    }
}
