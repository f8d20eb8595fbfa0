//! `GET /photos/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A photo.
#[utoipa::path(get, path = "/photos/{id}", tag = "photos",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The picture",
        content((String = "image/jpeg"), (String = "image/png"), (String = "image/webp")))))]
pub async fn get_photo(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Response, Problem> {
    let photo = app.ask(move |stores| stores.register.photo(&id)).await?;
    let photo = photo.ok_or_else(|| {
        Problem::not_found(
            "there is no photo of that id: the `photos` of inspections and work name them",
        )
    })?;
    // Its id is the hash of its bytes: it never changes.
    let headers = [
        (header::CONTENT_TYPE, photo.media),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable".to_owned(),
        ),
    ];
    Ok((headers, photo.bytes).into_response())
}
