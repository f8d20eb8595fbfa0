//! The one line on standard output that says where to reach us.

use std::io::Write;

use crate::people::Login;

/// What is said once it serves.
#[derive(Clone, Debug, Default)]
pub struct Ready {
    /// `http://…`
    pub http: String,
    /// `mqtt://…` of the own endpoint; empty without one.
    pub mqtt: String,
    /// With what one gets in (`demo`).
    pub login: Option<Login>,
}

impl Ready {
    /// Says it.
    pub fn say(&self) {
        let login = self.login.as_ref().map(|login| {
            format!(
                " user={} password={} key={}",
                login.user, login.password, login.key
            )
        });
        let login = login.unwrap_or_default();
        let mut out = std::io::stdout().lock();
        // Nobody may be listening; that is no reason not to serve.
        let _ = writeln!(out, "ready http={} mqtt={}{login}", self.http, self.mqtt);
        let _ = out.flush();
    }
}
