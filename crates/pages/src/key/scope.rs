//! What a key may do, in words.

use fairtrial_domain::trial::Scope;

/// What a key with that scope may do.
#[must_use]
pub fn may(scope: Scope) -> &'static str {
    match scope {
        Scope::Assign => "Assign people to versions",
        Scope::EventsWrite => "Send events",
        Scope::BatchesWrite => "Send lists of people for letters",
        Scope::ResultsRead => "Read released results",
        Scope::TrialsRead => "Read plans and states",
        Scope::TrialsWrite => "Write plans and move trials",
    }
}
