//! The `fairtrial` binary.

fn main() {}
