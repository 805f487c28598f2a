//! Signing in and out.

use fairtrial_store::{
    DbConnection, StoreError,
    audit::{self, NewEntry},
    people, sessions,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::accounts::normal_email;
use crate::{
    error::AppError,
    state::{App, actor::Person, directory::person_of},
};

/// How long a session lasts without a request, and at the most.
const IDLE: chrono::Duration = chrono::Duration::minutes(30);
const LONGEST: chrono::Duration = chrono::Duration::hours(12);

/// Wrong passwords before signing in is refused for a while, which then doubles with each further one.
const FREE_ATTEMPTS: i32 = 5;
const FIRST_WAIT: chrono::Duration = chrono::Duration::seconds(30);
const LONGEST_WAIT: chrono::Duration = chrono::Duration::hours(1);

/// A session that has just begun. The cookie is told once.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The cookie's value.
    pub cookie: String,
    /// Who signed in.
    pub person: Person,
}

/// A session in use.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who is signed in.
    pub person: Person,
    csrf_token: String,
}

impl Session {
    /// The text that this session's forms must bring back.
    #[must_use]
    pub fn csrf_token(&self) -> &str {
        &self.csrf_token
    }

    /// Whether a form brought back the right text.
    #[must_use]
    pub fn is_own_form(&self, token: &str) -> bool {
        bool::from(self.csrf_token.as_bytes().ct_eq(token.as_bytes()))
    }
}

fn digest(cookie: &str) -> Vec<u8> {
    Sha256::digest(cookie.as_bytes()).to_vec()
}

// All of it also on a full disk, so that somebody can stop a trial then.
impl App {
    /// Signs somebody in.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when address or password is wrong, without saying which;
    /// [`AppError::TooManyAttempts`] after several wrong ones.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<NewSession, AppError> {
        let email = normal_email(email).map_err(|_| AppError::Unauthenticated)?;
        if password.len() > 1_024 {
            return Err(AppError::Unauthenticated);
        }
        let wanted = email.clone();
        let row = self.store.read(move |c| people::by_email(c, &wanted)).await?;
        let now = self.ambient.now();
        if let Some(until) =
            row.as_ref().and_then(|row| row.locked_until).filter(|until| *until > now.timestamp_micros())
        {
            let seconds = (until - now.timestamp_micros()) / 1_000_000 + 1;
            return Err(AppError::TooManyAttempts { seconds });
        }
        let stored = row.as_ref().map(|row| row.password_hash.clone());
        let right = self.verify_password(password.to_owned(), stored).await?;
        let Some(row) = row else { return Err(AppError::Unauthenticated) };
        if !right || row.disabled {
            self.note_wrong_password(&row, email).await?;
            return Err(AppError::Unauthenticated);
        }
        let cookie = self.ambient.token();
        let session = sessions::SessionRow {
            token_hash: digest(&cookie),
            person_id: row.id,
            csrf_token: self.ambient.token(),
            created_at: now.timestamp_micros(),
            last_seen_at: now.timestamp_micros(),
            expires_at: (now + LONGEST).timestamp_micros(),
        };
        let entry = entry(now.timestamp_micros(), &row, "person.signed_in", email);
        let id = row.id;
        self.store
            .write_urgently(move |c| {
                people::note_sign_in(c, id, 0, None)?;
                sessions::forget_ended(c, session.created_at)?;
                sessions::add(c, &session)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(NewSession { cookie, person: person_of(row) })
    }

    pub(super) async fn note_wrong_password(&self, row: &people::PersonRow, email: String) -> Result<(), AppError> {
        let now = self.ambient.now();
        let failed = row.failed_sign_ins.saturating_add(1);
        let extra = u32::try_from(failed - FREE_ATTEMPTS).ok();
        let wait = extra.map(|extra| (FIRST_WAIT * 2_i32.saturating_pow(extra.min(10))).min(LONGEST_WAIT));
        let locked_until = wait.map(|wait| (now + wait).timestamp_micros());
        let entry = entry(now.timestamp_micros(), row, "person.sign_in_refused", email);
        let id = row.id;
        self.store
            .write_urgently(move |c| {
                people::note_sign_in(c, id, failed, locked_until)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }

    /// Who a cookie belongs to.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the session is unknown, ended, or was idle too long.
    pub async fn session(&self, cookie: &str) -> Result<Session, AppError> {
        let hash = digest(cookie);
        let wanted = hash.clone();
        let found = self
            .store
            .read(move |c| {
                let Some(session) = sessions::by_token_hash(c, &wanted)? else { return Ok(None) };
                Ok(people::by_id(c, session.person_id)?.map(|person| (session, person)))
            })
            .await?;
        let (session, person) = found.ok_or(AppError::Unauthenticated)?;
        let now = self.ambient.now_micros();
        let idle = now - session.last_seen_at;
        if person.disabled || now >= session.expires_at || idle >= IDLE.num_microseconds().unwrap_or(0) {
            return Err(AppError::Unauthenticated);
        }
        // Once a minute is precise enough, and saves a write for each page.
        if idle > 60_000_000 {
            self.store.write_urgently(move |c| sessions::touch(c, &hash, now)).await?;
        }
        Ok(Session { person: person_of(person), csrf_token: session.csrf_token })
    }

    /// Signs out. A session that is not there is no error: nothing ends, and nothing is written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), AppError> {
        let (hash, at) = (digest(cookie), self.ambient.now_micros());
        let work = move |c: &mut DbConnection| {
            let Some(session) = sessions::by_token_hash(c, &hash)? else { return Ok(()) };
            let person = people::by_id(c, session.person_id)?;
            sessions::end(c, &hash)?;
            let person = person.ok_or_else(|| StoreError::Damaged("a session of nobody".into()))?;
            let email = person.email.clone();
            audit::append(c, &entry(at, &person, "person.signed_out", email))
        };
        Ok(self.store.write_urgently(work).await?)
    }
}

fn entry(at: i64, row: &people::PersonRow, action: &str, email: String) -> NewEntry {
    NewEntry {
        at,
        agency_id: Some(row.agency_id),
        person_id: Some(row.id),
        key_id: None,
        action: action.into(),
        subject: email,
        detail: "{}".into(),
    }
}
