//! `GET /stream`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::Event;
use futures::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::feed;
use crate::http::app::App;
use crate::http::ask::Params;
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};

/// Events on the way to one client.
const AHEAD: usize = 64;

/// From where on.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// The id of the last event seen; the header `Last-Event-ID` says the same, and counts first.
    /// Without either the stream begins with what happens next.
    after: Option<u64>,
}

/// What changes, as it changes: server-sent events of the kinds `standing`, `episode` and `change`.
///
/// The first event is always `hello`. One that resumes from too long ago gets `reset`: read the
/// lists again. A comment comes every 15 s; a client that does not keep up is cut off, and resumes.
#[utoipa::path(get, path = "/stream", tag = "stream", params(StreamQuery), responses((
    status = 200, description = "Events", body = String, content_type = "text/event-stream",
)))]
pub async fn stream_events(
    State(app): State<Arc<App>>,
    who: Principal,
    headers: HeaderMap,
    Params(query): Params<StreamQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let after = last_seen(&headers)?.or(query.after);
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        let most = app.settings.max_streams;
        return Err(Problem::busy(
            format!("{most} clients listen already; try again"),
            15,
        ));
    };
    let start = feed::start(&app, after).await?;
    let (sender, events) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        feed::run(&app, &who, start, &sender).await;
        drop(place);
    });
    let events = stream::unfold(events, |mut events| async move {
        Some((Ok(events.recv().await?), events))
    });
    Ok(Sse::new(events))
}

fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    match value.to_str().ok().map(str::trim) {
        Some("") => Ok(None),
        Some(text) if text.parse::<u64>().is_ok() => Ok(text.parse().ok()),
        _ => Err(Problem::of_faults(
            ProblemKind::InvalidParameter,
            vec![Fault::new(
                "Last-Event-ID",
                "is not the id of an event: a whole number",
            )],
        )),
    }
}
