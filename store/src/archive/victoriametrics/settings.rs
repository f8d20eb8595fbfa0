//! Where the database is, and who we are to it.

use std::fmt;

use reqwest::Url;

use super::super::ArchiveError;
use super::super::influxdb2::Timeouts;
use super::words::refused;

/// How to reach a VictoriaMetrics.
#[derive(Clone, PartialEq, Eq)]
pub struct VictoriaSettings {
    /// Its address, such as `http://victoria:8428`; of a cluster that of vminsert. A path before
    /// ours, as a proxy may have it, is kept.
    pub url: String,
    /// Where reading goes, if elsewhere: a cluster's vmselect.
    pub read_url: Option<String>,
    /// A cluster's tenant, `0` or `0:0`; of a single node none.
    pub tenant: Option<String>,
    /// A bearer token, if something in front of it asks for one.
    pub token: Option<String>,
    /// User and password, if something in front of it asks for them.
    pub login: Option<(String, String)>,
    /// PEM certificates that may sign the server's, beside the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Whether bodies travel compressed.
    pub gzip: bool,
    /// How long answers are waited for.
    pub timeouts: Timeouts,
}

impl VictoriaSettings {
    /// A single node there, without login; compressed.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_url: None,
            tenant: None,
            token: None,
            login: None,
            ca_pem: None,
            gzip: true,
            timeouts: Timeouts::default(),
        }
    }

    /// Where lines are written.
    pub(super) fn write_url(&self) -> Result<Url, ArchiveError> {
        let path = match &self.tenant {
            None => "/api/v2/write".to_owned(),
            Some(tenant) => format!("/insert/{}/influx/api/v2/write", checked(tenant)?),
        };
        let mut url = under("url", &self.url, &path)?;
        url.set_query(Some("precision=ms"));
        Ok(url)
    }

    /// Where a question is asked, such as `api/v1/export`.
    pub(super) fn read_url(&self, what: &str) -> Result<Url, ArchiveError> {
        let path = match &self.tenant {
            None => format!("/{what}"),
            Some(tenant) => format!("/select/{}/prometheus/{what}", checked(tenant)?),
        };
        match &self.read_url {
            Some(url) => under("read_url", url, &path),
            None => under("url", &self.url, &path),
        }
    }

    /// What only a single node has, at its root.
    pub(super) fn root_url(&self, what: &str) -> Option<Url> {
        let url = under("url", &self.url, what).ok()?;
        self.tenant.is_none().then_some(url)
    }

    /// Refuses what cannot be right.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        self.write_url()?;
        self.read_url("api/v1/query")?;
        if self.token.is_some() && self.login.is_some() {
            return Err(refused(
                "`[archive] token` and `[archive] user` are both set: a request shows only one of them",
            ));
        }
        Ok(())
    }
}

fn checked(tenant: &str) -> Result<&str, ArchiveError> {
    let right = |part: &str| part.parse::<u32>().is_ok();
    let well = match tenant.split_once(':') {
        Some((account, project)) => right(account) && right(project),
        None => right(tenant),
    };
    well.then_some(tenant).ok_or_else(|| {
        refused(format!(
            "`[archive] tenant` is {tenant:?}: write a number, or two such as \"0:0\""
        ))
    })
}

fn under(name: &str, address: &str, path: &str) -> Result<Url, ArchiveError> {
    let mut url = Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            refused(format!(
                "`[archive] {name}` is {address:?}: write an address such as http://victoria:8428"
            ))
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(format!(
            "`[archive] {name}` carries a user or password: write them as `[archive] user` and \
             `password_file`"
        )));
    }
    if url.query().is_some() {
        return Err(refused(format!(
            "`[archive] {name}` has a `?`: write only the address"
        )));
    }
    let path = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

impl fmt::Debug for VictoriaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VictoriaSettings")
            .field("url", &self.url)
            .field("read_url", &self.read_url)
            .field("tenant", &self.tenant)
            .field("gzip", &self.gzip)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_paths_of_its_own() {
        let mut settings = VictoriaSettings::new("http://insert:8480/");
        let of = |settings: &VictoriaSettings| {
            let write = settings.write_url().unwrap().to_string();
            (
                write,
                settings.read_url("api/v1/query").unwrap().to_string(),
            )
        };
        let (write, read) = of(&settings);
        assert_eq!(write, "http://insert:8480/api/v2/write?precision=ms");
        assert_eq!(read, "http://insert:8480/api/v1/query");
        settings.tenant = Some("7:1".to_owned());
        settings.read_url = Some("http://select:8481/behind".to_owned());
        let (write, read) = of(&settings);
        assert_eq!(
            write,
            "http://insert:8480/insert/7:1/influx/api/v2/write?precision=ms"
        );
        assert_eq!(
            read,
            "http://select:8481/behind/select/7:1/prometheus/api/v1/query"
        );
    }

    #[test]
    fn what_cannot_be_right_is_said_and_no_secret_is_shown() {
        let said = |settings: &VictoriaSettings| settings.check().unwrap_err().to_string();
        assert!(said(&VictoriaSettings::new("victoria:8428")).contains("http://victoria:8428"));
        assert!(said(&VictoriaSettings::new("http://u:p@v:8428")).contains("password_file"));
        let mut settings = VictoriaSettings::new("http://v:8428");
        settings.tenant = Some("../admin".to_owned());
        assert!(said(&settings).contains("tenant"));
        settings.tenant = None;
        settings.token = Some("s3cret".to_owned());
        settings.login = Some(("u".to_owned(), "s3cret".to_owned()));
        assert!(said(&settings).contains("only one"));
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
