//! The server, wrapped in HTTP: one client, its login, whole bodies within a limit.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode, Url};

use super::super::ArchiveError;
use super::VictoriaSettings;
use super::words::{self, refused};

/// Bytes of an answer that are read at most.
const ANSWER_BYTES: usize = 256 * 1_024 * 1_024;
/// Seconds a server may ask us to wait at most.
const LONGEST_WAIT_S: u64 = 3_600;

/// The server.
#[derive(Clone)]
pub(super) struct Server {
    client: Client,
    settings: Arc<VictoriaSettings>,
}

/// What came back.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    pub(super) retry_after: Option<Duration>,
}

impl Told {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Server {
    pub(super) fn new(settings: VictoriaSettings) -> Result<Self, ArchiveError> {
        settings.check()?;
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.timeouts.connect)
            .gzip(settings.gzip);
        if let Some(pem) = &settings.ca_pem {
            let certificate = Certificate::from_pem(pem).map_err(|e| {
                refused(format!(
                    "`[archive] ca_file` holds no PEM certificate that can be read: {e}"
                ))
            })?;
            builder = builder.add_root_certificate(certificate);
        }
        let client = builder
            .build()
            .map_err(|e| refused(format!("no HTTP client can be made: {e}")))?;
        Ok(Self {
            client,
            settings: Arc::new(settings),
        })
    }

    pub(super) fn settings(&self) -> &VictoriaSettings {
        &self.settings
    }

    pub(super) fn post(&self, url: Url, timeout: Duration) -> RequestBuilder {
        self.with_login(self.client.post(url).timeout(timeout))
    }

    pub(super) fn get(&self, url: Url, timeout: Duration) -> RequestBuilder {
        self.with_login(self.client.get(url).timeout(timeout))
    }

    fn with_login(&self, request: RequestBuilder) -> RequestBuilder {
        match (&self.settings.token, &self.settings.login) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some((user, password))) => request.basic_auth(user, Some(password)),
            (None, None) => request,
        }
    }

    /// Sends it and reads the whole answer, whatever its status.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Told, ArchiveError> {
        let no_answer = |e: reqwest::Error| words::no_answer(&self.settings.url, &e);
        let mut response = request.send().await.map_err(no_answer)?;
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(|seconds: u64| Duration::from_secs(seconds.min(LONGEST_WAIT_S)));
        let status = response.status();
        let mut body = Vec::new();
        while let Some(more) = response.chunk().await.map_err(no_answer)? {
            if body.len() + more.len() > ANSWER_BYTES {
                return Err(refused(
                    "the answer of VictoriaMetrics is too large: ask for a shorter span",
                ));
            }
            body.extend_from_slice(&more);
        }
        Ok(Told {
            status,
            body,
            retry_after,
        })
    }

    /// The same where only success is an answer.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, ArchiveError> {
        let told = self.send(request).await?;
        if told.status.is_success() {
            Ok(told.body)
        } else {
            Err(self.error(&told))
        }
    }

    pub(super) fn error(&self, told: &Told) -> ArchiveError {
        words::status(
            &self.settings.url,
            told.status,
            &told.text(),
            told.retry_after,
        )
    }
}
