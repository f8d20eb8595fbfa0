//! Where the broker is: `mqtt://host:1883` or `mqtts://host:8883`.

use std::fmt;

/// A broker's address, read from its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Name or IP address; IPv6 without brackets.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
}

/// A URL that names no broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` does not say where the broker is: {reason}. Write [mqtt] url as mqtt://host:1883, or mqtts://host:8883 for TLS"
)]
pub struct WrongUrl {
    url: String,
    reason: &'static str,
}

impl std::str::FromStr for BrokerAddress {
    type Err = WrongUrl;

    fn from_str(url: &str) -> Result<Self, WrongUrl> {
        let wrong = |reason| {
            // A password that somebody put into the URL is not to appear in a log.
            let url = url.rsplit_once('@').map_or(url, |(_, shown)| shown);
            WrongUrl {
                url: url.chars().take(128).collect(),
                reason,
            }
        };
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| wrong("there is no scheme"))?;
        let (tls, default_port) = match scheme {
            "mqtt" | "tcp" => (false, 1883),
            "mqtts" | "ssl" | "tls" => (true, 8883),
            "ws" | "wss" => return Err(wrong("MQTT over WebSocket is not spoken")),
            _ => return Err(wrong("the scheme is not known")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(wrong(
                "user and password go in [mqtt] username and password",
            ));
        }
        if authority.contains(['/', '?', '#']) {
            return Err(wrong("nothing may follow the port"));
        }
        let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
            let (host, rest) = inner
                .split_once(']')
                .ok_or_else(|| wrong("a bracket is not closed"))?;
            (host, rest.strip_prefix(':'))
        } else {
            match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            }
        };
        if host.is_empty() {
            return Err(wrong("the host is missing"));
        }
        let port = port
            .map_or(Ok(default_port), str::parse)
            .map_err(|_| wrong("the port is not one"))?;
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_they_are_written() {
        for (url, shown) in [
            ("mqtt://broker", "mqtt://broker:1883"),
            ("mqtt://127.0.0.1:2883/", "mqtt://127.0.0.1:2883"),
            ("mqtts://broker.example", "mqtts://broker.example:8883"),
            ("mqtts://[::1]:9000", "mqtts://[::1]:9000"),
        ] {
            assert_eq!(url.parse::<BrokerAddress>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn mistakes_are_named_and_passwords_are_not() {
        let error = |url: &str| url.parse::<BrokerAddress>().unwrap_err().to_string();
        assert!(error("broker:1883").contains("scheme"));
        assert!(error("http://broker").contains("scheme"));
        assert!(error("mqtt://:1883").contains("host"));
        assert!(error("mqtt://broker:port").contains("port"));
        assert!(error("ws://broker").contains("WebSocket"));
        let with_password = error("mqtt://me:secret@broker");
        assert!(with_password.contains("[mqtt] username") && !with_password.contains("secret"));
    }
}
