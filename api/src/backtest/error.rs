//! Why a backtest ends early.

use std::io;

use firemain_domain::Timestamp;

use super::LineError;

/// Why a backtest ends early.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The input cannot be read.
    #[error("line {line} of the input cannot be read: {source}")]
    Input {
        /// Its number, from 1.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// The input is not in order.
    #[error(
        "line {line} of the input was received at {at}, before the line above it ({before}): sort the input by `received_at`"
    )]
    Order {
        /// Its number, from 1.
        line: u64,
        /// Its time.
        at: Timestamp,
        /// The time of the line before.
        before: Timestamp,
    },
    /// Too many lines cannot be used.
    #[error(
        "more than {limit} lines of the input are none of a recording; the first is line {line}: {reason}"
    )]
    TooManyBad {
        /// How many may be bad.
        limit: u64,
        /// The first one's number.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A change cannot be read.
    #[error("line {line} of the changes cannot be used: {source}")]
    Change {
        /// Its number, from 1.
        line: u64,
        /// Why.
        source: LineError,
    },
    /// The changes cannot be read.
    #[error("line {line} of the changes cannot be read: {source}")]
    Changes {
        /// Its number, from 1.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// The results cannot be written.
    #[error("the {what} cannot be written: {source}")]
    Output {
        /// Which of them.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}
