//! `firemain key`: keys for machines. Works beside a running firemain, which sees it at once.

use firemain_api::access::{check_scopes, new_key};
use firemain_domain::clock::{Clock, SystemClock};
use firemain_domain::people::Role;
use firemain_store::register::AccessRegister;
use firemain_store::register::access::ApiKey;

use super::user::register;
use crate::cli::{KeyAddArgs, KeyArgs, KeyCommand};
use crate::exit::Misuse;
use crate::people::BY;

/// Keys listed at once.
const PAGE: usize = 500;

/// Carries it out.
pub fn run(args: &KeyArgs) -> anyhow::Result<()> {
    match &args.command {
        KeyCommand::Add(add) => make(add),
        KeyCommand::List(config) => list(&register(config)?),
        KeyCommand::Revoke(args) => {
            let register = register(&args.config)?;
            if !register.revoke_key(BY, SystemClock::new().now(), &args.id)? {
                return Err(misuse(format!(
                    "there is no key {:?} that is good: `firemain key list` lists them",
                    args.id
                )));
            }
            println!("{} is good no more", args.id);
            Ok(())
        }
    }
}

fn make(args: &KeyAddArgs) -> anyhow::Result<()> {
    check_scopes(&args.scopes).map_err(|why| misuse(format!("--scope {why}")))?;
    if args.role == Role::Administrator && !args.units.is_empty() {
        return Err(misuse(
            "an administrator cannot be bound to units".to_owned(),
        ));
    }
    let register = register(&args.config)?;
    let now = SystemClock::new().now();
    let made = new_key()?;
    let key = ApiKey {
        id: made.id,
        name: args.name.clone(),
        role: args.role,
        scopes: args.scopes.clone(),
        units: args.units.clone(),
        made_by: BY.to_owned(),
        created_at: now,
        expires_at: args
            .days
            .map(|days| now.plus_ms(i64::from(days) * 86_400_000)),
        used_at: None,
        revoked_at: None,
    };
    register.make_key(BY, &key, &made.sha256)?;
    eprintln!("The key is shown this once; only its hash is kept.");
    println!("{}", made.text);
    Ok(())
}

fn list(register: &impl AccessRegister) -> anyhow::Result<()> {
    let now = SystemClock::new().now();
    let mut after: Option<String> = None;
    loop {
        let page = register.keys(after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id.clone());
        for key in &page {
            let state = match (key.is_good(now), key.revoked_at) {
                (true, _) => "good",
                (false, Some(_)) => "revoked",
                (false, None) => "expired",
            };
            let scopes = key.scopes.join(",");
            println!("{}  {}  {}  {state}  {scopes}", key.id, key.name, key.role);
        }
    }
}

fn misuse(text: String) -> anyhow::Error {
    Misuse::Arguments(text).into()
}
