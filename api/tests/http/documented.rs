use serde_json::{Value, json};

use crate::bench::Bench;

/// Asked of a server with one source: where each path leads.
const GETS: [(&str, &str); 37] = [
    ("/api/v1/flags", "/api/v1/flags"),
    ("/api/v1/sources", "/api/v1/sources"),
    ("/api/v1/forecasts", "/api/v1/forecasts"),
    (
        "/api/v1/sources/nearest",
        "/api/v1/sources/nearest?lat=21.0345&lon=105.8512",
    ),
    ("/api/v1/sources/{code}", "/api/v1/sources/TR-1"),
    (
        "/api/v1/sources/{code}/verdict",
        "/api/v1/sources/TR-1/verdict",
    ),
    (
        "/api/v1/sources/{code}/readings",
        "/api/v1/sources/TR-1/readings",
    ),
    (
        "/api/v1/sources/{code}/readings/latest",
        "/api/v1/sources/TR-1/readings/latest",
    ),
    ("/api/v1/alerts", "/api/v1/alerts"),
    ("/api/v1/flow-tests", "/api/v1/flow-tests"),
    ("/api/v1/inspections", "/api/v1/inspections"),
    ("/api/v1/inspections/due", "/api/v1/inspections/due"),
    (
        "/api/v1/inspections/checklist",
        "/api/v1/inspections/checklist?kind=tank",
    ),
    ("/api/v1/work", "/api/v1/work"),
    ("/api/v1/rounds", "/api/v1/rounds"),
    ("/api/v1/maintenance-windows", "/api/v1/maintenance-windows"),
    ("/api/v1/silences", "/api/v1/silences"),
    ("/api/v1/supply-schedules", "/api/v1/supply-schedules"),
    (
        "/api/v1/supply-schedules/proposals",
        "/api/v1/supply-schedules/proposals",
    ),
    ("/api/v1/uses/questions", "/api/v1/uses/questions"),
    ("/api/v1/incidents", "/api/v1/incidents"),
    ("/api/v1/permits", "/api/v1/permits"),
    ("/api/v1/devices", "/api/v1/devices"),
    ("/api/v1/devices/{id}", "/api/v1/devices/dev-TR-1"),
    (
        "/api/v1/devices/{id}/commands",
        "/api/v1/devices/dev-TR-1/commands",
    ),
    (
        "/api/v1/sources/{code}/baseline",
        "/api/v1/sources/TR-1/baseline",
    ),
    (
        "/api/v1/sources/{code}/devices",
        "/api/v1/sources/TR-1/devices",
    ),
    ("/api/v1/quarantine", "/api/v1/quarantine"),
    ("/api/v1/units", "/api/v1/units"),
    ("/api/v1/units/versions", "/api/v1/units/versions"),
    ("/api/v1/units/targets", "/api/v1/units/targets"),
    ("/api/v1/reports", "/api/v1/reports?period=2025-11"),
    ("/api/v1/cap", "/api/v1/cap"),
    ("/api/v1/zones", "/api/v1/zones"),
    ("/healthz", "/healthz"),
    ("/readyz", "/readyz"),
    ("/metrics", "/metrics"),
];

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_the_document_says() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 100.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 50.0 }));
    bench
        .until("/api/v1/flags", |json| {
            json["items"][0]["verdict"] == "degraded"
        })
        .await;
    let document = bench.get("/api/v1/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, asked) in GETS {
        let answer = bench.get(asked).await;
        let responses = &document["paths"][path]["get"]["responses"];
        let documented = &responses[answer.status.to_string()];
        assert!(
            documented.is_object(),
            "{asked}: {} is not documented",
            answer.status
        );
        let schema = &documented["content"]["application/json"]["schema"];
        if schema.is_object() {
            fits(&document, schema, &answer.json, path);
        }
    }
    let problem = bench.get("/api/v1/sources/NONE").await.json;
    fits(
        &document,
        &document["components"]["schemas"]["Problem"],
        &problem,
        "problem",
    );
}

/// A plain check against a schema: what must be there is, what is there is known and of its type.
fn fits(document: &Value, schema: &Value, json: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return fits(document, target, json, at);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fitting = choices
                .iter()
                .any(|one| std::panic::catch_unwind(|| fits(document, one, json, at)).is_ok());
            assert!(fitting, "{at}: fits none of {schema}: {json}");
            return;
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        for part in parts {
            fits(document, part, json, at);
        }
        return;
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(|t| t.as_str().unwrap()).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => vec![],
    };
    assert!(
        types.is_empty() || types.iter().any(|t| is_of(json, t)),
        "{at}: {json} is not of {types:?}"
    );
    if let Some(codes) = schema["enum"].as_array() {
        assert!(codes.contains(json), "{at}: {json} is none of {codes:?}");
    }
    if let Some(object) = json.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                object.contains_key(name.as_str().unwrap()),
                "{at}: {name} is missing in {json}"
            );
        }
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = object.get(name) {
                fits(document, part, value, &format!("{at}.{name}"));
            }
        }
    }
    for item in json.as_array().into_iter().flatten() {
        fits(document, &schema["items"], item, &format!("{at}[]"));
    }
}

fn is_of(json: &Value, kind: &str) -> bool {
    match kind {
        "object" => json.is_object(),
        "array" => json.is_array(),
        "string" => json.is_string(),
        "integer" => json.is_i64() || json.is_u64(),
        "number" => json.is_number(),
        "boolean" => json.is_boolean(),
        "null" => json.is_null(),
        other => panic!("{other} is no type"),
    }
}
