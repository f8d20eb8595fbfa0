//! The formulas of firefighting water, each with its refusals.
