//! Water drawn that nobody has a fire or a permit for: asked when the use is confirmed, paged when
//! nobody has answered, over when somebody has or the use ends.

use super::episode::{self, Grounds, look_at_page, raise, tell};
use super::heeding::is_answered;
use super::outcome::{Effect, EpisodeEvent, Evidence, RuleName, Severity};
use super::state::One;
use super::world::World;

/// Looks at a source's use: whether it is anybody's. `news`: a current reading was judged.
pub fn look_at_use(
    one: &mut One,
    index: u32,
    news: bool,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if one.state.conditions.is_empty() {
        return;
    }
    let now = world.clocks.now();
    let open = one.state.is_open(RuleName::UnauthorisedUse);
    let nobodys = one.state.is_open(RuleName::InUse)
        && one.settings.is_in_service()
        && !one.settings.permitted(now.wall)
        && !world.incident_near(one.settings.source.position)
        && !is_answered(one, world);
    match (nobodys, open) {
        (false, false) => {}
        (false, true) => {
            one.state.set_asked_ms(None);
            let place = one.state.condition_place(RuleName::UnauthorisedUse);
            episode::clear(&mut one.state.conditions[place], now, effects);
        }
        (true, false) => ask(one, index, world, effects),
        (true, true) => page_if_due(one, index, news, world, effects),
    }
}

fn ask(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    one.state.set_asked_ms(Some(now.steady_ms));
    let using = one
        .state
        .condition(RuleName::InUse)
        .and_then(|c| c.episode.as_deref());
    let (began_at, evidence) = using.map_or((now.wall, Evidence::default()), |using| {
        (using.began_at, using.evidence.clone())
    });
    let place = one.state.condition_place(RuleName::UnauthorisedUse);
    let grounds = Grounds {
        began_at,
        severity: Severity::Minor,
        evidence,
        detail: None,
        clock_off_s: None,
    };
    raise(one, index, place, grounds, world, effects);
}

fn page_if_due(one: &mut One, index: u32, news: bool, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let rule = &world.rules.of(&one.settings.source).unauthorised_use;
    let asked_ms = one.state.asked_ms().unwrap_or(now.steady_ms);
    let severity = rule.severity(now.steady_ms - asked_ms);
    let place = one.state.condition_place(RuleName::UnauthorisedUse);
    let condition = &mut one.state.conditions[place];
    let Some(episode) = &mut condition.episode else {
        return;
    };
    if episode.severity < severity {
        episode.severity = severity;
        episode.highest = episode.highest.max(severity);
        tell(condition, now, EpisodeEvent::Changed, effects);
    }
    look_at_page(one, index, place, news, world, effects);
}

/// The steady time at which a question becomes a page, ms.
pub fn pages_at_ms(one: &One, world: &World) -> Option<i64> {
    let asked_ms = one.state.asked_ms()?;
    let condition = one.state.condition(RuleName::UnauthorisedUse)?;
    let asking = condition.is_open() && condition.episode.as_deref()?.severity < Severity::Major;
    let rule = &world.rules.of(&one.settings.source).unauthorised_use;
    asking.then_some(asked_ms + rule.page_after_ms())
}
