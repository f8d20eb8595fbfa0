//! The wheel of judging: changes, a slice of the journal, a commit, the board; again.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::judging::{Effect, EpisodeEvent, EpisodeId, Forecast, Look, Standing};
use firemain_domain::source::Source;
use firemain_domain::time::DAY_MS;
use firemain_store::journal::{Envelope, Journal, JournalError, Position};
use firemain_store::register::{
    EpisodeFilter, NumberedChange, Register, RegisterError, WatchCommit,
};

use super::checkpoint::Saver;
use super::fold::{Fold, struck_out};
use super::pending::Pending;
use super::silence::Silence;
use super::start::Start;
use super::status::WatchCounts;
use super::{CloseAfter, Shared};
use crate::board::{Ages, Board, OpenAlert, Told, open_alert};

/// Envelopes taken at a time: a few milliseconds' work.
const SLICE: usize = 512;
/// Sources shown on the board at a time: those who read it wait meanwhile.
const SHOWN_AT_A_TIME: usize = 512;
/// Changes taken at a time.
const CHANGES: usize = 1_024;
/// How long effects are gathered while the journal keeps coming, ms.
const GATHER_MS: u64 = 25;
/// How many events of the stream are gathered at most.
const GATHERED_EVENTS: usize = 4_096;
/// How long the journal is waited for before changes and the end are looked for.
const WAIT: Duration = Duration::from_millis(20);
/// How often the register is asked for changes that nobody announced, ms.
const POLL_MS: u64 = 1_000;
/// Events of the stream that are kept for clients that come back.
const STREAM_KEPT: u64 = 200_000;
/// How often older ones are let go, ms.
const PRUNE_MS: u64 = 60_000;
/// Alerts that close by themselves at a time.
const CLOSED_AT_A_TIME: usize = 500;
/// Photos that nothing names are kept so long, ms.
const UNNAMED_PHOTO_MS: i64 = DAY_MS;
/// So many of them are let go at a time.
const PHOTOS_AT_A_TIME: usize = 64;
/// The author of what firemain itself enters.
const OURSELVES: &str = "firemain";
/// For how many days the history of verdicts is kept where nobody says.
const HISTORY_DAYS: u32 = 2_200;
/// How often older rows of it are let go, ms.
const HISTORY_MS: u64 = 24 * 3_600_000;
/// And when first, ms.
const HISTORY_FIRST_MS: u64 = 600_000;
/// The first pause after a failure, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// Judging on its way.
pub(super) struct Run {
    journal: Arc<dyn Journal>,
    register: Arc<dyn Register>,
    board: Arc<Board>,
    shared: Arc<Shared>,
    fold: Fold,
    /// Up to here effects are committed: before it the fold is only folded.
    committed: (Position, ChangeNumber),
    /// Where changes took effect before the last start, oldest first.
    recorded: VecDeque<(ChangeNumber, Position)>,
    /// Changes fetched and not taken yet.
    changes: VecDeque<NumberedChange>,
    effects: Vec<Effect>,
    pending: Pending,
    /// Alerts that people did something about, or that were re-opened or cleared, since the last
    /// commit: the board is to know.
    handled: BTreeSet<EpisodeId>,
    close_after: CloseAfter,
    /// What the board is told beside how sources stand.
    asides: Vec<Told>,
    /// The last fetch brought as many changes as it could: there are more.
    more_changes: bool,
    /// A commit that the register has not accepted yet.
    unsent: Option<WatchCommit>,
    /// Alerts are to be compared with what the register has told of them.
    reconcile: bool,
    saver: Saver,
    counts: WatchCounts,
    timers: Timers,
    failures: u32,
    silence: Silence,
    was_replaying: bool,
    history_days: u32,
}

/// When what is due, ms of the clock that never jumps.
#[derive(Debug, Default)]
struct Timers {
    gathered_since: Option<u64>,
    poll: u64,
    prune: u64,
    history: Option<u64>,
    head: u64,
}

/// What can stand in the way for a while.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Register(#[from] RegisterError),
}

/// Judges until it is to stop; begins again from the checkpoint after a fault of its own.
pub(super) fn supervise(start: &Start, first: Run) {
    let mut run = Some(first);
    while let Some(current) = run.take() {
        let Err(fault) = catch_unwind(AssertUnwindSafe(|| current.go())) else {
            break;
        };
        let fault = text_of(&*fault);
        tracing::error!(%fault, "judging stopped by a fault of its own; it begins again from its last checkpoint");
        start.shared.lock_status().failed = Some(format!(
            "judging stopped by a fault of its own ({fault}) and begins again"
        ));
        while run.is_none() && !start.shared.stops() {
            start.shared.pause(PAUSES[1]);
            match start.restore() {
                Ok(restored) => run = Some(restored),
                Err(error) => start.shared.lock_status().failed = Some(error.to_string()),
            }
        }
    }
    start.shared.ended.send_replace(true);
}

fn text_of(fault: &(dyn std::any::Any + Send)) -> String {
    let text = fault.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| fault.downcast_ref::<&str>().copied())
        .unwrap_or("unknown")
        .to_owned()
}

/// A source as the board wants it.
fn board_row(look: Look<'_>) -> (Arc<Source>, Standing, Vec<OpenAlert>, Vec<Forecast>) {
    let alerts = look
        .alerts
        .iter()
        .map(|episode| open_alert(episode))
        .collect();
    (look.source.clone(), look.standing, alerts, look.ahead)
}

impl Run {
    pub(super) fn new(
        start: &Start,
        fold: Fold,
        committed: (Position, ChangeNumber),
        recorded: VecDeque<(ChangeNumber, Position)>,
        reconcile: bool,
    ) -> Self {
        let (journal, register) = (start.journal.clone(), start.register.clone());
        let saver = Saver::new(
            journal.clone(),
            register.clone(),
            start.shared.clone(),
            &fold,
        );
        let mut run = Self {
            journal,
            register,
            board: start.board.clone(),
            shared: start.shared.clone(),
            fold,
            committed,
            recorded,
            changes: VecDeque::new(),
            more_changes: false,
            effects: Vec::new(),
            pending: Pending::default(),
            handled: BTreeSet::new(),
            close_after: start.settings.close_after,
            asides: Vec::new(),
            unsent: None,
            reconcile,
            saver,
            counts: start.shared.lock_status().counts,
            timers: Timers::default(),
            failures: 0,
            silence: Silence::default(),
            was_replaying: true,
            history_days: start.settings.history_days.unwrap_or(HISTORY_DAYS),
        };
        run.tell_status();
        run
    }

    /// Judges until it is to stop.
    fn go(mut self) {
        while !self.shared.stops() {
            match self.turn() {
                Ok(()) => self.works(),
                Err(trouble) => self.waits_for(&trouble),
            }
            self.tell_status();
        }
        #[cfg(test)]
        if self.shared.abandons() {
            return;
        }
        if let Err(error) = self.flush(true) {
            tracing::warn!(%error, "the last effects of judging were not committed: they are judged again on start");
            return;
        }
        self.saver.finish(&mut self.fold);
        self.tell_status();
    }

    /// One turn of the wheel. What it leaves undone by an error, the next takes up.
    fn turn(&mut self) -> Result<(), Trouble> {
        self.send()?;
        self.take_changes()?;
        let slice = self.journal.read(self.fold.position, SLICE)?;
        // Nor is it quiet while changes come in numbers: a whole register may be on its way in.
        let quiet = slice.is_empty() && !self.more_changes;
        let keeps_up = slice.len() < SLICE;
        for (position, envelope) in slice {
            self.take_recorded_before(position)?;
            self.take_envelope(position, envelope);
        }
        if self.was_replaying && !self.is_replaying() {
            self.catch_up()?;
        }
        self.flush(quiet)?;
        let saving = self.save();
        self.prune()?;
        self.look_for_silence(keeps_up)?;
        for question in self.shared.take_questions() {
            question.answer(&self.fold.judge);
        }
        if quiet && !saving {
            self.journal.wait(self.fold.position, WAIT)?;
        }
        Ok(())
    }

    fn is_replaying(&self) -> bool {
        self.fold.position < self.committed.0 || self.fold.change < self.committed.1
    }

    fn take_envelope(&mut self, position: Position, envelope: Envelope) {
        if position > self.committed.0 {
            self.fold
                .envelope(position, envelope, &mut self.effects, &mut self.counts);
            self.gather();
        } else {
            let mut uncounted = WatchCounts::default();
            self.fold
                .envelope(position, envelope, &mut self.effects, &mut uncounted);
            self.effects.clear();
        }
    }

    /// Changes that are due: those recorded for this position, and, once everything committed was
    /// folded again, new ones.
    fn take_changes(&mut self) -> Result<(), Trouble> {
        let next = Position(self.fold.position.0 + 1);
        self.more_changes = false;
        self.take_recorded_before(next)?;
        if self.is_replaying() || !self.recorded.is_empty() {
            return Ok(());
        }
        let now = self.shared.clock.monotonic_ms();
        if !self.shared.take_look() && self.changes.is_empty() && now < self.timers.poll {
            return Ok(());
        }
        self.timers.poll = now + POLL_MS;
        self.fetch_changes()?;
        while let Some(change) = self.changes.pop_front() {
            self.take_change(&change, next);
        }
        Ok(())
    }

    /// Changes that took effect before the envelope at `next`, by the record.
    fn take_recorded_before(&mut self, next: Position) -> Result<(), Trouble> {
        while let Some(&(number, before)) = self.recorded.front() {
            if before > next {
                break;
            }
            if self.changes.is_empty() {
                self.fetch_changes()?;
            }
            self.recorded.pop_front();
            // Without its row (it was struck from the register by hand) there is nothing to take.
            if self
                .changes
                .front()
                .is_some_and(|change| change.number == number)
                && let Some(change) = self.changes.pop_front()
            {
                self.take_change(&change, before);
            }
        }
        Ok(())
    }

    fn take_change(&mut self, change: &NumberedChange, before: Position) {
        let known = change.number <= self.committed.1;
        self.fold.change(change, &mut self.effects);
        if let Some(code) = struck_out(&change.change) {
            self.asides.push(Told::Gone(code.clone()));
        }
        if matches!(change.change, Change::RulesSet { .. }) {
            self.asides
                .push(Told::Ages(Ages::of(self.fold.judge.rules())));
        }
        if let Change::EpisodeAcknowledged { episode, .. }
        | Change::EpisodeHandled { episode, .. } = &change.change
        {
            self.handled.extend(EpisodeId::parse(episode));
        }
        if known {
            self.effects.clear();
        } else {
            self.pending.took(change, before);
            self.gather();
        }
    }

    fn fetch_changes(&mut self) -> Result<(), Trouble> {
        if self.changes.is_empty() {
            let fetched = self.register.changes_after(self.fold.change, CHANGES)?;
            self.more_changes = fetched.len() == CHANGES;
            if self.more_changes {
                // Not only at the next poll.
                self.timers.poll = 0;
            }
            self.changes.extend(fetched);
        }
        Ok(())
    }

    fn gather(&mut self) {
        for effect in &self.effects {
            if let Effect::Episode {
                what: EpisodeEvent::Reopened | EpisodeEvent::Cleared,
                episode,
                ..
            } = effect
            {
                self.handled.insert(episode.id.clone());
            }
        }
        self.pending.take(self.effects.drain(..), &mut self.counts);
        if self.timers.gathered_since.is_none() {
            self.timers.gathered_since = Some(self.shared.clock.monotonic_ms());
        }
    }

    /// Everything that was committed before is folded again.
    fn catch_up(&mut self) -> Result<(), Trouble> {
        if self.reconcile {
            self.reconcile_alerts()?;
            self.reconcile = false;
        }
        self.was_replaying = false;
        // What is not committed yet is shown, and said to have taken effect, only with its commit.
        if self.pending.is_empty() {
            self.show();
            self.told(self.register.stream_extent()?.1);
        }
        Ok(())
    }

    /// Part of the history is gone, and counts of alerts with it: what the register has told of is
    /// how it stands.
    fn reconcile_alerts(&mut self) -> Result<(), Trouble> {
        let mut told = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page =
                self.register
                    .episodes(&EpisodeFilter::default(), after.as_deref(), 1_000)?;
            let Some(last) = page.last() else { break };
            after = Some(last.state.id.to_string());
            told.extend(page.into_iter().map(|row| row.state));
        }
        self.fold.judge.hold_to(told, &mut self.effects);
        self.gather();
        Ok(())
    }

    /// Commits what was gathered, and shows it on the board: at once when the journal is quiet.
    fn flush(&mut self, quiet: bool) -> Result<(), Trouble> {
        self.send()?;
        if self.was_replaying {
            return Ok(());
        }
        let now = self.shared.clock.monotonic_ms();
        let waited = self
            .timers
            .gathered_since
            .is_some_and(|since| now - since >= GATHER_MS);
        if !(quiet || waited || self.pending.len() >= GATHERED_EVENTS) {
            return Ok(());
        }
        if self.pending.is_empty() {
            self.show();
            return Ok(());
        }
        self.unsent = Some(self.pending.commit(self.fold.position));
        self.send()
    }

    /// Hands over the commit that waits, if one does.
    fn send(&mut self) -> Result<(), Trouble> {
        let Some(commit) = &self.unsent else {
            return Ok(());
        };
        self.register.commit(commit)?;
        self.committed = (commit.upto, self.fold.change);
        let events = !commit.events.is_empty();
        self.unsent = None;
        self.counts.commits += 1;
        self.tell_handling()?;
        self.show();
        if events {
            self.told(self.register.stream_extent()?.1);
        }
        Ok(())
    }

    /// Tells the board what people did about alerts.
    fn tell_handling(&mut self) -> Result<(), Trouble> {
        let mut told = Vec::new();
        for id in &self.handled {
            let row = self.register.episode(&id.to_string())?;
            let standing = row.filter(|row| row.state.cleared_at.is_none());
            told.push((id.clone(), standing.map(|row| row.handling)));
        }
        self.handled.clear();
        if !told.is_empty() {
            self.board.take_handling(told);
        }
        Ok(())
    }

    /// Shows on the board what was touched since the last time.
    fn show(&mut self) {
        self.timers.gathered_since = None;
        if self.fold.judge.is_touched() || !self.asides.is_empty() {
            let (mut told, board) = (std::mem::take(&mut self.asides), &self.board);
            self.fold.judge.look_at_touched(|look| {
                let (source, standing, alerts, ahead) = board_row(look);
                told.push(Told::Stands(source, standing, alerts, ahead));
                if told.len() == SHOWN_AT_A_TIME {
                    board.take(told.drain(..));
                }
            });
            board.take(told);
        }
        let change = self.fold.change;
        self.shared
            .applied
            .send_if_modified(|n| std::mem::replace(n, change) != change);
    }

    fn told(&self, newest_event: u64) {
        let change = self.fold.change;
        self.shared
            .applied
            .send_if_modified(|n| std::mem::replace(n, change) != change);
        self.shared
            .newest_event
            .send_if_modified(|n| std::mem::replace(n, newest_event) != newest_event);
    }

    /// Whether saving is under way and has work to do.
    fn save(&mut self) -> bool {
        if self.saver.is_due(&self.fold) && self.pending.is_empty() && self.unsent.is_none() {
            self.saver.begin(&mut self.fold);
        }
        self.saver.go_on(&mut self.fold)
    }

    /// Lets go of what nobody needs any more.
    fn prune(&mut self) -> Result<(), Trouble> {
        let now = self.shared.clock.monotonic_ms();
        if now >= self.timers.prune {
            self.timers.prune = now + PRUNE_MS;
            self.register.prune_stream(STREAM_KEPT)?;
            let at = self.shared.clock.now();
            let after_ms = i64::try_from(self.close_after.0.as_millis()).unwrap_or(i64::MAX);
            let before = Timestamp::from_ms(at.ms().saturating_sub(after_ms));
            self.register.close_cleared(before, at, CLOSED_AT_A_TIME)?;
            let before = self.shared.clock.now().plus_ms(-UNNAMED_PHOTO_MS);
            self.register
                .drop_unnamed_photos(before, PHOTOS_AT_A_TIME)?;
        }
        // Not in the first minutes, when there is enough to do.
        let due = *self.timers.history.get_or_insert(now + HISTORY_FIRST_MS);
        if now >= due {
            self.timers.history = Some(now + HISTORY_MS);
            let kept_ms = i64::from(self.history_days) * DAY_MS;
            let oldest = self.shared.clock.now().plus_ms(-kept_ms);
            self.register.prune_history(oldest)?;
        }
        Ok(())
    }

    /// A receiver that is dead cannot say so: then it is entered as a change, which takes its place
    /// among the inputs like any other and is folded again after a restart.
    fn look_for_silence(&mut self, keeps_up: bool) -> Result<(), Trouble> {
        let fold = &self.fold;
        let listens = keeps_up && !self.was_replaying && !fold.judge.is_in_history();
        let now = self.shared.clock.monotonic_ms();
        if !self.silence.look(fold.position.0, listens, now) {
            return Ok(());
        }
        if !fold.judge.tells_of_receiving() {
            let since = fold.journal_at;
            let now = self.shared.clock.now().plus_ms(-fold.wall_offset_ms);
            let at = since.map_or(now, |since| now.max(since));
            let silent = Change::ReceiverSilent { since, at };
            tracing::warn!("nothing was journalled for a minute: the receiver is dead or held up");
            self.register
                .change(OURSELVES, self.shared.clock.now(), &[silent])?;
            self.timers.poll = 0;
        }
        self.silence.told();
        Ok(())
    }

    fn works(&mut self) {
        if self.failures > 0 {
            self.failures = 0;
            tracing::info!("judging goes on");
            self.shared.lock_status().failed = None;
        }
    }

    fn waits_for(&mut self, trouble: &Trouble) {
        if self.failures == 0 {
            tracing::warn!(error = %trouble, "judging waits: it goes on by itself");
        }
        self.failures = self.failures.saturating_add(1);
        self.counts.retries += 1;
        self.shared.lock_status().failed = Some(format!("judging waits: {trouble}"));
        let pause = PAUSES[0].saturating_mul(1 << self.failures.min(10));
        self.shared.pause(pause.min(PAUSES[1]));
    }

    fn tell_status(&mut self) {
        let now = self.shared.clock.monotonic_ms();
        let head = if now >= self.timers.head {
            self.timers.head = now + 200;
            self.journal.head().ok()
        } else {
            None
        };
        let mut status = self.shared.lock_status();
        let fold = &self.fold;
        status.position = fold.position.0;
        status.journal_head = head
            .map_or(status.journal_head, |head| head.0)
            .max(fold.position.0);
        status.lag_envelopes = status.journal_head - status.position;
        status.journal_at = fold.journal_at;
        status.change = fold.change;
        status.heartbeat_at = fold.heartbeat_at;
        status.canary_at = fold.canary_at;
        (status.connected, status.drained) = fold.judge.receiving();
        status.replaying = self.was_replaying;
        status.sources = fold.judge.len();
        status.counts = self.counts;
    }
}
