//! HTTPS: certificate and key from PEM files.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::ServeError;
use crate::http::settings::TlsFiles;

/// What shakes hands by these files.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ServeError> {
    let chain = chain(&files.cert_file)?;
    let key = key(&files.key_file)?;
    let refused = |reason: String| ServeError::Certificate {
        path: files.cert_file.clone(),
        what: "certificate with its key",
        reason,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| refused(format!("{e}. Does the key belong to the certificate?")))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    let refused = |reason: String| ServeError::Certificate {
        path: path.to_owned(),
        what: "certificate chain",
        reason,
    };
    let mut file = open(path).map_err(refused)?;
    let chain = rustls_pemfile::certs(&mut file)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| refused(e.to_string()))?;
    if chain.is_empty() {
        return Err(refused(
            "it holds no certificate; it must begin with `-----BEGIN CERTIFICATE-----`".to_owned(),
        ));
    }
    Ok(chain)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, ServeError> {
    let refused = |reason: String| ServeError::Certificate {
        path: path.to_owned(),
        what: "private key",
        reason,
    };
    let mut file = open(path).map_err(refused)?;
    rustls_pemfile::private_key(&mut file)
        .map_err(|e| refused(e.to_string()))?
        .ok_or_else(|| refused("it holds no private key in PEM (PKCS 8, PKCS 1 or SEC 1), or one under a passphrase".to_owned()))
}

fn open(path: &Path) -> Result<BufReader<File>, String> {
    File::open(path)
        .map(BufReader::new)
        .map_err(|e| format!("{e}. Is it there, and may this user read it?"))
}
