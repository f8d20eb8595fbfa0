//! Entering something under an id: sent twice with the same id, it is entered once.

use firemain_domain::change::Change;
use firemain_store::register::RegisterError;

use super::app::{App, Applied};
use super::ask::Checks;
use super::entropy;
use super::principal::Principal;
use super::problem::{Problem, ProblemKind};
use crate::Stores;

/// Rows asked for at once, and at most, when one is looked for by its id.
const STEP: usize = 500;
const MOST_STEPS: usize = 200;

/// What became of it.
#[derive(Debug)]
pub enum Entered<T> {
    /// It is new.
    New(Applied),
    /// The very same was there before.
    Before(T),
}

/// The id that was given, if it can be one, or a new one.
pub fn id_or_new(app: &App, given: Option<String>, checks: &mut Checks) -> Result<String, Problem> {
    match given {
        Some(id) => {
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
            let fits = (1..=64).contains(&id.len()) && id.chars().all(good);
            checks.that(
                fits,
                "/id",
                "must have 1 to 64 letters, digits, `-`, `_`, `.` or `:`",
            );
            Ok(id)
        }
        None => entropy::id(app.now()),
    }
}

/// Enters it; where the id is taken, sees whether by the very same (`same`).
pub async fn enter<T, F, S>(
    app: &App,
    who: &Principal,
    change: Change,
    there: F,
    same: S,
) -> Result<Entered<T>, Problem>
where
    T: Send + 'static,
    F: FnOnce(&Stores) -> Result<Option<T>, RegisterError> + Send + 'static,
    S: FnOnce(&T) -> bool,
{
    let refused = match app.change(who, vec![change]).await {
        Ok(applied) => return Ok(Entered::New(applied)),
        Err(problem) => problem,
    };
    if refused.status_code() != ProblemKind::Conflict.status() {
        return Err(refused);
    }
    match app.ask(there).await? {
        Some(row) if same(&row) => Ok(Entered::Before(row)),
        _ => Err(refused),
    }
}

/// The row of an id in a list that is read page by page.
pub fn find<T>(
    id: &str,
    id_of: impl Fn(&T) -> &str,
    mut page: impl FnMut(Option<&str>, usize) -> Result<Vec<T>, RegisterError>,
) -> Result<Option<T>, RegisterError> {
    let mut after: Option<String> = None;
    for _ in 0..MOST_STEPS {
        let mut rows = page(after.as_deref(), STEP)?;
        if let Some(n) = rows.iter().position(|row| id_of(row) == id) {
            return Ok(Some(rows.swap_remove(n)));
        }
        match rows.last().filter(|_| rows.len() == STEP) {
            Some(last) => after = Some(id_of(last).to_owned()),
            None => return Ok(None),
        }
    }
    Ok(None)
}
