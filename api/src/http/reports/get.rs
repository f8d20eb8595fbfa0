//! `GET /reports`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use firemain_domain::source::KindName;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::ask::{Checks, Params};
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::units::moment;
use crate::reports::{
    Asked, InspectionDays, Language, Period, PeriodError, Report, ReportError, ReportView, csv,
    make, view, xlsx,
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Which report, and how.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// A half-year (`2026-H1`), quarter (`2026-Q3`), month (`2026-07`), year or years (`2021-2025`).
    #[param(example = "2026-H1")]
    period: Option<String>,
    /// Instead of a name: from a day in Hanoi, or a time.
    #[param(example = "2026-01-01")]
    from: Option<String>,
    /// Until a day or time that is no part of it; now by default.
    #[param(example = "2026-07-01")]
    until: Option<String>,
    /// Of one administrative unit, by code or name; the whole city by default.
    unit: Option<String>,
    /// `json` (the default), `csv` or `xlsx`; the header `Accept` does the same.
    #[param(value_type = Option<String>)]
    format: Option<FormatName>,
    /// `vi` (the default) or `en`; JSON speaks in codes.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    language: LanguageName,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormatName {
    Json,
    Csv,
    Xlsx,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LanguageName {
    #[default]
    Vi,
    En,
}

/// A report of a period and a unit.
///
/// Sources by kind, lifecycle and verdict at the end; availability; alerts and response times; flow
/// tests, inspections and work; what was built against what was planned; ground covered; spacing of
/// hydrants. A past period is told by the units and the verdicts of its time. `docs/reports.md`
/// defines each figure by its code.
#[utoipa::path(get, path = "/reports", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "The report", content(
        (ReportView = "application/json"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub async fn get_report(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    Params(query): Params<ReportQuery>,
) -> Result<Response, Problem> {
    let mut checks = Checks::default();
    checks.text_if("unit", query.unit.as_deref(), 128);
    checks.of_params()?;
    let now = app.now();
    let period = query.period(now)?;
    let Ok(_turn) = app.reports.try_acquire() else {
        return Err(Problem::busy(
            "other reports are being made; try again in a moment",
            5,
        ));
    };
    let asked = Asked {
        period,
        unit: query.unit.clone(),
        now,
        inspection_days: inspection_days(&app),
    };
    let (board, format) = (app.board.clone(), query.format(&headers));
    let language = query.language();
    app.ask(move |stores| {
        let report = make(&*stores.register, &board, &asked).map_err(problem)?;
        answer(&report, format, language)
    })
    .await
}

fn answer(report: &Report, format: FormatName, language: Language) -> Result<Response, Problem> {
    let name = match &report.period.name {
        Some(name) => name.clone(),
        None => "report".to_owned(),
    };
    let attached = |kind: &str, end: &str, body: Vec<u8>| {
        let disposition = format!("attachment; filename=\"firemain-{name}.{end}\"");
        let headers = [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        (headers, body).into_response()
    };
    match format {
        FormatName::Json => Ok(Json(view(report)).into_response()),
        FormatName::Csv => Ok(attached(
            "text/csv; charset=utf-8; header=present",
            "csv",
            csv(report, language),
        )),
        FormatName::Xlsx => match xlsx(report, language) {
            Ok(body) => Ok(attached(XLSX, "xlsx", body)),
            Err(error) => {
                tracing::error!(%error, "http.report_failed");
                Err(Problem::new(
                    ProblemKind::Internal,
                    "the workbook could not be made; ask for csv",
                ))
            }
        },
    }
}

fn problem(error: ReportError) -> Problem {
    match error {
        ReportError::Register(error) => error.into(),
        ReportError::NoUnit(_) => Problem::not_found(error.to_string()),
        ReportError::Ahead(_) => Problem::new(ProblemKind::InvalidParameter, error.to_string()),
    }
}

impl ReportQuery {
    fn period(&self, now: firemain_domain::Timestamp) -> Result<Period, Problem> {
        let named = |error: PeriodError| {
            let mut checks = Checks::default();
            let field = if self.period.is_some() {
                "period"
            } else {
                "until"
            };
            checks.fault(field, error.to_string());
            checks
                .of_params()
                .err()
                .unwrap_or_else(|| Problem::new(ProblemKind::InvalidParameter, error.to_string()))
        };
        match (&self.period, &self.from, &self.until) {
            (Some(name), None, None) => Period::named(name).map_err(named),
            (None, Some(from), until) => {
                let from = moment(Some(from), now)?;
                let until = moment(until.as_deref(), now)?;
                Period::between(from, until).map_err(named)
            }
            _ => {
                let mut checks = Checks::default();
                checks.fault(
                    "period",
                    "give either a period like 2026-H1, or `from` and, if you like, `until`",
                );
                checks.of_params().and(Period::named("").map_err(named))
            }
        }
    }

    fn format(&self, headers: &HeaderMap) -> FormatName {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
        match self.format {
            Some(format) => format,
            None if accept.is_some_and(|accept| accept.contains(XLSX)) => FormatName::Xlsx,
            None if accept.is_some_and(|accept| accept.contains("text/csv")) => FormatName::Csv,
            None => FormatName::Json,
        }
    }

    const fn language(&self) -> Language {
        match self.language {
            LanguageName::Vi => Language::Vi,
            LanguageName::En => Language::En,
        }
    }
}

fn inspection_days(app: &App) -> InspectionDays {
    let days = app.settings.inspections;
    InspectionDays {
        hydrant: days.days(KindName::Hydrant),
        tank: days.days(KindName::Tank),
        draw_point: days.days(KindName::DrawPoint),
    }
}
