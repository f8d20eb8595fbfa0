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

    /// Whether it may publish to this topic.
    pub(super) fn may_publish(&self, topic: &str) -> bool {
        match self {
            Self::Anybody => !topic.starts_with(CANARY_TOPIC) && !topic.is_empty(),
            Self::Of(_) => device_and_rest(topic).is_some_and(|(device, rest)| {
                rest != "command" && !rest.is_empty() && self.speaks_for(device)
            }),
        }
    }

    /// The device whose commands this filter names, or [`EVERY_DEVICE`], if the client may have
    /// them.
    pub(super) fn commands_of<'a>(&self, filter: &'a str) -> Option<&'a str> {
        let (device, rest) = device_and_rest(filter)?;
        let plain = !device.is_empty() && !device.contains(['+', '#']);
        let may = match self {
            Self::Anybody => plain || device == EVERY_DEVICE,
            Self::Of(_) => plain && self.speaks_for(device),
        };
        (rest == "command" && may).then_some(device)
    }

    fn speaks_for(&self, device: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Of(granted) => granted.devices.iter().any(|own| **own == *device),
        }
    }
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
        assert_eq!(rights.commands_of("firemain/v1/tr-1/command"), Some("tr-1"));
        for not in [
            "firemain/v1/+/command",
            "firemain/v1/tr-3/command",
            "#",
            "firemain/v1/#",
        ] {
            assert_eq!(rights.commands_of(not), None, "{not}");
        }
        assert!(!Rights::Anybody.may_publish("firemain/canary/firemain"));
        let every = Rights::Anybody.commands_of("firemain/v1/+/command");
        assert_eq!(every, Some(EVERY_DEVICE));
        assert_eq!(Rights::Anybody.commands_of("firemain/v1/#"), None);
        assert_eq!(Rights::Anybody.commands_of("firemain/v1/#/command"), None);
    }
}
