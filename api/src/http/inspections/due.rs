//! `GET /inspections/due`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::source::KindName;
use firemain_domain::time::DAY_MS;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Due, due_sources};
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{KindCode, PositionBody};

const LIST: &str = "due";
/// Days to look ahead where nobody says how many.
const USUAL_DAYS: u32 = 30;

/// Which sources that are due.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DueQuery {
    /// Due within so many days, the overdue with them; 0: only the overdue; 30 by default.
    #[param(minimum = 0, maximum = 3650)]
    within_days: Option<u32>,
    /// In one administrative unit.
    unit: Option<String>,
    /// Of one kind.
    #[param(value_type = Option<KindCode>, inline)]
    kind: Option<KindName>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A source that is due to be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DueView {
    /// The source's code.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// What it is.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// Where people say it is.
    pub name: String,
    /// Its administrative unit.
    pub unit: Option<String>,
    /// Where it stands.
    pub position: PositionBody,
    /// When somebody last looked at it; `null`: nobody did.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub inspected_at: Option<Timestamp>,
    /// When it is due; `null`: at once, for nobody knows since when it has been there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Whether that has passed.
    pub overdue: bool,
}

impl DueView {
    fn new(due: &Due, now: Timestamp) -> Self {
        Self {
            code: due.source.code.to_string(),
            kind: due.source.kind_name(),
            name: due.source.name.clone(),
            unit: due.unit.as_deref().map(str::to_owned),
            position: PositionBody {
                lat: due.source.position.lat,
                lon: due.source.position.lon,
            },
            inspected_at: due.inspected_at,
            due_at: due.due_at,
            overdue: due.due_at.is_none_or(|at| at <= now),
        }
    }
}

/// Sources that are due to be looked at, by the cycle of their kind, the longest overdue first.
#[utoipa::path(get, path = "/inspections/due", tag = "inspections", params(DueQuery),
    responses((status = 200, description = "A page of sources that are due", body = Page<DueView>)))]
pub async fn list_due(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<DueQuery>,
) -> Result<Json<Page<DueView>>, Problem> {
    let days = query.within_days.unwrap_or(USUAL_DAYS);
    let mut checks = Checks::default();
    checks.within("within_days", days, 0..=3_650);
    checks.text_if("unit", query.unit.as_deref(), 100);
    checks.of_params()?;
    let after = from_cursor::<(i64, String)>(LIST, query.after.as_deref())?;
    let now = app.now();
    let (unit, kind) = (query.unit, query.kind);
    let until = now.plus_ms(i64::from(days) * DAY_MS);
    let mut due = due_sources(&app, until, move |view| {
        kind.is_none_or(|kind| view.source().kind_name() == kind)
            && unit.as_deref().is_none_or(|unit| view.is_in(unit))
    })
    .await?;
    if let Some(after) = after {
        due.retain(|due| due.key() > after);
    }
    due.truncate(query.limit.items() + 1);
    Ok(Json(page_of(due, query.limit, LIST, Due::key, |due| {
        DueView::new(&due, now)
    })))
}
