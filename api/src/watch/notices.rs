//! What people are to be told of what judging says: a pure table from an effect to notices.
//!
//! A notice's id is made of the alert's own counts, so that a replay says the same again and the
//! register lets it be. Whether anybody is told, and by what, is decided when notices are expanded.

use firemain_domain::Timestamp;
use firemain_domain::judging::{EpisodeEvent, EpisodeState, Severity};
use firemain_store::register::telling::{NewNotice, Occasion};

/// The notices that follow from an effect on an alert.
pub(super) fn of(at: Timestamp, what: EpisodeEvent, episode: &EpisodeState) -> Vec<NewNotice> {
    let stands = episode.cleared_at.is_none();
    let occasion = match what {
        EpisodeEvent::Raised | EpisodeEvent::Paged if episode.pages => Some(Occasion::Paged),
        EpisodeEvent::Reopened if episode.pages => Some(Occasion::Reopened),
        EpisodeEvent::Changed if episode.pages && stands && episode.muted_by.is_none() => {
            Some(Occasion::Raised)
        }
        EpisodeEvent::Cleared if episode.pages || episode.tells_command => Some(Occasion::Cleared),
        EpisodeEvent::Raised
            if episode.severity == Severity::Minor && episode.muted_by.is_none() =>
        {
            Some(Occasion::Listed)
        }
        _ => None,
    };
    // After what pages, for command is told beside the crews and not instead of them.
    let command = (episode.tells_command && stands).then_some(Occasion::Command);
    let notice = |occasion| NewNotice {
        occasion,
        level: 0,
        at,
        episode: episode.clone(),
    };
    occasion.into_iter().chain(command).map(notice).collect()
}

#[cfg(test)]
mod tests {
    use firemain_domain::judging::{EpisodeId, Evidence, Mute, RuleName, Subject};

    use super::*;

    fn episode(severity: Severity, pages: bool) -> EpisodeState {
        let at = Timestamp::from_ms(1_764_000_000_000);
        EpisodeState {
            id: EpisodeId {
                subject: Subject::Source("TR-0412".into()),
                rule: RuleName::LowStatic,
                n: 3,
            },
            severity,
            highest: severity,
            began_at: at,
            raised_at: at,
            cleared_at: None,
            reopened: 0,
            pages,
            muted_by: None,
            tells_command: false,
            evidence: Evidence::default(),
            detail: None,
            clock_off_s: None,
            incident: None,
            members: Vec::new(),
            paged: u16::from(pages),
            paged_as: pages.then_some(severity),
            severity_since: None,
            low_hours: 0,
            heeded: None,
        }
    }

    fn ids(what: EpisodeEvent, episode: &EpisodeState) -> Vec<String> {
        of(episode.raised_at, what, episode)
            .iter()
            .map(NewNotice::id)
            .collect()
    }

    #[test]
    fn each_turn_of_an_alert_that_pages_is_told_under_its_own_id() {
        let mut alert = episode(Severity::Major, true);
        assert_eq!(
            ids(EpisodeEvent::Raised, &alert),
            ["TR-0412/LOW_STATIC/3/paged-0"]
        );
        assert_eq!(
            ids(EpisodeEvent::Paged, &alert),
            ["TR-0412/LOW_STATIC/3/paged-0"]
        );
        alert.paged = 2;
        assert_eq!(
            ids(EpisodeEvent::Paged, &alert),
            ["TR-0412/LOW_STATIC/3/paged-0-2"]
        );
        alert.severity = Severity::Critical;
        assert_eq!(
            ids(EpisodeEvent::Changed, &alert),
            ["TR-0412/LOW_STATIC/3/raised-0-critical"]
        );
        alert.reopened = 1;
        assert_eq!(
            ids(EpisodeEvent::Reopened, &alert),
            ["TR-0412/LOW_STATIC/3/reopened-1"]
        );
        alert.cleared_at = Some(alert.raised_at);
        assert_eq!(
            ids(EpisodeEvent::Cleared, &alert),
            ["TR-0412/LOW_STATIC/3/cleared-1"]
        );
    }

    #[test]
    fn what_does_not_page_tells_nobody() {
        let mut alert = episode(Severity::Major, false);
        alert.muted_by = Some(Mute::LateData);
        for what in [
            EpisodeEvent::Raised,
            EpisodeEvent::Reopened,
            EpisodeEvent::Changed,
            EpisodeEvent::Cleared,
        ] {
            assert!(ids(what, &alert).is_empty(), "{what:?}");
        }
    }

    #[test]
    fn a_silence_keeps_still_what_had_paged_before() {
        let mut alert = episode(Severity::Critical, true);
        alert.muted_by = Some(Mute::Silence);
        assert!(ids(EpisodeEvent::Changed, &alert).is_empty());
        alert.tells_command = true;
        assert_eq!(
            ids(EpisodeEvent::Changed, &alert),
            ["TR-0412/LOW_STATIC/3/command-0"]
        );
    }

    #[test]
    fn command_is_told_beside_the_crews() {
        let mut alert = episode(Severity::Critical, true);
        alert.tells_command = true;
        assert_eq!(
            ids(EpisodeEvent::Raised, &alert),
            [
                "TR-0412/LOW_STATIC/3/paged-0",
                "TR-0412/LOW_STATIC/3/command-0"
            ]
        );
    }

    #[test]
    fn a_minor_alert_is_for_the_days_list() {
        let alert = episode(Severity::Minor, false);
        assert_eq!(
            ids(EpisodeEvent::Raised, &alert),
            ["TR-0412/LOW_STATIC/3/listed-0"]
        );
    }
}
