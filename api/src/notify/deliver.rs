//! The task of one channel: takes what is due from the register, a few at a time, and notes every try.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::time::HOUR_MS;
use firemain_store::register::RegisterError;
use firemain_store::register::telling::{Delivery, DeliveryState, Try, TryOutcome};
use futures::stream::{self, StreamExt};

use super::channels::{Answer, Outgoing};
use super::texts::Message;
use super::{Shared, backoff};

/// Messages under way at once by one channel, at most.
const AT_ONCE: usize = 4;
/// Messages taken from the register at a time.
const BATCH: usize = 32;
/// How often the clock is asked, ms.
const TURN_MS: u64 = 500;

/// Delivers a channel's messages until it is to stop.
pub async fn deliver(shared: Arc<Shared>, name: String) {
    let mut troubled = false;
    // A receiver that asks us to wait is left alone altogether.
    let mut quiet_until: Option<Timestamp> = None;
    while !shared.cancel.is_cancelled() {
        let now = shared.clock.now();
        let asked = match quiet_until.filter(|until| *until > now) {
            // A clock that was set back must not silence a channel.
            Some(until) if until.since_ms(now) < 6 * HOUR_MS + 1 => Ok(Vec::new()),
            _ => due(&shared, &name, now).await,
        };
        let waiting = match asked {
            Ok(waiting) => waiting,
            Err(error) => {
                if !std::mem::replace(&mut troubled, true) {
                    tracing::error!(channel = name, %error, "the channel's messages cannot be read; it goes on by itself");
                }
                Vec::new()
            }
        };
        let any = !waiting.is_empty();
        let tries = waiting
            .into_iter()
            .map(|one| try_one(shared.clone(), name.clone(), one));
        let tries = stream::iter(tries.collect::<Vec<_>>());
        let mut tries = tries.buffer_unordered(AT_ONCE);
        let mut noted = true;
        while let Some((after, done)) = tries.next().await {
            quiet_until = quiet_until.max(after);
            if let Err(error) = done {
                noted = false;
                if !std::mem::replace(&mut troubled, true) {
                    tracing::error!(channel = name, %error, "a try cannot be noted: the message may be told again under its key");
                }
            }
        }
        if any && noted {
            troubled = false;
            continue;
        }
        if !shared.wait(&shared.delivering, TURN_MS).await {
            return;
        }
    }
}

async fn due(
    shared: &Shared,
    name: &str,
    now: Timestamp,
) -> Result<Vec<(Delivery, serde_json::Value)>, RegisterError> {
    let name = name.to_owned();
    shared
        .ask(move |register| {
            let due = register.deliveries_due(&name, now, BATCH)?;
            due.into_iter()
                .map(|delivery| {
                    let alert = match &delivery.what.notice {
                        Some(notice) => register.notice(notice)?,
                        None => None,
                    };
                    let alert = alert.and_then(|n| serde_json::to_value(n.what.episode).ok());
                    Ok((delivery, alert.unwrap_or_default()))
                })
                .collect()
        })
        .await
}

/// One try: what the receiver asks us to wait for, and whether the try could be noted.
async fn try_one(
    shared: Arc<Shared>,
    name: String,
    (delivery, alert): (Delivery, serde_json::Value),
) -> (Option<Timestamp>, Result<(), RegisterError>) {
    let link = shared.links.of(&delivery);
    let read = serde_json::from_str::<Message>(&delivery.what.message);
    let answer = match (read, shared.channels.get(&name)) {
        (Ok(message), Some(channel)) => {
            let out = Outgoing {
                delivery: &delivery,
                message: &message,
                link: link.as_deref(),
                alert: &alert,
                now: shared.clock.now(),
            };
            channel.deliver(&out).await
        }
        (Err(error), _) => Answer::Refused(format!("the message cannot be read: {error}")),
        (_, None) => Answer::Refused("the channel is not set any more".to_owned()),
    };
    let now = shared.clock.now();
    shared
        .healths
        .heard(&name, &answer, now, shared.clock.monotonic_ms());
    let (tried, state, asked) = outcome(&delivery, answer, now, shared.settings.give_up_after_h);
    if tried.outcome != TryOutcome::Accepted {
        tracing::warn!(
            channel = name,
            message = delivery.what.key,
            tries = tried.n,
            answer = tried.answer,
            "a message was not taken"
        );
    }
    let number = delivery.number;
    let noted = shared
        .ask(move |register| register.add_try(number, &tried, state))
        .await;
    (asked, noted)
}

/// What a try's answer makes of a message: the try, where it stands, until when the channel rests.
fn outcome(
    delivery: &Delivery,
    answer: Answer,
    now: Timestamp,
    give_up_after_h: u32,
) -> (Try, DeliveryState, Option<Timestamp>) {
    let n = delivery.tries + 1;
    let tried = |outcome, answer, next_at| Try {
        n,
        at: now,
        outcome,
        answer,
        next_at,
    };
    match answer {
        Answer::Accepted(said) => (
            tried(TryOutcome::Accepted, said, None),
            DeliveryState::Sent,
            None,
        ),
        Answer::Refused(said) => (
            tried(TryOutcome::Refused, said, None),
            DeliveryState::Refused,
            None,
        ),
        Answer::Failed { why, after_ms } => {
            let next_at = backoff::next(&delivery.what.key, n, now, after_ms);
            let asked = after_ms.map(|_| next_at);
            let age_ms = next_at.since_ms(delivery.what.made_at);
            if age_ms > i64::from(give_up_after_h.max(1)) * HOUR_MS {
                return (
                    tried(TryOutcome::Failed, why, None),
                    DeliveryState::Expired,
                    asked,
                );
            }
            (
                tried(TryOutcome::Failed, why, Some(next_at)),
                DeliveryState::Waiting,
                asked,
            )
        }
    }
}
