//! The API over real sockets, on real stores, with judging at work: what people and machines ask of
//! it, and what they get.

#![allow(clippy::unwrap_used)]

mod archive;
mod baseline;
mod bench;
mod people;

mod access;
mod injection;
mod issuer;
mod login;
mod oidc;
mod users;

mod alert_life;
mod alerts;
mod cap;
mod changes;
mod devices;
mod documented;
mod flags;
mod forecasts;
mod import;
mod inspections;
mod nearest;
mod readings;
mod refusals;
mod reports;
mod rules;
mod serving;
mod sources;
mod stream;
mod take;
mod units;
