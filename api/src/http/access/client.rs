//! From where somebody asks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::request::Parts;

/// The other end of a connection; the accept loop puts it into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// From where somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Their address; behind a proxy that is named in the settings, the one it tells of.
    pub address: IpAddr,
    /// Whether it is a program of this very machine that asks for itself.
    pub local: bool,
}

impl Client {
    /// Of a request.
    pub fn of(parts: &Parts, proxies: &[IpAddr]) -> Self {
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| {
            peer.0.ip().to_canonical()
        });
        let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"]
            .iter()
            .any(|name| parts.headers.contains_key(*name));
        let address = if proxies.contains(&peer) {
            told(&parts.headers, proxies).unwrap_or(peer)
        } else {
            peer
        };
        Self {
            address,
            local: peer.is_loopback() && !forwarded,
        }
    }
}

/// The last address that a proxy of ours did not write of another of ours: what stands before it,
/// anybody may have written.
fn told(headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for").iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let all = texts.iter().flat_map(|text| text.split(','));
    let addresses: Vec<IpAddr> = all.map_while(|text| text.trim().parse().ok()).collect();
    addresses
        .into_iter()
        .rev()
        .find(|address| !proxies.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn client(peer: &str, forwarded: Option<&str>) -> Client {
        let mut request = Request::builder().extension(Peer(peer.parse().unwrap()));
        if let Some(told) = forwarded {
            request = request.header("x-forwarded-for", told);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Client::of(&parts, &["127.0.0.1".parse().unwrap()])
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let told = client("127.0.0.1:1", Some("203.0.113.9, 198.51.100.7"));
        assert_eq!(told.address.to_string(), "198.51.100.7");
        assert!(!told.local, "behind a proxy nobody is local");
        let forged = client("198.51.100.7:1", Some("127.0.0.1"));
        assert_eq!(forged.address.to_string(), "198.51.100.7");
        assert!(client("127.0.0.1:1", None).local);
        assert!(!client("198.51.100.7:1", None).local);
    }
}
