//! `POST /import`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use firemain_domain::change::Change;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::body::reader;
use crate::http::app::{App, Applied};
use crate::http::ask::Params;
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};
use crate::import::{Format, ImportError, ImportPlan, Place, Remark};

/// An import at most takes so long.
const WITHIN: Duration = Duration::from_mins(10);

/// How a register comes in.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `csv` or `geojson`.
    #[param(value_type = String, example = "csv")]
    format: FormatName,
    /// Only say what would come of it.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormatName {
    Csv,
    Geojson,
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ImportReport {
    /// Whether it was only tried.
    pub dry_run: bool,
    /// Rows read.
    pub rows: u64,
    /// Sources read; none as soon as there is one error.
    pub sources: usize,
    /// Those of them that are new or different, and so were entered; `null` in a dry run.
    pub changed: Option<usize>,
    /// Columns that nobody here knows; they were passed over.
    pub unknown_columns: Vec<String>,
    /// What is wrong, row by row: the first thousand. With one error nothing is imported.
    pub errors: Vec<RowRemark>,
    /// How many more errors there are.
    pub more_errors: u64,
    /// What is allowed, but looks wrong: the first thousand.
    pub warnings: Vec<RowRemark>,
    /// How many more warnings there are.
    pub more_warnings: u64,
}

/// Something to be said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowRemark {
    /// Its line (CSV), or the how-many-th feature it is (GeoJSON); both from 1.
    #[schema(example = 12)]
    pub row: u64,
    /// The source's code, if it can be told.
    pub code: Option<String>,
    /// The column, if it is about one.
    #[schema(example = "lat")]
    pub column: Option<String>,
    /// What is wrong, and what is expected.
    pub reason: String,
}

/// Enters or replaces all sources of a file, or none: one bad row, and nothing is imported.
///
/// Sources that are not in the file stay as they are. Try with `dry_run=true` first.
#[utoipa::path(post, path = "/import", tag = "import", params(ImportQuery),
    request_body(description = "The file, at most 200 MB", content((String = "text/csv"), (Object = "application/geo+json"))),
    responses(
        (status = 200, description = "What came of it", body = ImportReport),
        (status = 202, description = "Recorded; judging is behind and will take it", body = ImportReport),
    ))]
pub async fn import_register(
    State(app): State<Arc<App>>,
    who: Principal,
    Params(query): Params<ImportQuery>,
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
            "the import took more than ten minutes; ask whether it was carried out, or split the file",
        )),
    }
}

async fn import(
    app: &App,
    who: &Principal,
    query: ImportQuery,
    request: Request,
) -> Result<Response, Problem> {
    let format = match query.format {
        FormatName::Csv => Format::Csv,
        FormatName::Geojson => Format::GeoJson,
    };
    let most = app.settings.max_import_bytes;
    let (body, feeding) = reader(request.into_body(), most);
    let reading = app.ask(move |_| crate::import::read(body, format).map_err(|e| problem(e, most)));
    let (plan, ()) = tokio::join!(reading, feeding);
    let plan = plan?;
    let report = ImportReport::new(&plan, query.dry_run);
    if query.dry_run {
        return Ok(Json(report).into_response());
    }
    refuse_errors(&plan)?;
    let changes = app
        .ask(move |stores| Ok::<_, Problem>(changes(plan, stores)))
        .await?;
    let report = ImportReport {
        changed: Some(changes.len()),
        ..report
    };
    let applied = if changes.is_empty() {
        Applied::Now
    } else {
        app.change(who, changes).await?
    };
    tracing::info!(by = %who.who, sources = report.sources, "register.imported");
    let status = if applied == Applied::Now {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(report)).into_response())
}

/// Only of sources that differ from what the register holds; one that cannot be read is replaced.
fn changes(plan: ImportPlan, stores: &crate::Stores) -> Vec<Change> {
    plan.into_changes(&|code| stores.register.source(code).ok().flatten())
}

fn refuse_errors(plan: &ImportPlan) -> Result<(), Problem> {
    let faults: Vec<Fault> = plan.errors.iter().map(fault).collect();
    if faults.is_empty() {
        return Ok(());
    }
    let number = plan.error_count();
    let rows = plan.rows;
    let detail = format!(
        "nothing was imported: {number} errors in {rows} rows; mend them and send the file again. The first: {}: {}",
        faults[0].field, faults[0].message
    );
    let problem = Problem::new(ProblemKind::InvalidBody, detail);
    Err(Problem {
        errors: faults,
        ..problem
    })
}

fn fault(remark: &Remark) -> Fault {
    let place = remark.place;
    let field = match remark.column {
        Some(column) => format!("{place}, {column}"),
        None => place.to_string(),
    };
    Fault::new(field, remark.reason.clone())
}

fn problem(error: ImportError, most: usize) -> Problem {
    let too_large = || {
        Problem::new(
            ProblemKind::TooLarge,
            format!("the file is larger than {} MB; split it", most / 1_000_000),
        )
    };
    match error {
        ImportError::Read(e) if e.kind() == io::ErrorKind::FileTooLarge => too_large(),
        ImportError::TooLarge => too_large(),
        ImportError::Read(e) if e.kind() == io::ErrorKind::TimedOut => Problem::new(
            ProblemKind::TimedOut,
            "nothing came in for 30 s; nothing was imported; send the file again",
        ),
        error => Problem::new(ProblemKind::InvalidBody, error.to_string()),
    }
}

impl ImportReport {
    fn new(plan: &ImportPlan, dry_run: bool) -> Self {
        Self {
            dry_run,
            rows: plan.rows,
            sources: plan.sources.len(),
            changed: None,
            unknown_columns: plan.unknown_columns.clone(),
            errors: plan.errors.iter().map(RowRemark::from).collect(),
            more_errors: plan.more_errors,
            warnings: plan.warnings.iter().map(RowRemark::from).collect(),
            more_warnings: plan.more_warnings,
        }
    }
}

impl From<&Remark> for RowRemark {
    fn from(remark: &Remark) -> Self {
        let (Place::Line(row) | Place::Feature(row)) = remark.place;
        Self {
            row,
            code: remark.code.clone(),
            column: remark.column.map(ToOwned::to_owned),
            reason: remark.reason.clone(),
        }
    }
}
