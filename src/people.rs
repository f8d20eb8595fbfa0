//! Administrators that firemain makes by itself: the first, where the settings name one, and the
//! demo's.

use anyhow::Context;
use firemain_api::access;
use firemain_domain::Timestamp;
use firemain_domain::people::{Language, Role};
use firemain_store::register::Register;
use firemain_store::register::access::{ApiKey, Entering, User};
use tracing::info;

use crate::exit::Misuse;
use crate::settings::{self, Secret};

/// Under which name the register has on record what the command line does.
pub const BY: &str = "cli";
/// The demo's.
const DEMO: &str = "demo";
const DEMO_USER: &str = "admin";

/// With what one gets into the demo.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// A key.
    pub key: String,
}

/// Makes the administrator that the settings name, where the register has no user at all.
pub fn first(
    settings: &settings::Access,
    register: &dyn Register,
    now: Timestamp,
) -> anyhow::Result<()> {
    let Some(name) = &settings.administrator else {
        return Ok(());
    };
    if register.has_users()? {
        return Ok(());
    }
    let password = settings.administrator_password.as_ref();
    let password = password.map(Secret::reveal).unwrap_or_default();
    access::check_name(name)
        .map_err(|why| Misuse::Arguments(format!("`access.administrator` {why}")))?;
    let hash = access::hash_password(name, password)
        .map_err(|error| Misuse::Arguments(format!("`access.administrator_password`: {error}")))?;
    let user = administrator(name, now);
    register.set_user("firemain", now, &user, Some(&hash), Entering::First)?;
    info!(user = %name, "access.first_administrator_made");
    Ok(())
}

/// The demo's administrator gets a new password and a new key at each start; those of before are
/// good no more.
pub fn demo(register: &dyn Register, now: Timestamp) -> anyhow::Result<Login> {
    let password = access::password()?;
    let hash = access::hash_password(DEMO_USER, &password)?;
    let user = administrator(DEMO_USER, now);
    register.set_user(DEMO, now, &user, Some(&hash), Entering::Either)?;
    let mut after: Option<String> = None;
    loop {
        let page = register.keys(after.as_deref(), 500)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for key in page
            .iter()
            .filter(|key| key.made_by == DEMO && key.is_good(now))
        {
            register.revoke_key(DEMO, now, &key.id)?;
        }
    }
    let made = access::new_key()?;
    let key = ApiKey {
        id: made.id,
        name: DEMO.to_owned(),
        role: Role::Administrator,
        scopes: Vec::new(),
        units: Vec::new(),
        made_by: DEMO.to_owned(),
        created_at: now,
        expires_at: None,
        used_at: None,
        revoked_at: None,
    };
    register
        .make_key(DEMO, &key, &made.sha256)
        .context("no key can be made for the demo")?;
    Ok(Login {
        user: DEMO_USER.to_owned(),
        password,
        key: made.text,
    })
}

fn administrator(name: &str, now: Timestamp) -> User {
    User {
        name: name.to_owned(),
        display_name: name.to_owned(),
        language: Language::default(),
        role: Role::Administrator,
        units: Vec::new(),
        email: None,
        phone: None,
        subject: None,
        disabled: false,
        created_at: now,
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
    }
}
