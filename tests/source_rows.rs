//! What can change about a source stands beside its readings in a real InfluxDB 2, for dashboards
//! that know nothing of us.

mod support;

use std::time::Duration;

use support::{Firemain, Influx, SOON, until, until_some};

const LONG: Duration = Duration::from_secs(60);
const REGISTER: &str = "code,kind,name,lat,lon,device,zone,unit,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z1,North,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z1,North,98.1\n";

/// The newest complete row of a source, as CSV.
fn newest(influx: &Influx, code: &str) -> String {
    influx.query_csv(&format!(
        r#"from(bucket: "{}") |> range(start: 0)
            |> filter(fn: (r) => r._measurement == "source_info" and r.source == "{code}")
            |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
            |> group() |> sort(columns: ["_time"]) |> tail(n: 1)
            |> keep(columns: ["kind", "name", "status", "unit", "zone", "required_pressure_kpa"])"#,
        Influx::BUCKET
    ))
}

#[test]
fn a_row_for_each_source_is_written_at_the_start_and_on_every_edit_also_after_an_outage() {
    let mut influx = Influx::start();
    let mut firemain = Firemain::builder("serve")
        .config("[endpoint]\nlisten = \"127.0.0.1:0\"")
        .config(&influx.archive_config())
        .start();
    let http = firemain.http();
    let rows = |influx: &Influx| influx.count("source_info", "name");
    http.import_csv(REGISTER);
    until("a row for each source", SOON, || rows(&influx) == 2);
    let row = newest(&influx, "TR-1");
    for part in ["hydrant", "A", "in_service", "North", "Z1", "98.1"] {
        assert!(row.contains(part), "{part}: {row}");
    }

    http.import_csv(
        "code,kind,name,lat,lon,device,zone,unit,required_pressure_kpa\n\
        TR-1,hydrant,A,21.03,105.85,D-1,Z2,North,98.1\n",
    );
    until("the edit is there", SOON, || {
        newest(&influx, "TR-1").contains("Z2")
    });
    assert_eq!(rows(&influx), 3, "one edit is one row");

    // The database is away: it is counted, and what was missed is written afterwards.
    influx.stop();
    http.import_csv("code,kind,name,lat,lon,status\nTR-2,hydrant,B,21.06,105.85,out_of_service\n");
    until_some("the failure is counted", SOON, || {
        http.metric("firemain_source_row_failures_total")
            .filter(|failures| *failures >= 1.0)
    });
    influx.start_again();
    until("the edit is there after the outage", LONG, || {
        newest(&influx, "TR-2").contains("out_of_service")
    });
    // A row whose answer was lost is written again, with a later time; those of others are not.
    let of_the_other =
        r#"r._measurement == "source_info" and r._field == "name" and r.source == "TR-1""#;
    assert_eq!(influx.count_where(of_the_other), 2);

    // The start of a process writes all of them again.
    firemain.terminate();
    let before = rows(&influx);
    firemain.start_again();
    until("a row for each source", SOON, || {
        rows(&influx) == before + 2
    });
    until("and it counts them", SOON, || {
        firemain.http().metric("firemain_source_rows_total") == Some(2.0)
    });
}
