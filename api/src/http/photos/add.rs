//! `POST /photos`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firemain_store::register::inspections::{MOST_PHOTO_BYTES, NewPhoto};
use futures::StreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::media::media_type;
use crate::http::app::App;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};

/// A photo at most takes so long to come in.
const WITHIN: Duration = Duration::from_mins(2);

/// A photo that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhotoView {
    /// Its id: give it in `photos` of an inspection or of work that was done.
    pub id: String,
    /// What it is.
    #[schema(example = "image/jpeg")]
    pub content_type: String,
    /// How large it is, bytes.
    pub bytes: usize,
}

/// Keeps a photo: JPEG, PNG or WebP, at most 4 MiB. The same picture sent twice is kept once.
#[utoipa::path(post, path = "/photos", tag = "photos",
    request_body(description = "The picture, at most 4 MiB",
        content((String = "image/jpeg"), (String = "image/png"), (String = "image/webp"))),
    responses(
        (status = 201, description = "It is kept", body = PhotoView),
        (status = 200, description = "It was kept before", body = PhotoView),
    ))]
pub async fn add_photo(
    State(app): State<Arc<App>>,
    who: Principal,
    request: Request,
) -> Result<(StatusCode, Json<PhotoView>), Problem> {
    let Ok(_turn) = app.photos.try_acquire() else {
        return Err(Problem::busy(
            "too many photos are coming in at once; try again",
            5,
        ));
    };
    let Ok(bytes) = timeout(WITHIN, whole(request.into_body())).await else {
        return Err(Problem::new(
            ProblemKind::TimedOut,
            "the photo did not come in within two minutes; send a smaller one",
        ));
    };
    let bytes = bytes?;
    let Some(media) = media_type(&bytes) else {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "it is no JPEG, PNG or WebP by its first bytes; send the picture itself as the body, as one of these",
        ));
    };
    let id = URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes));
    let view = PhotoView {
        id: id.clone(),
        content_type: media.to_owned(),
        bytes: bytes.len(),
    };
    let (at, most) = (app.now(), app.settings.inspections.photos_max_bytes);
    let kept = app.ask(move |stores| {
        let photo = NewPhoto {
            id: &id,
            media,
            at,
            by: &who.who,
            bytes: &bytes,
        };
        stores.register.add_photo(&photo, most)
    });
    let status = if kept.await? {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(view)))
}

/// The whole body, as long as it is not too large.
async fn whole(body: Body) -> Result<Vec<u8>, Problem> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            Problem::new(
                ProblemKind::MalformedBody,
                "the photo did not come in whole; send it again",
            )
        })?;
        if bytes.len() + piece.len() > MOST_PHOTO_BYTES {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                "a photo of at most 4 MiB is taken: send it smaller",
            ));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
