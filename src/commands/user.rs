//! `firemain user`: who may log in. Works beside a running firemain, which sees it at once.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anyhow::Context;
use firemain_api::access::{check_name, hash_password};
use firemain_domain::clock::{Clock, SystemClock};
use firemain_store::DataDir;
use firemain_store::register::access::{Entering, PasswordHash, User};
use firemain_store::register::{AccessRegister, SqliteRegister};

use crate::cli::{ConfigArgs, PasswordArgs, UserAddArgs, UserArgs, UserCommand};
use crate::exit::Misuse;
use crate::people::BY;
use crate::settings;

/// Users listed at once.
const PAGE: usize = 500;

/// Carries it out.
pub fn run(args: &UserArgs) -> anyhow::Result<()> {
    match &args.command {
        UserCommand::Add(add) => enter(add),
        UserCommand::List(config) => list(&register(config)?),
        UserCommand::SetPassword(args) => set_password(&args.name, &args.password, &args.config),
        UserCommand::Disable(args) => disable(&args.name, &args.config),
    }
}

/// The register that the settings name.
pub fn register(config: &ConfigArgs) -> anyhow::Result<SqliteRegister> {
    let settings = settings::load(config.config.as_deref())?;
    Ok(SqliteRegister::open(
        &DataDir::open(&settings.data.dir)?.register(),
    )?)
}

fn enter(args: &UserAddArgs) -> anyhow::Result<()> {
    check_name(&args.name).map_err(|why| misuse(format!("the name {why}")))?;
    let register = register(&args.config)?;
    if register.user(&args.name)?.is_some() {
        return Err(misuse(format!("there is a user {} already", args.name)));
    }
    let hash = hashed(&args.name, &args.password)?;
    let now = SystemClock::new().now();
    let user = User {
        name: args.name.clone(),
        display_name: args
            .display_name
            .clone()
            .unwrap_or_else(|| args.name.clone()),
        language: args.language,
        role: args.role,
        units: args.units.clone(),
        email: args.email.clone(),
        phone: args.phone.clone(),
        subject: None,
        disabled: false,
        created_at: now,
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
    };
    register.set_user(BY, now, &user, Some(&hash), Entering::New)?;
    println!("{} may log in as {}", user.name, user.role);
    Ok(())
}

fn list(register: &SqliteRegister) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = register.users(after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.name.clone());
        for user in &page {
            let units = if user.units.is_empty() {
                "everywhere".to_owned()
            } else {
                user.units.join(", ")
            };
            let state = if user.disabled { "  kept out" } else { "" };
            println!(
                "{}  {}  {}  {units}{state}",
                user.name, user.role, user.display_name
            );
        }
    }
}

fn set_password(name: &str, password: &PasswordArgs, config: &ConfigArgs) -> anyhow::Result<()> {
    let register = register(config)?;
    known(&register, name)?;
    let hash = hashed(name, password)?;
    register.set_password(BY, SystemClock::new().now(), name, &hash, None)?;
    println!("{name} has another password; every session of theirs is over");
    Ok(())
}

fn disable(name: &str, config: &ConfigArgs) -> anyhow::Result<()> {
    let register = register(config)?;
    let user = User {
        disabled: true,
        ..known(&register, name)?
    };
    register.set_user(BY, SystemClock::new().now(), &user, None, Entering::Either)?;
    println!("{name} is kept out; every session of theirs is over");
    Ok(())
}

fn known(register: &SqliteRegister, name: &str) -> anyhow::Result<User> {
    register.user(name)?.ok_or_else(|| {
        misuse(format!(
            "there is no user {name:?}: `firemain user list` lists them"
        ))
    })
}

fn hashed(name: &str, args: &PasswordArgs) -> anyhow::Result<PasswordHash> {
    let password = match args.password_file.as_deref() {
        Some(path) if path != Path::new("-") => from_file(path)?,
        None if std::io::stdin().is_terminal() => asked()?,
        _ => from_stdin()?,
    };
    hash_password(name, &password).map_err(|error| misuse(error.to_string()))
}

/// The password in a file; one end of line after it is not part of it.
pub fn from_file(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| misuse(format!("{} cannot be read: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn from_stdin() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the password cannot be read from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asked for twice, without echo.
fn asked() -> anyhow::Result<String> {
    let ask =
        |prompt| rpassword::prompt_password(prompt).context("the password cannot be asked for");
    let first = ask("Password: ")?;
    if first != ask("The same again: ")? {
        return Err(misuse(
            "the two are not the same: nothing was changed".to_owned(),
        ));
    }
    Ok(first)
}

fn misuse(text: String) -> anyhow::Error {
    Misuse::Arguments(text).into()
}
