//! Query parameters: known names only, each once.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserializer;
use serde::de::{DeserializeOwned, Visitor};

use crate::http::problem::{Fault, Problem, ProblemKind};

/// More than this is no query of ours, bytes.
const LONGEST_QUERY: usize = 8 * 1024;

/// The query's parameters as `T`. An unknown name is refused with the nearest known one.
#[derive(Clone, Copy, Debug)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let query = uri.query().unwrap_or_default();
    if query.len() > LONGEST_QUERY {
        return Err(Problem::new(
            ProblemKind::InvalidParameter,
            format!(
                "the query has {} characters; at most {LONGEST_QUERY} are read",
                query.len()
            ),
        ));
    }
    check_names(uri, known_names::<T>())?;
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(params)) => Ok(params),
        Err(refusal) => Err(Problem::of_faults(
            ProblemKind::InvalidParameter,
            vec![fault_of(&refusal)],
        )),
    }
}

fn check_names(uri: &Uri, known: &[&str]) -> Result<(), Problem> {
    let given = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|e| Problem::new(ProblemKind::InvalidParameter, e.body_text()))?
        .0;
    let mut faults = Vec::new();
    for (n, (name, _)) in given.iter().enumerate() {
        let shown: String = name.chars().take(64).collect();
        if !known.contains(&name.as_str()) {
            faults.push(Fault::new(shown.clone(), unknown(&shown, known)));
        } else if given.iter().take(n).any(|(earlier, _)| earlier == name) {
            faults.push(Fault::new(shown, "is given twice; give it once"));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::of_faults(ProblemKind::InvalidParameter, faults))
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), *k))
        .filter(|(distance, k)| *distance <= k.len().max(name.len()) / 2)
        .min();
    match (nearest, known) {
        (Some((_, nearest)), _) => format!("is not a parameter here; did you mean `{nearest}`?"),
        (None, []) => "is not a parameter here; there are none".to_owned(),
        (None, known) => format!("is not a parameter here; there are: {}", known.join(", ")),
    }
}

/// What the refusal says, split into the parameter's name and the rest.
fn fault_of(refusal: &dyn std::error::Error) -> Fault {
    let text = refusal
        .source()
        .map_or_else(|| refusal.to_string(), ToString::to_string);
    match text.split_once(": ") {
        Some((field, said)) => Fault::new(field, said),
        None => match text
            .strip_prefix("missing field `")
            .and_then(|t| t.split_once('`'))
        {
            Some((field, _)) => Fault::new(field, "is missing; it must be given"),
            None => Fault::new("?", text),
        },
    }
}

/// The names of `T`'s fields, as serde knows them.
fn known_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

/// Asked for a struct, it takes down the names of its fields and refuses.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only the names were wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Near {
        lat: f64,
        flow_lps: Option<f64>,
    }

    fn refusal(query: &str) -> Problem {
        read::<Near>(&format!("/x?{query}").parse().unwrap()).unwrap_err()
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest_known() {
        let problem = refusal("lat=21&flow_lsp=10");
        assert_eq!(problem.errors[0].field, "flow_lsp");
        assert!(
            problem.detail.contains("did you mean `flow_lps`"),
            "{}",
            problem.detail
        );
        assert!(
            refusal("lat=21&zzzzzzzz=1")
                .detail
                .contains("there are: lat, flow_lps")
        );
    }

    #[test]
    fn a_missing_a_doubled_and_a_wrong_parameter_are_named() {
        assert_eq!(refusal("flow_lps=10").errors[0].field, "lat");
        assert!(refusal("lat=1&lat=2").detail.contains("given twice"));
        assert_eq!(refusal("lat=north").errors[0].field, "lat");
        let near = read::<Near>(&"/x?lat=21.5&flow_lps=10".parse().unwrap()).unwrap();
        assert_eq!((near.lat, near.flow_lps), (21.5, Some(10.0)));
    }
}
