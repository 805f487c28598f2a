//! Who asks.

use std::sync::Arc;

use fairtrial_domain::trial::{PersonRole, Scope, Scopes};

use crate::error::AppError;

/// A signed-in person, or a program that acts as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Number of the account.
    pub id: i64,
    /// Number of the agency.
    pub agency_id: i64,
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: String,
    /// What they may do.
    pub roles: Vec<PersonRole>,
}

/// A program with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyActor {
    /// Number of the key.
    pub id: i64,
    /// Number of the agency.
    pub agency_id: i64,
    /// What it may do.
    pub scopes: Scopes,
    /// Whether what it does is for real. With a test key nothing is kept.
    pub live: bool,
    /// The person it acts as, when it may write plans.
    pub person: Option<Arc<Person>>,
}

/// Either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    Person(Person),
    /// A program with a key.
    Key(KeyActor),
}

impl Person {
    /// Whether the person has a role.
    #[must_use]
    pub fn has(&self, role: PersonRole) -> bool {
        self.roles.contains(&role)
    }

    /// Goes on only when the person has one of these roles.
    pub(crate) fn needs_one_of(&self, roles: &[PersonRole]) -> Result<(), AppError> {
        if roles.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        Err(AppError::Forbidden(format!("this needs one of the roles: {}", names.join(", "))))
    }
}

impl KeyActor {
    /// Goes on only when the key has a scope.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] naming the scope.
    pub fn needs(&self, scope: Scope) -> Result<(), AppError> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(AppError::Forbidden(format!("this key does not have the scope {}", scope.as_str())))
    }
}

impl Actor {
    /// The agency on whose behalf something is asked.
    #[must_use]
    pub fn agency_id(&self) -> i64 {
        match self {
            Self::Person(person) => person.agency_id,
            Self::Key(key) => key.agency_id,
        }
    }

    /// The person who answers for what is done: the one signed in, or the one a key acts as.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key that acts as nobody or may not write plans.
    pub fn person(&self) -> Result<&Person, AppError> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Key(key) => {
                key.needs(Scope::TrialsWrite)?;
                key.person.as_deref().ok_or_else(|| AppError::Forbidden("this key does not act as a person".into()))
            }
        }
    }

    /// The person who reads results: the one signed in, or the one as whom a key that may read results acts. They need one of the
    /// roles; `who` says in the refusal of other keys for whom this is.
    pub(crate) fn reader(&self, roles: &[PersonRole], who: &str) -> Result<&Person, AppError> {
        let person = match self {
            Self::Person(person) => Some(person),
            Self::Key(key) => {
                key.needs(Scope::ResultsRead)?;
                key.person.as_deref()
            }
        };
        let nobody = || AppError::Forbidden(format!("this key does not act as a person; {who}"));
        let person = person.ok_or_else(nobody)?;
        person.needs_one_of(roles)?;
        Ok(person)
    }

    /// Number of the key, where one is used.
    pub(crate) fn key_id(&self) -> Option<i64> {
        match self {
            Self::Person(_) => None,
            Self::Key(key) => Some(key.id),
        }
    }
}
