//! The firemain binary.

fn main() {}
