//! `GET /rules`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::judging::{Parameters, RuleScope};
use firemain_domain::source::KindName;
use firemain_store::register::RegisterError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::ask::{Checks, Params};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// For which source.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// As they hold for this source; as they hold for all by default.
    #[param(example = "TR-0412")]
    source: Option<String>,
    /// As they hold for this kind: `hydrant`, `tank` or `draw_point`.
    kind: Option<String>,
}

/// The rules and what was set about them.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RulesView {
    /// Every rule with every parameter as it holds now: rule → parameter → value. The unit is the
    /// ending of the name; docs/judging.md says what each does.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// What people set beside the configuration, each for its scope.
    pub set: Vec<RuleSetView>,
}

/// What is set for one scope.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RuleSetView {
    /// `all`, `kind:…` or `source:…`.
    #[schema(example = "kind:tank")]
    pub scope: String,
    /// Rule → parameter → value; what is not named stays as it was.
    #[schema(value_type = Object)]
    pub parameters: Parameters,
}

impl RuleSetView {
    pub(super) fn new(scope: &RuleScope, parameters: Parameters) -> Self {
        Self {
            scope: scope.to_string(),
            parameters,
        }
    }
}

/// The rules' parameters as they hold now: for all, for a kind, or for one source.
#[utoipa::path(get, path = "/rules", tag = "rules", params(RulesQuery),
    responses((status = 200, description = "The rules", body = RulesView)))]
pub async fn get_rules(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<RulesQuery>,
) -> Result<Json<RulesView>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("source", query.source.as_deref(), 64);
    let kinds = KindName::ALL.map(KindName::name);
    let kind = query.kind.as_deref();
    let known = kind.map(|name| KindName::ALL.into_iter().find(|kind| kind.name() == name));
    checks.that(
        known != Some(None),
        "kind",
        format!("must be one of {}", kinds.join(", ")),
    );
    checks.of_params()?;
    let wanted = query.source.clone();
    let (sets, source) = app
        .ask(move |stores| {
            let source = match &wanted {
                Some(code) => stores.register.source(code)?,
                None => None,
            };
            Ok::<_, RegisterError>((stores.register.rule_sets()?, source))
        })
        .await?;
    if query.source.is_some() && source.is_none() {
        return Err(Problem::not_found(
            "there is no source of that code: GET /api/v1/sources lists them",
        ));
    }
    let book = app.watch.rules_with(sets.iter().cloned().collect());
    let rules = match (&source, known.flatten()) {
        (Some(source), _) => book.of(source),
        (None, Some(kind)) => book.of_kind(kind),
        (None, None) => book.shared(),
    };
    let rules = serde_json::to_value(rules).unwrap_or_default();
    let set = sets.into_iter();
    let set = set.map(|(scope, parameters)| RuleSetView::new(&scope, parameters));
    Ok(Json(RulesView {
        rules,
        set: set.collect(),
    }))
}
