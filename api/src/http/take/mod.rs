//! `/a/{token}`: the page a message's link opens. It needs no login: the token, which only that
//! message's receiver has, is what it asks for.
//!
//! Opening it changes nothing, for mail scanners open links; only its button, a POST, takes the alert,
//! in the name of the contact who got the message. Taking it again changes nothing.

mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use firemain_domain::change::Change;
use firemain_store::register::telling::Delivery;
use firemain_store::register::{EpisodeRow, RegisterError};

use self::words::{Page, page};
use super::app::App;
use super::principal::Principal;
use super::problem::Problem;
use crate::notify::{LinkError, Links, Message};

/// Requests of one link within a minute, at most.
const MOST_A_MINUTE: u32 = 30;
/// Links that are counted at once, at most.
const MOST_COUNTED: usize = 10_000;
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page and its button.
pub fn routes() -> Router<Arc<App>> {
    let limit = Arc::new(Limit::default());
    let other = limit.clone();
    Router::new().route(
        "/a/{token}",
        get(
            async move |State(app): State<Arc<App>>, Path(token): Path<String>| {
                answer(&app, &token, false, &limit).await
            },
        )
        .post(
            async move |State(app): State<Arc<App>>, Path(token): Path<String>| {
                answer(&app, &token, true, &other).await
            },
        ),
    )
}

/// How often each link was asked for in this minute.
#[derive(Debug, Default)]
struct Limit(Mutex<(i64, HashMap<String, u32>)>);

impl Limit {
    fn allows(&self, token: &str, minute: i64) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != minute {
            *counted = (minute, HashMap::new());
        }
        let all = counted.1.len();
        // What is counted by is short: a token of ours is.
        let token: String = token.chars().take(80).collect();
        if all >= MOST_COUNTED && !counted.1.contains_key(&token) {
            return false;
        }
        let count = counted.1.entry(token).or_default();
        *count += 1;
        *count <= MOST_A_MINUTE
    }
}

async fn answer(app: &App, token: &str, takes: bool, limit: &Limit) -> Response {
    if !limit.allows(token, app.now().ms() / 60_000) {
        return shown(StatusCode::TOO_MANY_REQUESTS, &page(&Page::Busy));
    }
    match look(app, token).await {
        Ok((delivery, alert)) => act(app, &delivery, alert, takes).await,
        Err(Refusal::Link(LinkError::Expired)) => shown(StatusCode::GONE, &page(&Page::Expired)),
        Err(Refusal::Link(LinkError::Forged)) => {
            shown(StatusCode::NOT_FOUND, &page(&Page::Unknown))
        }
        Err(Refusal::Problem(problem)) => problem.into_response(),
    }
}

enum Refusal {
    Link(LinkError),
    Problem(Problem),
}

/// The message of a token, if it is good, and its alert.
async fn look(app: &App, token: &str) -> Result<(Delivery, EpisodeRow), Refusal> {
    let forged = || Refusal::Link(LinkError::Forged);
    let notify = app.notify.as_ref().ok_or_else(forged)?;
    let number = Links::message(token).ok_or_else(forged)?;
    let found = app
        .ask(move |stores| {
            let Some(delivery) = stores.register.delivery(number)? else {
                return Ok(None);
            };
            let alert = match &delivery.what.episode {
                Some(episode) => stores.register.episode(episode)?,
                None => None,
            };
            Ok::<_, RegisterError>(Some((delivery, alert)))
        })
        .await
        .map_err(Refusal::Problem)?;
    let (delivery, alert) = found.ok_or_else(forged)?;
    notify
        .links()
        .check(token, &delivery, app.now())
        .map_err(Refusal::Link)?;
    Ok((delivery, alert.ok_or_else(forged)?))
}

async fn act(app: &App, delivery: &Delivery, alert: EpisodeRow, takes: bool) -> Response {
    let message: Option<Message> = serde_json::from_str(&delivery.what.message).ok();
    let said = message.as_ref().map_or("", |message| &message.text);
    if let Some(who) = &taken_by(&alert) {
        return shown(StatusCode::OK, &page(&Page::Taken { said, who }));
    }
    if alert.state.cleared_at.is_some() {
        return shown(StatusCode::OK, &page(&Page::Over { said }));
    }
    if !takes {
        return shown(StatusCode::OK, &page(&Page::Asks { said }));
    }
    let who = match name_of(app, delivery).await {
        Ok(who) => who,
        Err(problem) => return problem.into_response(),
    };
    let contact = Principal {
        who: who.as_str().into(),
        ..Principal::local()
    };
    let change = Change::EpisodeAcknowledged {
        episode: delivery.what.episode.clone().unwrap_or_default(),
        by: who.clone(),
    };
    match app.change(&contact, vec![change]).await {
        Ok(_) => shown(StatusCode::OK, &page(&Page::Taken { said, who: &who })),
        // Somebody was quicker: it is taken all the same.
        Err(problem) => match look_again(app, delivery).await {
            Some(who) => shown(StatusCode::OK, &page(&Page::Taken { said, who: &who })),
            None => problem.into_response(),
        },
    }
}

async fn look_again(app: &App, delivery: &Delivery) -> Option<String> {
    let episode = delivery.what.episode.clone()?;
    let row = app
        .ask(move |stores| stores.register.episode(&episode))
        .await;
    taken_by(&row.ok()??)
}

/// Who took an alert, or did more.
fn taken_by(alert: &EpisodeRow) -> Option<String> {
    alert.handling.acknowledged.as_ref()?.by.clone()
}

/// The name of the contact who got a message; of the team where it was told as a whole.
async fn name_of(app: &App, delivery: &Delivery) -> Result<String, Problem> {
    let teams = app.ask(|stores| stores.register.teams()).await?;
    let (team, contact) = delivery.what.contact.split_once('/').unwrap_or_default();
    let team = teams.into_iter().find(|one| one.id == team);
    let Some(team) = team else {
        return Ok(delivery.what.contact.clone());
    };
    let contact = team.contacts.iter().find(|one| one.id == contact);
    Ok(contact.map_or(team.name.clone(), |contact| contact.name.clone()))
}

fn shown(status: StatusCode, body: &str) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, "no-store"),
        // The button's request must say that it comes from this page.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    (status, headers, body.to_owned()).into_response()
}
