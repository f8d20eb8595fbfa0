//! Telling, as a whole.
