//! Tells on the terminal what happens in the town: an alert a line, as it is raised or cleared.

use std::sync::Arc;

use firemain_api::watch::{EpisodeEvent, Watch};
use firemain_domain::Timestamp;
use firemain_domain::judging::{EpisodeEvent as Happened, Severity};
use firemain_store::register::Register;
use tokio_util::sync::CancellationToken;

/// Events read at once.
const PAGE: usize = 500;

/// Reads the live stream's events and says what they mean.
pub struct Narrator {
    watch: Arc<Watch>,
    register: Arc<dyn Register>,
    after: u64,
    from: Timestamp,
}

impl Narrator {
    /// Tells what happens from `from` on: the past is history.
    pub fn new(watch: Arc<Watch>, register: Arc<dyn Register>, from: Timestamp) -> Self {
        Self {
            watch,
            register,
            after: 0,
            from,
        }
    }

    /// Until cancelled.
    pub async fn tell(mut self, cancel: CancellationToken) {
        let mut newest = self.watch.newest_event();
        loop {
            let (register, after) = (Arc::clone(&self.register), self.after);
            let page =
                tokio::task::spawn_blocking(move || register.stream_after(after, PAGE)).await;
            let events = page.ok().and_then(Result::ok).unwrap_or_default();
            for event in &events {
                self.after = event.id;
                if event.kind == "episode"
                    && let Ok(episode) = serde_json::from_str::<EpisodeEvent>(&event.body)
                    && episode.at >= self.from
                {
                    self.say(&episode);
                }
            }
            if events.len() < PAGE {
                let changed = cancel.run_until_cancelled(newest.changed()).await;
                if !matches!(changed, Some(Ok(()))) {
                    return;
                }
            }
        }
    }

    fn say(&self, told: &EpisodeEvent) {
        let board = self.watch.board();
        let name = board
            .get(&told.subject.to_string())
            .map(|entry| entry.source.name.clone())
            .unwrap_or_default();
        let mark = match told.severity {
            Severity::Critical => "■",
            Severity::Major => "▲",
            Severity::Minor | Severity::Info => "·",
        };
        let numbers = told.evidence.measured.first().map(|measured| {
            let unit = measured.quantity.unit();
            let limit = measured
                .limit
                .map(|limit| format!(" (owes {limit:.1})"))
                .unwrap_or_default();
            format!(" {:.1} {unit}{limit}", measured.value)
        });
        let pages = if told.pages { ", pages" } else { "" };
        eprintln!(
            "{} {mark} {} {} {}{} [{}{pages}]",
            told.at,
            happened(told.event),
            told.rule,
            told.subject,
            numbers.unwrap_or_default(),
            name,
        );
    }
}

const fn happened(event: Happened) -> &'static str {
    match event {
        Happened::Raised => "raised",
        Happened::Reopened => "back:",
        Happened::Changed => "changed",
        Happened::Paged => "pages now:",
        Happened::Cleared => "cleared",
    }
}
