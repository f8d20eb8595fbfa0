//! `POST /inspections`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Check, CheckItem, Inspection};
use firemain_domain::source::KindName;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CheckBody, InspectionView};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::done::Done;
use crate::http::enter::{Entered, enter, find, id_or_new};
use crate::http::photos::check_ids;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// What a person found at a source.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionBody {
    /// An id of your own: sent twice, the inspection is entered once.
    id: Option<String>,
    /// The source looked at.
    #[schema(example = "TR-0412")]
    source: String,
    /// When; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Whether it works; by default what the check `operable` says.
    operable: Option<bool>,
    /// Whether something keeps a crew or a vehicle from it; by default what the checks
    /// `unobstructed` and `vehicle_access` say.
    obstructed: Option<bool>,
    /// What was checked, by the checklist of its kind: each item once, not all of them need to be.
    #[serde(default)]
    checks: Vec<CheckBody>,
    /// Anything else.
    note: Option<String>,
    /// Photos, by the ids that `POST /photos` answered; at most 12.
    #[serde(default)]
    photos: Vec<String>,
    /// Who looked; who sends it by default.
    by: Option<String>,
}

/// Enters what a person found. One found inoperable or obstructed is `unusable`, whatever its sensor
/// says, until a newer inspection or a flow test; what is not in order becomes work.
#[utoipa::path(post, path = "/inspections", tag = "inspections", request_body = InspectionBody,
    responses(
        (status = 201, description = "It is entered", body = InspectionView),
        (status = 200, description = "The very same was entered before", body = InspectionView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = InspectionView),
    ))]
pub async fn enter_inspection(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<InspectionBody>,
) -> Result<Done<InspectionView>, Problem> {
    let at_given = body.at.is_some();
    let inspection = body.into_inspection(&app, &who)?;
    let (id, source) = (inspection.id.clone(), inspection.source.clone());
    let there = move |stores: &crate::Stores| {
        find(
            &id,
            |row: &Ended<Inspection>| &row.what.id,
            |after, n| stores.register.inspections(Some(&source), after, n),
        )
    };
    let wanted = inspection.clone();
    let same = move |there: &Ended<Inspection>| {
        let at = if at_given { wanted.at } else { there.what.at };
        there.what == Inspection { at, ..wanted }
    };
    let change = Change::InspectionEntered {
        inspection: inspection.clone(),
    };
    Ok(match enter(&app, &who, change, there, same).await? {
        Entered::New(applied) => Done::created(inspection.into(), applied),
        Entered::Before(row) => Done::unchanged(row.what.into()),
    })
}

impl InspectionBody {
    fn into_inspection(self, app: &App, who: &Principal) -> Result<Inspection, Problem> {
        let mut checks = Checks::default();
        let now = app.now();
        let kind = app.board.get(&self.source).map(|e| e.source.kind_name());
        check_items(&self.checks, kind, &mut checks);
        let operable = self.is_operable(&mut checks);
        let obstructed = self.is_obstructed(&mut checks);
        let inspection = Inspection {
            id: id_or_new(app, self.id, &mut checks)?,
            source: self.source.into(),
            at: self.at.unwrap_or(now),
            operable,
            obstructed,
            checks: self
                .checks
                .iter()
                .map(|check| Check {
                    item: check.item,
                    in_order: check.in_order,
                })
                .collect(),
            note: self.note,
            photos: self.photos,
            by: self.by.unwrap_or_else(|| who.who.to_string()),
        };
        checks.text("/source", &inspection.source, 64);
        checks.that(
            inspection.at <= now.plus_ms(300_000),
            "/at",
            "lies in the future: give the moment of the inspection",
        );
        checks.text("/by", &inspection.by, 100);
        checks.text_if("/note", inspection.note.as_deref(), 1_000);
        check_ids(&inspection.photos, &mut checks);
        checks.of_body()?;
        Ok(inspection)
    }

    fn said_of(&self, item: CheckItem) -> Option<bool> {
        let check = self.checks.iter().find(|check| check.item == item);
        check.map(|check| check.in_order)
    }

    fn is_operable(&self, checks: &mut Checks) -> bool {
        let checked = self.said_of(CheckItem::Operable);
        match (self.operable, checked) {
            (Some(said), Some(checked)) if said != checked => checks.fault(
                "/operable",
                "contradicts the check `operable`: leave one of them out",
            ),
            (None, None) => checks.fault(
                "/operable",
                "must be given, here or as the check `operable`: an inspection says whether the source works",
            ),
            _ => {}
        }
        self.operable.or(checked).unwrap_or_default()
    }

    fn is_obstructed(&self, checks: &mut Checks) -> bool {
        let free = self.said_of(CheckItem::Unobstructed);
        let access = self.said_of(CheckItem::VehicleAccess);
        let checked = match (free, access) {
            (Some(false), _) | (_, Some(false)) => Some(true),
            (Some(true), _) => Some(false),
            (None, _) => None,
        };
        match (self.obstructed, checked) {
            (Some(said), Some(checked)) if said != checked => checks.fault(
                "/obstructed",
                "contradicts the checks `unobstructed` and `vehicle_access`: leave it out",
            ),
            (None, None) => checks.fault(
                "/obstructed",
                "must be given, here or as the check `unobstructed`: an inspection says whether one gets to the source",
            ),
            _ => {}
        }
        self.obstructed.or(checked).unwrap_or_default()
    }
}

/// Each item once, and of this kind.
fn check_items(given: &[CheckBody], kind: Option<KindName>, checks: &mut Checks) {
    for (n, check) in given.iter().enumerate() {
        let (name, field) = (check.item.name(), format!("/checks/{n}/item"));
        if given
            .iter()
            .take(n)
            .any(|earlier| earlier.item == check.item)
        {
            checks.fault(&field, format!("`{name}` is given twice; give it once"));
        }
        // Of a source that is not there the register will say so.
        let Some(kind) = kind else { continue };
        let list = CheckItem::of_kind(kind);
        if !list.contains(&check.item) {
            let names: Vec<&str> = list.iter().map(|item| item.name()).collect();
            let (kind, names) = (kind.name(), names.join(", "));
            checks.fault(
                &field,
                format!("`{name}` is not checked at a {kind}; there are: {names}"),
            );
        }
    }
}
