//! Who is told of alerts: teams of contacts, the hours they are on duty, and the routes that lead
//! from an alert to a team.
//!
//! In: what people entered. Out: whether a contact is on duty, and whether a route takes an alert.
//! Pure: who is told of which alert at which moment follows from these alone. [`hours`] knows shifts
//! and quiet hours, [`team`] who there is, [`route`] who is told of what.

pub mod hours;
pub mod route;
pub mod team;

pub use hours::{Day, DayTime, QuietHours, Shift};
pub use route::{Audience, MOST_LEVEL, Route, RouteFacts};
pub use team::{Contact, Language, Team};
