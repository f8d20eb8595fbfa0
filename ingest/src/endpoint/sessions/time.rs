//! What time does to sessions: wills come due, what nobody comes back to is forgotten, logins change.

use std::sync::Arc;

use firemain_domain::Timestamp;

use super::{Key, Sessions, Will, forget};
use crate::endpoint::Granted;
use crate::endpoint::line::Ending;

impl Sessions {
    /// Last wills that were held back and are due.
    pub(in crate::endpoint) fn due_wills(&self) -> Vec<Will> {
        let now_ms = self.desk.clock.monotonic_ms();
        let mut all = self.all();
        let due = all.sessions.values_mut().filter_map(|session| {
            session.will_due_ms.take_if(|due_ms| *due_ms <= now_ms)?;
            session.will.take()
        });
        due.collect()
    }

    /// Forgets commands that have expired, and sessions that nobody came back to in time.
    pub(in crate::endpoint) fn expire(&self, now: Timestamp) {
        let mut all = self.all();
        all.board.expire(now);
        let over = all.sessions.iter().filter(|(_, session)| {
            let kept_ms = i64::from(session.keep_s) * 1_000;
            session.line.is_none()
                && session.will.is_none()
                && session
                    .away_since
                    .is_some_and(|since| now.since_ms(since) >= kept_ms)
        });
        let over: Vec<Key> = over.map(|(key, _)| key.clone()).collect();
        for key in over {
            all.remove(&key, false);
            self.desk.edit(forget(&key));
        }
    }

    /// The logins that sessions have.
    pub(in crate::endpoint) fn logins(&self) -> Vec<Arc<str>> {
        let all = self.all();
        let mut names: Vec<_> = all.sessions.keys().map(|key| Arc::clone(&key.0)).collect();
        names.dedup();
        names.retain(|name| !name.is_empty());
        names
    }

    /// This is what a login is now: connections that were let in by another one end, and where
    /// there is none its sessions are forgotten.
    pub(in crate::endpoint) fn login_is(&self, name: &str, login: Option<&Granted>) {
        let mut all = self.all();
        let mut gone = Vec::new();
        for (key, session) in all.of_login(name) {
            if let Some(line) = &session.line
                && session.granted.as_deref() != login
            {
                line.end(Ending::LoginGone);
            }
            if login.is_none() {
                gone.push(key.clone());
            }
        }
        for key in gone {
            let connected = all.sessions.get(&key).is_some_and(|s| s.line.is_some());
            all.remove(&key, connected);
            self.desk.edit(forget(&key));
        }
    }
}
