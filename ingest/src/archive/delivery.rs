//! Slices to the archive and the intake, each tried until it is there; then the cursor.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::archive::{Archive, ArchiveError, Point, Written};
use firemain_store::intake::{Intake, Quarantined, Why};
use firemain_store::journal::{Body, Journal, Position};
use firemain_store::register::Register;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::CONSUMER;
use super::sorter::{Slice, in_quarantine};
use super::state::{ArchiveState, Part};
use crate::backoff::Backoff;
use crate::broker::Publication;
use crate::writer::WriterState;

/// Between two tries of an archive that refuses us: a person must act.
const REFUSED_WAIT: Duration = Duration::from_secs(30);
/// The cursor of an archive that keeps its own place is looked at so often.
const RELEASE_EVERY: Duration = Duration::from_secs(1);
/// What stopping may take.
const FLUSH_WITHIN: Duration = Duration::from_millis(1_500);
/// A rebirth that should have been asked for longer ago than this is not asked for any more.
const REBIRTH_WITHIN_MS: i64 = 120_000;

pub(super) struct Delivery {
    pub(super) archive: Arc<dyn Archive>,
    pub(super) intake: Arc<dyn Intake>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) register: Arc<dyn Register>,
    pub(super) state: Arc<ArchiveState>,
    pub(super) writer: Arc<WriterState>,
    pub(super) outbox: Option<mpsc::Sender<Publication>>,
    pub(super) clock: SharedClock,
    pub(super) backoff: Backoff,
    /// Memories of the decoder not yet saved, with their positions.
    pub(super) memories: VecDeque<(Position, Vec<u8>)>,
    /// What is saved.
    pub(super) saved: (Position, Vec<u8>),
    pub(super) remembers: bool,
}

impl Delivery {
    /// Delivers until the receiver stops.
    pub(super) async fn run(
        mut self,
        mut slices: mpsc::Receiver<Slice>,
        cancel: CancellationToken,
    ) {
        let mut release = tokio::time::interval(RELEASE_EVERY);
        release.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                _ = release.tick() => {
                    self.make_room(&cancel).await;
                    self.release().await;
                }
                slice = slices.recv() => match slice {
                    Some(slice) => if !self.deliver(slice, &cancel).await { break },
                    None => break,
                },
            }
        }
        drop(slices);
        match tokio::time::timeout(FLUSH_WITHIN, self.archive.flush()).await {
            Ok(Ok(())) => self.release().await,
            Ok(Err(error)) => {
                warn!(archive.error = %error, "the archive was not flushed: what it lacks is read from the journal again");
            }
            Err(_) => warn!(
                "the archive was not flushed in time: what it lacks is read from the journal again"
            ),
        }
    }

    /// Delivers a slice; false if the receiver stops before it is there.
    async fn deliver(&mut self, mut slice: Slice, cancel: &CancellationToken) -> bool {
        let kept = std::mem::take(&mut slice.kept);
        let quarantined = std::mem::take(&mut slice.quarantined);
        let (kept_count, quarantined_count) = (kept.len() as u64, quarantined.len() as u64);
        if !kept.is_empty() || !quarantined.is_empty() {
            let intake = move |intake: &dyn Intake| {
                intake.quarantine(&quarantined)?;
                intake.keep(&kept)
            };
            if !self.until_kept(intake, cancel).await {
                return false;
            }
        }
        if !self.until_answers_noted(&mut slice, cancel).await {
            return false;
        }
        let Some(written) = self.until_written(&slice, cancel).await else {
            return false;
        };
        if !written.refused.is_empty() && !self.set_refused_aside(&slice, &written, cancel).await {
            return false;
        }
        self.count(&slice, &written, kept_count, quarantined_count);
        self.ask_for_rebirths(&slice);
        if let Some(memory) = slice.memory.take() {
            self.memories.push_back((slice.upto, memory));
        }
        if self.archive.durable_upto().is_none() {
            self.release().await;
        }
        true
    }

    async fn until_written(
        &mut self,
        slice: &Slice,
        cancel: &CancellationToken,
    ) -> Option<Written> {
        loop {
            let writing = self.archive.write(slice.points.clone(), slice.upto);
            let error = match cancel.run_until_cancelled(writing).await? {
                Ok(written) => {
                    self.backoff.reset();
                    if self.state.set_complaint(Part::Writing, None) {
                        info!("the archive takes points again");
                    }
                    return Some(written);
                }
                Err(error) => error,
            };
            self.state.failures.fetch_add(1, Relaxed);
            let wait = match &error {
                ArchiveError::Busy { retry_after, .. } => {
                    self.backoff.next().max(retry_after.unwrap_or_default())
                }
                ArchiveError::Refused { .. } => REFUSED_WAIT,
                ArchiveError::Io { .. } | ArchiveError::Damaged { .. } => self.backoff.next(),
            };
            let complaint = format!(
                "{error}. Nothing is lost: it is tried again, and the journal holds what waits"
            );
            if self.state.set_complaint(Part::Writing, Some(complaint)) {
                warn!(archive.error = %error, "the archive does not take points: the journal holds them");
            }
            cancel.run_until_cancelled(waited(wait)).await?;
        }
    }

    /// Does something with the intake until it succeeds.
    async fn until_kept(
        &mut self,
        work: impl Fn(&dyn Intake) -> Result<(), firemain_store::intake::IntakeError>
        + Send
        + Sync
        + 'static,
        cancel: &CancellationToken,
    ) -> bool {
        let work = Arc::new(work);
        loop {
            let (intake, again) = (Arc::clone(&self.intake), Arc::clone(&work));
            let complaint = match tokio::task::spawn_blocking(move || again(&*intake)).await {
                Ok(Ok(())) => {
                    self.state.set_complaint(Part::Keeping, None);
                    return true;
                }
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            if self
                .state
                .set_complaint(Part::Keeping, Some(complaint.clone()))
            {
                error!(intake.error = %complaint, "cannot keep what could not be used; archiving waits");
            }
            let wait = self.backoff.next();
            if cancel.run_until_cancelled(waited(wait)).await.is_none() {
                return false;
            }
        }
    }

    /// Puts the messages of refused points into quarantine.
    async fn set_refused_aside(
        &mut self,
        slice: &Slice,
        written: &Written,
        cancel: &CancellationToken,
    ) -> bool {
        let refused = reasons(slice, written);
        warn!(archive.refused = written.refused.len(), archive.reason = %written.refused[0].1, "the archive refuses points: they are in quarantine");
        let journal = Arc::clone(&self.journal);
        let rows = tokio::task::spawn_blocking(move || rows(&*journal, &refused)).await;
        let rows = rows.unwrap_or_default();
        self.state.quarantined.fetch_add(rows.len() as u64, Relaxed);
        self.until_kept(move |intake| intake.quarantine(&rows), cancel)
            .await
    }

    fn count(&self, slice: &Slice, written: &Written, kept: u64, quarantined: u64) {
        let state = &self.state;
        state.messages.fetch_add(slice.messages, Relaxed);
        state.duplicates.fetch_add(slice.duplicates, Relaxed);
        state.points.fetch_add(written.points, Relaxed);
        state
            .refused_points
            .fetch_add(written.refused.len() as u64, Relaxed);
        state.left_out.fetch_add(slice.left_out, Relaxed);
        state
            .unknown_fields
            .fetch_add(slice.unknown_fields, Relaxed);
        state.unregistered.fetch_add(kept, Relaxed);
        state.quarantined.fetch_add(quarantined, Relaxed);
        state.position.store(slice.upto.0, Relaxed);
        if let Some(at) = slice.canary_at {
            state.canary_ms.fetch_max(at.ms(), Relaxed);
        }
    }

    fn ask_for_rebirths(&self, slice: &Slice) {
        let Some(outbox) = &self.outbox else { return };
        let recent = slice
            .newest_at
            .is_some_and(|at| self.clock.now().since_ms(at) <= REBIRTH_WITHIN_MS);
        for rebirth in slice.rebirths.iter().filter(|_| recent) {
            let (topic, payload) = (rebirth.topic.clone(), rebirth.payload.clone());
            // With no room it is asked for again: an edge node that is still not understood a
            // minute later gives rise to another request.
            let _ = outbox.try_send(Publication {
                topic,
                payload,
                command: None,
            });
        }
    }

    /// A full journal waits for what the archive holds in memory only: that goes to disk now, and
    /// not when its block is full.
    async fn make_room(&self, cancel: &CancellationToken) {
        let full = self
            .writer
            .trouble
            .borrow()
            .as_ref()
            .is_some_and(|trouble| trouble.full);
        let position = Position(self.state.position.load(Relaxed));
        let holds = self
            .archive
            .durable_upto()
            .is_some_and(|durable| durable < position);
        if full
            && holds
            && let Some(flushed) = cancel.run_until_cancelled(self.archive.flush()).await
        {
            let complaint = flushed.err().map(|error| error.to_string());
            let text = complaint.clone().unwrap_or_default();
            if self.state.set_complaint(Part::MakingRoom, complaint) && !text.is_empty() {
                warn!(archive.error = %text, "the archive cannot make room in the full journal; it is tried again every second");
            }
        } else if !full {
            self.state.set_complaint(Part::MakingRoom, None);
        }
    }

    /// Saves how far everything is durable, and lets go of it in the journal.
    async fn release(&mut self) {
        let durable = self.archive.durable_upto();
        let upto = durable.unwrap_or(Position(self.state.position.load(Relaxed)));
        let mut cursor = (upto, Vec::new());
        if self.remembers {
            // The cursor goes where a memory was taken: decoding goes on from there.
            let mut found = None;
            while let Some(memory) = self.memories.pop_front_if(|(at, _)| *at <= upto) {
                found = Some(memory);
            }
            match found {
                Some(memory) => cursor = memory,
                None => return,
            }
        }
        if cursor.0 <= self.saved.0 {
            return;
        }
        let (register, journal, saved) = (
            Arc::clone(&self.register),
            Arc::clone(&self.journal),
            cursor.clone(),
        );
        let released = tokio::task::spawn_blocking(move || {
            register
                .set_cursor(CONSUMER, saved.0, &saved.1)
                .map_err(|error| error.to_string())?;
            journal
                .release(CONSUMER, saved.0)
                .map_err(|error| error.to_string())
        });
        match released
            .await
            .map_err(|error| error.to_string())
            .and_then(|released| released)
        {
            Ok(()) => {
                self.state.durable.store(cursor.0.0, Relaxed);
                self.saved = cursor;
                self.state.set_complaint(Part::Releasing, None);
            }
            Err(error) => {
                if self
                    .state
                    .set_complaint(Part::Releasing, Some(error.clone()))
                {
                    warn!(archive.error = %error, "cannot save how far the archive is; it is tried again");
                }
                if self.remembers {
                    self.memories.push_front(cursor);
                }
            }
        }
    }
}

pub(super) async fn waited(wait: Duration) {
    // The one thing that ends this wait early is the caller giving it up.
    let _ = tokio::time::timeout(wait, std::future::pending::<()>()).await;
}

/// The first reason for each message with refused points, and how many of its points they are.
fn reasons(slice: &Slice, written: &Written) -> Vec<(Position, String, usize)> {
    let places: HashMap<_, usize> = slice
        .points
        .iter()
        .enumerate()
        .map(|(place, point)| (identity(point), place))
        .collect();
    let mut found: Vec<(Position, String, usize)> = Vec::new();
    for (point, reason) in &written.refused {
        let Some(place) = places.get(&identity(point)) else {
            continue;
        };
        let origin = slice.origins.partition_point(|(first, _)| first <= place);
        let Some((_, position)) = origin.checked_sub(1).and_then(|n| slice.origins.get(n)) else {
            continue;
        };
        match found.iter_mut().rev().find(|(at, _, _)| at == position) {
            Some((_, _, count)) => *count += 1,
            None => found.push((*position, format!("{}: {reason}", point.quantity.name()), 1)),
        }
    }
    found
}

fn identity(point: &Point) -> (&str, firemain_domain::Quantity, i64, u32) {
    (&point.source, point.quantity, point.at.ms(), point.mark)
}

fn rows(journal: &dyn Journal, refused: &[(Position, String, usize)]) -> Vec<Quarantined> {
    let row = |(position, reason, count): &(Position, String, usize)| {
        let before = Position(position.0.saturating_sub(1));
        let (_, envelope) = journal
            .read(before, 1)
            .ok()?
            .into_iter()
            .find(|(at, _)| at == position)?;
        let Body::Message(message) = &envelope.body else {
            return None;
        };
        let detail = if *count == 1 {
            reason.clone()
        } else {
            format!("{count} points, the first for {reason}")
        };
        Some(in_quarantine(
            *position,
            envelope.received_at,
            Why::RefusedByArchive,
            &detail,
            message,
        ))
    };
    refused.iter().filter_map(row).collect()
}
