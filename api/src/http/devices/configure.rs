//! `POST /devices/{id}/config`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Settings};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_store::register::RegisterError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::commands::CommandView;
use super::{check_name, no_device};
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, id_or_new};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Settings that are whole seconds, with their bounds.
const SECONDS: [(&str, u64, u64); 2] = [
    ("report_interval_s", 60, 604_800),
    ("sample_interval_s", 1, 86_400),
];
/// Settings that are numbers, with their bounds.
const NUMBERS: [(&str, f64, f64); 8] = [
    ("report_delta_kpa", 0.1, 1_000.0),
    ("report_delta_m", 0.001, 10.0),
    ("threshold_low_kpa", 0.0, 2_500.0),
    ("threshold_high_kpa", 0.0, 2_500.0),
    ("threshold_low_m", -50.0, 100.0),
    ("threshold_high_m", -50.0, 100.0),
    ("calibration_offset_kpa", -200.0, 200.0),
    ("calibration_offset_m", -5.0, 5.0),
];
/// A command is tried for so long where nobody says otherwise, ms.
const USUAL_MS: i64 = 7 * DAY_MS;
/// And at most so long.
const LONGEST_MS: i64 = 30 * DAY_MS;

/// What a device is to be set to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigBody {
    /// An id of your own, so that a request sent twice asks once.
    #[schema(example = "c-17")]
    id: Option<String>,
    /// Setting → value: `report_interval_s`, `sample_interval_s`, `report_delta_kpa`,
    /// `report_delta_m`, `threshold_low_kpa`, `threshold_high_kpa`, `threshold_low_m`,
    /// `threshold_high_m`, `calibration_offset_kpa`, `calibration_offset_m`.
    #[schema(value_type = Object, example = json!({"report_interval_s": 300}))]
    set: Settings,
    /// Until when it is tried, at most 30 days; a week by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Asks a device to set itself otherwise.
///
/// The command waits until the device takes it, and is repeated until it answers or the command
/// expires. A reporting interval that it took on is its source's from then on; after a calibration
/// offset what was learned of its readings begins anew.
#[utoipa::path(post, path = "/devices/{id}/config", tag = "devices",
    params(("id" = String, Path, description = "The device's name", example = "hn-000412")),
    request_body = ConfigBody,
    responses(
        (status = 201, description = "It is on its way", body = CommandView),
        (status = 200, description = "The very same was asked before", body = CommandView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = CommandView),
    ))]
pub async fn configure_device(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(device): PathOf<String>,
    Body(body): Body<ConfigBody>,
) -> Result<Done<CommandView>, Problem> {
    let mut checks = Checks::default();
    check_name("id", &device, &mut checks);
    checks.of_params()?;
    let now = app.now();
    let mut checks = Checks::default();
    let id = id_or_new(&app, body.id, &mut checks)?;
    check_settings(&body.set, &mut checks);
    let expires_at = body.expires_at.unwrap_or_else(|| now.plus_ms(USUAL_MS));
    checks.that(
        (MINUTE_MS..=LONGEST_MS).contains(&expires_at.since_ms(now)),
        "/expires_at",
        "must be at least a minute ahead, and at most 30 days",
    );
    checks.of_body()?;
    let Some(code) = app.source_of_device(&device).await? else {
        return Err(no_device(&device));
    };
    let source = app.ask(move |stores| stores.register.source(&code)).await?;
    let Some(source) = source else {
        return Err(no_device(&device));
    };
    let change = Change::DeviceConfigured {
        device: device.clone(),
        source: source.code.clone(),
        id: id.clone(),
        set: body.set.clone(),
        expires_at,
    };
    let (wanted, set) = (id.clone(), body.set);
    let there = move |stores: &crate::Stores| {
        let commands = stores.register.commands(&device, None, 100)?;
        let found = commands.into_iter().find(|command| command.id == wanted);
        Ok::<_, RegisterError>(found.map(|command| CommandView::new(command, now)))
    };
    let again = there.clone();
    let entered = enter(&app, &who, change, there, |view| view.set == set).await?;
    match entered {
        Entered::Before(view) => Ok(Done::unchanged(view)),
        Entered::New(applied) => match app.ask(again).await? {
            Some(view) => Ok(Done::created(view, applied)),
            None => Err(Problem::not_found("the command was forgotten already")),
        },
    }
}

fn check_settings(set: &Settings, checks: &mut Checks) {
    checks.that(!set.is_empty(), "/set", "names nothing to set");
    for (name, value) in set {
        let field = format!("/set/{}", name.chars().take(40).collect::<String>());
        let seconds = SECONDS.iter().find(|(known, ..)| known == name);
        let number = NUMBERS.iter().find(|(known, ..)| known == name);
        match (seconds, number) {
            (Some((_, least, most)), _) => {
                let fits = value
                    .as_u64()
                    .is_some_and(|s| (*least..=*most).contains(&s));
                checks.that(
                    fits,
                    &field,
                    format!("must be whole seconds between {least} and {most}"),
                );
            }
            (_, Some((_, least, most))) => {
                let fits = value
                    .as_f64()
                    .is_some_and(|n| (*least..=*most).contains(&n));
                checks.that(fits, &field, format!("must be between {least} and {most}"));
            }
            _ => {
                let seconds = SECONDS.iter().map(|(known, ..)| *known);
                let known: Vec<&str> = seconds.chain(NUMBERS.iter().map(|(k, ..)| *k)).collect();
                checks.fault(
                    &field,
                    format!("is no setting: there are {}", known.join(", ")),
                );
            }
        }
    }
    for unit in ["kpa", "m"] {
        let value = |end: &str| set.get(&format!("threshold_{end}_{unit}"))?.as_f64();
        if let (Some(low), Some(high)) = (value("low"), value("high")) {
            checks.that(
                low < high,
                &format!("/set/threshold_low_{unit}"),
                format!("must be below threshold_high_{unit}"),
            );
        }
    }
}
