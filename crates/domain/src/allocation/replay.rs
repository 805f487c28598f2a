//! Drawing a whole log of assignments again.

use super::{Allocator, Progress, Subject, bundle::Assigned};

/// The first assignment that is not as chance drew it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrawn {
    /// Which, from 1.
    pub row: u64,
    /// Position of the arm that is kept.
    pub kept: usize,
    /// Position of the arm that was drawn; none when the plan does not know the group.
    pub drawn: Option<usize>,
}

impl Allocator {
    /// Draws everybody again, in the order of the assignments, and says how many there are.
    ///
    /// # Errors
    /// The first one who has another arm than chance gave.
    pub fn replay<'a>(&self, log: impl IntoIterator<Item = Assigned<'a>>) -> Result<u64, Redrawn> {
        let mut progress = Progress::default();
        let mut people = 0;
        for Assigned { unit, group, day, arm: kept } in log {
            people += 1;
            let drawn = self.assign(&mut progress, &Subject { unit, group, day });
            if drawn != Some(kept) {
                return Err(Redrawn { row: people, kept, drawn });
            }
        }
        Ok(people)
    }
}
