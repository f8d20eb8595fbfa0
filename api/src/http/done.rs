//! Answers to changes: 200 or 201 once judging has taken it, 202 while it is recorded but judging
//! is behind.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::app::Applied;

/// What a change made or altered.
#[derive(Clone, Debug)]
pub struct Done<T> {
    status: StatusCode,
    row: T,
}

impl<T> Done<T> {
    /// Something new.
    pub fn created(row: T, applied: Applied) -> Self {
        Self {
            status: status(StatusCode::CREATED, applied),
            row,
        }
    }

    /// Something altered.
    pub fn altered(row: T, applied: Applied) -> Self {
        Self {
            status: status(StatusCode::OK, applied),
            row,
        }
    }

    /// It was so before.
    pub fn unchanged(row: T) -> Self {
        Self {
            status: StatusCode::OK,
            row,
        }
    }
}

/// 204 once judging has taken it.
pub fn gone(applied: Applied) -> StatusCode {
    status(StatusCode::NO_CONTENT, applied)
}

fn status(usual: StatusCode, applied: Applied) -> StatusCode {
    match applied {
        Applied::Now => usual,
        Applied::Later => StatusCode::ACCEPTED,
    }
}

impl<T: Serialize> IntoResponse for Done<T> {
    fn into_response(self) -> Response {
        (self.status, Json(self.row)).into_response()
    }
}
