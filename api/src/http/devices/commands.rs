//! `GET /devices/{id}/commands`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::Settings;
use firemain_store::register::endpoint::{Command, MOST_OF_DEVICE};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::check_name;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, PathOf, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "commands";

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// It waits for the device, or for the broker.
    Queued,
    /// The broker or the device has it; there is no answer yet.
    Sent,
    /// The device carried it out.
    Done,
    /// The device says why it did not.
    Failed,
    /// There was no answer in time.
    Expired,
}

/// A command, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CommandView {
    /// Its id, which the device's answer names.
    pub id: String,
    /// How far it has come.
    pub state: CommandState,
    /// What the device is to set.
    #[schema(value_type = Object)]
    pub set: Settings,
    /// Who asked for it; `null`: nobody in person.
    pub asked_by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// When it is of no use any more.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When the broker or the device last took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// When the device answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// Why it was not carried out, as the device says.
    pub error: Option<String>,
}

impl CommandView {
    /// The command as it stands now.
    pub fn new(command: Command, now: Timestamp) -> Self {
        let body: serde_json::Value = serde_json::from_str(&command.body).unwrap_or_default();
        let set = body.get("set").and_then(|set| set.as_object().cloned());
        Self {
            state: CommandState::of(&command, now),
            sent_at: command.delivered_at.max(command.published_at),
            id: command.id,
            set: set.unwrap_or_default(),
            asked_by: command.asked_by,
            asked_at: command.created_at,
            expires_at: command.expires_at,
            answered_at: command.answered_at,
            error: command.error,
        }
    }
}

impl CommandState {
    fn of(command: &Command, now: Timestamp) -> Self {
        match command.ok {
            Some(true) => Self::Done,
            Some(false) => Self::Failed,
            None if command.answered_at.is_some() => Self::Done,
            None if command.expires_at <= now => Self::Expired,
            None if command.delivered_at.is_some() || command.published_at.is_some() => Self::Sent,
            None => Self::Queued,
        }
    }
}

/// What a device is wanted to be set to, and has not refused: by its commands, the newest first.
pub fn desired(commands: &[Command], now: Timestamp) -> Settings {
    let mut desired = Settings::new();
    for command in commands.iter().rev() {
        let view = CommandView::new(command.clone(), now);
        if !matches!(view.state, CommandState::Failed | CommandState::Expired) {
            desired.extend(view.set);
        }
    }
    desired
}

/// Which page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommandsQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A device's commands, the newest first; the last hundred are kept.
#[utoipa::path(get, path = "/devices/{id}/commands", tag = "devices",
    params(("id" = String, Path, description = "The device's name", example = "hn-000412"), CommandsQuery),
    responses((status = 200, description = "A page of commands", body = Page<CommandView>)))]
pub async fn list_commands(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
    Params(query): Params<CommandsQuery>,
) -> Result<Json<Page<CommandView>>, Problem> {
    let mut checks = Checks::default();
    check_name("id", &id, &mut checks);
    checks.of_params()?;
    let before = from_cursor::<u64>(LIST, query.after.as_deref())?;
    let most = (query.limit.items() + 1).min(MOST_OF_DEVICE + 1);
    let rows = app
        .ask(move |stores| stores.register.commands(&id, before, most))
        .await?;
    let now = app.now();
    let key = |command: &Command| command.number;
    Ok(Json(page_of(rows, query.limit, LIST, key, |command| {
        CommandView::new(command, now)
    })))
}
