//! One connection served: read what is there, hand it in, acknowledge what is on disk, and only
//! then wait.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::judging::Control;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::link::{Delivery, Link, Lost, Packet};
use super::pace::{self, Pace};
use super::session::Session;
use super::unsettled::MOST_UNSETTLED;
use crate::canary;
use crate::writer::{Arrival, OnDisk, fingerprint};

/// What is done from time to time is counted in ticks of this length.
const TICK: Duration = Duration::from_secs(1);
const CANARY_TICKS: u64 = canary::EVERY_MS / 1_000;
const PING_TICKS: u64 = 5;
/// So long without a byte although a ping is out: the broker is gone.
const DEAF_TICKS: u64 = 15;
const ASK_AGAIN_TICKS: u64 = 60;
/// So long without a message, with nothing unacknowledged: what was queued has come, also where
/// the broker does not let our canary through.
const QUIET_TICKS: u64 = 3;
/// On leaving, what is on its way to the disk is waited for so long.
const LEAVE_WITHIN: Duration = Duration::from_millis(1_500);
/// A backlog that comes in windows as small as this is throttled by the broker.
const SMALL_WINDOW: usize = 64;

/// How a connection ended.
pub(super) enum Ended {
    Stopped,
    Lost(Lost),
    TooMuchUnacknowledged,
}

/// What woke the connection.
enum Woken {
    Packet(Result<Packet, Lost>),
    OnDisk(OnDisk),
    Room,
    Publish(super::Publication),
    Tick,
    Stopped,
}

pub(super) struct Connection<'s> {
    session: &'s mut Session,
    link: Link,
    ids: Vec<u16>,
    /// The newest message acknowledged on this connection.
    acknowledged: u64,
    /// What a ping on its way will prove acknowledged.
    ping: Option<u64>,
    ticks: u64,
    heard_at: u64,
    message_at: u64,
    /// Topics asked for, in order, as long as the answer is awaited.
    asked: VecDeque<Vec<String>>,
    refused: Vec<String>,
    canaries: VecDeque<Timestamp>,
    /// Commands on their way to the broker, by the id they were published under.
    commands: HashMap<u16, u64>,
    pace: Pace,
    drained: bool,
    taken: u64,
    most_unacked: usize,
}

impl<'s> Connection<'s> {
    pub(super) fn new(session: &'s mut Session, link: Link) -> Self {
        Self {
            session,
            link,
            ids: Vec::new(),
            acknowledged: 0,
            ping: None,
            ticks: 0,
            heard_at: 0,
            message_at: 0,
            asked: VecDeque::new(),
            refused: Vec::new(),
            canaries: VecDeque::new(),
            commands: HashMap::new(),
            pace: Pace::default(),
            drained: false,
            taken: 0,
            most_unacked: 0,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn serve(
        mut self,
        session_present: bool,
        cancel: &CancellationToken,
    ) -> Ended {
        match self.serve_on(session_present, cancel).await {
            Err(lost) => Ended::Lost(lost),
            Ok(ended) => {
                self.link.disconnect().await;
                ended
            }
        }
    }

    async fn serve_on(
        &mut self,
        session_present: bool,
        cancel: &CancellationToken,
    ) -> Result<Ended, Lost> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if !session_present || !self.session.subscribed {
            let topics = self.session.topics.clone();
            self.subscribe(topics).await?;
        }
        loop {
            self.read_what_is_there()?;
            self.gather(cancel).await?;
            self.session.handing.hand_over();
            self.acknowledge_what_is_on_disk().await?;
            if self.session.window.is_full() {
                return Ok(Ended::TooMuchUnacknowledged);
            }
            if self.session.handing.is_enough() {
                continue;
            }
            match self.wait(&mut tick, cancel).await {
                Woken::Packet(packet) => self.take(packet?),
                Woken::OnDisk(news) => self.on_disk(news),
                Woken::Room => {}
                Woken::Publish(what) => self.publish(what).await?,
                Woken::Tick => self.tick().await?,
                Woken::Stopped => {
                    self.leave().await?;
                    return Ok(Ended::Stopped);
                }
            }
        }
    }

    /// Waits for anything to do. Whatever is not taken is not lost.
    async fn wait(&mut self, tick: &mut Interval, cancel: &CancellationToken) -> Woken {
        let session = &mut *self.session;
        tokio::select! {
            packet = self.link.receive() => Woken::Packet(packet),
            Some(news) = session.done.recv() => Woken::OnDisk(news),
            Some(what) = session.outbox.recv() => Woken::Publish(what),
            () = session.handing.room(), if session.handing.is_waiting() => Woken::Room,
            _ = tick.tick() => Woken::Tick,
            () = cancel.cancelled() => Woken::Stopped,
        }
    }

    /// Waits a little for more messages, where more are coming. What is on disk is acknowledged first.
    async fn gather(&mut self, cancel: &CancellationToken) -> Result<(), Lost> {
        if !self.pace.waits(self.session.handing.gathered()) {
            return Ok(());
        }
        self.acknowledge_what_is_on_disk().await?;
        let mut gathered = [self.session.handing.gathered(); 3];
        for half in &mut gathered[1..] {
            // It ends early only when all of it does.
            let ends = cancel.cancelled();
            tokio::time::timeout(pace::HALF, ends).await.ok();
            self.read_what_is_there()?;
            *half = self.session.handing.gathered();
            if pace::is_many(*half) {
                break;
            }
        }
        self.pace.waited(gathered);
        Ok(())
    }

    fn read_what_is_there(&mut self) -> Result<(), Lost> {
        while !self.session.handing.is_enough() && !self.session.window.is_full() {
            match self.link.receive_now() {
                Some(packet) => self.take(packet?),
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: Packet) {
        self.heard_at = self.ticks;
        match packet {
            Packet::Message(delivery) => self.message(delivery),
            Packet::Granted(granted) => self.granted(&granted),
            Packet::Taken(id) => self.broker_has(id),
            Packet::Pong => self.pong(),
            Packet::Other => {}
        }
    }

    fn message(&mut self, delivery: Delivery) {
        self.message_at = self.ticks;
        let session = &mut *self.session;
        let print = fingerprint(&delivery.topic, &delivery.payload);
        let copy = delivery.redelivered && session.unsettled.is_copy(print);
        let ours = delivery.topic == session.canary_topic;
        let mut arrival = Arrival::new(
            Arc::from(delivery.topic),
            &delivery.payload,
            session.payload_limit,
        );
        arrival.retained = delivery.retained;
        arrival.copy = copy;
        let counters = &session.counters;
        counters.received.fetch_add(1, Relaxed);
        counters
            .received_bytes
            .fetch_add(delivery.payload.len() as u64, Relaxed);
        counters.redelivered.fetch_add(u64::from(copy), Relaxed);
        counters
            .retained
            .fetch_add(u64::from(delivery.retained), Relaxed);
        counters
            .oversize
            .fetch_add(u64::from(arrival.cut_from.is_some()), Relaxed);
        session.window.enter(delivery.id, arrival.weight());
        session.unsettled.handed_in(print);
        session.handing.message(arrival, session.window.newest());
        self.taken += 1;
        if ours {
            self.canary_came_round(&delivery.payload);
        }
    }

    /// A canary of this connection came round: what was queued before it has come, too.
    fn canary_came_round(&mut self, payload: &[u8]) {
        let Some(at) = canary::sent_at(payload).filter(|at| self.canaries.contains(at)) else {
            return;
        };
        self.session.counters.canary_ms.store(at.ms(), Relaxed);
        if !self.drained {
            self.drained();
        }
    }

    fn drained(&mut self) {
        self.drained = true;
        let session = &mut *self.session;
        session.handing.control(Control::Drained);
        session.unsettled.drained();
        session
            .state
            .drained
            .store(true, std::sync::atomic::Ordering::Release);
        info!(
            broker.messages = self.taken,
            "what was queued at the broker has come"
        );
        if self.taken > 5_000 && self.most_unacked <= SMALL_WINDOW {
            warn!(
                broker.window = self.most_unacked,
                "the broker sends only so many messages before it waits for us: raise its limit (mosquitto: max_inflight_messages) to drain a backlog faster"
            );
        }
    }

    fn granted(&mut self, granted: &[bool]) {
        let Some(asked) = self.asked.pop_front() else {
            return;
        };
        let refused = asked
            .into_iter()
            .enumerate()
            .filter(|(place, _)| granted.get(*place) != Some(&true));
        self.refused = refused.map(|(_, topic)| topic).collect();
        if !self.refused.is_empty() {
            warn!(broker.refused = %self.refused.join(", "), "the broker refuses subscriptions");
        }
        self.session.subscribed = true;
        self.session.state.set_refused_topics(self.refused.clone());
    }

    async fn publish(&mut self, what: super::Publication) -> Result<(), Lost> {
        let id = self.link.publish(&what.topic, what.payload).await?;
        match what.command {
            Some(number) => self.commands.insert(id, number),
            // Of whatever had this id before no acknowledgement comes any more.
            None => self.commands.remove(&id),
        };
        Ok(())
    }

    fn broker_has(&mut self, id: u16) {
        if let Some(number) = self.commands.remove(&id) {
            // Where nobody listens the receiver stops.
            self.session.published.send(number).ok();
        }
    }

    fn pong(&mut self) {
        if let Some(upto) = self.ping.take() {
            self.session.unsettled.settle(upto);
            self.publish_settled();
        }
    }

    fn publish_settled(&self) {
        let position = self.session.unsettled.settled_position();
        self.session
            .writer
            .settled
            .store(position, std::sync::atomic::Ordering::Release);
    }

    fn on_disk(&mut self, news: OnDisk) {
        self.session.window.leave(news.upto, &mut self.ids);
        self.session.unsettled.on_disk(news);
        self.acknowledged = news.upto;
    }

    async fn acknowledge_what_is_on_disk(&mut self) -> Result<(), Lost> {
        self.publish_settled();
        self.most_unacked = self.most_unacked.max(self.session.window.len());
        while let Ok(news) = self.session.done.try_recv() {
            self.on_disk(news);
        }
        self.session
            .state
            .unacked
            .store(self.session.window.len() as u64, Relaxed);
        if self.ids.is_empty() {
            return Ok(());
        }
        self.session
            .counters
            .acked
            .fetch_add(self.ids.len() as u64, Relaxed);
        self.link.acknowledge(self.ids.drain(..)).await?;
        if self.session.unsettled.len() > MOST_UNSETTLED && self.ping.is_none() {
            self.ping().await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Lost> {
        self.ping = Some(self.acknowledged);
        self.link.ping().await
    }

    async fn subscribe(&mut self, topics: Vec<String>) -> Result<(), Lost> {
        self.link.subscribe(&topics).await?;
        self.asked.push_back(topics);
        Ok(())
    }

    async fn tick(&mut self) -> Result<(), Lost> {
        let ticks = self.ticks;
        self.ticks += 1;
        if !self.drained || ticks.is_multiple_of(CANARY_TICKS) {
            self.sing().await?;
        }
        if self.ping.is_some() && self.ticks - self.heard_at > DEAF_TICKS {
            return Err(Lost::Deaf);
        }
        if self.ping.is_none() && ticks.is_multiple_of(PING_TICKS) {
            self.ping().await?;
        }
        if !self.refused.is_empty() && ticks % ASK_AGAIN_TICKS == ASK_AGAIN_TICKS - 1 {
            let topics = self.refused.clone();
            self.subscribe(topics).await?;
        }
        self.look_whether_quiet();
        Ok(())
    }

    /// Without a canary: nothing came for a while although nothing is unacknowledged.
    fn look_whether_quiet(&mut self) {
        let quiet = self.ticks - self.message_at >= QUIET_TICKS && self.session.window.is_empty();
        if !self.drained && quiet {
            self.drained();
        }
    }

    async fn sing(&mut self) -> Result<(), Lost> {
        let at = self.session.clock.now();
        self.canaries.push_back(at);
        if self.canaries.len() > 64 {
            self.canaries.pop_front();
        }
        let topic = self.session.canary_topic.clone();
        self.link.publish(&topic, canary::payload(at)).await?;
        Ok(())
    }

    /// Takes leave: what was taken in goes to disk and is acknowledged.
    async fn leave(&mut self) -> Result<(), Lost> {
        let last_words = async {
            loop {
                self.session.handing.hand_over();
                self.acknowledge_what_is_on_disk().await?;
                if self.session.window.is_empty() {
                    return Ok(());
                }
                let session = &mut *self.session;
                tokio::select! {
                    Some(news) = session.done.recv() => self.on_disk(news),
                    () = session.handing.room(), if session.handing.is_waiting() => {}
                }
            }
        };
        // What a full journal does not take stays unacknowledged, and comes again.
        tokio::time::timeout(LEAVE_WITHIN, last_words)
            .await
            .unwrap_or(Ok(()))
    }
}
