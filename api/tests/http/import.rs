use crate::bench::Bench;

const GOOD: &str = "code,kind,name,lat,lon,device,required_pressure_kpa,colour\n\
    TR-1,hydrant,12 Hàng Bạc,21.0345,105.8512,dev-1,98.1,red\n\
    BN-1,tank,Bể,21.0350,105.8520,dev-2,,blue\n";

async fn import(bench: &Bench, query: &str, file: String) -> crate::bench::Answer {
    bench
        .send(
            bench
                .request("POST", &format!("/api/v1/import?{query}"))
                .body(file),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_is_tried_imported_and_not_changed_by_the_same_again() {
    let bench = Bench::start().await;
    let tried = import(&bench, "format=csv&dry_run=true", GOOD.to_owned()).await;
    assert_eq!(
        (tried.status, tried.json["rows"].as_u64()),
        (200, Some(2)),
        "{}",
        tried.text
    );
    assert_eq!(tried.json["unknown_columns"][0], "colour");
    assert_eq!(
        bench.get("/api/v1/sources").await.codes().len(),
        0,
        "only tried"
    );
    let imported = import(&bench, "format=csv", GOOD.to_owned()).await;
    assert_eq!(
        (imported.status, imported.json["changed"].as_u64()),
        (200, Some(2)),
        "{}",
        imported.text
    );
    assert_eq!(bench.get("/api/v1/sources").await.codes(), ["BN-1", "TR-1"]);
    let again = import(&bench, "format=csv", GOOD.to_owned()).await;
    assert_eq!(again.json["changed"], 0);

    let map = bench.get("/api/v1/sources?format=geojson").await;
    assert_eq!(map.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_and_nothing_is_imported() {
    let bench = Bench::start().await;
    let bad = format!("{GOOD}TR-2,hydrant,x,91,105.8,dev-3,98.1,red\n");
    let refused = import(&bench, "format=csv", bad.clone()).await;
    refused.is_problem(422, "invalid-body");
    assert!(
        refused.json["errors"][0]["field"]
            .as_str()
            .unwrap()
            .contains("line 4"),
        "{}",
        refused.text
    );
    assert_eq!(bench.get("/api/v1/sources").await.codes().len(), 0);
    let tried = import(&bench, "format=csv&dry_run=true", bad).await;
    assert_eq!(
        (tried.status, tried.json["errors"][0]["row"].as_u64()),
        (200, Some(4))
    );
    import(&bench, "format=xls", String::new())
        .await
        .is_problem(400, "invalid-parameter");
    import(&bench, "format=csv", String::new())
        .await
        .is_problem(422, "invalid-body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_beyond_the_limit_is_refused() {
    let settings = firemain_api::http::HttpSettings {
        max_import_bytes: 100_000,
        ..Default::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    let long = format!("{GOOD}{}", "TR-1,hydrant,x,21,105,,,\n".repeat(20_000));
    import(&bench, "format=csv", long)
        .await
        .is_problem(413, "too-large");
}
