//! What goes to the writer, in order, without ever waiting for it.

use std::collections::VecDeque;

use firemain_domain::judging::Control;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::writer::{Arrival, Job, OnDisk};

/// Messages handed over together, at most.
const TOGETHER: usize = 512;

/// Messages and words on their way to the writer. Bounded by the window of the session, which ends
/// its connection before too much waits here.
#[derive(Debug)]
pub(super) struct Handing {
    jobs: mpsc::Sender<Job>,
    done: mpsc::UnboundedSender<OnDisk>,
    arrivals: Vec<Arrival>,
    upto: u64,
    waiting: VecDeque<Job>,
}

impl Handing {
    pub(super) fn new(jobs: mpsc::Sender<Job>, done: mpsc::UnboundedSender<OnDisk>) -> Self {
        Self {
            jobs,
            done,
            arrivals: Vec::new(),
            upto: 0,
            waiting: VecDeque::new(),
        }
    }

    /// A message with its number.
    pub(super) fn message(&mut self, arrival: Arrival, number: u64) {
        self.arrivals.push(arrival);
        self.upto = number;
    }

    /// A word about the session, after the messages before it.
    pub(super) fn control(&mut self, control: Control) {
        self.seal();
        self.waiting.push_back(Job::Control(control, None));
    }

    /// Messages that have come together so far.
    pub(super) fn gathered(&self) -> usize {
        self.arrivals.len()
    }

    /// Whether enough messages have come together.
    pub(super) fn is_enough(&self) -> bool {
        self.arrivals.len() >= TOGETHER
    }

    /// Whether something waits for room in the writer's queue.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands over what the writer's queue has room for.
    pub(super) fn hand_over(&mut self) {
        loop {
            if self.waiting.is_empty() {
                self.seal();
            }
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            match self.jobs.try_send(job) {
                Ok(()) => {}
                Err(TrySendError::Full(job)) => {
                    self.waiting.push_front(job);
                    return;
                }
                // The writer ended: the receiver stops, and nothing was acknowledged.
                Err(TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Resolves when there may be room again.
    pub(super) async fn room(&self) {
        // Where the writer ended the permit never comes; the session is being stopped then.
        let _ = self.jobs.reserve().await;
    }

    fn seal(&mut self) {
        if !self.arrivals.is_empty() {
            let arrivals = std::mem::take(&mut self.arrivals);
            let (upto, done) = (self.upto, self.done.clone());
            self.waiting.push_back(Job::Several {
                arrivals,
                upto,
                done,
            });
        }
    }
}
