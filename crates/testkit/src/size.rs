//! How large tests are.

/// Environment variable that makes tests larger; see [`times`].
pub const TIMES_VARIABLE: &str = "FAIRTRIAL_TEST_TIMES";

/// A number of repetitions: the small one with every change, and so many times it where [`TIMES_VARIABLE`] says so, as `scripts/soak`
/// does. What is not a whole number from 1 means 1, so that a test never shrinks to nothing.
///
/// ```
/// assert!(fairtrial_testkit::size::times(20) >= 20);
/// ```
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where tests learn how large they are to be")]
pub fn times(small: usize) -> usize {
    let asked = std::env::var(TIMES_VARIABLE).ok().and_then(|text| text.parse::<usize>().ok());
    small.saturating_mul(asked.unwrap_or(1).max(1))
}
