//! `GET /forecasts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use firemain_domain::Timestamp;
use firemain_domain::judging::{Forecast, Foreseen, Why};
use firemain_domain::source::{KindName, Source};
use firemain_domain::time::DAY_MS;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::board::View;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, cursor, from_cursor};
use crate::http::inspections::due_sources;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{ForecastView, ForeseenCode, KindCode};

const LIST: &str = "forecasts";
/// Nobody looks further ahead, days.
const FURTHEST_DAYS: u32 = 3_660;

/// Which forecasts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForecastsQuery {
    /// Of one sort.
    #[param(value_type = Option<ForeseenCode>, inline)]
    what: Option<Foreseen>,
    /// What comes, by the best estimate, within so many days; what is past counts too.
    #[param(minimum = 0, maximum = 3660)]
    within_days: Option<u32>,
    /// Of one kind of source.
    #[param(value_type = Option<KindCode>, inline)]
    kind: Option<KindName>,
    /// In one pressure zone.
    zone: Option<String>,
    /// In one administrative unit.
    unit: Option<String>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Something that will happen, and where.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceForecast {
    /// The source's code, as painted on it.
    #[schema(example = "BN-0017")]
    pub code: String,
    /// What it is.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// Where people say it is.
    #[schema(example = "Bể ngõ 12 Hàng Bạc")]
    pub name: String,
    /// The administrative unit it belongs to.
    pub unit: Option<String>,
    /// The pressure zone that feeds it.
    pub zone: Option<String>,
    /// What will happen, and when.
    #[serde(flatten)]
    pub forecast: ForecastView,
}

/// What will happen, the soonest first.
///
/// When tanks must be refilled or will hold less than they owe, when batteries end, when flow tests
/// count no more, when somebody must look at a source again. The header `firemain-total` tells how many there are. The list moves while it is
/// read: page through it to look, ask again for the truth.
#[utoipa::path(get, path = "/forecasts", tag = "forecasts", params(ForecastsQuery), responses((
    status = 200, description = "What will happen", body = Page<SourceForecast>,
    headers(("firemain-total" = u64, description = "How many there are in all")),
)))]
pub async fn list_forecasts(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<ForecastsQuery>,
) -> Result<([(HeaderName, String); 1], Json<Page<SourceForecast>>), Problem> {
    let mut checks = Checks::default();
    checks.text_if("zone", query.zone.as_deref(), 100);
    checks.text_if("unit", query.unit.as_deref(), 100);
    checks.within_if("within_days", query.within_days, 0..=FURTHEST_DAYS);
    checks.of_params()?;
    let skip = from_cursor::<u32>(LIST, query.after.as_deref())?.unwrap_or(0) as usize;
    let now = app.now();
    let until = query
        .within_days
        .map(|days| now.plus_ms(i64::from(days) * DAY_MS));
    let inspections = inspections_due(&app, &query, until, now).await?;
    let wants = |view: &View<'_>, forecast: &Forecast| query.wants(view, forecast, until);
    let (found, total) = app
        .board
        .ahead(inspections, skip, query.limit.items(), wants);
    let upto = skip + found.len();
    let more = upto < total && !found.is_empty();
    let page = Page {
        items: found
            .iter()
            .map(|(source, forecast)| SourceForecast::new(&app, source, forecast, now))
            .collect(),
        next: more.then(|| cursor(LIST, &(upto as u32))),
    };
    let total = (HeaderName::from_static("firemain-total"), total.to_string());
    Ok(([total], Json(page)))
}

/// When sources must be looked at again: the register knows, not judging. One of which nobody knows
/// since when it has been there is due now.
async fn inspections_due(
    app: &App,
    query: &ForecastsQuery,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<(Arc<Source>, Forecast)>, Problem> {
    if query
        .what
        .is_some_and(|what| what != Foreseen::InspectionDue)
    {
        return Ok(Vec::new());
    }
    let due = |at| Forecast::certain(Foreseen::InspectionDue, Why::InspectionCycle, at);
    let (wanted, any) = (query.clone(), due(now));
    let latest = until.unwrap_or_else(|| now.plus_ms(i64::from(FURTHEST_DAYS) * DAY_MS));
    let sources = due_sources(app, latest, move |view| wanted.wants(view, &any, None)).await?;
    let forecasts = sources.into_iter();
    Ok(forecasts
        .map(|source| (source.source, due(source.due_at.unwrap_or(now))))
        .collect())
}

impl ForecastsQuery {
    fn wants(&self, view: &View<'_>, forecast: &Forecast, until: Option<Timestamp>) -> bool {
        let source = view.source();
        let same = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        self.what.is_none_or(|what| forecast.what == what)
            && until.is_none_or(|until| forecast.at <= until)
            && self.kind.is_none_or(|kind| source.kind_name() == kind)
            && same(&self.zone, source.zone.as_deref())
            && self.unit.as_deref().is_none_or(|unit| view.is_in(unit))
    }
}

impl SourceForecast {
    fn new(app: &App, source: &Source, forecast: &Forecast, now: Timestamp) -> Self {
        let unit = app.unit_of(source, now);
        Self {
            code: source.code.to_string(),
            kind: source.kind_name(),
            name: source.name.clone(),
            unit: unit.name.as_deref().map(ToOwned::to_owned),
            zone: source.zone.as_deref().map(ToOwned::to_owned),
            forecast: ForecastView::new(forecast, now),
        }
    }
}
