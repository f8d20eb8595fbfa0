//! Devices as they are shown.

use firemain_domain::Timestamp;
use firemain_domain::change::Settings;
use firemain_store::intake::Stranger;
use firemain_store::register::{Login, RegisterError};
use serde::Serialize;
use utoipa::ToSchema;

use super::trends::TrendView;
use crate::Stores;
use crate::board::Entry;
use crate::http::view::age_s;

/// A device: registered at a source, or a stranger that speaks.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeviceView {
    /// Its name, as its messages give it.
    #[schema(example = "hn-000412")]
    pub id: String,
    /// The source it reports for; `null`: nobody registered it.
    #[schema(example = "TR-0412")]
    pub source: Option<String>,
    /// When it was last heard; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
    /// How long ago, s.
    pub heard_age_s: Option<i64>,
    /// Its login at our own MQTT endpoint, if it has one.
    pub login: Option<LoginView>,
    /// Of one that nobody registered: what was heard of it.
    pub stranger: Option<StrangerView>,
}

/// All about one device.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeviceDetail {
    /// Who it is.
    #[serde(flatten)]
    pub device: DeviceView,
    /// The version of its firmware, as it says in its status or when it starts.
    pub firmware: Option<String>,
    /// When it last started anew.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub boot_at: Option<Timestamp>,
    /// What it is set to: as it reported, with what it took on by command since.
    #[schema(value_type = Object)]
    pub config_reported: Settings,
    /// What it was asked to be set to, by commands that wait or were carried out.
    #[schema(value_type = Object)]
    pub config_desired: Settings,
    /// Commands that have not been answered and have not expired.
    pub commands_waiting: usize,
    /// How its battery and signal go.
    pub trends: Vec<TrendView>,
}

/// A login; its secret was shown when it was made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LoginView {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The devices it speaks for.
    pub devices: Vec<String>,
}

/// What was heard of a device that nobody registered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StrangerView {
    /// When first.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// Messages it has sent.
    pub messages: u64,
    /// Messages still kept: adoption archives and judges them as late data.
    pub kept: u64,
}

impl DeviceView {
    /// The device of a source.
    pub fn registered(id: &str, entry: &Entry, login: Option<Login>, now: Timestamp) -> Self {
        let heard_at = entry.standing.heard_at;
        Self {
            id: id.to_owned(),
            source: Some(entry.source.code.to_string()),
            heard_at,
            heard_age_s: heard_at.map(|at| age_s(at, now)),
            login: login.map(LoginView::from),
            stranger: None,
        }
    }

    /// One that nobody registered.
    pub fn stranger(stranger: &Stranger, login: Option<Login>, now: Timestamp) -> Self {
        Self {
            id: stranger.device.to_string(),
            source: None,
            heard_at: Some(stranger.last_at),
            heard_age_s: Some(age_s(stranger.last_at, now)),
            login: login.map(LoginView::from),
            stranger: Some(StrangerView {
                first_at: stranger.first_at,
                messages: stranger.messages,
                kept: stranger.kept,
            }),
        }
    }
}

impl From<Login> for LoginView {
    fn from(login: Login) -> Self {
        // A gateway's login may speak for very many: the first hundred are shown.
        let devices = login
            .devices
            .iter()
            .take(100)
            .map(ToString::to_string)
            .collect();
        Self {
            created_at: login.created_at,
            devices,
        }
    }
}

/// The logins of these devices, in their order.
pub fn logins(stores: &Stores, names: &[String]) -> Result<Vec<Option<Login>>, RegisterError> {
    names
        .iter()
        .map(|name| stores.register.login(name))
        .collect()
}
