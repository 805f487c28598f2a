//! Keys for programs.

use chrono::{DateTime, Utc};
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_store::{
    api_keys,
    audit::{self, NewEntry},
};
use serde_json::json;

use crate::{
    error::AppError,
    frontline::keys::{PREFIX, digest},
    state::{
        App,
        actor::{Actor, Person},
        directory::instant,
    },
};

/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is called.
    pub name: String,
    /// Whether what is done with it is for real.
    pub live: bool,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it acts as the person who makes it; needed to write plans.
    pub acts_as_owner: bool,
}

/// A key as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    /// The part of the token by which it is found; enough to recognise it.
    pub public_id: String,
    /// What it is called.
    pub name: String,
    /// Whether what is done with it is for real.
    pub live: bool,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within a minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl App {
    /// Makes a key in the administrator's agency. The token is returned once and not kept.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody but an administrator; [`AppError::Invalid`] for a name or scopes that do not fit.
    pub async fn create_key(&self, actor: &Actor, key: &NewKey) -> Result<String, AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator, PersonRole::Designer])?;
        if !administrator.has(PersonRole::Administrator) && !key.acts_as_owner {
            return Err(AppError::Forbidden("only an administrator makes keys for frontline apps".into()));
        }
        self.add_key(Some(administrator), administrator.agency_id, key).await
    }

    /// Makes a key on behalf of whoever runs the server, acting as nobody or as the person with an e-mail address.
    ///
    /// # Errors
    /// As [`App::create_key`]; [`AppError::NotFound`] for an unknown agency or person.
    pub async fn create_key_in(&self, agency: &str, owner: Option<&str>, key: &NewKey) -> Result<String, AppError> {
        let agency = self.agency_by_key(agency)?;
        let person = match owner {
            None => None,
            Some(email) => {
                let email = super::accounts::normal_email(email)?;
                let row = self.store.read(move |c| fairtrial_store::people::by_email(c, &email)).await?;
                let row = row.filter(|row| row.agency_id == agency.id).ok_or(AppError::NotFound("account"))?;
                Some(crate::state::directory::person_of(row))
            }
        };
        self.add_key(person.as_ref(), agency.id, key).await
    }

    async fn add_key(&self, by: Option<&Person>, agency_id: i64, key: &NewKey) -> Result<String, AppError> {
        let name = key.name.trim().to_owned();
        if !super::accounts::is_name(&name) {
            return Err(AppError::invalid("/name", "out_of_range", "a name has 1 to 100 characters"));
        }
        if key.scopes.is_empty() {
            return Err(AppError::invalid("/scopes", "missing_field", "choose at least one thing that the key may do"));
        }
        if key.scopes.contains(&Scope::TrialsWrite) && !(key.acts_as_owner && by.is_some()) {
            return Err(AppError::invalid("/scopes", "needs_person", "a key that writes plans must act as a person"));
        }
        // Letters and digits only, because the token's parts are joined by "_".
        let public_id = fairtrial_domain::canonical::hex(&self.ambient.bytes::<8>());
        let secret = self.ambient.token();
        let environment = if key.live { "live" } else { "test" };
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let scopes = scopes.join(" ");
        let created_at = self.ambient.now_micros();
        let token = format!("{PREFIX}_{environment}_{public_id}_{secret}");
        let entry = NewEntry {
            at: created_at,
            agency_id: Some(agency_id),
            person_id: by.map(|person| person.id),
            key_id: None,
            action: "key.created".into(),
            subject: public_id.clone(),
            detail: json!({"name": name, "scopes": scopes, "environment": environment}).to_string(),
        };
        let row = api_keys::NewApiKey {
            public_id,
            agency_id,
            person_id: by.filter(|_| key.acts_as_owner).map(|person| person.id),
            name,
            environment: environment.into(),
            scopes,
            secret_hash: digest(&secret).to_vec(),
            created_at,
        };
        self.store
            .write(move |c| {
                api_keys::add(c, &row)?;
                audit::append(c, &entry)
            })
            .await?;
        self.reload_directory().await?;
        Ok(token)
    }

    /// The keys of the administrator's agency, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody else.
    pub async fn keys(&self, actor: &Actor) -> Result<Vec<KeyView>, AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator])?;
        let agency_id = administrator.agency_id;
        let rows = self.store.read(move |c| api_keys::of_agency(c, agency_id)).await?;
        Ok(rows.into_iter().map(view).collect())
    }

    /// Takes a key back on behalf of whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown agency, a key of another one, or one that is taken back already.
    pub async fn revoke_key_in(&self, agency: &str, public_id: &str) -> Result<(), AppError> {
        let agency_id = self.agency_by_key(agency)?.id;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(agency_id),
            person_id: None,
            key_id: None,
            action: "key.revoked".into(),
            subject: public_id.to_owned(),
            detail: json!({}).to_string(),
        };
        self.take_back(agency_id, public_id, entry).await
    }

    /// Takes a key back; from the next request on it opens nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a key of another agency or one that is taken back already.
    pub async fn revoke_key(&self, actor: &Actor, public_id: &str) -> Result<(), AppError> {
        let administrator = actor.person()?;
        administrator.needs_one_of(&[PersonRole::Administrator])?;
        let entry = self.entry(actor, administrator, "key.revoked", public_id, json!({}));
        self.take_back(administrator.agency_id, public_id, entry).await
    }

    async fn take_back(&self, agency_id: i64, public_id: &str, entry: NewEntry) -> Result<(), AppError> {
        let (public_id, at) = (public_id.to_owned(), entry.at);
        let revoked = self
            .store
            .write(move |c| {
                let revoked = api_keys::revoke(c, agency_id, &public_id, at)?;
                if revoked {
                    audit::append(c, &entry)?;
                }
                Ok(revoked)
            })
            .await?;
        if !revoked {
            return Err(AppError::NotFound("key"));
        }
        self.reload_directory().await
    }
}

fn view(row: api_keys::ApiKeyRow) -> KeyView {
    KeyView {
        public_id: row.public_id,
        name: row.name,
        live: row.environment == "live",
        scopes: row.scopes.split_whitespace().filter_map(Scope::from_word).collect(),
        created_at: instant(row.created_at),
        last_used_at: row.last_used_at.map(instant),
        revoked_at: row.revoked_at.map(instant),
    }
}
