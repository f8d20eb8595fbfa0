//! Whether a page was deserved.

use firemain_domain::Timestamp;

use super::super::output::EpisodeLine;
use super::truth::BySource;

/// What the truth answers to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// Nothing explains it.
    False,
    /// Something was the matter, but not enough to wake somebody: neither for nor against.
    Excusable,
    /// Somebody had to be woken.
    Right,
}

/// Answers a page: of an incident by the best answer of any of its members.
pub(super) fn answer(page: &EpisodeLine, truths: &BySource<'_>, end: Timestamp) -> Answer {
    let at = page.paged_at.unwrap_or(page.raised_at);
    let about = page.source.iter().chain(&page.members);
    about
        .map(|source| {
            let here = truths.of(source).iter();
            here.filter(|truth| truth.explains(page.rule) && truth.held_at(at, end))
                .map(|truth| match truth.page {
                    Some(false) => Answer::Excusable,
                    Some(true) | None => Answer::Right,
                })
                .max()
                .unwrap_or(Answer::False)
        })
        .max()
        .unwrap_or(Answer::False)
}
