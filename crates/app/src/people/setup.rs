//! The first administrator, by a link that is printed where the server was started.

use std::sync::PoisonError;

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::trial::PersonRole;
use fairtrial_store::people;
use subtle::ConstantTimeEq;

use super::accounts::NewAccount;
use crate::{error::AppError, state::App};

const VALID_FOR: Duration = Duration::minutes(30);

/// A token that makes one administrator, once.
#[derive(Debug)]
pub(crate) struct SetupToken {
    token: String,
    until: DateTime<Utc>,
}

impl App {
    /// Offers a setup token when there is nobody yet; valid for 30 minutes and once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offer_setup(&self) -> Result<Option<String>, AppError> {
        if self.store.read(people::count).await? > 0 {
            return Ok(None);
        }
        let token = self.ambient.token();
        let offered = SetupToken { token: token.clone(), until: self.ambient.now() + VALID_FOR };
        *self.setup_token.lock().unwrap_or_else(PoisonError::into_inner) = Some(offered);
        Ok(Some(token))
    }

    /// Whether a setup token is still good.
    #[must_use]
    pub fn is_setup_token(&self, token: &str) -> bool {
        let offered = self.setup_token.lock().unwrap_or_else(PoisonError::into_inner);
        offered.as_ref().is_some_and(|offered| {
            bool::from(offered.token.as_bytes().ct_eq(token.as_bytes())) && self.ambient.now() < offered.until
        })
    }

    /// Makes the first agency and its administrator.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the token is wrong, used or too old; else as [`App::create_account`].
    pub async fn set_up(
        &self,
        token: &str,
        agency_key: &str,
        agency_name: &str,
        account: &NewAccount,
    ) -> Result<(), AppError> {
        if !self.is_setup_token(token) {
            return Err(AppError::Unauthenticated);
        }
        super::accounts::normal_email(&account.email)?;
        super::password::check_strength(&account.password, &account.email)?;
        let agency_id = match self.agency_by_key(agency_key) {
            Ok(agency) => agency.id,
            Err(_) => self.create_agency(agency_key, agency_name).await?,
        };
        let account = NewAccount { roles: vec![PersonRole::Administrator], ..account.clone() };
        self.add_account(None, agency_id, &account).await?;
        *self.setup_token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}
