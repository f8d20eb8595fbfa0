//! OpenID Connect (Core 1.0): authorization code with PKCE (RFC 7636), `state` tied to the browser,
//! `nonce`, and an ID token whose signature, issuer, audience and expiry are verified.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::access::{new_token, sha256};
use crate::http::settings::OidcSettings;

/// The issuer answers within this time, or does not.
const WITHIN: Duration = Duration::from_secs(10);
/// What the issuer says of itself is asked again after so long: its keys change.
const FRESH: Duration = Duration::from_mins(5);
/// A login at the issuer takes so long at most.
const LOGIN_WITHIN: Duration = Duration::from_mins(10);
/// Logins under way at most.
const MOST_PENDING: usize = 2_000;
/// Bytes of an answer at most.
const MOST_ANSWER: usize = 1024 * 1024;
/// Signatures that count; none made with a shared secret, none left out.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// Why somebody does not get in by the issuer.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The issuer cannot be asked.
    #[error("the issuer {issuer} cannot be asked: {reason}")]
    Issuer {
        /// Which.
        issuer: String,
        /// Why.
        reason: String,
    },
    /// This login was not begun here, or too long ago.
    #[error("this login was not begun in this browser, or too long ago: begin again at /login")]
    NotBegun,
    /// What the issuer answered does not hold.
    #[error("what the issuer says of this login does not hold: {0}")]
    Refused(String),
}

/// What the HTTP client can meet.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the answer cannot be read: {0}")]
    Answer(#[from] openidconnect::http::Error),
    #[error("the answer is longer than 1 MiB")]
    TooLong,
}

/// A foreign issuer.
pub struct Oidc {
    /// How it is set.
    pub settings: OidcSettings,
    http: reqwest::Client,
    provider: tokio::sync::Mutex<Option<(Instant, CoreProviderMetadata)>>,
    pending: Mutex<HashMap<String, Pending>>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

struct Pending {
    began: Instant,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    browser: [u8; 32],
    next: String,
}

/// A login that begins.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps in a cookie.
    pub browser: String,
}

/// A login that the issuer vouches for.
pub struct Vouched {
    /// The claims of its ID token, verified.
    pub claims: Value,
    /// Where to go.
    pub next: String,
}

impl Oidc {
    /// For an issuer; nothing is asked yet.
    ///
    /// # Errors
    /// When the file of certificates cannot be used.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        crate::choose_cryptography();
        let mut builder = reqwest::Client::builder()
            .tls_backend_rustls()
            .timeout(WITHIN)
            // An issuer that sends us elsewhere could make us ask inside our own network.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &settings.ca_file {
            let refused = |why: &dyn std::fmt::Display| {
                format!("`access.oidc.ca_file` = {}: {why}", path.display())
            };
            let pem = std::fs::read(path).map_err(|e| refused(&e))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| refused(&e))?;
            if certificates.is_empty() {
                return Err(refused(&"it holds no certificate"));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|e| format!("`access.oidc`: {e}"))?;
        Ok(Self {
            settings,
            http,
            provider: tokio::sync::Mutex::default(),
            pending: Mutex::default(),
        })
    }

    /// Begins a login.
    ///
    /// # Errors
    /// When the issuer cannot be asked.
    pub async fn begin(&self, next: &str) -> Result<Begun, OidcError> {
        let provider = self.provider(false).await?;
        let (id, secret, redirect) = self.client_parts()?;
        let client =
            CoreClient::from_provider_metadata(provider, id, secret).set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut asking = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in &self.settings.scopes {
            asking = asking.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = asking.set_pkce_challenge(challenge).url();
        let browser = new_token().map_err(|e| self.fault(&e))?;
        let pending = Pending {
            began: Instant::now(),
            nonce,
            verifier,
            browser: browser.sha256,
            next: next.to_owned(),
        };
        self.keep(state.secret().clone(), pending);
        Ok(Begun {
            url: url.to_string(),
            browser: browser.text,
        })
    }

    /// Takes what the issuer sent the browser back with.
    ///
    /// # Errors
    /// When it was not begun in this browser, or the issuer's answer does not hold.
    pub async fn finish(
        &self,
        state: &str,
        code: String,
        browser: &str,
    ) -> Result<Vouched, OidcError> {
        let pending = self.take(state).ok_or(OidcError::NotBegun)?;
        if pending.began.elapsed() > LOGIN_WITHIN || pending.browser != sha256(browser) {
            return Err(OidcError::NotBegun);
        }
        let provider = self.provider(true).await?;
        let (id, secret, redirect) = self.client_parts()?;
        let client =
            CoreClient::from_provider_metadata(provider, id, secret).set_redirect_uri(redirect);
        let call = |request| fetch(self.http.clone(), request);
        let refused = |e: &dyn std::fmt::Display| OidcError::Refused(e.to_string());
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|e| refused(&e))?
            .set_pkce_verifier(pending.verifier)
            .request_async(&call)
            .await
            .map_err(|e| OidcError::Refused(with_cause(&e)))?;
        let token = answer
            .id_token()
            .ok_or_else(|| refused(&"there is no ID token in the answer"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        token
            .claims(&verifier, &pending.nonce)
            .map_err(|e| OidcError::Refused(with_cause(&e)))?;
        let claims = payload(&token.to_string());
        Ok(Vouched {
            claims: claims.ok_or_else(|| refused(&"the ID token cannot be read"))?,
            next: pending.next,
        })
    }

    fn client_parts(&self) -> Result<(ClientId, Option<ClientSecret>, RedirectUrl), OidcError> {
        let redirect = RedirectUrl::new(self.settings.redirect_url.clone());
        Ok((
            ClientId::new(self.settings.client_id.clone()),
            self.settings.client_secret.clone().map(ClientSecret::new),
            redirect.map_err(|e| self.fault(&e))?,
        ))
    }

    fn fault(&self, why: &dyn std::fmt::Display) -> OidcError {
        OidcError::Issuer {
            issuer: self.settings.issuer.clone(),
            reason: why.to_string(),
        }
    }

    /// What the issuer says of itself; its keys with it. `known` will do where it is fresh.
    async fn provider(&self, anew: bool) -> Result<CoreProviderMetadata, OidcError> {
        let mut known = self.provider.lock().await;
        // For verifying, keys a few seconds old will do: the login was begun with a look at them.
        let fresh = if anew { FRESH / 10 } else { FRESH };
        if let Some((asked, provider)) = known.as_ref()
            && asked.elapsed() < fresh
        {
            return Ok(provider.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|e| self.fault(&e))?;
        let call = |request| fetch(self.http.clone(), request);
        let provider = CoreProviderMetadata::discover_async(issuer, &call)
            .await
            .map_err(|e| self.fault(&with_cause(&e)))?;
        *known = Some((Instant::now(), provider.clone()));
        Ok(provider)
    }

    fn keep(&self, state: String, pending: Pending) {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_PENDING {
            all.retain(|_, pending| pending.began.elapsed() < LOGIN_WITHIN);
        }
        if all.len() >= MOST_PENDING {
            let oldest = all.iter().min_by_key(|(_, pending)| pending.began);
            if let Some(oldest) = oldest.map(|(state, _)| state.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(state, pending);
    }

    fn take(&self, state: &str) -> Option<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(state)
    }
}

async fn fetch(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Fault> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut builder = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        builder = builder.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST_ANSWER {
            return Err(Fault::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(builder.body(body)?)
}

/// The claims of a token whose signature was verified.
fn payload(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
