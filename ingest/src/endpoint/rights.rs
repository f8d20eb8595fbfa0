//! What a client may publish and subscribe to.

use std::sync::Arc;

use firemain_store::journal::CANARY_TOPIC;

use super::Granted;

/// What stands in a filter for the commands of all devices: an open endpoint grants that.
pub(super) const EVERY_DEVICE: &str = "+";

/// Who the client is.
#[derive(Clone, Debug)]
pub(super) enum Rights {
    /// A login: its own devices only.
    Of(Arc<Granted>),
    /// Nobody in particular, where the endpoint is open.
    Anybody,
}

impl Rights {
    /// The login's name; empty for anybody.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Of(granted) => &granted.name,
            Self::Anybody => "",
        }
    }

    /// The login, if there is one.
    pub(super) fn granted(&self) -> Option<Arc<Granted>> {
        match self {
            Self::Of(granted) => Some(Arc::clone(granted)),
            Self::Anybody => None,
        }
    }

    /// Whether it may publish to this topic.
    pub(super) fn may_publish(&self, topic: &str) -> bool {
        match self {
            Self::Anybody => !topic.starts_with(CANARY_TOPIC) && !topic.is_empty(),
            Self::Of(_) => device_and_rest(topic).is_some_and(|(device, rest)| {
                rest != "command" && !rest.is_empty() && self.speaks_for(device)
            }),
        }
    }

    /// What this filter asks for, if the client may have it.
    pub(super) fn wish<'a>(&self, filter: &'a str) -> Result<Wish<'a>, Denied> {
        if filter.starts_with("$share/") {
            return Err(Denied::Shared);
        }
        let wildcard = filter.contains(['+', '#']);
        let wish = Wish::of(filter).ok_or(if wildcard {
            Denied::Wildcard
        } else {
            Denied::NotYours
        })?;
        match (self, wish) {
            (Self::Anybody, Wish::Commands(EVERY_DEVICE)) => Ok(wish),
            _ if wildcard => Err(Denied::Wildcard),
            _ if self.speaks_for(wish.device()) => Ok(wish),
            _ => Err(Denied::NotYours),
        }
    }

    /// Whether it may have what is told of this device, which may be [`EVERY_DEVICE`].
    pub(super) fn speaks_for(&self, device: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Of(granted) => granted.devices.iter().any(|own| **own == *device),
        }
    }
}

/// What a client can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish<'a> {
    /// A device's commands, or those of [`EVERY_DEVICE`].
    Commands(&'a str),
    /// A device's status.
    Status(&'a str),
}

/// Why a subscription is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// Another device's, or something that is not told.
    NotYours,
    /// Subscriptions name their device.
    Wildcard,
    /// Shared subscriptions are for brokers.
    Shared,
    /// It has too many.
    TooMany,
    /// They cannot be kept at present.
    Busy,
}

impl<'a> Wish<'a> {
    /// What a filter asks for, whoever asks.
    pub(super) fn of(filter: &'a str) -> Option<Self> {
        let (device, rest) = device_and_rest(filter)?;
        match rest {
            _ if device.is_empty() => None,
            "command" => Some(Self::Commands(device)),
            "status" => Some(Self::Status(device)),
            _ => None,
        }
    }

    pub(super) fn device(self) -> &'a str {
        match self {
            Self::Commands(device) | Self::Status(device) => device,
        }
    }
}

/// The device whose status a topic is.
pub(super) fn status_of(topic: &str) -> Option<&str> {
    let (device, rest) = device_and_rest(topic)?;
    (rest == "status").then_some(device)
}

fn device_and_rest(topic: &str) -> Option<(&str, &str)> {
    topic.strip_prefix("firemain/v1/")?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_speaks_for_its_own_devices_only() {
        let rights = Rights::Of(Arc::new(Granted {
            name: "gateway".into(),
            secret_sha256: [0; 32],
            devices: vec!["tr-1".into(), "tr-2".into()],
        }));
        for may in ["firemain/v1/tr-1/telemetry", "firemain/v1/tr-2/status"] {
            assert!(rights.may_publish(may), "{may}");
        }
        for not in [
            "firemain/v1/tr-3/telemetry",
            "firemain/v1/tr-1/command",
            "firemain/v1/tr-1/",
            "firemain/v1/tr-1",
            "firemain/canary/x",
            "other",
            "",
        ] {
            assert!(!rights.may_publish(not), "{not}");
        }
        let wish = |filter| rights.wish(filter);
        let commands = wish("firemain/v1/tr-1/command");
        assert_eq!(commands, Ok(Wish::Commands("tr-1")));
        let status = wish("firemain/v1/tr-2/status");
        assert_eq!(status, Ok(Wish::Status("tr-2")));
        for (not, why) in [
            ("firemain/v1/+/command", Denied::Wildcard),
            ("firemain/v1/tr-3/command", Denied::NotYours),
            ("firemain/v1/tr-1/telemetry", Denied::NotYours),
            ("firemain/v1//command", Denied::NotYours),
            ("#", Denied::Wildcard),
            ("firemain/v1/#", Denied::Wildcard),
            ("$share/g/firemain/v1/tr-1/command", Denied::Shared),
        ] {
            assert_eq!(wish(not), Err(why), "{not}");
        }
        assert!(!Rights::Anybody.may_publish("firemain/canary/firemain"));
        let anybody = |filter| Rights::Anybody.wish(filter);
        let every = anybody("firemain/v1/+/command");
        assert_eq!(every, Ok(Wish::Commands(EVERY_DEVICE)));
        for not in [
            "firemain/v1/+/status",
            "firemain/v1/#",
            "firemain/v1/#/command",
        ] {
            assert_eq!(anybody(not), Err(Denied::Wildcard), "{not}");
        }
    }
}
