//! Agencies.

use fairtrial_domain::AgencyKey;
use fairtrial_store::{
    StoreError, agencies,
    audit::{self, NewEntry},
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, directory::Agency},
};

impl App {
    /// Adds an agency with a pseudonym key of its own, on behalf of whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a malformed key or name; [`AppError::Conflict`] when the key is taken.
    pub async fn create_agency(&self, key: &str, name: &str) -> Result<i64, AppError> {
        let key = AgencyKey::new(key).map_err(|error| AppError::invalid("/key", "malformed_key", error.to_string()))?;
        let name = name.trim().to_owned();
        if !super::accounts::is_name(&name) {
            return Err(AppError::invalid("/name", "out_of_range", "a name has 1 to 100 characters"));
        }
        let secret: [u8; 32] = self.ambient.bytes();
        let sealed = self.master_key.seal(&self.ambient, &format!("pseudonyms of {key}"), &secret)?;
        let at = self.ambient.now_micros();
        let entry = NewEntry {
            at,
            agency_id: None,
            person_id: None,
            key_id: None,
            action: "agency.created".into(),
            subject: key.as_str().to_owned(),
            detail: json!({"name": name}).to_string(),
        };
        let added = self
            .store
            .write(move |c| {
                let id = agencies::add(c, key.as_str(), &name, &sealed, at)?;
                audit::append(c, &entry)?;
                Ok(id)
            })
            .await;
        let id = match added {
            Err(StoreError::Exists) => return Err(AppError::conflict("agency_exists", "another agency has this key")),
            other => other?,
        };
        self.reload_directory().await?;
        Ok(id)
    }

    /// An agency by its key.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn agency_by_key(&self, key: &str) -> Result<Agency, AppError> {
        self.directory
            .load()
            .agencies
            .values()
            .find(|agency| agency.key == key)
            .cloned()
            .ok_or(AppError::NotFound("agency"))
    }
}
