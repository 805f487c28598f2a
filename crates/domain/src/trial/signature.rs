//! Signatures bind to the exact content of a plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::roles::PersonRole;
use crate::protocol::{Protocol, ProtocolId, RiskLevel};

/// One person's approval of one exact content.
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
    /// What they wrote beside it.
    pub note: String,
}

/// The roles that must sign a plan: the service's owner always, privacy where anybody could lose anything, ethics where
/// it could matter or cannot be undone, and Māori data governance where Māori data are used.
#[must_use]
pub fn needed_roles(protocol: &Protocol) -> Vec<PersonRole> {
    let risk = &protocol.risk;
    let worst = [risk.money, risk.time, risk.right, risk.privacy, risk.dignity].into_iter().max();
    let mut roles = vec![PersonRole::Approver];
    if worst > Some(RiskLevel::Low) {
        roles.push(PersonRole::Privacy);
    }
    if worst > Some(RiskLevel::Low) && (!risk.reversible || worst >= Some(RiskLevel::High)) {
        roles.push(PersonRole::Ethics);
    }
    if protocol.data.uses_maori_data {
        roles.push(PersonRole::MaoriGovernance);
    }
    roles
}

/// The roles whose signature of this exact content is missing. A signature by somebody who wrote the plan, or of another
/// content, does not count.
#[must_use]
pub fn missing_signatures(
    protocol: &Protocol,
    id: &ProtocolId,
    authors: &[i64],
    signatures: &[Signature],
) -> Vec<PersonRole> {
    let counts = |signature: &&Signature| signature.protocol_id == *id && !authors.contains(&signature.person);
    let mut roles = needed_roles(protocol);
    roles.retain(|role| !signatures.iter().filter(counts).any(|signature| signature.role == *role));
    roles
}
