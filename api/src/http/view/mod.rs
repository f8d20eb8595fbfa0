//! How things look in answers: the same on every resource. Values carry their age, codes stay
//! codes, units stand in the names.

mod alert;
mod codes;
mod forecast;
mod handling;
mod measured;
mod source;
mod standing;

pub use alert::{AlertView, OpenAlertView};
pub use codes::{
    BasisCode, CheckCode, DetailCode, ForeseenCode, KindCode, MuteCode, NoteCode, OutcomeCode,
    PurposeCode, QuantityCode, ReasonCode, RuleCode, SeverityCode, StageCode, StatusCode,
    VerdictCode, WhyCode,
};
pub use forecast::ForecastView;
pub use handling::AlertDetail;
pub use measured::MeasuredView;
pub use source::{PositionBody, SourceBody};
pub use standing::{SourceView, StandingView};

/// Whole seconds from `at` until `now`; 0 where the clock of a device runs ahead.
pub fn age_s(at: firemain_domain::Timestamp, now: firemain_domain::Timestamp) -> i64 {
    (now.since_ms(at) / 1_000).max(0)
}
