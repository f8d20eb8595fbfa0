//! What people and machines may ask.
