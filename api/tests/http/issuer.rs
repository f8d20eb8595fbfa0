//! A foreign issuer as OpenID Connect has it: discovery, keys, an authorization endpoint and a token
//! endpoint that checks client, code and PKCE verifier, and signs with RSA.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT: &str = "firemain";
pub const SECRET: &str = "known to both";

/// What the issuer does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// Signed by somebody else's key under the same key id.
    Signature,
    /// Not signed at all.
    Unsigned,
    Nonce,
    Audience,
    Issuer,
    Expired,
}

#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    url: String,
    wrong: Wrong,
    claims: Value,
    codes: HashMap<String, Asked>,
}

/// What a browser was sent with.
#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner {
            url: url.clone(),
            wrong: Wrong::Nothing,
            claims: json!({}),
            codes: HashMap::new(),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// Somebody logs in at the issuer, whom it vouches for with these claims: where their browser is
    /// sent back to.
    pub fn log_in(&self, asked: &str, claims: Value, wrong: Wrong) -> String {
        let asked = reqwest::Url::parse(asked).unwrap();
        let query: HashMap<String, String> = asked.query_pairs().into_owned().collect();
        assert!(
            asked
                .as_str()
                .starts_with(&format!("{}/authorize", self.url))
        );
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].contains("openid"));
        let mut inner = self.inner.lock().unwrap();
        inner.wrong = wrong;
        inner.claims = claims;
        let code = format!("code-{}", inner.codes.len());
        inner.codes.insert(
            code.clone(),
            Asked {
                nonce: query["nonce"].clone(),
                challenge: query["code_challenge"].clone(),
            },
        );
        let mut back = reqwest::Url::parse(&query["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &query["state"]);
        back.to_string()
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

async fn discovery(State(inner): Shared) -> Json<Value> {
    let url = inner.lock().unwrap().url.clone();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

fn signer(pem: &str) -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new("one".to_owned()))).unwrap()
}

async fn keys() -> Json<CoreJsonWebKeySet> {
    let key = signer(include_str!("issuer.pem")).as_verification_key();
    Json(CoreJsonWebKeySet::new(vec![key]))
}

async fn token(
    State(inner): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let expected = format!(
        "Basic {}",
        STANDARD.encode(format!("{CLIENT}:known+to+both"))
    );
    let sent = headers.get("authorization").and_then(|v| v.to_str().ok());
    if sent != Some(&expected) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut inner = inner.lock().unwrap();
    let asked = inner
        .codes
        .remove(&form["code"])
        .ok_or(StatusCode::BAD_REQUEST)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != asked.challenge || form["grant_type"] != "authorization_code" {
        return Err(StatusCode::BAD_REQUEST);
    }
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut claims = json!({ "iss": inner.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.nonce });
    for (name, value) in inner.claims.as_object().unwrap() {
        claims[name] = value.clone();
    }
    match inner.wrong {
        Wrong::Nonce => claims["nonce"] = json!("another"),
        Wrong::Audience => claims["aud"] = json!("another client"),
        Wrong::Issuer => claims["iss"] = json!("https://evil.example"),
        Wrong::Expired => {
            claims["iat"] = json!(now - 7_200);
            claims["exp"] = json!(now - 3_600);
        }
        Wrong::Nothing | Wrong::Signature | Wrong::Unsigned => {}
    }
    Ok(Json(json!({
        "access_token": "opaque", "token_type": "Bearer", "expires_in": 300,
        "id_token": signed(&claims, inner.wrong),
    })))
}

fn signed(claims: &Value, wrong: Wrong) -> String {
    let algorithm = if wrong == Wrong::Unsigned {
        "none"
    } else {
        "RS256"
    };
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": "one" });
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(&header), encode(claims));
    let pem = match wrong {
        Wrong::Unsigned => return format!("{message}."),
        Wrong::Signature => include_str!("stranger.pem"),
        _ => include_str!("issuer.pem"),
    };
    let signature = signer(pem)
        .sign(
            &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            message.as_bytes(),
        )
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
