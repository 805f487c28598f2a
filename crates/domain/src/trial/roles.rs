//! What people and programs may do.

use std::fmt;

use super::state::words;

words!(
    /// What a person does in an agency. One person may have several roles.
    PersonRole {
        /// Writes plans and starts trials.
        Designer = "designer",
        /// Signs plans that somebody else wrote, as the owner of the service.
        Approver = "approver",
        /// Signs for privacy.
        Privacy = "privacy",
        /// Signs for ethics.
        Ethics = "ethics",
        /// Signs for Māori data governance.
        MaoriGovernance = "maori_governance",
        /// Stands outside the delivery team, sees interim comparisons, and may stop.
        Monitor = "monitor",
        /// Reads results.
        Manager = "manager",
        /// Reads results and their working.
        Analyst = "analyst",
        /// Speaks with people who call or come in, and writes down what they want and what went wrong.
        ContactCentre = "contact_centre",
        /// Keeps people and keys.
        Administrator = "administrator",
    }
);

words!(
    /// What an API key may do.
    Scope {
        /// Ask for assignments.
        Assign = "assign",
        /// Send outcome events.
        EventsWrite = "events:write",
        /// Send lists of people to be assigned together, and fetch what came of them.
        BatchesWrite = "batches:write",
        /// Read released results.
        ResultsRead = "results:read",
        /// Read plans and states.
        TrialsRead = "trials:read",
        /// Write plans and move trials, as the person the key belongs to.
        TrialsWrite = "trials:write",
    }
);

/// What one API key may do. A copy costs nothing: each call of an app carries one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    fn bit(scope: Scope) -> u8 {
        1 << scope as u8
    }

    /// Whether this is among it.
    #[must_use]
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | Self::bit(scope)))
    }
}

impl<const N: usize> From<[Scope; N]> for Scopes {
    fn from(scopes: [Scope; N]) -> Self {
        scopes.into_iter().collect()
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Scope::ALL.iter().filter(|scope| self.contains(**scope))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_one_of_its_own() {
        for one in Scope::ALL {
            let only = Scopes::from([*one]);
            for other in Scope::ALL {
                assert_eq!(only.contains(*other), one == other, "{one:?} {other:?}");
            }
            assert_eq!(format!("{only:?}"), format!("{{{one:?}}}"));
        }
        assert_eq!(Scope::ALL.iter().copied().collect::<Scopes>(), Scopes(0b11_1111));
        assert!(!Scopes::default().contains(Scope::Assign));
    }
}
