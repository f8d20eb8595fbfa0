//! `GET /readyz`: whether each part does its work, told by a message that goes the whole way round.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::{Clock, Timestamp};
use firemain_store::register::PartStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::problem::Problem;
use crate::watch::WatchStatus;

/// A part that has said nothing for so long is not there: it speaks every 5 s.
const SILENT: Duration = Duration::from_secs(20);
/// The canary goes round every 10 s.
const CANARY: Duration = Duration::from_secs(60);
/// Judging further behind than this is not current.
const LAG: Duration = Duration::from_secs(60);

/// How firemain is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether all parts do their work.
    pub ready: bool,
    /// Each part.
    pub parts: Vec<PartView>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PartView {
    /// Which: `register`, `watch`, `receive`, `archive` or `canary`.
    #[schema(example = "receive")]
    pub part: String,
    /// Whether it does its work.
    pub well: bool,
    /// What is wrong, and what to do; empty when well.
    pub complaint: String,
    /// As of when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Whether every part does its work; 503 if not, with what is wrong and what to do.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready", body = Readiness),
))]
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<Readiness>) {
    let statuses = app.ask(|stores| stores.register.statuses()).await;
    let readiness = judge(
        statuses,
        &app.watch.status(),
        app.now(),
        &Patience::of(&*app.clock),
    );
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

/// For how long what is told of ourselves counts, ms of the clock: parts speak in real time, also
/// where a demo's clock runs faster than the world's.
struct Patience {
    silent_ms: i64,
    canary_ms: i64,
    lag_ms: i64,
}

impl Patience {
    fn of(clock: &dyn Clock) -> Self {
        Self {
            silent_ms: clock.passes_in(SILENT),
            canary_ms: clock.passes_in(CANARY),
            lag_ms: clock.passes_in(LAG),
        }
    }
}

fn judge(
    statuses: Result<Vec<PartStatus>, Problem>,
    watch: &WatchStatus,
    now: Timestamp,
    patience: &Patience,
) -> Readiness {
    let (register, statuses) = match statuses {
        Ok(statuses) => (PartView::well("register", now), statuses),
        Err(problem) => (
            PartView::ill("register", Some(now), problem.detail),
            Vec::new(),
        ),
    };
    let told = |part: &str| statuses.iter().find(|status| status.part == part);
    let archive = told("archive");
    let parts = vec![
        register,
        of_watch(watch, now, patience),
        of_part("receive", told("receive"), now, patience),
        of_part("archive", archive, now, patience),
        of_canary(watch, archive, now, patience),
    ];
    let ready = parts.iter().all(|part| part.well);
    let mut parts = parts;
    // That somebody cannot be told, or no new device can log in, is said here, but no reason to send
    // nobody any requests.
    for part in ["tell", "broker_files"] {
        parts.extend(told(part).map(|status| of_part(part, Some(status), now, patience)));
    }
    Readiness { ready, parts }
}

fn of_watch(watch: &WatchStatus, now: Timestamp, patience: &Patience) -> PartView {
    let ill = |complaint: String| PartView::ill("watch", Some(now), complaint);
    if let Some(failed) = &watch.failed {
        return ill(failed.clone());
    }
    if watch.replaying {
        return ill(
            "judging folds again what it had judged before the last start: wait".to_owned(),
        );
    }
    if watch.lag_ms > patience.lag_ms {
        let (envelopes, s) = (watch.lag_envelopes, watch.lag_ms / 1_000);
        return ill(format!(
            "judging is {envelopes} messages behind, the oldest {s} s old: wait; if it grows, the machine is too slow for what comes in"
        ));
    }
    PartView::well("watch", now)
}

fn of_part(
    part: &str,
    status: Option<&PartStatus>,
    now: Timestamp,
    patience: &Patience,
) -> PartView {
    let Some(status) = status else {
        return PartView::ill(
            part,
            None,
            "it has never run on this data directory: start `firemain ingest`, or `firemain serve`, which does both",
        );
    };
    let silent_ms = status.at.map_or(i64::MAX, |at| now.since_ms(at));
    if silent_ms > patience.silent_ms {
        return PartView::ill(
            part,
            status.at,
            "it has said nothing for 20 s: see whether `firemain ingest` runs, and what its log says",
        );
    }
    let complaint = status.complaint.clone();
    PartView {
        part: part.to_owned(),
        well: status.well,
        complaint,
        at: status.at,
    }
}

/// Whether a message goes the whole way round: from the receiver through the journal to judging and
/// the archive.
fn of_canary(
    watch: &WatchStatus,
    archive: Option<&PartStatus>,
    now: Timestamp,
    patience: &Patience,
) -> PartView {
    let judged = watch.canary_at;
    let archived_ms = archive.and_then(|status| status.numbers.get("archive_canary_at_seconds"));
    let archived = archived_ms.map(|s| Timestamp::from_ms((s * 1_000.0) as i64));
    let old = |at: Option<Timestamp>| at.is_none_or(|at| now.since_ms(at) > patience.canary_ms);
    if old(judged) {
        return PartView::ill(
            "canary",
            judged,
            "no message of our own came round within 60 s: the broker, the receiver or the journal stands still; the other parts say which",
        );
    }
    let behind = archived
        .zip(judged)
        .is_none_or(|(a, j)| j.since_ms(a) > patience.canary_ms);
    if behind {
        return PartView::ill(
            "canary",
            archived,
            "our own messages reach judging, but not the archive: nothing is lost, it catches up from the journal; see what `archive` says",
        );
    }
    PartView {
        part: "canary".to_owned(),
        well: true,
        complaint: String::new(),
        at: judged,
    }
}

impl PartView {
    fn well(part: &str, at: Timestamp) -> Self {
        Self {
            part: part.to_owned(),
            well: true,
            complaint: String::new(),
            at: Some(at),
        }
    }

    fn ill(part: &str, at: Option<Timestamp>, complaint: impl Into<String>) -> Self {
        Self {
            part: part.to_owned(),
            well: false,
            complaint: complaint.into(),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::clock::SystemClock;

    const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);

    fn part(name: &str, age_ms: i64) -> PartStatus {
        let at_s = NOW.plus_ms(-age_ms).ms() as f64 / 1_000.0;
        PartStatus {
            part: name.to_owned(),
            at: Some(NOW.plus_ms(-age_ms)),
            well: true,
            numbers: [("archive_canary_at_seconds".to_owned(), at_s)].into(),
            ..PartStatus::default()
        }
    }

    fn ill(statuses: Vec<PartStatus>, watch: &WatchStatus) -> Vec<String> {
        let parts = judge(Ok(statuses), watch, NOW, &Patience::of(&SystemClock::new())).parts;
        parts
            .into_iter()
            .filter(|part| !part.well)
            .map(|part| part.part)
            .collect()
    }

    #[test]
    fn readiness_names_the_part_that_stands_still() {
        let watch = WatchStatus {
            canary_at: Some(NOW.plus_ms(-5_000)),
            ..WatchStatus::default()
        };
        let both = || vec![part("receive", 1_000), part("archive", 1_000)];
        assert!(ill(both(), &watch).is_empty());
        assert_eq!(ill(vec![part("archive", 1_000)], &watch), ["receive"]);
        assert_eq!(
            ill(vec![part("receive", 30_000), part("archive", 0)], &watch),
            ["receive"]
        );
        let deaf = WatchStatus {
            canary_at: Some(NOW.plus_ms(-61_000)),
            ..watch.clone()
        };
        assert_eq!(ill(both(), &deaf), ["canary"]);
        let behind = WatchStatus {
            lag_ms: 90_000,
            lag_envelopes: 7,
            ..watch.clone()
        };
        assert_eq!(ill(both(), &behind), ["watch"]);
        let failed = WatchStatus {
            failed: Some("the disk is full".to_owned()),
            ..watch
        };
        assert_eq!(ill(both(), &failed), ["watch"]);
    }
}
