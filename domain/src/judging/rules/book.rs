//! The rules as they hold for one source: what the configuration says, what people set for all, for
//! a kind, and for the source itself, each laid over the one before.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rules;
use crate::source::{KindName, Source, SourceCode};

/// Parameters of rules by rule and name, as in `[rules.*]` of the configuration:
/// `{"low_static":{"dwell_s":900}}`. What is not named stays as it was.
pub type Parameters = serde_json::Map<String, Value>;

/// For which sources parameters are set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleScope {
    /// Every source.
    All,
    /// The sources of a kind.
    Kind(KindName),
    /// One source.
    Source(SourceCode),
}

impl fmt::Display for RuleScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Kind(kind) => write!(f, "kind:{}", kind.name()),
            Self::Source(code) => write!(f, "source:{code}"),
        }
    }
}

/// Parameters that cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(String);

/// The rules with everything that was set about them.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    configured: Rules,
    set: BTreeMap<RuleScope, Parameters>,
    all: Rules,
    by_kind: [Option<Box<Rules>>; 3],
    by_source: HashMap<SourceCode, Box<[Rules; 3]>>,
}

impl RuleBook {
    /// The rules as configured.
    pub fn new(configured: Rules) -> Self {
        Self {
            all: configured.clone(),
            configured,
            ..Self::default()
        }
    }

    /// The rules that hold for a source.
    pub fn of(&self, source: &Source) -> &Rules {
        if !self.by_source.is_empty()
            && let Some(rules) = self.by_source.get(&source.code)
        {
            return &rules[source.kind_name() as usize];
        }
        self.of_kind(source.kind_name())
    }

    /// The rules that hold for a kind, where nothing is set for the source itself.
    pub fn of_kind(&self, kind: KindName) -> &Rules {
        self.by_kind[kind as usize].as_deref().unwrap_or(&self.all)
    }

    /// The rules that hold where no source is meant: zones, gateways, firemain itself.
    pub fn shared(&self) -> &Rules {
        &self.all
    }

    /// What is set beside the configuration.
    pub fn set(&self) -> &BTreeMap<RuleScope, Parameters> {
        &self.set
    }

    /// Sets parameters; empty ones take back what was set for that scope. What was set before for the
    /// scope and is not named now is taken back too.
    ///
    /// # Errors
    /// When a rule or parameter is unknown, or a value is not one for it.
    pub fn put(&mut self, scope: RuleScope, parameters: Parameters) -> Result<(), ParameterError> {
        let mut set = self.set.clone();
        if parameters.is_empty() {
            set.remove(&scope);
        } else {
            set.insert(scope, parameters);
        }
        let mut book = Self::new(self.configured.clone());
        book.set = set;
        book.resolve()?;
        *self = book;
        Ok(())
    }

    /// These rules as configured, with everything in `set`; what does not fit any more is let go.
    #[must_use]
    pub fn restored(&self, set: BTreeMap<RuleScope, Parameters>) -> Self {
        let mut book = Self::new(self.configured.clone());
        for (scope, parameters) in set {
            if book.put(scope.clone(), parameters).is_err() {
                book.set.remove(&scope);
            }
        }
        book
    }

    fn resolve(&mut self) -> Result<(), ParameterError> {
        if let Some(parameters) = self.set.get(&RuleScope::All) {
            self.all = laid_over(&self.configured, parameters)?;
        }
        for kind in KindName::ALL {
            if let Some(parameters) = self.set.get(&RuleScope::Kind(kind)) {
                self.by_kind[kind as usize] = Some(Box::new(laid_over(&self.all, parameters)?));
            }
        }
        for (scope, parameters) in &self.set {
            if let RuleScope::Source(code) = scope {
                let mut of_kinds = Vec::with_capacity(3);
                for kind in KindName::ALL {
                    of_kinds.push(laid_over(self.of_kind(kind), parameters)?);
                }
                if let Ok(of_kinds) = of_kinds.try_into() {
                    self.by_source.insert(code.clone(), Box::new(of_kinds));
                }
            }
        }
        Ok(())
    }
}

/// Checks parameters by themselves.
///
/// # Errors
/// See [`RuleBook::put`].
pub fn check(parameters: &Parameters) -> Result<(), ParameterError> {
    laid_over(&Rules::default(), parameters).map(drop)
}

fn laid_over(rules: &Rules, parameters: &Parameters) -> Result<Rules, ParameterError> {
    let mut whole = serde_json::to_value(rules).map_err(|e| ParameterError(e.to_string()))?;
    for (rule, named) in parameters {
        let Some(known) = whole.get_mut(rule).and_then(Value::as_object_mut) else {
            return Err(ParameterError(format!(
                "there is no rule `{}`",
                shown(rule)
            )));
        };
        let Value::Object(named) = named else {
            return Err(ParameterError(format!(
                "the parameters of `{rule}` must be an object, such as {{\"dwell_s\":900}}"
            )));
        };
        for (name, value) in named {
            let Some(before) = known.get_mut(name) else {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                return Err(ParameterError(format!(
                    "the rule `{rule}` has no parameter `{}`: it has {}",
                    shown(name),
                    names.join(", ")
                )));
            };
            *before = value.clone();
        }
    }
    let laid: Rules = serde_json::from_value(whole).map_err(|e| ParameterError(e.to_string()))?;
    Ok(laid)
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
