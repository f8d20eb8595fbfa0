//! `GET /metrics`, as Prometheus reads it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firemain_store::intake::IntakeTotals;
use firemain_store::register::PartStatus;

use super::budget::budget;
use super::text::{Text, plain};
use crate::board::Counts;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::watch::{WatchCounts, WatchStatus};

/// What every part counts: its own, and what the others told last.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let statuses = app.ask(|stores| stores.register.statuses()).await?;
    let totals = app.ask(|stores| stores.intake.totals()).await?;
    let mut text = Text::default();
    text.parts(&statuses);
    text.watch(&app.watch.status());
    text.sources(app.board.counts(|_| true));
    text.intake(totals);
    text.budget(&*budget(&app).await?);
    let streams = app.settings.max_streams - app.streams.available_permits();
    text.number(
        "stream_clients",
        "Clients of the live stream.",
        streams as f64,
    );
    let body = text.0 + &app.metrics.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body).into_response())
}

impl Text {
    fn parts(&mut self, statuses: &[PartStatus]) {
        self.head(
            "part_well",
            "Whether a part does its work, as it said last.",
        );
        for status in statuses {
            let label = format!("{{part=\"{}\"}}", plain(&status.part));
            self.value("part_well", &label, f64::from(u8::from(status.well)));
        }
        self.head(
            "part_at_seconds",
            "When a part said so, seconds since 1970.",
        );
        for status in statuses {
            let label = format!("{{part=\"{}\"}}", plain(&status.part));
            let at = status.at.map_or(f64::NAN, |at| at.ms() as f64 / 1_000.0);
            self.value("part_at_seconds", &label, at);
        }
        let mut told = std::collections::BTreeMap::new();
        for status in statuses {
            for (name, value) in &status.numbers {
                told.entry(plain(name))
                    .or_insert((plain(&status.part), *value));
            }
        }
        for (name, (part, value)) in told {
            self.number(&name, &format!("As told by the part {part}."), value);
        }
    }

    fn watch(&mut self, watch: &WatchStatus) {
        for (name, help, value) in [
            (
                "watch_position",
                "The newest envelope judged.",
                watch.position as f64,
            ),
            (
                "watch_lag_envelopes",
                "Envelopes that wait to be judged.",
                watch.lag_envelopes as f64,
            ),
            (
                "watch_lag_seconds",
                "How old the newest envelope judged is, while others wait.",
                watch.lag_ms as f64 / 1_000.0,
            ),
            (
                "watch_checkpoint_bytes",
                "Bytes of the last checkpoint.",
                watch.checkpoint_bytes as f64,
            ),
            (
                "watch_checkpoint_seconds",
                "How long the last checkpoint took.",
                watch.checkpoint_ms as f64 / 1_000.0,
            ),
            (
                "watch_failed",
                "Whether judging stands still.",
                f64::from(u8::from(watch.failed.is_some())),
            ),
        ] {
            self.number(name, help, value);
        }
        for (name, help, at) in [
            (
                "watch_canary_at_seconds",
                "When the newest canary judged was sent.",
                watch.canary_at,
            ),
            (
                "watch_heartbeat_at_seconds",
                "When the receiver was last heard.",
                watch.heartbeat_at,
            ),
        ] {
            if let Some(at) = at {
                self.number(name, help, at.ms() as f64 / 1_000.0);
            }
        }
        self.judged(watch.counts);
    }

    fn judged(&mut self, counts: WatchCounts) {
        for (name, help, value) in [
            (
                "watch_messages_total",
                "Messages of devices.",
                counts.messages as f64,
            ),
            (
                "watch_judged_total",
                "Reports judged.",
                counts.judged as f64,
            ),
            (
                "watch_refused_total",
                "Messages that could not be decoded.",
                counts.refused as f64,
            ),
            (
                "watch_unregistered_total",
                "Reports of devices that no source has.",
                counts.unregistered as f64,
            ),
            (
                "watch_episodes_raised_total",
                "Alerts raised.",
                counts.episodes_raised as f64,
            ),
            (
                "watch_episodes_reopened_total",
                "Alerts raised again within the hour.",
                counts.episodes_reopened as f64,
            ),
            (
                "watch_episodes_cleared_total",
                "Alerts cleared by data.",
                counts.episodes_cleared as f64,
            ),
            (
                "watch_pages_total",
                "Pages decided on.",
                counts.pages as f64,
            ),
            (
                "watch_standings_total",
                "Changes of how a source stands.",
                counts.standings as f64,
            ),
            (
                "watch_commits_total",
                "Transactions committed by judging.",
                counts.commits as f64,
            ),
            (
                "watch_retries_total",
                "Commits that failed and were tried again.",
                counts.retries as f64,
            ),
        ] {
            self.number(name, help, value);
        }
        self.head(
            "watch_left_out_total",
            "Readings left out of judging, by reason.",
        );
        for (reason, number) in counts.left_out.by_reason() {
            self.value(
                "watch_left_out_total",
                &format!("{{reason=\"{reason}\"}}"),
                number as f64,
            );
        }
    }

    fn sources(&mut self, counts: Counts) {
        self.head("sources", "Sources by verdict, aged by the wall clock.");
        for (verdict, number) in [
            ("usable", counts.usable),
            ("degraded", counts.degraded),
            ("unknown", counts.unknown),
            ("unusable", counts.unusable),
        ] {
            self.value(
                "sources",
                &format!("{{verdict=\"{verdict}\"}}"),
                number as f64,
            );
        }
    }

    fn intake(&mut self, totals: IntakeTotals) {
        for (name, help, value) in [
            (
                "intake_quarantined",
                "Messages in quarantine.",
                totals.quarantined,
            ),
            (
                "intake_quarantine_dropped_total",
                "Messages dropped from quarantine for want of room.",
                totals.quarantine_dropped,
            ),
            (
                "intake_strangers",
                "Devices that speak and that nobody registered.",
                totals.strangers,
            ),
            ("intake_kept", "Messages kept of them.", totals.kept),
            (
                "intake_kept_dropped_total",
                "Messages of them dropped for want of room.",
                totals.kept_dropped,
            ),
        ] {
            self.number(name, help, value as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_parts_tell_is_rendered_under_our_name() {
        let mut text = Text::default();
        text.parts(&[PartStatus {
            part: "receive".to_owned(),
            well: true,
            numbers: [
                ("received_total".to_owned(), 12.0),
                ("unacked".to_owned(), 3.0),
            ]
            .into(),
            ..PartStatus::default()
        }]);
        assert!(
            text.0
                .contains("# TYPE firemain_received_total counter\nfiremain_received_total 12\n"),
            "{}",
            text.0
        );
        assert!(
            text.0
                .contains("# TYPE firemain_unacked gauge\nfiremain_unacked 3\n")
        );
        assert!(text.0.contains("firemain_part_well{part=\"receive\"} 1\n"));
    }
}
