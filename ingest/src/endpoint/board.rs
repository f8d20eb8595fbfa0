//! Commands that wait for their devices, as the register has them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_store::register::endpoint::Command;

use super::rights::EVERY_DEVICE;

/// The commands that wait.
#[derive(Debug, Default)]
pub(super) struct Board {
    commands: BTreeMap<u64, Arc<Command>>,
    of_device: HashMap<Arc<str>, BTreeSet<u64>>,
    sent: HashSet<u64>,
}

impl Board {
    /// A command waits from now on.
    pub(super) fn put_up(&mut self, command: Command) {
        let numbers = self.of_device.entry(Arc::clone(&command.device));
        numbers.or_default().insert(command.number);
        self.commands.insert(command.number, Arc::new(command));
    }

    /// It is being sent; whether it was before.
    pub(super) fn sends(&mut self, number: u64) -> bool {
        self.commands.contains_key(&number) && !self.sent.insert(number)
    }

    /// It waits no more.
    pub(super) fn take_down(&mut self, number: u64) {
        self.sent.remove(&number);
        let Some(command) = self.commands.remove(&number) else {
            return;
        };
        if let Some(numbers) = self.of_device.get_mut(&command.device) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.of_device.remove(&command.device);
            }
        }
    }

    /// Takes down what has expired.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let expired: Vec<u64> = self
            .commands
            .values()
            .filter(|command| command.expires_at <= now)
            .map(|command| command.number)
            .collect();
        for number in expired {
            self.take_down(number);
        }
    }

    /// The oldest command for one of these devices, but for those `not`.
    pub(super) fn next(
        &self,
        devices: &HashSet<Arc<str>>,
        not: &HashSet<u64>,
    ) -> Option<Arc<Command>> {
        let wanted = |number: &&u64| !not.contains(number);
        let number = if devices.contains(EVERY_DEVICE) {
            self.commands.keys().find(wanted)
        } else if devices.len() <= self.commands.len() {
            let of_devices = devices.iter().filter_map(|d| self.of_device.get(d));
            let oldest = of_devices.filter_map(|numbers| numbers.iter().find(wanted));
            oldest.min()
        } else {
            let all = self.commands.values();
            let theirs = all.filter(|command| devices.contains(&command.device));
            theirs.map(|command| &command.number).find(wanted)
        };
        self.commands.get(number?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(number: u64, device: &str) -> Command {
        Command {
            number,
            device: device.into(),
            id: number.to_string(),
            body: String::new(),
            created_at: Timestamp::from_ms(0),
            expires_at: Timestamp::from_ms(number as i64 * 10),
            sent_at: None,
            published_at: None,
            delivered_at: None,
            answered_at: None,
            ok: None,
            error: None,
            asked_by: None,
        }
    }

    #[test]
    fn the_oldest_command_of_the_devices_asked_for_comes_first() {
        let mut board = Board::default();
        for (number, device) in [(1, "a"), (2, "b"), (3, "a"), (4, "c")] {
            board.put_up(command(number, device));
        }
        let next = |board: &Board, devices: &[&str], not: &[u64]| {
            let devices = devices.iter().map(|&device| device.into()).collect();
            let found = board.next(&devices, &not.iter().copied().collect());
            found.map(|command| command.number)
        };
        assert_eq!(next(&board, &["b", "a"], &[]), Some(1));
        assert_eq!(next(&board, &["b", "a"], &[1]), Some(2));
        let many = ["c", "x1", "x2", "x3", "x4", "b"];
        assert_eq!(next(&board, &many, &[]), Some(2));
        assert_eq!(next(&board, &["x"], &[]), None);
        assert_eq!(next(&board, &[EVERY_DEVICE], &[1]), Some(2));
        assert!(!board.sends(2));
        assert!(board.sends(2), "sent before");
        board.take_down(2);
        assert!(!board.sends(2));
        assert!(board.sent.is_empty(), "nothing is left behind");
        assert_eq!(next(&board, &many, &[]), Some(4));
        board.expire(Timestamp::from_ms(30));
        assert_eq!(next(&board, &["a", "b", "c"], &[]), Some(4));
        assert!(!board.of_device.contains_key("a"), "nothing is left behind");
    }
}
