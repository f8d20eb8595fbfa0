//! Judging as a service, and what people and machines may ask of it
