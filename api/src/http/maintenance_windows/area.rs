//! What a window is over, and its hours, as they are given.

use firemain_domain::handling::Area;
use firemain_domain::source::SupplySchedule;

use crate::http::app::App;
use crate::http::ask::Checks;

/// The one area that is given. A zone or a unit has to have sources: a misspelt one would do nothing.
pub fn one_area(
    app: &App,
    source: Option<String>,
    zone: Option<String>,
    unit: Option<String>,
    checks: &mut Checks,
) -> Area {
    let given = [&source, &zone, &unit];
    let count = given.into_iter().flatten().count();
    checks.that(
        count == 1,
        "/source",
        "give `source`, `zone` or `unit`, one of them",
    );
    if let Some(zone) = zone {
        known(app, "/zone", &Area::Zone(zone.as_str().into()), checks);
        checks.text("/zone", &zone, 100);
        Area::Zone(zone.into())
    } else if let Some(unit) = unit {
        known(app, "/unit", &Area::Unit(unit.as_str().into()), checks);
        checks.text("/unit", &unit, 100);
        Area::Unit(unit.into())
    } else {
        let source = source.unwrap_or_default();
        if count == 1 {
            checks.text("/source", &source, 64);
        }
        Area::Source(source.into())
    }
}

/// Notes a fault where no source is in the area.
pub fn known(app: &App, field: &str, area: &Area, checks: &mut Checks) {
    let any = app.board.any(|source| area.holds(source));
    checks.that(
        any,
        field,
        "no source is in it: see /api/v1/zones and /api/v1/units",
    );
}

/// Hours of the week, if given.
pub fn weekly_hours(text: Option<&str>, checks: &mut Checks) -> Option<SupplySchedule> {
    hours_of("/weekly", text?, checks)
}

/// Hours of the week.
pub fn hours_of(field: &str, text: &str, checks: &mut Checks) -> Option<SupplySchedule> {
    if text.len() > 500 {
        checks.fault(field, "must have at most 500 characters");
        return None;
    }
    match text.parse() {
        Ok(hours) => Some(hours),
        Err(_) => {
            checks.fault(
                field,
                "must be hours such as `22:00-04:00` or `sat-sun 22:00-04:00`, several with commas",
            );
            None
        }
    }
}
