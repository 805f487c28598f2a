//! What people do not want.

use crate::trial::state::words;

words!(
    /// What an opt-out covers.
    OptOutKind {
        /// No trial of the agency any more.
        All = "all",
        /// Not this trial, from now on.
        Trial = "trial",
        /// My data shall not be used: in one trial where it is named, otherwise in all of the agency's.
        Data = "data",
    }
);

impl OptOutKind {
    /// Whether a trial must, may or must not be named: `Some(true)`, none, `Some(false)`.
    #[must_use]
    pub fn names_a_trial(self) -> Option<bool> {
        match self {
            Self::All => Some(false),
            Self::Trial => Some(true),
            Self::Data => None,
        }
    }
}

/// The opt-outs of one unit that are in force, each with the trial it is about; 0 for all of the agency's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOuts(Vec<(OptOutKind, i64)>);

impl OptOuts {
    /// Takes an opt-out in; one that is known changes nothing.
    pub fn add(&mut self, kind: OptOutKind, trial_id: i64) {
        if !self.0.contains(&(kind, trial_id)) {
            self.0.push((kind, trial_id));
        }
    }

    /// Takes an opt-out back.
    pub fn take_back(&mut self, kind: OptOutKind, trial_id: i64) {
        self.0.retain(|known| *known != (kind, trial_id));
    }

    /// Whether the unit is left out of a trial. Whoever does not want their data used is left out too: nobody is made part
    /// of a trial to no purpose.
    #[must_use]
    pub fn cover(&self, trial_id: i64) -> bool {
        self.0.iter().any(|(_, about)| *about == 0 || *about == trial_id)
    }

    /// Each with the trial it is about.
    pub fn iter(&self) -> impl Iterator<Item = (OptOutKind, i64)> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_covers_what_it_says() {
        let mut outs = OptOuts::default();
        assert!(!outs.cover(7));
        outs.add(OptOutKind::Trial, 7);
        outs.add(OptOutKind::Trial, 7);
        assert!(outs.cover(7) && !outs.cover(8));
        outs.add(OptOutKind::Data, 8);
        assert!(outs.cover(8) && !outs.cover(9));
        outs.add(OptOutKind::All, 0);
        assert!(outs.cover(9));
        outs.take_back(OptOutKind::All, 0);
        outs.take_back(OptOutKind::Trial, 7);
        assert!(!outs.cover(7) && outs.cover(8) && !outs.is_empty());
        outs.take_back(OptOutKind::Data, 8);
        assert!(outs.is_empty());
    }
}
