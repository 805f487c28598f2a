//! The group that a unit is drawn in, as one text: `north/yes`.

use crate::canonical::escape;

/// One text for the values of several attributes, in the plan's order. A `/` within a value is written `~1` and a `~` is
/// written `~0`, so that two groups never share a text.
///
/// ```
/// use fairtrial_domain::allocation::{label_of, levels_of};
/// assert_eq!(label_of(&["north", "18/29"]), "north/18~129");
/// assert_eq!(levels_of("north/18~129"), ["north", "18/29"]);
/// ```
#[must_use]
pub fn label_of<T: AsRef<str>>(levels: &[T]) -> String {
    levels.iter().map(|level| escape(level.as_ref())).collect::<Vec<_>>().join("/")
}

/// The values that [`label_of`] has put together.
#[must_use]
pub fn levels_of(label: &str) -> Vec<String> {
    label.split('/').map(|level| level.replace("~1", "/").replace("~0", "~")).collect()
}
