//! The one line on standard output that says where to reach us.

use std::io::Write;

/// What is said once it serves. Until there are logins, `user`, `password` and `key` stay empty.
#[derive(Clone, Debug, Default)]
pub struct Ready {
    /// `http://…`
    pub http: String,
    /// `mqtt://…` of the own endpoint; empty without one.
    pub mqtt: String,
    /// Whether the fields of a login are part of the line (`demo`).
    pub with_login: bool,
}

impl Ready {
    /// Says it.
    pub fn say(&self) {
        let login = if self.with_login {
            " user= password= key="
        } else {
            ""
        };
        let mut out = std::io::stdout().lock();
        // Nobody may be listening; that is no reason not to serve.
        let _ = writeln!(out, "ready http={} mqtt={}{login}", self.http, self.mqtt);
        let _ = out.flush();
    }
}
