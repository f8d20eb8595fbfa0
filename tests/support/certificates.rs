//! Certificates of authorities of our own, made by `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::run;
use super::servers::server;

/// An authority that signs certificates.
#[derive(Debug)]
pub(crate) struct Authority {
    folder: TempDir,
}

/// A certificate with its key, as files in PEM form.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Self { folder };
        let ca = authority.named("ca");
        // Each has a name of its own, or a certificate of one would pass for a forged one of another.
        let name = authority.folder.path().file_name().expect("it has a name");
        let subject = format!("/CN=Authority {}", name.display());
        openssl(
            new_key(&ca.key)
                .args(["-x509", "-days", "30", "-subj", &subject])
                .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out"])
                .arg(&ca.cert),
        );
        authority
    }

    /// The authority's own certificate.
    pub(crate) fn cert(&self) -> PathBuf {
        self.named("ca").cert
    }

    /// A certificate for a name such as `IP:127.0.0.1` or `DNS:broker.example`, good for a month.
    #[track_caller]
    pub(crate) fn signs(&self, file: &str, subject_name: &str) -> Certificate {
        self.sign(file, subject_name, Command::new("openssl"))
    }

    /// One that was good for a month, some years ago.
    #[track_caller]
    pub(crate) fn signed_long_ago(&self, file: &str, subject_name: &str) -> Certificate {
        let mut openssl = Command::new(server("FAKETIME"));
        openssl.args(["-f", "-2000d", "openssl"]);
        self.sign(file, subject_name, openssl)
    }

    #[track_caller]
    fn sign(&self, file: &str, subject_name: &str, mut signing: Command) -> Certificate {
        let (ca, made) = (self.named("ca"), self.named(file));
        let (request, names) = (self.path("request"), self.path("names"));
        openssl(
            new_key(&made.key)
                .args(["-subj", &format!("/CN={file}"), "-out"])
                .arg(&request),
        );
        let extensions = format!("subjectAltName={subject_name}\nbasicConstraints=CA:FALSE\n");
        fs::write(&names, extensions).expect("the folder can be written");
        openssl(
            signing
                .args(["x509", "-req", "-days", "30", "-CAcreateserial"])
                .arg("-CA")
                .arg(&ca.cert)
                .arg("-CAkey")
                .arg(&ca.key)
                .arg("-extfile")
                .arg(&names)
                .arg("-in")
                .arg(&request)
                .arg("-out")
                .arg(&made.cert),
        );
        made
    }

    fn named(&self, file: &str) -> Certificate {
        Certificate {
            cert: self.path(&format!("{file}.pem")),
            key: self.path(&format!("{file}.key")),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }
}

fn new_key(key: &Path) -> Command {
    let mut command = Command::new("openssl");
    command
        .args(["req", "-new", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-keyout"])
        .arg(key);
    command
}

#[track_caller]
fn openssl(command: &mut Command) {
    run("openssl", command);
}
