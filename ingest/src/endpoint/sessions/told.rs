//! What sessions are told: what they subscribe to, commands and statuses.

use std::collections::HashSet;
use std::sync::Arc;

use firemain_store::register::endpoint::{Command, EndpointEdit, MOST_STATUS_BYTES, MOST_STATUSES};
use tokio::sync::oneshot;

use super::{Key, SUBSCRIPTIONS, Session, Sessions};
use crate::endpoint::desk::Busy;
use crate::endpoint::line::Status;
use crate::endpoint::rights::{Denied, EVERY_DEVICE, Wish};

impl Sessions {
    /// Subscribes; what is returned resolves when it is kept, where it is to be.
    pub(in crate::endpoint) fn subscribe(
        &self,
        key: &Key,
        generation: u64,
        filter: &str,
        wish: Wish<'_>,
        tell_retained: impl FnOnce(bool) -> bool,
    ) -> Result<Option<oneshot::Receiver<()>>, Denied> {
        let mut all = self.all();
        let session = all.sessions.get_mut(key);
        let Some(session) = session.filter(|session| session.generation == generation) else {
            return Err(Denied::Busy);
        };
        let devices = match wish {
            Wish::Commands(_) => &session.commands_of,
            Wish::Status(_) => &session.statuses_of,
        };
        let new = !devices.contains(wish.device());
        if new && session.commands_of.len() + session.statuses_of.len() >= SUBSCRIPTIONS {
            return Err(Denied::TooMany);
        }
        let kept = if new && session.keep_s > 0 {
            let edit = EndpointEdit::Subscribe {
                login: key.0.to_string(),
                client_id: key.1.to_string(),
                filter: filter.to_owned(),
            };
            Some(self.desk.keep(edit).map_err(|_| Denied::Busy)?)
        } else {
            None
        };
        let device: Arc<str> = wish.device().into();
        let line = session.line.clone();
        match wish {
            Wish::Commands(_) => {
                session.commands_of.insert(device);
                if let Some(line) = line {
                    line.knock();
                }
            }
            Wish::Status(_) => {
                session.statuses_of.insert(Arc::clone(&device));
                let of = all.listeners.entry(Arc::clone(&device)).or_default();
                of.insert(key.clone());
                if let Some(line) = line
                    && let Some(payload) = all.statuses.get(&device)
                    && tell_retained(new)
                {
                    line.tell(Status {
                        payload: Arc::clone(payload),
                        device,
                        retained: true,
                    });
                }
            }
        }
        Ok(kept)
    }

    /// Ends a subscription; whether there was one.
    pub(in crate::endpoint) fn unsubscribe(
        &self,
        key: &Key,
        generation: u64,
        filter: &str,
        wish: Wish<'_>,
    ) -> bool {
        let mut all = self.all();
        let session = all.sessions.get_mut(key);
        let Some(session) = session.filter(|session| session.generation == generation) else {
            return false;
        };
        let was = match wish {
            Wish::Commands(device) => session.commands_of.remove(device),
            Wish::Status(device) => session.statuses_of.remove(device),
        };
        if was && session.keep_s > 0 {
            self.desk.edit(EndpointEdit::Unsubscribe {
                login: key.0.to_string(),
                client_id: key.1.to_string(),
                filter: filter.to_owned(),
            });
        }
        if was && let Wish::Status(device) = wish {
            all.stop_listening(key, device);
        }
        was
    }

    /// A device's status is on disk: it is told to whoever listens, and kept if it is to be.
    pub(in crate::endpoint) fn status(
        &self,
        device: &str,
        payload: &[u8],
        retain: bool,
        by: Option<&Key>,
    ) -> Option<oneshot::Receiver<()>> {
        let mut all = self.all();
        let device: Arc<str> = device.into();
        let told: Arc<[u8]> = payload.into();
        for key in all.listeners.get(&device).into_iter().flatten() {
            if Some(key) != by
                && let Some(line) = all.sessions.get(key).and_then(|s| s.line.as_ref())
            {
                line.tell(Status {
                    device: Arc::clone(&device),
                    payload: Arc::clone(&told),
                    retained: false,
                });
            }
        }
        let room = all.statuses.len() < MOST_STATUSES || all.statuses.contains_key(&device);
        if !retain || payload.len() > MOST_STATUS_BYTES || !room {
            return None;
        }
        let known = if payload.is_empty() {
            all.statuses.remove(&device).is_none()
        } else {
            all.statuses
                .insert(Arc::clone(&device), Arc::clone(&told))
                .is_some_and(|before| before == told)
        };
        if known {
            return None;
        }
        // Where there is no room the device's next status is kept.
        self.desk
            .keep(EndpointEdit::Status {
                device,
                payload: payload.to_owned(),
                at: self.desk.clock.now(),
            })
            .ok()
    }

    /// New commands wait for their devices.
    pub(in crate::endpoint) fn put_up(&self, commands: Vec<Command>) {
        let mut all = self.all();
        let devices: HashSet<Arc<str>> = commands.iter().map(|c| Arc::clone(&c.device)).collect();
        for command in commands {
            all.board.put_up(command);
        }
        for session in all.sessions.values() {
            if let Some(line) = &session.line
                && session.listens_to_one_of(&devices)
            {
                line.knock();
            }
        }
    }

    /// The next command for a client, but for those `not`; an error if the connection is over.
    pub(in crate::endpoint) fn next_command(
        &self,
        key: &Key,
        generation: u64,
        not: &HashSet<u64>,
    ) -> Result<Option<Arc<Command>>, Busy> {
        let all = self.all();
        let session = all.sessions.get(key).ok_or(Busy)?;
        if session.generation != generation {
            return Err(Busy);
        }
        Ok(all.board.next(&session.commands_of, not))
    }

    /// A command is being sent; whether this process has sent it before.
    pub(in crate::endpoint) fn sends(&self, number: u64) -> bool {
        self.all().board.sends(number)
    }

    /// A command waits no more.
    pub(in crate::endpoint) fn take_down(&self, number: u64) {
        self.all().board.take_down(number);
    }
}

impl Session {
    fn listens_to_one_of(&self, devices: &HashSet<Arc<str>>) -> bool {
        self.commands_of.contains(EVERY_DEVICE)
            || if devices.len() <= self.commands_of.len() {
                devices.iter().any(|d| self.commands_of.contains(d))
            } else {
                self.commands_of.iter().any(|d| devices.contains(d))
            }
    }
}
