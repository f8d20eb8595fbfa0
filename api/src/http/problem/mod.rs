//! Problem documents (RFC 9457): every refusal says what is wrong and what to do about it.

mod kind;
mod of_errors;

pub use kind::ProblemKind;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name of this kind of problem: `/problems/…`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-parameter")]
    pub kind: String,
    /// The kind in words.
    #[schema(example = "A parameter cannot be used")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What is wrong this time, and what to do.
    #[schema(example = "`lat` must be between -90 and 90")]
    pub detail: String,
    /// Which fields or parameters, where it is about some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Seconds after which to try again, where that may help.
    #[serde(skip)]
    #[schema(ignore)]
    pub retry_after_s: Option<u32>,
}

/// What is wrong with one field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// A parameter's name, or a JSON pointer into the body.
    #[schema(example = "/requirement/flow_lps")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "must be between 0 and 1000")]
    pub message: String,
}

impl Fault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl Problem {
    /// A problem of this kind; `detail` says what is wrong and what to do.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// A problem about fields: its detail tells of the first, its `errors` of all.
    pub fn of_faults(kind: ProblemKind, faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [] => "it cannot be used".to_owned(),
            [one] => format!("`{}` {}", one.field, one.message),
            [first, rest @ ..] => {
                format!(
                    "`{}` {} (and {} more)",
                    first.field,
                    first.message,
                    rest.len()
                )
            }
        };
        Self {
            errors: faults,
            ..Self::new(kind, detail)
        }
    }

    /// Nothing of that name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, detail)
    }

    /// Not now; try again after some seconds.
    pub fn busy(detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(ProblemKind::Unavailable, detail)
        }
    }

    /// Too many tries; the next is looked at after some seconds.
    pub fn too_many(detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(ProblemKind::TooManyTries, detail)
        }
    }

    /// Its HTTP status.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let content = HeaderValue::from_static("application/problem+json");
        let mut response =
            (self.status_code(), [(header::CONTENT_TYPE, content)], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_first_fault_and_lists_all() {
        let problem = Problem::of_faults(
            ProblemKind::InvalidBody,
            vec![
                Fault::new("/name", "is missing"),
                Fault::new("/lat", "must be a number"),
            ],
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "/problems/invalid-body");
        assert_eq!(json["status"], 422);
        assert_eq!(json["detail"], "`/name` is missing (and 1 more)");
        assert_eq!(json["errors"][1]["field"], "/lat");
    }
}
