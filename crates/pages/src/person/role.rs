//! The roles of people in words.

use fairtrial_domain::trial::PersonRole;

/// The role's name.
#[must_use]
pub fn name(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Designer => "Service designer",
        PersonRole::Approver => "Approver",
        PersonRole::Privacy => "Privacy officer",
        PersonRole::Ethics => "Ethics reviewer",
        PersonRole::MaoriGovernance => "Māori data governance",
        PersonRole::Monitor => "Monitor",
        PersonRole::Manager => "Manager",
        PersonRole::Analyst => "Analyst",
        PersonRole::ContactCentre => "Contact centre",
        PersonRole::Administrator => "Administrator",
    }
}

/// What somebody in that role may do.
#[must_use]
pub fn may(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Designer => "Writes plans, and starts, pauses and stops trials.",
        PersonRole::Approver => "Signs plans of others, as the owner of the service.",
        PersonRole::Privacy => "Signs for privacy, where people could lose anything.",
        PersonRole::Ethics => "Signs for ethics, where it could matter much or cannot be undone.",
        PersonRole::MaoriGovernance => "Signs for Māori data governance, where Māori data are used.",
        PersonRole::Monitor => "Stands outside the team, sees comparisons at planned looks, and may stop a trial.",
        PersonRole::Manager => "Reads results and takes decisions.",
        PersonRole::Analyst => "Reads results and how they were worked out.",
        PersonRole::ContactCentre => {
            "Speaks with people: writes down who wants to stay out and what went wrong, and answers questions."
        }
        PersonRole::Administrator => "Keeps people and keys. Does not see results.",
    }
}

/// The signature that somebody in that role gives.
#[must_use]
pub fn signer(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Approver => "Owner of the service",
        other => name(other),
    }
}
