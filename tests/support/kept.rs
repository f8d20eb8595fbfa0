//! What a firemain says it has: its counters, and the readings of a source.

use serde_json::Value;

use super::http::Http;

/// All of a source's pressures of these years.
const OF_ALL_TIME: &str =
    "quantities=pressure_kpa&from=2020-01-01T00:00:00Z&until=2029-12-01T00:00:00Z";

impl Http {
    /// Fills the register from lines of CSV, a header first.
    #[track_caller]
    pub(crate) fn import_csv(&self, csv: &str) {
        self.post_text("/api/v1/import?format=csv", "text/csv", csv)
            .ok();
    }

    /// The value in `/metrics`; `None` where nobody answers, or it is not there.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let text = self.try_get("/metrics")?.text;
        let line = text
            .lines()
            .find(|line| line.split([' ', '{']).next() == Some(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// True when all parts do their work.
    pub(crate) fn is_ready(&self) -> bool {
        self.try_get("/readyz")
            .is_some_and(|answer| answer.status == 200)
    }

    /// What a part complains of in `/readyz`; empty when it is well.
    #[track_caller]
    pub(crate) fn complaint_of(&self, part: &str) -> String {
        let parts = self.get("/readyz").json()["parts"].clone();
        let parts = parts.as_array().expect("parts are a list");
        let found = parts.iter().find(|view| view["part"] == part);
        let complaint = found.and_then(|view| view["complaint"].as_str());
        complaint
            .unwrap_or_else(|| panic!("no part {part}: {parts:?}"))
            .to_owned()
    }

    /// How many pressures of a source are archived.
    #[track_caller]
    pub(crate) fn archived(&self, code: &str) -> u64 {
        let path = format!("/api/v1/sources/{code}/readings?bucket_s=2678400&{OF_ALL_TIME}");
        let buckets = self.list(&path);
        buckets
            .iter()
            .filter_map(|bucket| bucket["count"].as_u64())
            .sum()
    }

    /// All pressures of a source, one by one.
    #[track_caller]
    pub(crate) fn pressures(&self, code: &str) -> Vec<f64> {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/sources/{code}/readings?limit=10000&{OF_ALL_TIME}{after}");
            let page = self.get(&path).ok();
            let items = page["items"].as_array().expect("items are a list");
            found.extend(items.iter().filter_map(|item| item["value"].as_f64()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    /// The `items` of an answer that must be a success.
    #[track_caller]
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        self.get(path).ok()["items"]
            .as_array()
            .expect("items are a list")
            .clone()
    }
}
