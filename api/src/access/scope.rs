//! To what a key is bound: `alerts:write`, `sources:read`, `*:read`, `metrics`.

use crate::http::access_table;

/// Scopes of one key.
const MOST_SCOPES: usize = 32;

/// Refuses scopes that mean nothing.
///
/// # Errors
/// What is wrong with which.
pub fn check_scopes(scopes: &[String]) -> Result<(), String> {
    if scopes.len() > MOST_SCOPES {
        return Err(format!("must be at most {MOST_SCOPES}"));
    }
    let resources = access_table::resources();
    for scope in scopes.iter().filter(|scope| *scope != "metrics") {
        let known = scope.split_once(':').is_some_and(|(resource, way)| {
            matches!(way, "read" | "write") && (resource == "*" || resources.contains(&resource))
        });
        if !known {
            let shown: String = scope.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(format!(
                "`{shown}` is no scope: `metrics`, or a resource and `read` or `write`, such as `alerts:write`; `*` is every resource; the resources are {}",
                resources.join(", ")
            ));
        }
    }
    Ok(())
}

/// Whether a key with these scopes may ask a resource; `write` includes `read`.
pub fn is_in_scope(scopes: &[String], resource: &str, writes: bool) -> bool {
    scopes.is_empty()
        || scopes.iter().any(|scope| {
            scope.split_once(':').is_some_and(|(of, way)| {
                (of == "*" || of == resource) && (way == "write" || !writes)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_asks_what_its_scopes_name() {
        let scopes = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let alerts = scopes(&["alerts:write", "sources:read"]);
        assert_eq!(check_scopes(&alerts), Ok(()));
        assert!(is_in_scope(&alerts, "alerts", true) && is_in_scope(&alerts, "alerts", false));
        assert!(is_in_scope(&alerts, "sources", false) && !is_in_scope(&alerts, "sources", true));
        assert!(!is_in_scope(&alerts, "users", false));
        assert!(is_in_scope(&scopes(&["*:read"]), "users", false));
        assert!(!is_in_scope(&scopes(&["metrics"]), "sources", false));
        assert!(is_in_scope(&[], "users", true), "no scope binds to nothing");
        for wrong in ["alert:write", "alerts", "alerts:own", "*", ":read"] {
            assert!(check_scopes(&scopes(&[wrong])).is_err(), "{wrong}");
        }
    }
}
