//! When each source is due to be looked at: so many days after it last was, by its kind.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::source::{KindName, Source, SourceCode, Status};
use firemain_domain::time::DAY_MS;
use firemain_store::register::inspections::LookedAt;

use crate::board::{Board, View};
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::http::settings::InspectionSettings;

/// A source that is due, or will be.
#[derive(Clone, Debug)]
pub struct Due {
    /// The source.
    pub source: Arc<Source>,
    /// The administrative unit it belongs to now.
    pub unit: Option<Arc<str>>,
    /// When somebody last looked at it.
    pub inspected_at: Option<Timestamp>,
    /// When it is due; `None`: nobody knows since when it has been there, so it is due first.
    pub due_at: Option<Timestamp>,
}

impl Due {
    /// Its place in the order: the longest overdue first, then by code.
    pub fn key(&self) -> (i64, String) {
        let due_ms = self.due_at.map_or(i64::MIN, Timestamp::ms);
        (due_ms, self.source.code.to_string())
    }
}

/// Sources in service or out of it that are due until `until` and that `keep` wants, the longest
/// overdue first.
pub async fn due_sources(
    app: &App,
    until: Timestamp,
    keep: impl Fn(&View<'_>) -> bool + Send + 'static,
) -> Result<Vec<Due>, Problem> {
    let (board, settings) = (app.board.clone(), app.settings.inspections);
    app.ask(move |stores| {
        let looked_at = stores.register.looked_at()?;
        let mut due = on_board(&board, looked_at, settings, keep);
        due.retain(|due| due.due_at.is_none_or(|at| at <= until));
        due.sort_by_cached_key(Due::key);
        Ok::<_, firemain_store::register::RegisterError>(due)
    })
    .await
}

fn on_board(
    board: &Board,
    looked_at: Vec<LookedAt>,
    settings: InspectionSettings,
    keep: impl Fn(&View<'_>) -> bool,
) -> Vec<Due> {
    let by_code: HashMap<SourceCode, LookedAt> = looked_at
        .into_iter()
        .map(|looked| (looked.code.clone(), looked))
        .collect();
    let mut due = Vec::new();
    board.visit(None, |view| {
        let source = view.source();
        let there = matches!(source.status, Status::InService | Status::OutOfService);
        if there && keep(view) {
            let looked = by_code.get(&source.code);
            let inspected_at = looked.and_then(|looked| looked.inspected_at);
            let since = inspected_at.or_else(|| looked?.entered_at);
            let cycle_ms = i64::from(settings.days(source.kind_name())) * DAY_MS;
            due.push(Due {
                source: source.clone(),
                unit: view.unit().name,
                inspected_at,
                due_at: since.map(|since| since.plus_ms(cycle_ms)),
            });
        }
        ControlFlow::Continue(())
    });
    due
}

impl InspectionSettings {
    /// Days between two inspections of a source of that kind.
    pub const fn days(self, kind: KindName) -> u32 {
        match kind {
            KindName::Hydrant => self.hydrant_days,
            KindName::Tank => self.tank_days,
            KindName::DrawPoint => self.draw_point_days,
        }
    }
}
