//! Tests of the project as a whole: does the code keep to the house that `docs/ARCHITECTURE.md` describes?

// The attribute tells clippy that everything below is test code.
#[cfg(test)]
mod architecture;
