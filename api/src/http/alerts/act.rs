//! What people do about an alert: seen first whether it is so already, then recorded.

use firemain_domain::change::Change;
use firemain_domain::handling::{Act, Handling};
use firemain_store::register::{EpisodeRow, Step};

use super::get::{find, row_of};
use crate::http::app::App;
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::view::AlertView;

/// Records what somebody does; what is so already is left as it is.
pub async fn act(
    app: &App,
    who: &Principal,
    id: String,
    act: Act,
) -> Result<Done<AlertView>, Problem> {
    let row = row_of(app, id.clone()).await?;
    if !would_change(&row, &act, &who.who, app)? || entered_before(app, &id, &act).await? {
        return Ok(Done::unchanged(AlertView::new(&row, &app.board, app.now())));
    }
    let change = Change::EpisodeHandled {
        episode: id.clone(),
        by: who.who.to_string(),
        act,
    };
    let applied = app.change(who, vec![change]).await?;
    Ok(Done::altered(find(app, id).await?, applied))
}

fn would_change(row: &EpisodeRow, act: &Act, by: &str, app: &App) -> Result<bool, Problem> {
    let mut handling: Handling = row.handling.clone();
    let cleared = row.state.cleared_at.is_some();
    handling.take(act, by, app.now(), cleared).map_err(|unfit| {
        let id = &row.state.id;
        Problem::new(ProblemKind::Conflict, format!("the alert `{id}` {unfit}"))
    })
}

/// Whether the very same comment is there, or the very same attachment.
async fn entered_before(app: &App, id: &str, act: &Act) -> Result<bool, Problem> {
    if !matches!(act, Act::Commented { .. } | Act::Attached { .. }) {
        return Ok(false);
    }
    let id = id.to_owned();
    let steps = app
        .ask(move |stores| stores.register.timeline(&id, 0, super::MOST_STEPS))
        .await?;
    let same = steps.iter().rev().find_map(|step| match (&step.step, act) {
        (Step::Acted { did }, Act::Commented { id: new, .. }) => match did {
            Act::Commented { id, .. } if id == new => Some(did == act),
            _ => None,
        },
        (
            Step::Acted {
                did: did @ Act::Attached { .. },
            },
            _,
        ) => Some(did == act),
        _ => None,
    });
    Ok(same == Some(true))
}
