//! `/users`: who may log in, and what they may do. For administrators.

mod disable;
mod get;
mod list;
mod password;
mod put;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_store::register::access::{PasswordHash, User};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::{Fault, Problem, ProblemKind};
use crate::access::{PasswordError, hash_password};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_users))
        .routes(routes!(get::get_user, put::put_user))
        .routes(routes!(disable::disable_user))
        .routes(routes!(password::reset_password))
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserView {
    /// User name.
    #[schema(example = "lan")]
    pub name: String,
    /// What people call them.
    #[schema(example = "Nguyễn Thị Lan")]
    pub display_name: String,
    /// `vi` or `en`.
    #[schema(example = "vi")]
    pub language: &'static str,
    /// `viewer`, `crew`, `dispatcher`, `operator` or `administrator`.
    #[schema(example = "dispatcher")]
    pub role: &'static str,
    /// For sources of which units they may act; empty: of all.
    pub units: Vec<String>,
    /// Where mail reaches them.
    pub email: Option<String>,
    /// Where a call or short message reaches them.
    pub phone: Option<String>,
    /// Whether they log in at a foreign issuer (OpenID Connect).
    pub foreign: bool,
    /// Whether they are kept out.
    pub disabled: bool,
    /// When they were entered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Logins that failed since the last that succeeded.
    pub failed_logins: u32,
    /// When the last failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failed_at: Option<Timestamp>,
    /// When they last logged in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub logged_in_at: Option<Timestamp>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            display_name: user.display_name,
            language: user.language.code(),
            role: user.role.name(),
            units: user.units,
            email: user.email,
            phone: user.phone,
            foreign: user.subject.is_some(),
            disabled: user.disabled,
            created_at: user.created_at,
            failed_logins: user.failed_logins,
            failed_at: user.failed_at,
            logged_in_at: user.logged_in_at,
        }
    }
}

impl App {
    /// The hash of a new password, made where blocking is allowed, few at a time.
    pub async fn hash(
        &self,
        name: &str,
        password: String,
        field: &'static str,
    ) -> Result<PasswordHash, Problem> {
        let Ok(turn) = self.access.hashing.clone().acquire_owned().await else {
            return Err(Problem::busy("firemain stops", 5));
        };
        let name = name.to_owned();
        let hashing = tokio::task::spawn_blocking(move || {
            let hashed = hash_password(&name, &password);
            drop(turn);
            hashed
        });
        match hashing.await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(PasswordError::Poor(why))) => Err(Problem::of_faults(
                ProblemKind::InvalidBody,
                vec![Fault::new(field, why)],
            )),
            Ok(Err(error)) => {
                tracing::error!(%error, "access.hashing_failed");
                Err(Problem::new(ProblemKind::Internal, error.to_string()))
            }
            Err(error) => {
                tracing::error!(%error, "access.hashing_failed");
                Err(Problem::new(
                    ProblemKind::Internal,
                    "the password was not hashed; the log says why",
                ))
            }
        }
    }
}

/// The user of that name.
async fn find(app: &App, name: &str) -> Result<User, Problem> {
    let wanted = name.to_owned();
    let found = app.ask(move |stores| stores.register.user(&wanted)).await?;
    found.ok_or_else(|| {
        Problem::not_found("there is no user of that name: GET /api/v1/users lists them")
    })
}
