//! Where the database is, and how long it is waited for.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::super::ArchiveError;
use super::words;

/// How to reach an InfluxDB 2.
#[derive(Clone, PartialEq, Eq)]
pub struct InfluxSettings {
    /// Its address, such as `http://influxdb:8086`; without a path.
    pub url: String,
    /// The organisation, by name or id.
    pub org: String,
    /// The bucket.
    pub bucket: String,
    /// A token that may read and write that bucket.
    pub token: String,
    /// Whether bodies travel compressed.
    pub gzip: bool,
    /// How long answers are waited for.
    pub timeouts: Timeouts,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a batch to be written.
    pub write: Duration,
    /// For a query to be answered.
    pub read: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            write: Duration::from_secs(30),
            read: Duration::from_mins(1),
        }
    }
}

impl InfluxSettings {
    /// An InfluxDB 2 there, with the usual time-outs; compressed unless it is on this machine, where
    /// compressing costs more than it saves.
    pub fn new(
        url: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let url = url.into();
        let here = Url::parse(&url)
            .ok()
            .and_then(|url| url.host_str().map(is_this_machine));
        Self {
            gzip: !here.unwrap_or(false),
            url,
            org: org.into(),
            bucket: bucket.into(),
            token: token.into(),
            timeouts: Timeouts::default(),
        }
    }

    /// The address, if all settings can be right.
    pub(super) fn checked_url(&self) -> Result<Url, ArchiveError> {
        let url = Url::parse(&self.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                words::refused(format!(
                    "`[archive] url` is {:?}: write an address such as http://influxdb:8086",
                    self.url
                ))
            })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(words::refused(
                "`[archive] url` carries a user or password: write only the address, and the token \
                 as `[archive] token` or `token_file`",
            ));
        }
        if url.path() != "/" || url.query().is_some() {
            return Err(words::refused(format!(
                "`[archive] url` has a path: InfluxDB answers at the root of its address, such as {}",
                url.origin().ascii_serialization()
            )));
        }
        for (name, value) in [
            ("org", &self.org),
            ("bucket", &self.bucket),
            ("token", &self.token),
        ] {
            if value.trim().is_empty() {
                return Err(words::refused(format!("`[archive] {name}` is empty")));
            }
        }
        if self.token.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(words::refused(
                "`[archive] token` holds a space, a line end or a letter that no token has: copy it again",
            ));
        }
        Ok(url)
    }
}

fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "[::1]") || host.starts_with("127.")
}

impl fmt::Debug for InfluxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfluxSettings")
            .field("url", &self.url)
            .field("org", &self.org)
            .field("bucket", &self.bucket)
            .field("token", &"…")
            .field("gzip", &self.gzip)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, token: &str) -> String {
        InfluxSettings::new(url, "o", "b", token)
            .checked_url()
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_cannot_be_right_is_said() {
        assert!(refusal("influxdb:8086", "t").contains("http://influxdb:8086"));
        assert!(refusal("http://a:8086/influx", "t").contains("has a path"));
        assert!(refusal("http://u:p@a:8086", "t").contains("password"));
        assert!(refusal("http://a:8086", "").contains("token"));
        assert!(refusal("http://a:8086", "two words").contains("token"));
    }

    #[test]
    fn the_token_is_never_shown() {
        let settings = InfluxSettings::new("http://a:8086", "o", "b", "s3cret");
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn only_what_leaves_the_machine_is_compressed() {
        let gzip = |url: &str| InfluxSettings::new(url, "o", "b", "t").gzip;
        assert!(!gzip("http://127.0.0.1:8086") && !gzip("http://localhost:8086"));
        assert!(gzip("http://influxdb:8086"));
    }
}
