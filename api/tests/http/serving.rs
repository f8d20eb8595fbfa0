use std::time::Duration;

use firemain_api::http::{AppState, HttpSettings, ServeError, TlsFiles, serve};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

fn here(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/http")
        .join(name)
}

async fn refusal(bench: &Bench, settings: HttpSettings) -> ServeError {
    let state = AppState {
        stores: bench.stores.clone(),
        watch: bench.watch.clone(),
        notify: None,
        clock: bench.clock.clone(),
    };
    serve(settings, state, CancellationToken::new())
        .await
        .unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_named_with_the_way_round_it() {
    let bench = Bench::start().await;
    let listen = bench.serving.as_ref().unwrap().address();
    let error = refusal(
        &bench,
        HttpSettings {
            listen,
            ..HttpSettings::default()
        },
    )
    .await
    .to_string();
    for part in [
        &*listen.port().to_string(),
        "--http 127.0.0.1:0",
        "[http] listen",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reached_by_the_world_it_answers_nobody_until_there_is_a_user() {
    let bench = Bench::start().await;
    let state = AppState {
        stores: bench.stores.clone(),
        watch: bench.watch.clone(),
        notify: None,
        clock: bench.clock.clone(),
    };
    let settings = HttpSettings {
        listen: ([0, 0, 0, 0], 0).into(),
        ..HttpSettings::default()
    };
    let cancel = CancellationToken::new();
    let serving = serve(settings, state, cancel.clone()).await.unwrap();
    let url = format!("http://127.0.0.1:{}", serving.address().port());
    let get = |path: &str| bench.send(bench.client.get(format!("{url}{path}")));
    let refused = get("/api/v1/flags").await;
    refused.is_problem(503, "unavailable");
    assert!(
        refused.text.contains("firemain user add"),
        "{}",
        refused.text
    );
    get("/metrics").await.is_problem(503, "unavailable");
    assert_eq!(get("/healthz").await.status, 200);
    let page = get("/login").await;
    assert!(page.text.contains("firemain user add"), "{}", page.text);

    let first = crate::people::user("an", firemain_domain::people::Role::Administrator, &[]);
    crate::people::enter(&*bench.stores.register, &first);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let seen = async {
        while get("/api/v1/flags").await.status != 401 {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), seen)
        .await
        .expect("the first user is seen at once");
    cancel.cancel();
    serving.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_spoken_with_a_certificate_and_a_wrong_one_is_explained() {
    let tls = TlsFiles {
        cert_file: here("certificate.pem"),
        key_file: here("key.pem"),
    };
    let settings = HttpSettings {
        tls: Some(tls.clone()),
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    assert!(bench.url.starts_with("https://"));
    assert_eq!(bench.get("/healthz").await.json["status"], "alive");
    let swapped = TlsFiles {
        cert_file: tls.key_file,
        key_file: tls.cert_file,
    };
    let error = refusal(
        &bench,
        HttpSettings {
            tls: Some(swapped),
            ..HttpSettings::default()
        },
    )
    .await;
    assert!(
        error.to_string().contains("key.pem") && error.to_string().contains("no certificate"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_within_three_seconds_although_a_client_listens_to_the_stream() {
    let mut bench = Bench::start().await;
    let listening = bench.request("GET", "/api/v1/stream").send().await.unwrap();
    let began = Instant::now();
    bench.cancel.cancel();
    bench.serving.take().unwrap().stopped().await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert!(
        listening.text().await.unwrap().contains("event: hello"),
        "the stream ends in order"
    );
    assert!(
        bench.request("GET", "/healthz").send().await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_and_metrics_tell_of_every_part() {
    let bench = Bench::start().await;
    let ready = bench.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json["ready"].as_bool()),
        (503, Some(false))
    );
    let parts = ready.json["parts"].as_array().unwrap();
    let receive = parts.iter().find(|part| part["part"] == "receive").unwrap();
    assert!(
        receive["complaint"]
            .as_str()
            .unwrap()
            .contains("firemain ingest")
    );
    bench.get("/api/v1/flags").await;
    let metrics = bench.get("/metrics").await.text;
    assert!(metrics.contains("firemain_http_request_seconds_count{method=\"GET\",route=\"/api/v1/flags\",status=\"200\"} 1"), "{metrics}");
    assert!(metrics.contains("firemain_sources{verdict=\"usable\"} 0"));
    assert!(metrics.contains("# TYPE firemain_watch_messages_total counter"));
}
