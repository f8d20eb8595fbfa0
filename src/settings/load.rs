//! Reading the settings, with errors that say what to do.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Value, ValueKind};

use super::{ArchiveKind, BrokerFiles, Secret, Settings, keys};

const PREFIX: &str = "FIREMAIN";

/// What can be wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read or is not TOML, or a value is of the wrong kind.
    #[error("the settings cannot be read: {0}")]
    Unreadable(String),
    /// A key that nobody knows.
    #[error("unknown setting `{name}`{}", hint.as_ref().map(|h| format!(": did you mean `{h}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        name: String,
        /// The nearest known one.
        hint: Option<String>,
    },
    /// A secret's file cannot be read.
    #[error("`{key}` names {path}, which cannot be read: {source}")]
    SecretFile {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Settings that do not go together.
    #[error("{0}")]
    Contradiction(String),
}

/// Reads the settings from `file` (or, without one, from `firemain.toml` where it exists) and the
/// environment.
///
/// # Errors
/// When the file cannot be read, a key is unknown or a value wrong.
pub fn load(file: Option<&Path>) -> Result<Settings, SettingsError> {
    load_with(file, None)
}

/// As [`load`], with an environment of one's own: for tests.
pub fn load_with(
    file: Option<&Path>,
    environment: Option<HashMap<String, String>>,
) -> Result<Settings, SettingsError> {
    let unreadable = |e: config::ConfigError| SettingsError::Unreadable(e.to_string());
    let from_file = match file {
        Some(path) => File::from(path).format(FileFormat::Toml).required(true),
        None => File::new("firemain.toml", FileFormat::Toml).required(false),
    };
    let from_environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(environment);
    let read = Config::builder()
        .add_source(from_file)
        .add_source(from_environment)
        .build()
        .map_err(unreadable)?;
    refuse_unknown_keys(&read.cache)?;
    let mut settings: Settings = read.try_deserialize().map_err(unreadable)?;
    read_secrets(&mut settings)?;
    check(&settings)?;
    Ok(settings)
}

fn refuse_unknown_keys(root: &Value) -> Result<(), SettingsError> {
    let known = keys::all();
    let mut names = Vec::new();
    collect_names(root, "", &mut names);
    for name in names {
        // What a foreign issuer calls roles is its own affair.
        let free = name.starts_with("access.oidc.roles.");
        let plain = keys::of_any_channel(&name);
        if !free && !known.iter().any(|key| key.name == plain) {
            let hint = keys::nearest(&plain);
            return Err(SettingsError::UnknownKey { name, hint });
        }
    }
    Ok(())
}

/// The dotted names of all values; lists are checked by their own types.
fn collect_names(value: &Value, path: &str, names: &mut Vec<String>) {
    let ValueKind::Table(table) = &value.kind else {
        names.push(path.to_owned());
        return;
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| (*key).clone());
    for (key, value) in entries {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        collect_names(value, &path, names);
    }
}

fn read_secrets(settings: &mut Settings) -> Result<(), SettingsError> {
    let mqtt = &mut settings.mqtt;
    take_secret(
        "mqtt.password_file",
        mqtt.password_file.as_deref(),
        &mut mqtt.password,
    )?;
    let access = &mut settings.access;
    take_secret(
        "access.administrator_password_file",
        access.administrator_password_file.as_deref(),
        &mut access.administrator_password,
    )?;
    if let Some(oidc) = &mut access.oidc {
        take_secret(
            "access.oidc.client_secret_file",
            oidc.client_secret_file.as_deref(),
            &mut oidc.client_secret,
        )?;
    }
    let archive = &mut settings.archive;
    take_secret(
        "archive.token_file",
        archive.token_file.as_deref(),
        &mut archive.token,
    )?;
    take_secret(
        "archive.password_file",
        archive.password_file.as_deref(),
        &mut archive.password,
    )
}

fn take_secret(
    key: &'static str,
    file: Option<&Path>,
    secret: &mut Option<Secret>,
) -> Result<(), SettingsError> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::SecretFile {
            key,
            path: path.to_owned(),
            source,
        })?;
        *secret = Some(Secret::new(text.trim_end_matches(['\r', '\n'])));
    }
    Ok(())
}

fn check_broker_files(files: &BrokerFiles) -> Result<(), &'static str> {
    if files.passwords.is_none()
        && (files.own_passwords.is_some() || files.rights.is_some() || files.own_rights.is_some())
    {
        return Err("`broker_files` needs `broker_files.passwords`");
    }
    if files.own_rights.is_some() && files.rights.is_none() {
        return Err("`broker_files.own_rights` needs `broker_files.rights`");
    }
    let kept = [
        (&files.own_passwords, &files.passwords),
        (&files.own_rights, &files.rights),
    ];
    if kept
        .iter()
        .any(|(own, whole)| own.is_some() && own == whole)
    {
        return Err(
            "`broker_files`: the file that people keep cannot be the one that firemain writes",
        );
    }
    Ok(())
}

fn check(settings: &Settings) -> Result<(), SettingsError> {
    let contradiction = |text: &str| Err(SettingsError::Contradiction(text.to_owned()));
    if settings.http.cert_file.is_some() != settings.http.key_file.is_some() {
        return contradiction(
            "`http.cert_file` and `http.key_file` go together: give both or neither",
        );
    }
    if let Err(why) = settings.access.check(settings.http.public_url.as_deref()) {
        return contradiction(why);
    }
    if settings.endpoint.tls_listen.is_some()
        && (settings.endpoint.cert_file.is_none() || settings.endpoint.key_file.is_none())
    {
        return contradiction(
            "`endpoint.tls_listen` needs `endpoint.cert_file` and `endpoint.key_file`",
        );
    }
    if let Err(why) = check_broker_files(&settings.broker_files) {
        return contradiction(why);
    }
    if !(1_024..=1_048_576).contains(&settings.mqtt.max_payload_bytes) {
        return contradiction("`mqtt.max_payload_bytes` must be from 1,024 to 1,048,576");
    }
    let cycles = &settings.inspections;
    let days = [
        cycles.hydrant_days,
        cycles.tank_days,
        cycles.draw_point_days,
    ];
    if days.iter().any(|days| !(1..=3_650).contains(days)) {
        return contradiction(
            "`inspections.hydrant_days`, `tank_days` and `draw_point_days` must be from 1 to 3,650",
        );
    }
    if !(1..=720).contains(&settings.alerts.close_after_h) {
        return contradiction("`alerts.close_after_h` must be from 1 to 720");
    }
    if !(30..=4_000).contains(&settings.reports.history_days) {
        return contradiction("`reports.history_days` must be from 30 to 4,000");
    }
    if !firemain_api::cap::is_sender(&settings.cap.sender) {
        return contradiction(
            "`cap.sender` must have 1 to 100 letters, digits and signs, without spaces, commas, `<` and `&`",
        );
    }
    if firemain_api::cap::CapStatus::of_name(&settings.cap.status).is_none() {
        return contradiction("`cap.status` must be `actual`, `exercise` or `test`");
    }
    let notify = &settings.notify;
    if !(1..=120).contains(&notify.digest_every_min) || notify.daily_hour > 23 {
        return contradiction(
            "`notify.digest_every_min` must be from 1 to 120, and `notify.daily_hour` from 0 to 23",
        );
    }
    for steps in [notify.critical_after_min, notify.major_after_min] {
        let ordered = steps.is_sorted() && steps[0] >= 1 && steps[2] <= 10_080;
        if !ordered {
            return contradiction(
                "`notify.critical_after_min` and `notify.major_after_min` must be three numbers from 1 to 10,080, none smaller than the one before",
            );
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if let Some(name) = notify
        .channels
        .keys()
        .find(|name| name.is_empty() || name.len() > 64 || !name.chars().all(plain))
    {
        return Err(SettingsError::Contradiction(format!(
            "`notify.channels.{name}`: a channel's name has 1 to 64 letters, digits, `-` or `_`"
        )));
    }
    if settings.archive.kind == ArchiveKind::Influxdb2 {
        if settings.archive.url.is_none() {
            return contradiction("`archive.kind = \"influxdb2\"` needs `archive.url`");
        }
        if settings.archive.token.is_none() {
            return contradiction(
                "`archive.kind = \"influxdb2\"` needs `archive.token_file` (or `archive.token`)",
            );
        }
    }
    let archive = &settings.archive;
    if archive.kind == ArchiveKind::Victoriametrics && archive.url.is_none() {
        return contradiction("`archive.kind = \"victoriametrics\"` needs `archive.url`");
    }
    if archive.user.is_some() != archive.password.is_some() {
        return contradiction(
            "`archive.user` and `archive.password_file` (or `archive.password`) go together: give both or neither",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> Result<Settings, SettingsError> {
        from(text, &[])
    }

    fn from(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let environment = environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        load_with(Some(file.path()), Some(environment))
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let settings = from_toml("").unwrap();
        assert_eq!(settings.http.listen.port(), 8080);
        assert_eq!(settings.rules.low_static.dwell_s, 600);
        assert_eq!(settings.mqtt.subscriptions.len(), 3);
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let settings = from(
            "[journal]\nkeep = \"2d\"\nmax_bytes = 5",
            &[
                ("FIREMAIN__JOURNAL__MAX_BYTES", "77"),
                ("FIREMAIN__RULES__LOW_STATIC__DWELL_S", "60"),
            ],
        )
        .unwrap();
        assert_eq!(settings.journal.keep, super::super::Span::days(2));
        assert_eq!(settings.journal.max_bytes, 77);
        assert_eq!(settings.rules.low_static.dwell_s, 60);
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = from_toml("[journal]\nkeeep = \"2d\"")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "unknown setting `journal.keeep`: did you mean `journal.keep`?"
        );
        let error = from_toml("[rules.low_static]\ndwel_s = 3")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`rules.low_static.dwell_s`"), "{error}");
    }

    #[test]
    fn a_secret_comes_from_a_file_and_does_not_show_itself() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "hush\n").unwrap();
        let toml = format!("[mqtt]\npassword_file = {:?}", secret.path());
        let settings = from_toml(&toml).unwrap();
        assert_eq!(settings.mqtt.password.as_ref().unwrap().reveal(), "hush");
        assert!(!format!("{settings:?}").contains("hush"));
        let error = from_toml("[archive]\ntoken_file = \"/nowhere\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("archive.token_file") && error.contains("/nowhere"),
            "{error}"
        );
    }

    #[test]
    fn the_example_and_the_documents_settings_can_be_read() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/firemain.example.toml");
        let example = std::fs::read_to_string(example).unwrap();
        let error = from_toml(&example).unwrap_err().to_string();
        assert!(
            error.contains("/etc/firemain/mqtt.password"),
            "only its secrets are missing: {error}"
        );
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");
        let document = std::fs::read_to_string(document).unwrap();
        for block in document.split("```toml").skip(1) {
            let toml = block.split("```").next().unwrap();
            assert_eq!(from_toml(toml).unwrap().mqtt.subscriptions.len(), 2);
        }
    }

    #[test]
    fn a_foreign_issuer_maps_its_own_names_to_roles() {
        let toml = |issuer: &str, roles: &str| {
            format!(
                "[http]\npublic_url = \"https://water.example\"\n[access.oidc]\nissuer = \"{issuer}\"\nclient_id = \"firemain\"\nclient_secret = \"hush\"\nroles = {roles}"
            )
        };
        let settings = from_toml(&toml(
            "https://login.example",
            "{ \"Fire-Watch\" = \"dispatcher\", admins = \"administrator\" }",
        ))
        .unwrap();
        let oidc = settings.access.oidc.as_ref().unwrap();
        let role = oidc.roles.get("Fire-Watch").map(|role| role.name());
        assert_eq!(role, Some("dispatcher"), "{:?}", oidc.roles);
        assert!(!format!("{settings:?}").contains("hush"));
        assert!(from_toml(&toml("http://login.example", "{ a = \"crew\" }")).is_err());
        assert!(from_toml(&toml("https://login.example", "{}")).is_err());
        assert!(from_toml("[access]\nadministrator = \"lan\"").is_err());
    }

    #[test]
    fn settings_that_do_not_go_together_are_refused() {
        assert!(from_toml("[archive]\nkind = \"influxdb2\"").is_err());
        assert!(from_toml("[archive]\nkind = \"victoriametrics\"").is_err());
        let victoria = "[archive]\nkind = \"victoriametrics\"\nurl = \"http://v:8428\"\n";
        assert!(from_toml(victoria).is_ok());
        assert!(from_toml(&format!("{victoria}user = \"u\"")).is_err());
        assert!(from_toml("[endpoint]\ntls_listen = \"127.0.0.1:0\"").is_err());
        assert!(
            from_toml("[journal]\nkeep = \"soon\"")
                .unwrap_err()
                .to_string()
                .contains("soon")
        );
    }
}
