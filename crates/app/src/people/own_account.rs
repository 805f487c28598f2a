//! A person's own account.

use chrono::{DateTime, Utc};
use fairtrial_domain::Fault;
use fairtrial_store::{audit, people, sessions};
use serde_json::json;

use super::password::check_strength;
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::instant,
    },
};

/// What the audit calls the giving of a password.
const GIVEN: [&str; 3] = ["person.created", "person.password_reset", "person.password_changed"];

impl App {
    /// When a person's password was last changed.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account is gone.
    pub async fn password_changed_at(&self, person: &Person) -> Result<DateTime<Utc>, AppError> {
        let (id, email) = (person.id, person.email.clone());
        let (row, entries) =
            self.store.read(move |c| Ok((people::by_id(c, id)?, audit::about(c, &email, 50)?))).await?;
        let row = row.ok_or(AppError::NotFound("account"))?;
        let given = entries.iter().filter(|entry| GIVEN.contains(&entry.action.as_str())).map(|entry| entry.at).max();
        Ok(instant(given.unwrap_or(row.created_at)))
    }

    /// Changes a person's own password and ends all their sessions, this one too: whoever else had come in is out.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at `/current` or `/new`; [`AppError::TooManyAttempts`] after several wrong guesses, which count
    /// together with those of signing in.
    pub async fn change_password(&self, actor: &Actor, current: &str, new: &str) -> Result<(), AppError> {
        let person = actor.person()?;
        let id = person.id;
        let row = self.store.read(move |c| people::by_id(c, id)).await?.ok_or(AppError::NotFound("account"))?;
        let now = self.ambient.now_micros();
        if let Some(until) = row.locked_until.filter(|until| *until > now) {
            return Err(AppError::TooManyAttempts { seconds: (until - now) / 1_000_000 + 1 });
        }
        check_strength(new, &row.email).map_err(at_new)?;
        if current.len() > 1_024 || !self.verify_password(current.to_owned(), Some(row.password_hash.clone())).await? {
            let email = row.email.clone();
            self.note_wrong_password(&row, email).await?;
            return Err(AppError::invalid("/current", "wrong_password", "this is not your password"));
        }
        let hash = self.hash_password(new.to_owned()).await?;
        let entry = self.entry(actor, person, "person.password_changed", &row.email, json!({}));
        self.store
            .write(move |c| {
                people::set_password(c, id, &hash)?;
                sessions::end_all_of(c, id)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }
}

/// The fault of a password, at the field for the new one.
fn at_new(error: AppError) -> AppError {
    match error {
        AppError::Invalid(faults) => {
            AppError::Invalid(faults.into_iter().map(|fault| Fault { pointer: "/new".into(), ..fault }).collect())
        }
        other => other,
    }
}
