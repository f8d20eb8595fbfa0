//! `GET /supply-schedules/proposals`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::judging::RuleName;
use firemain_domain::source::SupplySchedule;
use firemain_store::register::{EpisodeFilter, EpisodeRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Stores;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, cursor, from_cursor};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "supply-proposals";
/// Alerts looked at for one page.
const LOOKED_AT: usize = 10_000;

/// Which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProposalsQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Hours that a source seems to have water in, by what was low day after day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProposalView {
    /// The source.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// The pressure zone that feeds it.
    pub zone: Option<String>,
    /// The hours of the day, by local time, that were low on most of the last days.
    #[schema(example = json!([18, 19, 20]))]
    pub low_hours: Vec<u32>,
    /// The supply hours that follow from it.
    #[schema(example = "21:00-18:00")]
    pub hours: String,
    /// The alert that tells of it.
    #[schema(example = "TR-0412/LOW_STATIC/3")]
    pub alert: String,
}

impl ProposalView {
    /// What an alert proposes, if it does.
    pub fn of(row: &EpisodeRow, zone: Option<String>) -> Option<Self> {
        let bits = row.state.low_hours;
        let hours = SupplySchedule::all_but_hours(bits)?;
        Some(Self {
            source: row.state.id.source()?.to_string(),
            zone,
            low_hours: (0..24).filter(|hour| bits & (1 << hour) != 0).collect(),
            hours: hours.to_string(),
            alert: row.state.id.to_string(),
        })
    }
}

/// Supply hours that were learned: the same hours are low day after day, at a source that has no
/// hours set. Nothing follows from them until a person approves.
#[utoipa::path(get, path = "/supply-schedules/proposals", tag = "supply schedules", params(ProposalsQuery),
    responses((status = 200, description = "A page of proposals", body = Page<ProposalView>)))]
pub async fn list_supply_proposals(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<ProposalsQuery>,
) -> Result<Json<Page<ProposalView>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let rows = app
        .ask(move |stores| standing_low(stores, after.as_deref(), LOOKED_AT))
        .await?;
    let mut items = Vec::new();
    let mut next = None;
    let more = rows.len() == LOOKED_AT;
    let last = rows.last().map(|row| row.state.id.to_string());
    for row in rows {
        let entry = row.state.id.source().and_then(|code| app.board.get(code));
        let unset = entry.filter(|entry| entry.source.supply_schedule.is_none());
        let Some(entry) = unset else { continue };
        let zone = entry.source.zone.as_deref().map(ToOwned::to_owned);
        let Some(proposal) = ProposalView::of(&row, zone) else {
            continue;
        };
        items.push(proposal);
        if items.len() == query.limit.items() {
            next = Some(cursor(LIST, &row.state.id.to_string()));
            break;
        }
    }
    if next.is_none() && more {
        next = last.map(|id| cursor(LIST, &id));
    }
    Ok(Json(Page { items, next }))
}

/// Alerts of low pressure that stand.
fn standing_low(
    stores: &Stores,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<EpisodeRow>, firemain_store::register::RegisterError> {
    let filter = EpisodeFilter {
        rule: Some(RuleName::LowStatic.name().to_owned()),
        open: Some(true),
        ..EpisodeFilter::default()
    };
    stores.register.episodes(&filter, after, most)
}

/// What is proposed for one source.
pub fn of_source(
    stores: &Stores,
    source: &str,
) -> Result<Option<ProposalView>, firemain_store::register::RegisterError> {
    let filter = EpisodeFilter {
        source: Some(source.to_owned()),
        rule: Some(RuleName::LowStatic.name().to_owned()),
        open: Some(true),
        ..EpisodeFilter::default()
    };
    let rows = stores.register.episodes(&filter, None, 1)?;
    Ok(rows.iter().find_map(|row| ProposalView::of(row, None)))
}
