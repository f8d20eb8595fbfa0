//! `GET /flags`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use firemain_domain::Timestamp;
use firemain_domain::judging::{Note, Reason, Verdict};
use firemain_domain::source::KindName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::board::{Entry, View};
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, cursor, from_cursor};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::sources::{Format, wanted};
use crate::http::view::{
    KindCode, MeasuredView, NoteCode, OpenAlertView, PositionBody, ReasonCode, StandingView,
    VerdictCode,
};

use super::geojson::{FlagCollection, answer};

const LIST: &str = "flags";

/// Which flags.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlagsQuery {
    /// Of one kind of source.
    #[param(value_type = Option<KindCode>, inline)]
    kind: Option<KindName>,
    /// In one pressure zone.
    zone: Option<String>,
    /// In one administrative unit.
    unit: Option<String>,
    /// With this verdict.
    #[param(value_type = Option<VerdictCode>, inline)]
    verdict: Option<Verdict>,
    /// With this among its reasons.
    #[param(value_type = Option<ReasonCode>, inline)]
    reason: Option<Reason>,
    /// `json` (the default) or `geojson`, with where the sources stand; the header
    /// `Accept: application/geo+json` does the same.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A source that falls below its requirement, or of which nobody can say.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Flag {
    /// Its code, as painted on it.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// What it is.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// Where people say it is.
    #[schema(example = "12 Hàng Bạc")]
    pub name: String,
    /// Where it stands.
    pub position: PositionBody,
    /// The administrative unit it belongs to.
    pub unit: Option<String>,
    /// The pressure zone that feeds it.
    pub zone: Option<String>,
    /// Whether it can be counted on.
    #[schema(value_type = VerdictCode)]
    pub verdict: Verdict,
    /// Why.
    #[schema(value_type = Vec<ReasonCode>)]
    pub reasons: Vec<Reason>,
    /// What else there is to know.
    #[schema(value_type = Vec<NoteCode>)]
    pub notes: Vec<Note>,
    /// The values it rests on, most telling first.
    pub evidence: Vec<MeasuredView>,
    /// The flow it can be counted on for; `null`: not rated.
    pub available_flow: Option<MeasuredView>,
    /// Since when verdict and reasons have been so.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was last heard; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
    /// How long ago, s.
    pub heard_age_s: Option<i64>,
    /// Its alerts that stand, worst first.
    pub alerts: Vec<OpenAlertView>,
}

/// What falls below its requirement now, worst first.
///
/// A critical alert before what cannot be used, before what falls short, before what nobody knows,
/// before what was never proven; then the greater shortfall. The header `firemain-total` tells how
/// many there are. The list moves while it is read: page through it to look, ask again for the truth.
#[utoipa::path(get, path = "/flags", tag = "flags", params(FlagsQuery), responses((
    status = 200, description = "What is flagged", content(
        (Page<Flag> = "application/json"), (FlagCollection = "application/geo+json"),
    ),
    headers(("firemain-total" = u64, description = "How many are flagged in all")),
)))]
pub async fn list_flags(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    Params(query): Params<FlagsQuery>,
) -> Result<Response, Problem> {
    let as_features = wanted(query.format, &headers) == Format::Geojson;
    let mut checks = Checks::default();
    checks.text_if("zone", query.zone.as_deref(), 100);
    checks.text_if("unit", query.unit.as_deref(), 100);
    checks.of_params()?;
    let skip = from_cursor::<u32>(LIST, query.after.as_deref())?.unwrap_or(0) as usize;
    let flagged = app
        .board
        .flags(skip, query.limit.items(), |view| query.wants(view));
    let now = app.now();
    let upto = skip + flagged.entries.len();
    let more = upto < flagged.total && !flagged.entries.is_empty();
    let page = Page {
        items: flagged
            .entries
            .iter()
            .map(|entry| Flag::new(entry, now))
            .collect(),
        next: more.then(|| cursor(LIST, &(upto as u32))),
    };
    let total = (
        HeaderName::from_static("firemain-total"),
        flagged.total.to_string(),
    );
    if as_features {
        return Ok(([total], answer(page)).into_response());
    }
    Ok(([total], Json(page)).into_response())
}

impl FlagsQuery {
    fn wants(&self, view: &View<'_>) -> bool {
        let source = view.source();
        let same = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        self.kind.is_none_or(|kind| source.kind_name() == kind)
            && same(&self.zone, source.zone.as_deref())
            && self.unit.as_deref().is_none_or(|unit| view.is_in(unit))
            && self.verdict.is_none_or(|verdict| view.verdict() == verdict)
            && self.reason.is_none_or(|reason| view.has_reason(reason))
    }
}

impl Flag {
    fn new(entry: &Entry, now: Timestamp) -> Self {
        let source = &entry.source;
        let standing = StandingView::new(&entry.standing, now);
        Self {
            code: source.code.to_string(),
            kind: source.kind_name(),
            name: source.name.clone(),
            position: PositionBody {
                lat: source.position.lat,
                lon: source.position.lon,
            },
            unit: entry.unit.name.as_deref().map(ToOwned::to_owned),
            zone: source.zone.as_deref().map(ToOwned::to_owned),
            verdict: standing.verdict,
            reasons: standing.reasons,
            notes: standing.notes,
            evidence: standing.evidence,
            available_flow: standing.available_flow,
            since: standing.since,
            heard_at: standing.heard_at,
            heard_age_s: standing.heard_age_s,
            alerts: entry
                .alerts
                .iter()
                .map(|a| OpenAlertView::new(a, &entry.ahead, now))
                .collect(),
        }
    }
}
