//! Every setting with its default and its effect: what `docs/config.md` shows, and what an unknown
//! key is compared with.

use firemain_domain::judging::Rules;

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// `section.key`.
    pub name: String,
    /// Its default, as in TOML; empty: none.
    pub default: String,
    /// What it does, with unit and range.
    pub effect: &'static str,
}

const FIXED: &[(&str, &str, &str)] = &[
    (
        "data.dir",
        "\"data\"",
        "The folder that holds everything: journal, archive, register. On a local disk.",
    ),
    (
        "http.listen",
        "\"127.0.0.1:8080\"",
        "Address and port of the API and the pages. Port 0 picks a free one.",
    ),
    (
        "http.public_url",
        "",
        "The address under which people reach it, for links.",
    ),
    (
        "http.cert_file",
        "",
        "PEM file with the certificate chain: serve HTTPS. Together with `http.key_file`.",
    ),
    (
        "http.key_file",
        "",
        "PEM file with the private key of that certificate.",
    ),
    (
        "access.administrator",
        "",
        "Where there is no user yet, this administrator is made at the start. Together with `access.administrator_password_file`.",
    ),
    (
        "access.administrator_password",
        "",
        "The first administrator's password. Better: `access.administrator_password_file`.",
    ),
    (
        "access.administrator_password_file",
        "",
        "File that holds that password.",
    ),
    (
        "access.session_idle",
        "\"12h\"",
        "A login that is not used for so long is over. 1min to 90d.",
    ),
    (
        "access.session_max",
        "\"7d\"",
        "A login is over after so long, used or not. 1min to 90d.",
    ),
    (
        "access.proxies",
        "[]",
        "Addresses of proxies before firemain, such as `[\"127.0.0.1\"]`: what they say in `X-Forwarded-For` is believed.",
    ),
    (
        "access.oidc.issuer",
        "",
        "Address of an OpenID Connect issuer at which people may log in: see [access.md](access.md).",
    ),
    (
        "access.oidc.client_id",
        "",
        "Who firemain is to the issuer.",
    ),
    (
        "access.oidc.client_secret",
        "",
        "What it proves that with. Better: `access.oidc.client_secret_file`. None: a public client.",
    ),
    ("access.oidc.client_secret_file", "", "File that holds it."),
    (
        "access.oidc.scopes",
        "[\"profile\", \"email\"]",
        "What is asked for beside `openid`.",
    ),
    (
        "access.oidc.role_claim",
        "\"roles\"",
        "The claim of the ID token that names roles: a name, or a JSON pointer such as `/realm_access/roles`.",
    ),
    (
        "access.oidc.roles",
        "",
        "What that claim says, and which role it is here: `{ \"fire-watch\" = \"dispatcher\" }`. The highest counts; who has none is refused.",
    ),
    (
        "access.oidc.units_claim",
        "",
        "The claim that names the units for which somebody acts. None: everybody acts for all.",
    ),
    (
        "access.oidc.ca_file",
        "",
        "PEM file with certificates that may sign the issuer's, beside those of the system.",
    ),
    (
        "mqtt.url",
        "",
        "The broker: `mqtt://host:1883` or `mqtts://host:8883`. None: only the own endpoint receives.",
    ),
    (
        "mqtt.client_id",
        "\"firemain\"",
        "The name of our session at the broker. Two receivers must not share it.",
    ),
    ("mqtt.username", "", "User name at the broker."),
    (
        "mqtt.password",
        "",
        "Password at the broker. Better: `mqtt.password_file`.",
    ),
    ("mqtt.password_file", "", "File that holds the password."),
    (
        "mqtt.ca_file",
        "",
        "PEM file with the certificates that may sign the broker's. None: those of the system.",
    ),
    (
        "mqtt.cert_file",
        "",
        "PEM file with our client certificate. Together with `mqtt.key_file`.",
    ),
    ("mqtt.key_file", "", "PEM file with its private key."),
    (
        "mqtt.subscriptions",
        "the native topics",
        "What to listen to, and how to read it: see below.",
    ),
    (
        "mqtt.max_payload_bytes",
        "65536",
        "Longer payloads go to quarantine, their beginning kept. 1,024 to 1,048,576 bytes.",
    ),
    (
        "endpoint.listen",
        "",
        "Address and port of our own MQTT endpoint without TLS, such as `\"127.0.0.1:1883\"`.",
    ),
    (
        "endpoint.tls_listen",
        "",
        "Address and port of our own MQTT endpoint with TLS, such as `\"0.0.0.0:8883\"`.",
    ),
    (
        "endpoint.cert_file",
        "",
        "PEM file with the endpoint's certificate chain.",
    ),
    ("endpoint.key_file", "", "PEM file with its private key."),
    (
        "broker_files.passwords",
        "",
        "The `password_file` of a mosquitto on this machine: logins made in the register are carried into it ([broker.md](broker.md)).",
    ),
    (
        "broker_files.own_passwords",
        "",
        "Passwords that people keep, firemain's own among them: `broker_files.passwords` begins with them.",
    ),
    (
        "broker_files.rights",
        "",
        "The `acl_file` of that mosquitto: what gateways may do is carried into it.",
    ),
    (
        "broker_files.own_rights",
        "",
        "Rights that people keep, such as the shipped `acl`: `broker_files.rights` begins with them.",
    ),
    (
        "journal.keep",
        "\"7d\"",
        "How long messages stay in the journal after every consumer has used them.",
    ),
    (
        "journal.max_bytes",
        "20000000000",
        "The journal's limit on disk, bytes. When what is not yet used fills it, receiving stops acknowledging.",
    ),
    (
        "archive.kind",
        "\"embedded\"",
        "`\"embedded\"` (in the data directory), `\"influxdb2\"` or `\"victoriametrics\"`.",
    ),
    (
        "archive.url",
        "",
        "Address of the database, such as `\"http://127.0.0.1:8086\"`.",
    ),
    ("archive.org", "\"firemain\"", "InfluxDB's organisation."),
    ("archive.bucket", "\"firemain\"", "InfluxDB's bucket."),
    (
        "archive.token",
        "",
        "InfluxDB's token: may read and write the bucket. Better: `archive.token_file`. Of VictoriaMetrics a bearer token, if something in front of it asks for one.",
    ),
    ("archive.token_file", "", "File that holds the token."),
    (
        "archive.read_url",
        "",
        "Where VictoriaMetrics is read, if not at `archive.url`: a cluster's vmselect, such as `\"http://vmselect:8481\"`.",
    ),
    (
        "archive.tenant",
        "",
        "Tenant of a VictoriaMetrics cluster, such as `\"0\"`. None: a single node.",
    ),
    (
        "archive.user",
        "",
        "User name at VictoriaMetrics, if something in front of it asks for one.",
    ),
    (
        "archive.password",
        "",
        "The password with it. Better: `archive.password_file`.",
    ),
    ("archive.password_file", "", "File that holds the password."),
    (
        "archive.ca_file",
        "",
        "PEM file with a certificate that may sign VictoriaMetrics', beside those of the system.",
    ),
    (
        "archive.raw_keep",
        "\"400d\"",
        "How long the embedded archive keeps every reading.",
    ),
    (
        "archive.rollup_keep",
        "\"3660d\"",
        "How long it keeps hourly figures.",
    ),
    (
        "intake.quarantine_rows",
        "100000",
        "Messages kept in quarantine; beyond, the oldest are dropped and counted.",
    ),
    (
        "intake.unregistered_per_device",
        "10000",
        "Messages kept of each unregistered device; beyond, the oldest are dropped and counted.",
    ),
    (
        "intake.unregistered_devices",
        "10000",
        "Unregistered devices of which messages are kept.",
    ),
    (
        "inspections.hydrant_days",
        "180",
        "Days after which a hydrant is due to be looked at again. 1 to 3,650.",
    ),
    (
        "inspections.tank_days",
        "180",
        "The same for tanks. 1 to 3,650.",
    ),
    (
        "inspections.draw_point_days",
        "180",
        "The same for draw points. 1 to 3,650.",
    ),
    (
        "inspections.photos_max_bytes",
        "5368709120",
        "What all photos together may take in the register, bytes; beyond, new ones are refused.",
    ),
    (
        "alerts.close_after_h",
        "24",
        "Hours after which an alert that data cleared closes by itself. 1 to 720.",
    ),
    (
        "reports.history_days",
        "2200",
        "For how many days the history of verdicts and the messages of the CAP feed are kept: what reports of past periods are made of. 30 to 4,000.",
    ),
    (
        "cap.sender",
        "\"firemain\"",
        "The sender of CAP alerts: a name that is yours alone, such as a domain, without spaces, commas, `<` and `&`.",
    ),
    (
        "cap.status",
        "\"actual\"",
        "How CAP alerts are meant: `actual`, `exercise` or `test`.",
    ),
    (
        "log.level",
        "\"info\"",
        "`error`, `warn`, `info`, `debug` or `trace`, also by part: `\"info,firemain_ingest=debug\"`.",
    ),
    (
        "log.format",
        "\"auto\"",
        "`\"pretty\"`, `\"json\"`, or `\"auto\"`: pretty on a terminal, JSON otherwise.",
    ),
    (
        "notify.fallback_team",
        "",
        "The id of the team that is told of alerts which no route takes.",
    ),
    (
        "notify.language",
        "\"vi\"",
        "The language of what a team as a whole is told: `vi` or `en`.",
    ),
    (
        "notify.critical_after_min",
        "[10, 30, 60]",
        "Minutes after which a critical alert that nobody took goes to level 1, 2 and 3.",
    ),
    (
        "notify.major_after_min",
        "[30, 120, 240]",
        "The same for a major one.",
    ),
    (
        "notify.acknowledged_after_min",
        "60",
        "Minutes between further steps once somebody took it but nobody is on the way; 0: no more steps.",
    ),
    (
        "notify.digest_after",
        "10",
        "Messages to one contact within 10 minutes, beyond which the rest comes as a digest.",
    ),
    (
        "notify.digest_every_min",
        "10",
        "Minutes between two digests. 1 to 120.",
    ),
    (
        "notify.daily_hour",
        "7",
        "Hour of the day, Asia/Ho_Chi_Minh, at which minor alerts are told as one list. 0 to 23.",
    ),
    (
        "notify.link_hours",
        "72",
        "Hours for which the link in a message takes its alert.",
    ),
    (
        "notify.give_up_after_h",
        "24",
        "Hours after which a message that no receiver took is given up, and shown so.",
    ),
    (
        "notify.dead_after_failures",
        "5",
        "Failures in a row after which a channel counts as dead.",
    ),
    (
        "notify.dead_after_min",
        "10",
        "Minutes with something waiting and nothing taken after which a channel counts as dead.",
    ),
    (
        "notify.keep_days",
        "90",
        "Days for which messages and every try are kept.",
    ),
    (
        "notify.channels.NAME.kind",
        "",
        "`webhook`, `email`, `ntfy`, `telegram`, `http` or `file`: see telling.md.",
    ),
    (
        "notify.channels.NAME.url",
        "",
        "Where to: a web address; of mail `smtp://host:587` or `smtps://host:465`.",
    ),
    (
        "notify.channels.NAME.secret",
        "",
        "What webhooks are signed with, a token or a password. Better: `secret_file`.",
    ),
    (
        "notify.channels.NAME.secret_file",
        "",
        "File that holds it.",
    ),
    (
        "notify.channels.NAME.username",
        "",
        "User name at the mail server.",
    ),
    (
        "notify.channels.NAME.from",
        "",
        "Who mails: `firemain <alerts@example.org>`.",
    ),
    (
        "notify.channels.NAME.to",
        "",
        "The topic, chat, number or mail address that is told where a contact has none of their own.",
    ),
    (
        "notify.channels.NAME.ca_file",
        "",
        "PEM file with the certificates that may sign the server's. None: those of the system.",
    ),
    (
        "notify.channels.NAME.timeout_s",
        "10",
        "How long one try may take, s. 1 to 120.",
    ),
    (
        "notify.channels.NAME.method",
        "\"POST\"",
        "Of a gateway: `POST`, `PUT` or `GET`.",
    ),
    (
        "notify.channels.NAME.headers",
        "[]",
        "Of a gateway or webhook: further headers, each `Name: value`.",
    ),
    (
        "notify.channels.NAME.body",
        "",
        "Of a gateway: the body, with `{{text}}`, `{{to}}`, `{{key}}`, `{{secret}}`, `{{title}}`, `{{severity}}`, `{{link}}`, `{{contact}}`.",
    ),
    (
        "notify.channels.NAME.content_type",
        "\"application/json\"",
        "Of a gateway: the body's media type, by which what is filled in is escaped.",
    ),
    (
        "notify.channels.NAME.long",
        "false",
        "Of a gateway: `{{text}}` is the whole text with diacritics; else it fits one SMS.",
    ),
    (
        "notify.channels.NAME.success_status",
        "[]",
        "Of a gateway: status codes that mean success. Empty: 200 to 299.",
    ),
    (
        "notify.channels.NAME.success_pointer",
        "",
        "Of a gateway: JSON pointer to what must be in the answer.",
    ),
    (
        "notify.channels.NAME.success_value",
        "",
        "Of a gateway: what must be there, as text.",
    ),
    (
        "notify.channels.NAME.path",
        "",
        "Of a file: where messages are appended; a relative path is below `data.dir`.",
    ),
];

/// The name of a setting with `NAME` in place of the name of a channel.
pub fn of_any_channel(name: &str) -> String {
    match name
        .strip_prefix("notify.channels.")
        .and_then(|rest| rest.split_once('.'))
    {
        Some((_, key)) => format!("notify.channels.NAME.{key}"),
        None => name.to_owned(),
    }
}

/// Every setting there is, the rules' parameters included, in the order of the document.
pub fn all() -> Vec<Key> {
    let fixed = FIXED.iter().map(|(name, default, effect)| Key {
        name: (*name).to_owned(),
        default: (*default).to_owned(),
        effect,
    });
    fixed.chain(rules()).collect()
}

fn rules() -> impl Iterator<Item = Key> {
    let rules = serde_json::to_value(Rules::default()).unwrap_or_default();
    let mut keys = Vec::new();
    for (rule, parameters) in rules.as_object().into_iter().flatten() {
        for (parameter, default) in parameters.as_object().into_iter().flatten() {
            let name = format!("rules.{rule}.{parameter}");
            keys.push(Key {
                name,
                default: default.to_string(),
                effect: "",
            });
        }
    }
    keys.into_iter()
}

/// The known key most like `name`.
pub fn nearest(name: &str) -> Option<String> {
    all()
        .into_iter()
        .map(|key| (strsim::damerau_levenshtein(&key.name, name), key.name))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lists_every_setting_with_its_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");
        let document = std::fs::read_to_string(path).unwrap();
        for key in all() {
            let name = format!("`{}`", key.name);
            let row = document.lines().find(|line| line.contains(&name));
            let row = row.unwrap_or_else(|| panic!("docs/config.md does not tell of {name}"));
            let default = key.default.trim_matches('"');
            assert!(
                row.contains(default),
                "docs/config.md: the default of {name} is {default}: {row}"
            );
        }
    }
}
