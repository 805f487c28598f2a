//! The agencies, people and keys of the demonstration.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_store::people;

use super::clock::DemoClock;
use crate::{
    error::AppError,
    people::{accounts::NewAccount, api_keys::NewKey},
    state::{
        App,
        actor::{Actor, KeyActor},
        directory::person_of,
    },
};

/// An account with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// The role.
    pub role: PersonRole,
    /// How to sign in.
    pub email: String,
    /// The password, made anew for each demonstration.
    pub password: String,
    /// The agency's key.
    pub agency: String,
}

/// A key with its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoKey {
    /// What it is called.
    pub name: String,
    /// The agency's key.
    pub agency: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether what is done with it is for real.
    pub live: bool,
    /// The token.
    pub token: String,
}

/// Key, name, and the names of its people.
const AGENCIES: [(&str, &str); 4] = [
    ("justice", "Fines and Courts (made up)"),
    ("health", "Community Clinics (made up)"),
    ("social", "Support Payments (made up)"),
    ("transport", "Licences and Service Centres (made up)"),
];

const ROLES: [(PersonRole, [&str; 4]); 10] = [
    (PersonRole::Designer, ["Aroha Bennett", "Dev Sharma", "Grace Liu", "Josie Marsh"]),
    (PersonRole::Approver, ["Bill Harper", "Eru Walker", "Hana Ross", "Kiri Tamati"]),
    (PersonRole::Privacy, ["Cara Nolan", "Finn O’Shea", "Isaac Boyd", "Lena Novak"]),
    (PersonRole::Ethics, ["Mere Adams", "Nikau Price", "Olive Grant", "Pita Hughes"]),
    (PersonRole::MaoriGovernance, ["Anahera Wiremu", "Hemi Parata", "Mereana Kingi", "Rāwiri Tūhoe"]),
    (PersonRole::Monitor, ["Quentin Shaw", "Rosa Klein", "Sami Vaai", "Tess Boland"]),
    (PersonRole::Manager, ["Una Fraser", "Viliami Tonga", "Wendy Cole", "Xavier Moss"]),
    (PersonRole::Analyst, ["Yasmin Aziz", "Zane Porter", "Ada Lowe", "Ben Carver"]),
    (PersonRole::ContactCentre, ["Gina Frost", "Huia Parker", "Ivan Reid", "Jess Palmer"]),
    (PersonRole::Administrator, ["Carl Dunne", "Dina Petrov", "Ed Marlow", "Fay Turner"]),
];

/// Everybody who takes part.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) accounts: Vec<DemoAccount>,
    pub(super) keys: Vec<DemoKey>,
    actors: HashMap<(String, PersonRole), Actor>,
    frontline: HashMap<String, KeyActor>,
}

impl Cast {
    pub(super) fn actor(&self, agency: &str, role: PersonRole) -> Result<&Actor, AppError> {
        self.actors.get(&(agency.to_owned(), role)).ok_or(AppError::NotFound("account"))
    }

    pub(super) fn frontline(&self, agency: &str) -> Result<&KeyActor, AppError> {
        self.frontline.get(agency).ok_or(AppError::NotFound("key"))
    }
}

/// Makes agencies, people and keys, as somebody would have a year ago.
pub(super) async fn assemble(app: &Arc<App>, clock: &DemoClock, today: DateTime<Utc>) -> Result<Cast, AppError> {
    if app.store.read(people::count).await? > 0 {
        return Err(AppError::conflict("not_empty", "the demonstration needs an empty database; name another folder"));
    }
    clock.set(today - Duration::days(340));
    let mut cast = Cast { accounts: Vec::new(), keys: Vec::new(), actors: HashMap::new(), frontline: HashMap::new() };
    for (place, (agency, name)) in AGENCIES.into_iter().enumerate() {
        app.create_agency(agency, name).await?;
        for (role, names) in ROLES {
            let person = names.get(place).copied().unwrap_or("Somebody");
            add_person(app, &mut cast, agency, role, person).await?;
        }
        for (name, live, scopes) in [
            ("frontline", true, vec![Scope::Assign, Scope::EventsWrite]),
            ("results", true, vec![Scope::ResultsRead, Scope::TrialsRead]),
            ("frontline-test", false, vec![Scope::Assign, Scope::EventsWrite]),
        ] {
            let new = NewKey { name: name.into(), live, scopes: scopes.clone(), acts_as_owner: false };
            let token = app.create_key_in(agency, None, &new).await?;
            if name == "frontline" {
                cast.frontline.insert(agency.to_owned(), app.key_actor(&token)?);
            }
            cast.keys.push(DemoKey { name: name.into(), agency: agency.into(), scopes, live, token });
        }
    }
    Ok(cast)
}

async fn add_person(
    app: &Arc<App>,
    cast: &mut Cast,
    agency: &str,
    role: PersonRole,
    name: &str,
) -> Result<(), AppError> {
    let email = format!("{}@{agency}.example", role.as_str().replace('_', "-"));
    // Made anew each time: a demonstration that somebody leaves running must not have a password that everybody knows.
    let password = app.ambient.token().chars().filter(char::is_ascii_alphanumeric).take(16).collect::<String>();
    let account = NewAccount { email: email.clone(), name: name.into(), password: password.clone(), roles: vec![role] };
    let id = app.create_account_in(agency, &account).await?;
    let row = app.store.read(move |c| people::by_id(c, id)).await?.ok_or(AppError::NotFound("account"))?;
    cast.actors.insert((agency.to_owned(), role), Actor::Person(person_of(row)));
    cast.accounts.push(DemoAccount { role, email, password, agency: agency.into() });
    Ok(())
}
