use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_document_that_says_what_to_do() {
    let bench = Bench::start().await;
    bench.get("/nowhere").await.is_problem(404, "not-found");
    bench
        .get("/api/v1/nowhere")
        .await
        .is_problem(404, "not-found");
    let method = bench.send(bench.request("PATCH", "/api/v1/flags")).await;
    method.is_problem(405, "method-not-allowed");
    assert!(method.headers["allow"].to_str().unwrap().contains("GET"));
    let unknown = bench.get("/api/v1/flags?knd=tank").await;
    unknown.is_problem(400, "invalid-parameter");
    assert!(
        unknown.text.contains("did you mean `kind`"),
        "{}",
        unknown.text
    );
    for path in [
        "/api/v1/flags?limit=0",
        "/api/v1/flags?limit=1001",
        "/api/v1/flags?after=AAAA",
        "/api/v1/sources?after=forged",
        "/api/v1/alerts?at_least=awful",
        "/api/v1/sources?bbox=1,2,3",
        "/api/v1/sources/nearest?lat=91&lon=0",
        "/api/v1/sources/nearest?lat=21",
        "/api/v1/sources/nearest?lat=NaN&lon=105",
        "/api/v1/stream?after=x",
    ] {
        bench.get(path).await.is_problem(400, "invalid-parameter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_and_of_the_right_type() {
    let bench = Bench::start().await;
    let incidents = || bench.request("POST", "/api/v1/incidents");
    let plain = bench
        .send(incidents().header("content-type", "text/plain").body("{}"))
        .await;
    plain.is_problem(415, "unsupported-media-type");
    let json = |body: String| {
        incidents()
            .header("content-type", "application/json")
            .body(body)
    };
    bench
        .send(json("{".to_owned()))
        .await
        .is_problem(400, "malformed-body");
    bench
        .send(json("x".repeat(70_000)))
        .await
        .is_problem(413, "too-large");
    let missing = bench.send(json(json!({ "name": "x" }).to_string())).await;
    assert_eq!(
        missing.is_problem(422, "invalid-body").json["errors"][0]["field"],
        "/position"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_and_foreign_names_are_refused() {
    let bench = Bench::start().await;
    let foreign = bench
        .request("POST", "/api/v1/devices/x/credentials")
        .header("origin", "http://evil.example");
    bench.send(foreign).await.is_problem(403, "forbidden");
    let rebound = bench
        .request("GET", "/api/v1/flags")
        .header("host", "evil.example");
    bench.send(rebound).await.is_problem(403, "forbidden");
    let own = bench
        .request("POST", "/api/v1/devices/x/credentials")
        .header("origin", &bench.url);
    assert_eq!(bench.send(own).await.status, 201);
    let answer = bench.get("/").await;
    assert!(
        answer.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(answer.text.contains("/page.js"));
    assert_eq!(bench.get("/page.js").await.status, 200);
    assert_eq!(bench.get("/page.css").await.status, 200);
}
