//! `GET /uses/questions`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::judging::RuleName;
use firemain_domain::judging::rules::RuleBook;
use firemain_store::register::{EpisodeFilter, EpisodeRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{MeasuredView, PositionBody};

const LIST: &str = "use-questions";

/// Which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuestionsQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Water is drawn, and nobody has said for what ("gắn vụ cháy?").
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionView {
    /// The alert that asks: answer by `POST /alerts/{id}/attach`, a permit, or an incident within
    /// 500 m.
    #[schema(example = "TR-0412/UNAUTHORISED_USE/1")]
    pub alert: String,
    /// Where it is drawn.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// Where people say that is.
    pub name: Option<String>,
    /// Where it stands.
    pub position: Option<PositionBody>,
    /// Since when it is drawn.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// When it pages without an answer; where that is past, it has, or is muted.
    #[schema(value_type = String, format = DateTime)]
    pub pages_at: Timestamp,
    /// Whether it has paged.
    pub paged: bool,
    /// What showed it.
    pub evidence: Vec<MeasuredView>,
}

/// Uses of water that wait for an answer, newest first.
#[utoipa::path(get, path = "/uses/questions", tag = "alerts", params(QuestionsQuery),
    responses((status = 200, description = "A page of questions", body = Page<QuestionView>)))]
pub async fn list_use_questions(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<QuestionsQuery>,
) -> Result<Json<Page<QuestionView>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let filter = EpisodeFilter {
        rule: Some(RuleName::UnauthorisedUse.name().to_owned()),
        open: Some(true),
        ..EpisodeFilter::default()
    };
    let (rows, sets) = app
        .ask(move |stores| {
            let most = size.items() + 1;
            let rows = stores.register.episodes(&filter, after.as_deref(), most)?;
            Ok::<_, firemain_store::register::RegisterError>((rows, stores.register.rule_sets()?))
        })
        .await?;
    let rules = app.watch.rules_with(sets.into_iter().collect());
    let key = |row: &EpisodeRow| row.state.id.to_string();
    Ok(Json(page_of(rows, size, LIST, key, |row| {
        question(&row, &app, &rules)
    })))
}

fn question(row: &EpisodeRow, app: &App, rules: &RuleBook) -> QuestionView {
    let state = &row.state;
    let code = state.id.source().map(ToString::to_string);
    let entry = code.as_deref().and_then(|code| app.board.get(code));
    let source = entry.as_ref().map(|entry| &entry.source);
    let wait_ms = source.map_or_else(
        || rules.shared().unauthorised_use.page_after_ms(),
        |source| rules.of(source).unauthorised_use.page_after_ms(),
    );
    let now = app.now();
    let asked_at = row.handling.reopened_at.unwrap_or(state.raised_at);
    QuestionView {
        alert: state.id.to_string(),
        source: code.unwrap_or_default(),
        name: source.map(|source| source.name.clone()),
        position: source.map(|source| PositionBody {
            lat: source.position.lat,
            lon: source.position.lon,
        }),
        began_at: state.began_at,
        asked_at,
        pages_at: asked_at.plus_ms(wait_ms),
        paged: state.paged > 0,
        evidence: (state.evidence.measured.iter())
            .map(|m| MeasuredView::new(m, now))
            .collect(),
    }
}
