//! As whom a command acts.

use anyhow::anyhow;
use fairtrial_app::{Actor, Person};
use fairtrial_domain::trial::PersonRole;
use fairtrial_store::people;

use super::Failure;
use crate::server::Installation;

/// Somebody with an account, by their e-mail address: their roles decide what the command may do, as over HTTP.
pub(super) fn person(installation: &Installation, email: &str) -> Result<Actor, Failure> {
    let wanted = email.trim().to_lowercase();
    let row = installation.store.read_blocking(|c| people::by_email(c, &wanted))?;
    let row =
        row.filter(|row| !row.disabled).ok_or_else(|| anyhow!("nobody has an account with the address {email}"))?;
    let roles = row.roles.split_whitespace().filter_map(PersonRole::from_word).collect();
    Ok(Actor::Person(Person { id: row.id, agency_id: row.agency_id, name: row.name, email: row.email, roles }))
}
