//! `POST /rounds`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::{Change, Round};
use firemain_domain::inspections::{MOST_STOPS, order};
use firemain_domain::source::{KindName, Position, SourceCode};
use firemain_domain::time::DAY_MS;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RoundView, with_stops};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, id_or_new};
use crate::http::inspections::due_sources;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::view::{KindCode, PositionBody};

/// Days to look ahead where nobody says how many, as in the list of what is due.
const USUAL_DAYS: u32 = 30;

/// A round: either its sources in their order, or where it begins.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundBody {
    /// An id of your own: sent twice, the round is planned once.
    id: Option<String>,
    /// What people call it.
    #[schema(example = "Hoàn Kiếm, tuần 48")]
    name: String,
    /// Its sources in their order, 1 to 200.
    sources: Option<Vec<String>>,
    /// Where it begins: the sources nearest to there that are due are taken, and put in a short
    /// order, as the crow flies.
    from: Option<PositionBody>,
    /// With `from`: of one administrative unit only.
    unit: Option<String>,
    /// With `from`: of one kind only.
    #[schema(value_type = Option<KindCode>)]
    kind: Option<KindName>,
    /// With `from`: due within so many days, the overdue with them; 30 by default.
    within_days: Option<u32>,
    /// With `from`: how many at most, 1 to 200.
    #[schema(minimum = 1, maximum = 200)]
    most: Option<usize>,
}

/// Plans a round of given sources, or of those nearest to a place that are due to be looked at.
#[utoipa::path(post, path = "/rounds", tag = "rounds", request_body = RoundBody,
    responses(
        (status = 201, description = "It is planned", body = RoundView),
        (status = 200, description = "The very same was planned before", body = RoundView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = RoundView),
    ))]
pub async fn plan_round(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<RoundBody>,
) -> Result<Done<RoundView>, Problem> {
    let mut checks = Checks::default();
    body.check(&mut checks);
    let id = id_or_new(&app, body.id.clone(), &mut checks)?;
    checks.of_body()?;
    let given: Option<Vec<SourceCode>> = (body.sources.as_ref())
        .map(|codes| codes.iter().map(|code| code.as_str().into()).collect());
    let (name, wanted) = (body.name.clone(), given.clone());
    // Which sources are due may have changed since it was sent the first time.
    let same = move |there: &Ended<Round>| {
        there.what.name == name && wanted.is_none_or(|codes| there.what.sources == codes)
    };
    let of_id = id.clone();
    let there = move |stores: &crate::Stores| stores.register.round(&of_id);
    let sources = match (given, body.from) {
        (Some(codes), _) => codes,
        (None, Some(from)) => {
            // Planned before, it is answered as it was, be nothing due any more.
            let before = app.ask(there.clone()).await?;
            if let Some(before) = before.filter(|_| body.id.is_some()) {
                if same(&before) {
                    return Ok(Done::unchanged(with_stops(&app, before).await?));
                }
                return Err(taken(&id));
            }
            body.due_from(&app, from).await?
        }
        (None, None) => Vec::new(),
    };
    let round = Round {
        id,
        name: body.name,
        at: app.now(),
        sources,
        by: who.who.to_string(),
    };
    let change = Change::RoundPlanned {
        round: round.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => {
            let row = Ended {
                what: round,
                ended_at: None,
            };
            Done::created(with_stops(&app, row).await?, applied)
        }
        Entered::Before(row) => Done::unchanged(with_stops(&app, row).await?),
    })
}

fn taken(id: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("the id `{id}` is taken: give the round another"),
    )
}

impl RoundBody {
    fn check(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 200);
        match (&self.sources, &self.from) {
            (Some(sources), None) => {
                checks.that(
                    (1..=MOST_STOPS).contains(&sources.len()),
                    "/sources",
                    format!("must name 1 to {MOST_STOPS} sources"),
                );
                for (n, code) in sources.iter().take(MOST_STOPS).enumerate() {
                    checks.text(&format!("/sources/{n}"), code, 64);
                    checks.that(
                        !sources[..n].contains(code),
                        &format!("/sources/{n}"),
                        "is named twice; name it once",
                    );
                }
                let alone = self.unit.is_none()
                    && self.kind.is_none()
                    && self.most.is_none()
                    && self.within_days.is_none();
                checks.that(
                    alone,
                    "/sources",
                    "goes without `unit`, `kind`, `within_days` and `most`: they choose among what is due, with `from`",
                );
            }
            (None, Some(from)) => {
                checks.within("/from/lat", from.lat, -90.0..=90.0);
                checks.within("/from/lon", from.lon, -180.0..=180.0);
                checks.that(
                    self.most.is_some(),
                    "/most",
                    "is missing: with `from`, say how many sources at most",
                );
                checks.within_if("/most", self.most, 1..=MOST_STOPS);
                checks.within_if("/within_days", self.within_days, 0..=3_650);
                checks.text_if("/unit", self.unit.as_deref(), 100);
            }
            _ => checks.fault(
                "/sources",
                "give either `sources`, in their order, or `from` with `most`",
            ),
        }
    }

    /// The sources nearest to `from` that are due, in a short order.
    async fn due_from(&self, app: &App, from: PositionBody) -> Result<Vec<SourceCode>, Problem> {
        let from = Position {
            lat: from.lat,
            lon: from.lon,
        };
        let days = self.within_days.unwrap_or(USUAL_DAYS);
        let until = app.now().plus_ms(i64::from(days) * DAY_MS);
        let (unit, kind) = (self.unit.clone(), self.kind);
        let mut due = due_sources(app, until, move |view| {
            kind.is_none_or(|kind| view.source().kind_name() == kind)
                && unit.as_deref().is_none_or(|unit| view.is_in(unit))
        })
        .await?;
        if due.is_empty() {
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!(
                    "nothing that is asked for is due within {days} days: give more `within_days`, another `unit` or `kind`, or name the `sources`"
                ),
            ));
        }
        let far_m = |n: &Position| from.distance_m(n);
        due.sort_by(|a, b| far_m(&a.source.position).total_cmp(&far_m(&b.source.position)));
        due.truncate(self.most.unwrap_or(MOST_STOPS));
        let places: Vec<Position> = due.iter().map(|due| due.source.position).collect();
        let route = tokio::task::spawn_blocking(move || order(from, &places)).await;
        let route = route.map_err(|error| {
            tracing::error!(%error, "http.route_failed");
            Problem::new(
                ProblemKind::Internal,
                "the order could not be worked out; the log says why",
            )
        })?;
        Ok(route
            .into_iter()
            .map(|n| due[n].source.code.clone())
            .collect())
    }
}
