//! JSON bodies: of bounded size, of the right type, with refusals that point into them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::http::problem::{Fault, Problem, ProblemKind};

/// The body as `T`.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        if !is_json(content_type) {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                "send JSON, with the header `Content-Type: application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|refusal| {
                if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Problem::new(ProblemKind::TooLarge, "at most 64 KiB are taken here")
                } else {
                    Problem::new(
                        ProblemKind::MalformedBody,
                        "the body did not come in whole; send it again",
                    )
                }
            })?;
        read(&bytes).map(Self)
    }
}

/// The body as `T`; where there is none, what `T` is by default.
#[derive(Clone, Copy, Debug)]
pub struct OptionalBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers();
        let chunked = headers.contains_key(header::TRANSFER_ENCODING);
        let empty = headers
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0");
        if empty && !chunked {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, state)
            .await
            .map(|Body(body)| Self(body))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            Problem::of_faults(ProblemKind::InvalidBody, vec![fault_of(&error)])
        } else {
            Problem::new(
                ProblemKind::MalformedBody,
                format!("the body is not JSON: {inner}"),
            )
        }
    })?;
    json.end().map_err(|_| {
        Problem::new(
            ProblemKind::MalformedBody,
            "there is something after the JSON; send one object",
        )
    })?;
    Ok(body)
}

fn fault_of(error: &serde_path_to_error::Error<serde_json::Error>) -> Fault {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    let said = error.inner().to_string();
    let said = said
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    if let Some((field, _)) = said
        .strip_prefix("missing field `")
        .and_then(|t| t.split_once('`'))
    {
        return Fault::new(format!("{pointer}/{field}"), "is missing; it must be given");
    }
    if pointer.is_empty() {
        pointer.push('/');
    }
    Fault::new(pointer, format!("cannot be used: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        flow_lps: f64,
    }

    #[test]
    fn a_fault_in_the_body_is_pointed_at() {
        let fault = |text: &str| read::<Outer>(text.as_bytes()).unwrap_err();
        assert_eq!(
            fault(r#"{"inner":{"flow_lps":"much"}}"#).errors[0].field,
            "/inner/flow_lps"
        );
        assert_eq!(fault(r#"{"inner":{}}"#).errors[0].field, "/inner/flow_lps");
        assert!(fault(r#"{"inner":{"flow":1}}"#).detail.contains("flow_lps"));
        assert_eq!(fault("{").kind, "/problems/malformed-body");
        assert_eq!(
            fault(r#"{"inner":{"flow_lps":1}} x"#).kind,
            "/problems/malformed-body"
        );
        assert!(read::<Outer>(br#"{"inner":{"flow_lps":1}}"#).is_ok());
    }
}
