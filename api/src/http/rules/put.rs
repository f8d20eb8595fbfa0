//! `PUT` and `DELETE /rules/{scope}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::Change;
use firemain_domain::judging::{Parameters, RuleScope, rules};

use super::get::RuleSetView;
use super::scope;
use crate::http::app::App;
use crate::http::ask::{Body, PathOf};
use crate::http::done::{Done, gone};
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};

/// Sets parameters of rules for a scope, replacing what was set for it before.
///
/// They hold from the next reading on, and what is known now is judged by them at once. What is not
/// named stays as it is configured, or as it is set for a wider scope: for one source before its
/// kind, for a kind before all.
#[utoipa::path(put, path = "/rules/{scope}", tag = "rules",
    params(("scope" = String, Path, description = "`all`, `kind:hydrant`, `kind:tank`, `kind:draw_point`, or `source:` and its code", example = "kind:tank")),
    request_body(content = Object, description = "Rule → parameter → value", example = json!({"tank_low": {"dwell_s": 3600}})),
    responses(
        (status = 200, description = "They hold", body = RuleSetView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = RuleSetView),
    ))]
pub async fn put_rules(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
    Body(parameters): Body<Parameters>,
) -> Result<Done<RuleSetView>, Problem> {
    let scope = scope::read(&name)?;
    let refused = |text: String| {
        let fault = Fault::new("/", text);
        Problem::of_faults(ProblemKind::InvalidBody, vec![fault])
    };
    if parameters.is_empty() {
        return Err(refused(
            "names no parameter; to take back what was set, send DELETE".to_owned(),
        ));
    }
    rules::check(&parameters).map_err(|fault| refused(fault.to_string()))?;
    let view = RuleSetView::new(&scope, parameters.clone());
    let (wanted, same) = (scope.clone(), parameters.clone());
    let unchanged = app.ask(move |stores| {
        let sets = stores.register.rule_sets()?;
        Ok::<_, firemain_store::register::RegisterError>(sets.contains(&(wanted, same)))
    });
    if unchanged.await? {
        return Ok(Done::unchanged(view));
    }
    let change = Change::RulesSet { scope, parameters };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(view, applied))
}

/// Takes back what was set for a scope.
#[utoipa::path(delete, path = "/rules/{scope}", tag = "rules",
    params(("scope" = String, Path, description = "As set", example = "kind:tank")),
    responses(
        (status = 204, description = "The configuration, or a wider scope, holds again"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn reset_rules(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let scope = scope::read(&name)?;
    let wanted: RuleScope = scope.clone();
    let sets = app.ask(|stores| stores.register.rule_sets()).await?;
    if !sets.iter().any(|(scope, _)| *scope == wanted) {
        return Err(Problem::not_found(
            "nothing is set for that scope: GET /api/v1/rules lists what is",
        ));
    }
    let change = Change::RulesSet {
        scope,
        parameters: Parameters::new(),
    };
    Ok(gone(app.change(&who, vec![change]).await?))
}
