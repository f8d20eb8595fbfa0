//! `POST /flow-tests`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, FlowTest};
use firemain_domain::hydraulics::TestRefusal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{FlowTestView, point, target_kpa};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, find, id_or_new};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// What a flow test measured.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowTestBody {
    /// An id of your own: sent twice, the test is entered once.
    id: Option<String>,
    /// The source tested.
    #[schema(example = "TR-0412")]
    source: String,
    /// When; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Static pressure before, kPa.
    #[schema(example = 300.0)]
    static_kpa: f64,
    /// Residual pressure while flowing, kPa.
    #[schema(example = 220.0)]
    residual_kpa: f64,
    /// The flow measured, L/s.
    #[schema(example = 15.0)]
    flow_lps: f64,
    /// Half-width of the gauge's accuracy, kPa.
    gauge_accuracy_kpa: Option<f64>,
    /// Who tested; who sends it by default.
    by: Option<String>,
    /// Anything else.
    note: Option<String>,
}

/// Enters a flow test; the answer tells the flow to be had at the target residual pressure.
#[utoipa::path(post, path = "/flow-tests", tag = "flow tests", request_body = FlowTestBody,
    responses(
        (status = 201, description = "It is entered", body = FlowTestView),
        (status = 200, description = "The very same was entered before", body = FlowTestView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = FlowTestView),
    ))]
pub async fn enter_flow_test(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<FlowTestBody>,
) -> Result<Done<FlowTestView>, Problem> {
    let at_given = body.at.is_some();
    let test = body.into_test(&app, &who)?;
    let (id, source) = (test.id.clone(), test.source.clone());
    let there = move |stores: &crate::Stores| {
        find(
            &id,
            |t: &FlowTest| &t.id,
            |after, n| stores.register.flow_tests(Some(&source), after, n),
        )
    };
    let wanted = test.clone();
    let same = move |there: &FlowTest| {
        *there
            == FlowTest {
                at: if at_given { wanted.at } else { there.at },
                ..wanted
            }
    };
    let change = Change::FlowTestEntered { test: test.clone() };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => Done::created(FlowTestView::new(&app, test), applied),
        Entered::Before(row) => Done::unchanged(FlowTestView::new(&app, row)),
    })
}

impl FlowTestBody {
    fn into_test(self, app: &App, who: &Principal) -> Result<FlowTest, Problem> {
        let mut checks = Checks::default();
        let now = app.now();
        let test = FlowTest {
            id: id_or_new(app, self.id, &mut checks)?,
            source: self.source.into(),
            at: self.at.unwrap_or(now),
            static_kpa: self.static_kpa,
            residual_kpa: self.residual_kpa,
            flow_lps: self.flow_lps,
            gauge_accuracy_kpa: self.gauge_accuracy_kpa,
            by: self.by.unwrap_or_else(|| who.who.to_string()),
            note: self.note,
        };
        checks.text("/source", &test.source, 64);
        checks.that(
            test.at <= now.plus_ms(300_000),
            "/at",
            "lies in the future: give the moment of the test",
        );
        checks.within("/static_kpa", test.static_kpa, 0.0..=2_000.0);
        checks.within("/residual_kpa", test.residual_kpa, 0.0..=2_000.0);
        checks.within("/flow_lps", test.flow_lps, 0.1..=1_000.0);
        checks.within_if("/gauge_accuracy_kpa", test.gauge_accuracy_kpa, 0.0..=200.0);
        checks.text("/by", &test.by, 100);
        checks.text_if("/note", test.note.as_deref(), 1_000);
        let target_kpa = target_kpa(app, &test.source);
        match point(&test).available_flow_lps(target_kpa) {
            Err(refusal @ TestRefusal::NoDrop) => {
                checks.fault("/residual_kpa", format!("cannot be a flow test (NFPA 291): {refusal}"));
            }
            Err(refusal @ TestRefusal::BelowTarget) => checks.fault(
                "/static_kpa",
                format!("cannot be a flow test (NFPA 291) at the target residual of {target_kpa} kPa: {refusal}"),
            ),
            Err(TestRefusal::NotNumbers) | Ok(_) => {}
        }
        checks.of_body()?;
        Ok(test)
    }
}
