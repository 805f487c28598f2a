//! Accounts.

use fairtrial_domain::{trial::PersonRole, visible};
use fairtrial_store::{
    StoreError,
    audit::{self, NewEntry},
    people, sessions,
};
use serde_json::json;

use super::password::check_strength;
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::person_of,
    },
};

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// How the person signs in.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The first password.
    pub password: String,
    /// What they may do.
    pub roles: Vec<PersonRole>,
}

/// An account as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub person: Person,
    /// Whether signing in is refused.
    pub disabled: bool,
}

/// An e-mail address in the form in which it is kept.
pub(super) fn normal_email(email: &str) -> Result<String, AppError> {
    let email = email.trim().to_lowercase();
    let plausible = email.len() <= 254
        && email.is_ascii()
        && email.bytes().all(|b| b.is_ascii_graphic())
        && email
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'));
    if plausible {
        Ok(email)
    } else {
        Err(AppError::invalid("/email", "malformed_email", "this is not an e-mail address"))
    }
}

fn normal_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    if !is_name(name) {
        return Err(AppError::invalid("/name", "out_of_range", "a name has 1 to 100 characters"));
    }
    Ok(name.to_owned())
}

/// Whether people can read a name and take it for no other.
pub(crate) fn is_name(name: &str) -> bool {
    !visible::is_blank(name)
        && !visible::turns_round(name)
        && name.chars().count() <= 100
        && !name.chars().any(char::is_control)
}

impl App {
    /// Makes an account in the administrator's own agency.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every field that is wrong first; [`AppError::Conflict`] when the address is taken.
    pub async fn create_account(&self, actor: &Actor, account: &NewAccount) -> Result<i64, AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator])?;
        self.add_account(Some(administrator), administrator.agency_id, account).await
    }

    /// Makes an account on behalf of whoever runs the server: for the command line, the demonstration and the first start.
    ///
    /// # Errors
    /// As [`App::create_account`]; [`AppError::NotFound`] for an unknown agency.
    pub async fn create_account_in(&self, agency: &str, account: &NewAccount) -> Result<i64, AppError> {
        let agency_id = self.agency_by_key(agency)?.id;
        self.add_account(None, agency_id, account).await
    }

    pub(super) async fn add_account(
        &self,
        by: Option<&Person>,
        agency_id: i64,
        account: &NewAccount,
    ) -> Result<i64, AppError> {
        let (email, name) = (normal_email(&account.email)?, normal_name(&account.name)?);
        check_strength(&account.password, &email)?;
        if account.roles.is_empty() {
            return Err(AppError::invalid("/roles", "missing_field", "choose at least one role"));
        }
        let roles = words(&account.roles);
        let password_hash = self.hash_password(account.password.clone()).await?;
        let created_at = self.ambient.now_micros();
        let entry = NewEntry {
            at: created_at,
            agency_id: Some(agency_id),
            person_id: by.map(|person| person.id),
            key_id: None,
            action: "person.created".into(),
            subject: email.clone(),
            detail: json!({"roles": roles}).to_string(),
        };
        let person = people::NewPerson { agency_id, email, name, roles, password_hash, created_at };
        let added = self
            .store
            .write(move |c| {
                let id = people::add(c, &person)?;
                audit::append(c, &entry)?;
                Ok(id)
            })
            .await;
        match added {
            Err(StoreError::Exists) => {
                Err(AppError::conflict("email_taken", "somebody has an account with this e-mail address"))
            }
            other => Ok(other?),
        }
    }

    /// The accounts of the administrator's agency.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody else.
    pub async fn accounts(&self, actor: &Actor) -> Result<Vec<Account>, AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator])?;
        let agency_id = administrator.agency_id;
        let rows = self.store.read(move |c| people::of_agency(c, agency_id)).await?;
        Ok(rows.into_iter().map(|row| Account { disabled: row.disabled, person: person_of(row) }).collect())
    }

    /// Changes what a person may do and whether they may sign in; ends their sessions.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for somebody of another agency; [`AppError::Conflict`] when nobody would be left to keep
    /// accounts, or the administrator would lock themselves out.
    pub async fn change_account(
        &self,
        actor: &Actor,
        id: i64,
        roles: &[PersonRole],
        disabled: bool,
    ) -> Result<(), AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator])?;
        if id == administrator.id && (disabled || !roles.contains(&PersonRole::Administrator)) {
            return Err(AppError::conflict(
                "own_account",
                "you cannot take your own access away; ask another administrator",
            ));
        }
        let agency_id = administrator.agency_id;
        let row = self.store.read(move |c| people::by_id(c, id)).await?;
        let row = row.filter(|row| row.agency_id == agency_id).ok_or(AppError::NotFound("account"))?;
        let words = words(roles);
        let entry = self.entry(
            actor,
            administrator,
            "person.changed",
            &row.email,
            json!({"roles": words, "disabled": disabled}),
        );
        self.store
            .write(move |c| {
                people::set_roles(c, id, &words, disabled)?;
                sessions::end_all_of(c, id)?;
                fairtrial_store::directory::changed(c)?;
                audit::append(c, &entry)
            })
            .await?;
        self.reload_directory().await
    }

    /// Changes a password on behalf of whoever runs the server; ends the person's sessions.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown address; [`AppError::Invalid`] for a weak password.
    pub async fn reset_password(&self, email: &str, password: &str) -> Result<(), AppError> {
        let email = normal_email(email)?;
        check_strength(password, &email)?;
        let wanted = email.clone();
        let row = self.store.read(move |c| people::by_email(c, &wanted)).await?.ok_or(AppError::NotFound("account"))?;
        let hash = self.hash_password(password.to_owned()).await?;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(row.agency_id),
            person_id: None,
            key_id: None,
            action: "person.password_reset".into(),
            subject: email,
            detail: "{}".into(),
        };
        self.store
            .write(move |c| {
                people::set_password(c, row.id, &hash)?;
                sessions::end_all_of(c, row.id)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }
}

fn words(roles: &[PersonRole]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
}
