//! For which sources somebody may act: every change by people goes through here, whatever asks for
//! it, so that no handler can forget.

use firemain_domain::change::{Change, Inspection, MaintenanceWindow, Permit};
use firemain_domain::handling::{Area, Silenced};
use firemain_domain::judging::{RuleScope, Subject};
use firemain_domain::source::{Source, SourceCode};
use firemain_store::register::{Ended, RegisterError};

use crate::Stores;
use crate::http::app::App;
use crate::http::enter::find;
use crate::http::principal::{Principal, Scope};
use crate::http::problem::{Problem, ProblemKind};

/// What a change is about.
enum About {
    /// Sources as they are in the register.
    Sources(Vec<SourceCode>),
    /// A source as it is, and as it is to be.
    Altered(Box<Source>),
    /// No source: whoever has the role may.
    Nothing,
    /// Every source.
    All,
}

impl App {
    /// Refuses changes of sources that are not theirs to act on.
    pub async fn check_reach(&self, by: &Principal, changes: &[Change]) -> Result<(), Problem> {
        if by.scope == Scope::Everything {
            return Ok(());
        }
        for change in changes {
            if let Some(area) = area_of(change) {
                self.check_area(by, &area)?;
            }
        }
        let changes = changes.to_vec();
        let touched = self.ask(move |stores| touched(stores, &changes)).await?;
        let Some(touched) = touched else {
            return Err(not_theirs(by, "this holds for all sources"));
        };
        for source in &touched {
            self.check_source(by, source)?;
        }
        Ok(())
    }

    /// Refuses what is about a source that is not theirs to act on.
    pub fn check_source(&self, by: &Principal, source: &Source) -> Result<(), Problem> {
        let unit = self.unit_of(source, self.now());
        if by.reaches(unit.code.as_deref()) || by.reaches(unit.name.as_deref()) {
            return Ok(());
        }
        let of = unit.name.map_or_else(
            || "belongs to no unit".to_owned(),
            |unit| format!("belongs to {unit}"),
        );
        Err(not_theirs(by, &format!("the source {} {of}", source.code)))
    }

    /// Refuses what is about a zone or a unit of which a source is not theirs to act on.
    fn check_area(&self, by: &Principal, area: &Area) -> Result<(), Problem> {
        let now = self.now();
        let reaches = |source: &Source| {
            let unit = self.unit_of(source, now);
            by.reaches(unit.code.as_deref()) || by.reaches(unit.name.as_deref())
        };
        let outside = self
            .board
            .any(|source| area.holds(source) && !reaches(source));
        if outside {
            return Err(not_theirs(by, &format!("not all of {area} is yours")));
        }
        Ok(())
    }

    /// Refuses what is about all sources to those who may act on some.
    #[expect(clippy::unused_self, reason = "asked like the other checks")]
    pub fn check_everything(&self, by: &Principal, what: &str) -> Result<(), Problem> {
        match by.scope {
            Scope::Everything => Ok(()),
            Scope::Units(_) => Err(not_theirs(by, what)),
        }
    }
}

fn not_theirs(by: &Principal, what: &str) -> Problem {
    let theirs = match &by.scope {
        Scope::Everything => String::new(),
        Scope::Units(units) => units.join(", "),
    };
    Problem::new(
        ProblemKind::Forbidden,
        format!(
            "{what}, and you act for {theirs} only: an administrator can widen that by PUT /api/v1/users/{{name}}"
        ),
    )
}

/// The sources that the changes are about; `None`: all there are.
fn touched(stores: &Stores, changes: &[Change]) -> Result<Option<Vec<Source>>, RegisterError> {
    let mut touched = Vec::new();
    for change in changes {
        let codes = match about(stores, change)? {
            About::Nothing => continue,
            About::All => return Ok(None),
            About::Sources(codes) => codes,
            About::Altered(source) => {
                let codes = vec![source.code.clone()];
                touched.push(*source);
                codes
            }
        };
        for code in codes {
            // One that is not there is refused by the register, and in better words.
            touched.extend(stores.register.source(&code)?);
        }
    }
    Ok(Some(touched))
}

fn about(stores: &Stores, change: &Change) -> Result<About, RegisterError> {
    let one = |source: &SourceCode| About::Sources(vec![source.clone()]);
    let of = |source: Option<SourceCode>| source.map_or(About::Nothing, |code| one(&code));
    Ok(match change {
        Change::SourceSet { source } => About::Altered(source.clone()),
        Change::SourceRemoved { code } => one(code),
        Change::FlowTestEntered { test } => one(&test.source),
        Change::FlowTestWithdrawn { source, .. }
        | Change::InspectionWithdrawn { source, .. }
        | Change::DeviceConfigured { source, .. }
        | Change::DeviceAnswered { source, .. }
        | Change::DeviceReplaced { source, .. }
        | Change::WorkDone { source, .. }
        | Change::InspectionEntered {
            inspection: Inspection { source, .. },
        }
        | Change::PermitGranted {
            permit: Permit { source, .. },
        } => one(source),
        Change::WindowEntered { window } => of(window.over.source().cloned()),
        Change::WindowEnded { id, .. } => {
            of_area(stores, window(stores, id)?.map(|row| row.what.over))?
        }
        Change::PermitEnded { id, .. } => of(permit(stores, id)?.map(|row| row.what.source)),
        Change::RoundPlanned { round } => About::Sources(round.sources.clone()),
        Change::RoundEnded { id, .. } => match stores.register.round(id)? {
            Some(round) => About::Sources(round.what.sources),
            None => About::Nothing,
        },
        Change::RulesSet { scope, .. } => match scope {
            RuleScope::Source(code) => one(code),
            _ => About::All,
        },
        Change::EpisodeAcknowledged { episode, .. } | Change::EpisodeHandled { episode, .. } => {
            of_alert(stores, episode)?
        }
        Change::SilenceEntered { silence } => of_silence(stores, &silence.over)?,
        Change::SilenceEnded { id, .. } => match stores.register.silence(id)? {
            Some(row) => match area_of_silence(&row.what.over) {
                Some(area) => of_area(stores, Some(area))?,
                None => of_silence(stores, &row.what.over)?,
            },
            None => About::Nothing,
        },
        Change::UnitsImported { .. }
        | Change::UnitsWithdrawn { .. }
        | Change::TargetSet { .. }
        // A route tells of sources anywhere, and a team may be told by any route.
        | Change::TeamSet { .. }
        | Change::TeamRemoved { .. }
        | Change::RouteSet { .. }
        | Change::RouteRemoved { .. } => About::All,
        // Fires stop at no border.
        Change::IncidentOpened { .. }
        | Change::IncidentEnded { .. }
        // Looked at by its area.
        | Change::ZoneSupplySet { .. }
        // By firemain itself.
        | Change::ReceiverSilent { .. }
        // By administrators, who act for everything.
        | Change::AccessChanged { .. } => About::Nothing,
    })
}

/// The zone or unit that a change is about.
fn area_of(change: &Change) -> Option<Area> {
    match change {
        Change::WindowEntered { window } => Some(window.over.clone()),
        Change::SilenceEntered { silence } => area_of_silence(&silence.over),
        Change::ZoneSupplySet { zone, .. } => Some(Area::Zone(zone.clone())),
        _ => None,
    }
    .filter(|area| area.source().is_none())
}

fn area_of_silence(over: &Silenced) -> Option<Area> {
    match over {
        Silenced::Zone(name) => Some(Area::Zone(name.clone())),
        Silenced::Unit(name) => Some(Area::Unit(name.clone())),
        Silenced::Alert(_) | Silenced::Source(_) => None,
    }
}

fn of_silence(stores: &Stores, over: &Silenced) -> Result<About, RegisterError> {
    Ok(match over {
        Silenced::Alert(id) => of_alert(stores, id)?,
        Silenced::Source(code) => About::Sources(vec![code.clone()]),
        Silenced::Zone(_) | Silenced::Unit(_) => About::Nothing,
    })
}

/// The sources of an area, by the register.
fn of_area(stores: &Stores, area: Option<Area>) -> Result<About, RegisterError> {
    let Some(area) = area else {
        return Ok(About::Nothing);
    };
    if let Area::Source(code) = area {
        return Ok(About::Sources(vec![code]));
    }
    let (mut codes, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = stores.register.sources(after.as_deref(), 1_000)?;
        let Some(last) = page.last() else { break };
        after = Some(last.code.to_string());
        let held = page.iter().filter(|source| area.holds(source));
        codes.extend(held.map(|source| source.code.clone()));
    }
    Ok(About::Sources(codes))
}

/// The source that an alert is about; of a zone's, or one about firemain itself, everybody may take care.
fn of_alert(stores: &Stores, id: &str) -> Result<About, RegisterError> {
    let row = stores.register.episode(id)?;
    Ok(match row.map(|row| row.state.id.subject) {
        Some(Subject::Source(code)) => About::Sources(vec![code]),
        _ => About::Nothing,
    })
}

fn window(stores: &Stores, id: &str) -> Result<Option<Ended<MaintenanceWindow>>, RegisterError> {
    let page = |after: Option<&str>, n| stores.register.windows(None, after, n);
    find(id, |row: &Ended<MaintenanceWindow>| &row.what.id, page)
}

fn permit(stores: &Stores, id: &str) -> Result<Option<Ended<Permit>>, RegisterError> {
    let page = |after: Option<&str>, n| stores.register.permits(None, after, n);
    find(id, |row: &Ended<Permit>| &row.what.id, page)
}
