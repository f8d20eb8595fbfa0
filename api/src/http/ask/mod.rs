//! How requests are read: parameters, bodies and pages, each with refusals that name the way out.

mod body;
mod check;
mod of_source;
mod page;
mod params;
mod path;

pub use body::{Body, OptionalBody};
pub use check::Checks;
pub use of_source::OfSource;
pub use page::{Page, PageSize, cursor, from_cursor, page_of};
pub use params::Params;
pub use path::PathOf;
