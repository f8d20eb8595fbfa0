//! The broker's address, and how to open a connection to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::tokio_rustls::TlsConnector;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::PublishSettings;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A broker's URL, or a certificate file, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a URL of a broker.
    #[error(
        "`{0}` is not a broker's address: write `mqtt://host:1883`, or `mqtts://host:8883` with a CA file"
    )]
    Url(String),
    /// TLS without anything to trust.
    #[error("mqtts:// needs a file of certificates to trust: give --ca-file")]
    NoCa,
    /// A file of certificates that cannot be read.
    #[error("the CA file {} cannot be used: {why}", .file.display())]
    Ca {
        /// Which.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

/// Both ways of a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where the broker is and who we are there.
pub(super) struct Address {
    host: String,
    port: u16,
    pub(super) login: Option<(String, String)>,
    tls: Option<TlsConnector>,
}

impl Address {
    pub(super) fn read(settings: &PublishSettings) -> Result<Self, AddressError> {
        // A password in the URL is not repeated in an error.
        let shown = settings
            .url
            .rsplit_once('@')
            .map_or(settings.url.as_str(), |(_, host)| host);
        let wrong = || AddressError::Url(shown.to_owned());
        let (scheme, rest) = settings.url.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            _ => return Err(wrong()),
        };
        let rest = rest.trim_end_matches('/');
        let (user, host) = rest
            .rsplit_once('@')
            .map_or((None, rest), |(user, host)| (Some(user), host));
        let (host, port) =
            host_and_port(host, if tls { 8_883 } else { 1_883 }).ok_or_else(wrong)?;
        let of_url = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (name.to_owned(), password.to_owned())
        });
        let given = settings
            .username
            .clone()
            .map(|name| (name, settings.password.clone().unwrap_or_default()));
        let tls = match (tls, &settings.ca_file) {
            (false, _) => None,
            (true, Some(file)) => Some(connector(file)?),
            (true, None) => return Err(AddressError::NoCa),
        };
        Ok(Self {
            host,
            port,
            login: given.or(of_url),
            tls,
        })
    }

    /// Host and port, to be shown.
    pub(super) fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(super) async fn open(&self) -> std::io::Result<Box<dyn Stream>> {
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        tokio::time::timeout(CONNECT_WITHIN, self.open_at_last())
            .await
            .map_err(late)?
    }

    async fn open_at_last(&self) -> std::io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(self.host.clone()).map_err(std::io::Error::other)?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = if rest.is_empty() {
            default
        } else {
            rest.strip_prefix(':')?.parse().ok()?
        };
        return Some((host.to_owned(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, default),
    };
    let plain = !host.is_empty() && !host.contains(['/', '?', '#', ' ', ':']);
    plain.then(|| (host.to_owned(), port))
}

fn connector(file: &Path) -> Result<TlsConnector, AddressError> {
    let wrong = |why: String| AddressError::Ca {
        file: file.to_owned(),
        why,
    };
    let pem = std::fs::read(file).map_err(|e| wrong(e.to_string()))?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_pemfile::certs(&mut pem.as_slice()) {
        let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
        roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate in PEM".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::clock::SystemClock;

    fn read(url: &str) -> Result<Address, AddressError> {
        Address::read(&PublishSettings::to(url, SystemClock::shared()))
    }

    #[test]
    fn an_address_is_read_with_its_login() {
        let address = read("mqtt://sim:se:cret@broker.example:2883/").unwrap();
        assert_eq!(address.shown(), "broker.example:2883");
        assert_eq!(address.login, Some(("sim".into(), "se:cret".into())));
        assert_eq!(read("mqtt://[::1]").unwrap().shown(), "::1:1883");
    }

    #[test]
    fn a_wrong_address_says_what_to_write_and_hides_the_password() {
        for wrong in [
            "localhost",
            "http://localhost",
            "mqtt://",
            "mqtt://a:b",
            "mqtt://a:1/x",
        ] {
            assert!(
                read(wrong)
                    .err()
                    .unwrap()
                    .to_string()
                    .contains("mqtt://host:1883"),
                "{wrong}"
            );
        }
        assert!(
            !read("mqtt://u:secret@h:x")
                .err()
                .unwrap()
                .to_string()
                .contains("secret")
        );
        assert!(
            read("mqtts://h")
                .err()
                .unwrap()
                .to_string()
                .contains("--ca-file")
        );
    }
}
