//! The kinds of problem, each with a name that stays.

use axum::http::StatusCode;

/// What kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A query parameter, path or cursor that cannot be used.
    InvalidParameter,
    /// A body that is not what is asked for.
    InvalidBody,
    /// A body that is no JSON at all.
    MalformedBody,
    /// A body of another content type.
    UnsupportedMediaType,
    /// A body larger than is taken.
    TooLarge,
    /// Nobody said who asks, or nobody knows them.
    Unauthenticated,
    /// From a place, or by somebody, that may not ask this.
    Forbidden,
    /// Too often in too short a time.
    TooManyTries,
    /// Nothing of that name.
    NotFound,
    /// No such method here.
    MethodNotAllowed,
    /// It contradicts what is there.
    Conflict,
    /// The request did not come in whole, or was not answered, in time.
    TimedOut,
    /// Something we need is not to be had now.
    Unavailable,
    /// The archive's database refuses us.
    ArchiveRefuses,
    /// Our fault.
    Internal,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::InvalidParameter,
        Self::InvalidBody,
        Self::MalformedBody,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::TooManyTries,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TimedOut,
        Self::Unavailable,
        Self::ArchiveRefuses,
        Self::Internal,
    ];

    /// Its `type`, a relative reference that never changes.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::InvalidParameter => "/problems/invalid-parameter",
            Self::InvalidBody => "/problems/invalid-body",
            Self::MalformedBody => "/problems/malformed-body",
            Self::UnsupportedMediaType => "/problems/unsupported-media-type",
            Self::TooLarge => "/problems/too-large",
            Self::Unauthenticated => "/problems/unauthenticated",
            Self::Forbidden => "/problems/forbidden",
            Self::TooManyTries => "/problems/too-many-tries",
            Self::NotFound => "/problems/not-found",
            Self::MethodNotAllowed => "/problems/method-not-allowed",
            Self::Conflict => "/problems/conflict",
            Self::TimedOut => "/problems/timed-out",
            Self::Unavailable => "/problems/unavailable",
            Self::ArchiveRefuses => "/problems/archive-refuses",
            Self::Internal => "/problems/internal",
        }
    }

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidParameter => "A parameter cannot be used",
            Self::InvalidBody => "The body cannot be used",
            Self::MalformedBody => "The body is not JSON",
            Self::UnsupportedMediaType => "The body is of another content type",
            Self::TooLarge => "The body is too large",
            Self::Unauthenticated => "Say who you are",
            Self::Forbidden => "That may not be asked from there, or not by you",
            Self::TooManyTries => "Too many tries",
            Self::NotFound => "There is nothing of that name",
            Self::MethodNotAllowed => "That method is not possible here",
            Self::Conflict => "It contradicts what is there",
            Self::TimedOut => "It took too long",
            Self::Unavailable => "Not to be had at the moment",
            Self::ArchiveRefuses => "The archive's database refuses",
            Self::Internal => "Something went wrong on our side",
        }
    }

    /// Its HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter | Self::MalformedBody => StatusCode::BAD_REQUEST,
            Self::InvalidBody => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ArchiveRefuses => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
