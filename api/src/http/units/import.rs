//! `POST /units/import`.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use firemain_domain::Timestamp;
use firemain_domain::local_time::LocalDate;
use firemain_store::register::units::{NewUnits, UnitVersion};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::preview::{Moves, moves};
use crate::board::Board;
use crate::http::app::{App, Applied};
use crate::http::ask::{Checks, Params};
use crate::http::import::body::reader;
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};
use crate::units::{UnitMap, UnitsError, UnitsFile};

/// An import at most takes so long.
const WITHIN: Duration = Duration::from_mins(10);
/// Bytes of a map at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Overlaps told at most.
const MOST_OVERLAPS: usize = 1_000;

/// From when on the map holds.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnitsImportQuery {
    /// The day from whose beginning in Hanoi the map holds.
    #[param(example = "2025-07-01")]
    valid_from: String,
    /// Only say what would come of it.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    preview: bool,
}

/// What came of a map, or would.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UnitsReport {
    /// Whether it was only tried.
    pub preview: bool,
    /// The map's id.
    #[schema(example = "2025-07-01-5f0c1a2b")]
    pub version: String,
    /// From when on it holds.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from_at: Timestamp,
    /// How many units.
    pub units: usize,
    /// Units that overlap by 100 m² or more: a place in both belongs to the first by code.
    pub overlaps: Vec<OverlapView>,
    /// What becomes of the sources when it takes effect.
    #[serde(flatten)]
    pub moves: Moves,
}

/// Two units that overlap.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OverlapView {
    /// The unit to which what lies in both belongs.
    #[schema(example = "00070")]
    pub unit: String,
    /// The other.
    #[schema(example = "00082")]
    pub other: String,
    /// How much, m².
    pub area_m2: f64,
    /// Of the smaller of both, 0 to 1.
    pub share: f64,
}

/// Enters a map of administrative units, or nothing: one bad feature, and nothing is imported.
///
/// A GeoJSON `FeatureCollection` in WGS 84 of `Polygon`s and `MultiPolygon`s, each with the properties
/// `code`, `name` and `kind` (`ward`, `commune`, `other`). It holds from the beginning of the day
/// `valid_from` in Hanoi until another begins; one of a coming day takes effect by itself. Try with
/// `preview=true` first: it tells which sources would move. The same file of the same day again
/// changes nothing.
#[utoipa::path(post, path = "/units/import", tag = "places", params(UnitsImportQuery),
    request_body(description = "The map, at most 64 MB", content((Object = "application/geo+json"))),
    responses(
        (status = 200, description = "What came of it, or would", body = UnitsReport),
        (status = 201, description = "It is entered", body = UnitsReport),
        (status = 202, description = "Recorded; judging is behind and will take it", body = UnitsReport),
    ))]
pub async fn import_units(
    State(app): State<Arc<App>>,
    who: Principal,
    Params(query): Params<UnitsImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let Ok(_turn) = app.imports.try_acquire() else {
        return Err(Problem::busy(
            "another import is under way; try again when it is done",
            10,
        ));
    };
    match timeout(WITHIN, import(&app, &who, query, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem::new(
            ProblemKind::TimedOut,
            "the import took more than ten minutes; GET /api/v1/units/versions tells whether it was carried out; or simplify the outlines",
        )),
    }
}

async fn import(
    app: &App,
    who: &Principal,
    query: UnitsImportQuery,
    request: Request,
) -> Result<Response, Problem> {
    let mut checks = Checks::default();
    let date = LocalDate::parse(&query.valid_from).filter(|d| (1900..=2200).contains(&d.year));
    checks.that(
        date.is_some(),
        "valid_from",
        "must be a date from 1900 to 2200, like 2025-07-01",
    );
    checks.of_params()?;
    let valid_from = date.map_or(Timestamp::MIN, LocalDate::midnight);
    let (mut body, feeding) = reader(request.into_body(), MOST_BYTES);
    let (board, by, now) = (app.board.clone(), who.who.to_string(), app.now());
    let reading = app.ask(move |_| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|e| unread(&e))?;
        let file = crate::units::read(&bytes).map_err(refused)?;
        let hash = Sha256::digest(&bytes);
        let id = format!(
            "{}-{:08x}",
            query.valid_from,
            u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
        );
        drop(bytes);
        let version = UnitVersion {
            id,
            valid_from,
            units: file.units.len() as u32,
            entered_at: now,
            by,
            withdrawn_at: None,
        };
        looked_at(&board, version, file, query.preview)
    });
    let ((report, map), ()) = {
        let (read, fed) = tokio::join!(reading, feeding);
        (read?, fed)
    };
    if report.preview {
        return Ok(Json(report).into_response());
    }
    app.check_everything(who, "a map of units holds for all sources")?;
    enter(app, who, report, map).await
}

/// What the map would do, and the map as the register takes it.
fn looked_at(
    board: &Board,
    version: UnitVersion,
    file: UnitsFile,
    preview: bool,
) -> Result<(UnitsReport, NewUnits), Problem> {
    let code = |n: usize| {
        file.units
            .get(n)
            .map_or("", |(unit, _)| &unit.code)
            .to_owned()
    };
    let overlaps = file.overlaps.iter().take(MOST_OVERLAPS);
    let overlaps = overlaps.map(|overlap| OverlapView {
        unit: code(overlap.one),
        other: code(overlap.other),
        area_m2: overlap.area_m2.round(),
        share: (overlap.share * 1e4).round() / 1e4,
    });
    let overlaps = overlaps.collect();
    let rows = file.units.iter().map(|(unit, _)| unit.clone()).collect();
    let new = NewUnits {
        id: version.id.clone(),
        valid_from: version.valid_from,
        units: rows,
    };
    let units = file.units.len();
    let map = UnitMap::new(version, file.units)
        .map_err(|reason| Problem::new(ProblemKind::InvalidBody, reason))?;
    let report = UnitsReport {
        preview,
        version: new.id.clone(),
        valid_from_at: new.valid_from,
        units,
        overlaps,
        moves: moves(board, &map),
    };
    Ok((report, new))
}

async fn enter(
    app: &App,
    who: &Principal,
    report: UnitsReport,
    map: NewUnits,
) -> Result<Response, Problem> {
    let (by, at) = (who.who.to_string(), app.now());
    let number = app
        .ask(move |stores| {
            let versions = stores.register.unit_versions()?;
            let there = versions.iter().find(|version| version.id == map.id);
            if there.is_some_and(|version| version.withdrawn_at.is_none()) {
                return Ok(None);
            }
            stores.register.import_units(&by, at, &map).map(Some)
        })
        .await?;
    let Some(number) = number else {
        return Ok(Json(report).into_response());
    };
    app.load_units().await?;
    tracing::info!(by = %who.who, units = report.units, version = %report.version, "units.imported");
    let status = match app.applied(number).await {
        Applied::Now => StatusCode::CREATED,
        Applied::Later => StatusCode::ACCEPTED,
    };
    Ok((status, Json(report)).into_response())
}

fn unread(error: &std::io::Error) -> Problem {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Problem::new(
            ProblemKind::TooLarge,
            "the map is larger than 64 MB: simplify its outlines",
        ),
        std::io::ErrorKind::TimedOut => Problem::new(
            ProblemKind::TimedOut,
            "nothing came in for 30 s; nothing was imported; send the map again",
        ),
        _ => Problem::new(ProblemKind::InvalidBody, error.to_string()),
    }
}

fn refused(error: UnitsError) -> Problem {
    let UnitsError::Faults(faults) = error else {
        return Problem::new(
            ProblemKind::InvalidBody,
            format!("nothing was imported: {error}"),
        );
    };
    let shown = |fault: &crate::units::UnitFault| match &fault.code {
        Some(code) => format!("feature {}, {code}", fault.feature),
        None => format!("feature {}", fault.feature),
    };
    let detail = format!(
        "nothing was imported: {} faults; mend them and send the map again. The first: {}: {}",
        faults.len(),
        faults.first().map(shown).unwrap_or_default(),
        faults
            .first()
            .map(|f| f.reason.as_str())
            .unwrap_or_default(),
    );
    let errors = faults
        .iter()
        .map(|fault| Fault::new(shown(fault), fault.reason.clone()))
        .collect();
    Problem {
        errors,
        ..Problem::new(ProblemKind::InvalidBody, detail)
    }
}
