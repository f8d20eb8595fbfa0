//! Who may come in.

use std::sync::Arc;

use firemain_domain::report::DeviceId;
use firemain_store::register::Register;

/// A login that was found: the hash of its secret, and for whom it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// User name.
    pub name: Arc<str>,
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
    /// The devices it speaks for.
    pub devices: Vec<DeviceId>,
}

/// Where logins are kept. Calls may block.
pub trait Logins: Send + Sync {
    /// The login of this name, if there is one.
    ///
    /// # Errors
    /// When it cannot be told now, with the reason.
    fn login(&self, name: &str) -> Result<Option<Granted>, String>;

    /// A number that moves with every change of any login: connections are checked then.
    ///
    /// # Errors
    /// When it cannot be told now, with the reason.
    fn version(&self) -> Result<u64, String>;
}

/// Logins as the register keeps them.
pub struct RegisterLogins(pub Arc<dyn Register>);

impl Logins for RegisterLogins {
    fn login(&self, name: &str) -> Result<Option<Granted>, String> {
        let login = self.0.login(name).map_err(|error| error.to_string())?;
        Ok(login.map(|login| Granted {
            name: login.name.into(),
            secret_sha256: login.secret_sha256,
            devices: login.devices,
        }))
    }

    fn version(&self) -> Result<u64, String> {
        self.0.logins_version().map_err(|error| error.to_string())
    }
}
