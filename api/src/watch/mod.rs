//! The runner of the fold.
