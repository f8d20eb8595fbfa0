//! `GET /sources`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use firemain_domain::judging::Verdict;
use firemain_domain::source::{KindName, Position, Status};
use serde::Deserialize;
use utoipa::IntoParams;

use super::geojson::{self, Collection, Format};
use crate::board::View;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{KindCode, SourceView, StatusCode, VerdictCode};

const LIST: &str = "sources";

/// Which sources.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SourcesQuery {
    /// Of one kind.
    #[param(value_type = Option<KindCode>, inline)]
    kind: Option<KindName>,
    /// In one pressure zone.
    zone: Option<String>,
    /// In one administrative unit.
    unit: Option<String>,
    /// With this verdict.
    #[param(value_type = Option<VerdictCode>, inline)]
    verdict: Option<Verdict>,
    /// With this status.
    #[param(value_type = Option<StatusCode>, inline)]
    status: Option<Status>,
    /// Within this box: lowest longitude, lowest latitude, highest longitude, highest latitude.
    #[param(example = "105.80,21.00,105.90,21.06")]
    bbox: Option<String>,
    /// `json` (the default) or `geojson`; the header `Accept: application/geo+json` does the same.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Sources in order of code, each with how it stands.
#[utoipa::path(get, path = "/sources", tag = "sources", params(SourcesQuery), responses((
    status = 200, description = "A page of sources", content(
        (Page<SourceView> = "application/json"), (Collection = "application/geo+json"),
    ),
)))]
pub async fn list_sources(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    Params(query): Params<SourcesQuery>,
) -> Result<Response, Problem> {
    let bounds = query.check()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let entries = app
        .board
        .list(after.as_deref(), query.limit.items() + 1, |view| {
            query.wants(view) && bounds.is_none_or(|bounds| bounds.hold(view.source().position))
        });
    let now = app.now();
    let page = page_of(
        entries,
        query.limit,
        LIST,
        |entry| entry.source.code.to_string(),
        |entry| SourceView::new(&entry, now),
    );
    match geojson::wanted(query.format, &headers) {
        Format::Json => Ok(Json(page).into_response()),
        Format::Geojson => Ok(geojson::answer(page)),
    }
}

impl SourcesQuery {
    fn check(&self) -> Result<Option<Bounds>, Problem> {
        let mut checks = Checks::default();
        checks.text_if("zone", self.zone.as_deref(), 100);
        checks.text_if("unit", self.unit.as_deref(), 100);
        let bounds = self.bbox.as_deref().map(Bounds::read);
        let said = "must be four numbers: lowest longitude, lowest latitude, highest longitude, highest latitude";
        checks.that(bounds != Some(None), "bbox", said);
        checks.of_params()?;
        Ok(bounds.flatten())
    }

    fn wants(&self, view: &View<'_>) -> bool {
        let source = view.source();
        let same = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        self.kind.is_none_or(|kind| source.kind_name() == kind)
            && self.status.is_none_or(|status| source.status == status)
            && same(&self.zone, source.zone.as_deref())
            && self.unit.as_deref().is_none_or(|unit| view.is_in(unit))
            && self.verdict.is_none_or(|verdict| view.verdict() == verdict)
    }
}

/// A box on the map, both edges in it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    low: Position,
    high: Position,
}

impl Bounds {
    fn read(text: &str) -> Option<Self> {
        let numbers: Vec<f64> = text
            .split(',')
            .map(|n| n.trim().parse().ok())
            .collect::<Option<_>>()?;
        let [west, south, east, north] = numbers[..] else {
            return None;
        };
        let (low, high) = (Position::new(south, west)?, Position::new(north, east)?);
        (low.lat <= high.lat && low.lon <= high.lon).then_some(Self { low, high })
    }

    fn hold(&self, position: Position) -> bool {
        (self.low.lat..=self.high.lat).contains(&position.lat)
            && (self.low.lon..=self.high.lon).contains(&position.lon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_holds_what_lies_in_it() {
        let hanoi = Bounds::read("105.8,21.0, 105.9,21.1").unwrap();
        assert!(hanoi.hold(Position {
            lat: 21.03,
            lon: 105.85
        }));
        assert!(!hanoi.hold(Position {
            lat: 21.2,
            lon: 105.85
        }));
        for wrong in ["", "1,2,3", "1,2,3,x", "105.9,21.0,105.8,21.1", "0,91,1,92"] {
            assert_eq!(Bounds::read(wrong), None, "{wrong}");
        }
    }
}
