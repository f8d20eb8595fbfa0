//! TLS towards the broker: our own client configuration, so that nothing but `rustls` and `ring`
//! checks certificates.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Where systems keep the certificates they trust, in one file.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The files of a TLS connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// What is wrong with them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("cannot read {key} {path}: {source}")]
    Unreadable {
        key: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{key} {path} holds no {what} in PEM form")]
    Empty {
        key: &'static str,
        path: PathBuf,
        what: &'static str,
    },
    #[error("this system has no file of trusted certificates: name one by [mqtt] ca_file")]
    NoSystemRoots,
    #[error("[mqtt] cert_file and key_file go together: give both, or neither")]
    OneWithoutTheOther,
    #[error("the client certificate cannot be used: {0}")]
    Client(rustls::Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// Reads the files anew, as they are now: certificates are renewed while we run.
pub(crate) fn client_config(files: &TlsFiles) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots(files.ca.as_deref())?);
    let config = match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates("[mqtt] cert_file", cert)?, private_key(key)?)
            .map_err(TlsError::Client)?,
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(TlsError::OneWithoutTheOther),
    };
    Ok(Arc::new(config))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let file = match ca_file {
        Some(file) => file,
        None => SYSTEM_ROOTS
            .iter()
            .map(Path::new)
            .find(|file| file.exists())
            .ok_or(TlsError::NoSystemRoots)?,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("[mqtt] ca_file", file)?);
    if roots.is_empty() {
        let (key, path) = ("[mqtt] ca_file", file.to_owned());
        return Err(TlsError::Empty {
            key,
            path,
            what: "certificate that can be used",
        });
    }
    Ok(roots)
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Unreadable {
        key,
        path: path.to_owned(),
        source,
    })
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(key, path)?;
    let certificates: Vec<_> = rustls_pemfile::certs(&mut pem.as_slice())
        .flatten()
        .collect();
    if certificates.is_empty() {
        return Err(TlsError::Empty {
            key,
            path: path.to_owned(),
            what: "certificate",
        });
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let key = "[mqtt] key_file";
    let pem = read(key, path)?;
    let found = rustls_pemfile::private_key(&mut pem.as_slice())
        .ok()
        .flatten();
    found.ok_or_else(|| TlsError::Empty {
        key,
        path: path.to_owned(),
        what: "private key",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("ca.pem");
        fs::write(&empty, "nothing").unwrap();
        let error = |files: TlsFiles| client_config(&files).unwrap_err().to_string();
        let files = TlsFiles {
            ca: Some(empty.clone()),
            ..TlsFiles::default()
        };
        assert!(error(files).contains("[mqtt] ca_file"));
        let files = TlsFiles {
            ca: Some(folder.path().join("none")),
            ..TlsFiles::default()
        };
        assert!(error(files).contains("cannot read"));
    }
}
