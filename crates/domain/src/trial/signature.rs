//! Signatures bind to the exact content of a plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    roles::PersonRole,
    state::words,
    tier::{Tier, needed_roles},
};
use crate::protocol::{Protocol, ProtocolId};

words!(
    /// What a signature says.
    SignatureKind {
        /// Agreed.
        Signed = "signed",
        /// Agreed, once a condition is met.
        Conditional = "conditional",
        /// No longer agreed.
        Withdrawn = "withdrawn",
    }
);

/// One person's word on one exact content. The last word of a person is the one that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who, as the number of their account.
    pub person: i64,
    /// In which role.
    pub role: PersonRole,
    /// Of which content.
    pub protocol_id: ProtocolId,
    /// When.
    pub at: DateTime<Utc>,
    /// What they wrote beside it; for a conditional one the condition.
    pub note: String,
    /// What it says.
    pub kind: SignatureKind,
}

/// Why somebody cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignError {
    /// They wrote part of it.
    #[error("you wrote part of this plan, so somebody else must sign it")]
    Author,
    /// They signed in another role, and nobody speaks for two.
    #[error("you have signed this plan as {}; somebody else must sign in another role", .0.as_str())]
    OtherRole(PersonRole),
    /// The plan does not ask for this role.
    #[error("this plan does not need the signature of: {}", .0.as_str())]
    NotNeeded(PersonRole),
}

/// A content under review: which signatures it needs, and which it has.
#[derive(Debug, Clone)]
pub struct Review {
    needed: Vec<PersonRole>,
    id: ProtocolId,
    authors: Vec<i64>,
    signatures: Vec<Signature>,
}

impl Review {
    /// Of a content, with everybody who wrote any version of it and the signatures in the order in which they were given;
    /// signatures of other contents do not count.
    #[must_use]
    pub fn new(protocol: &Protocol, tier: Tier, id: ProtocolId, authors: Vec<i64>, signatures: Vec<Signature>) -> Self {
        Self { needed: needed_roles(protocol, tier), id, authors, signatures }
    }

    /// The same, where one signature by another person is enough: for a minor amendment.
    #[must_use]
    pub fn by_one_other(id: ProtocolId, authors: Vec<i64>, signatures: Vec<Signature>) -> Self {
        Self { needed: vec![PersonRole::Approver], id, authors, signatures }
    }

    /// The roles that must sign.
    #[must_use]
    pub fn needed(&self) -> &[PersonRole] {
        &self.needed
    }

    /// Whether a person wrote a version of it.
    #[must_use]
    pub fn is_author(&self, person: i64) -> bool {
        self.authors.contains(&person)
    }

    /// The last word of a person on this content.
    fn word_of(&self, person: i64) -> Option<&Signature> {
        self.signatures.iter().rfind(|signature| signature.person == person && signature.protocol_id == self.id)
    }

    /// The signatures that stand: the last word of each person on this content, authors and withdrawn ones left out.
    pub fn standing(&self) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().enumerate().filter_map(|(index, signature)| {
            let later = self.signatures.get(index + 1..).unwrap_or_default();
            let last = !later.iter().any(|other| other.person == signature.person && other.protocol_id == self.id);
            let counts = signature.protocol_id == self.id
                && signature.kind != SignatureKind::Withdrawn
                && !self.authors.contains(&signature.person);
            (counts && last).then_some(signature)
        })
    }

    /// The roles whose signature is missing. A signature by an author, of another content, with a condition that is not met,
    /// or of somebody who no longer has the role (`holds` says who has which) does not count.
    #[must_use]
    pub fn missing(&self, holds: impl Fn(i64, PersonRole) -> bool) -> Vec<PersonRole> {
        let counts =
            |signature: &&Signature| signature.kind == SignatureKind::Signed && holds(signature.person, signature.role);
        let signed: Vec<PersonRole> = self.standing().filter(counts).map(|signature| signature.role).collect();
        self.needed.iter().copied().filter(|role| !signed.contains(role)).collect()
    }

    /// Whether a person may sign in a role.
    ///
    /// # Errors
    /// Why not.
    pub fn may_sign(&self, person: i64, role: PersonRole) -> Result<(), SignError> {
        if self.authors.contains(&person) {
            return Err(SignError::Author);
        }
        if !self.needed.contains(&role) {
            return Err(SignError::NotNeeded(role));
        }
        let earlier = self.word_of(person).filter(|word| word.kind != SignatureKind::Withdrawn);
        match earlier.filter(|word| word.role != role) {
            Some(word) => Err(SignError::OtherRole(word.role)),
            None => Ok(()),
        }
    }
}
