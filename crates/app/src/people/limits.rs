//! How many trials one person may meet.

use fairtrial_domain::trial::PersonRole;
use fairtrial_store::{
    BurdenCap,
    audit::{self, NewEntry},
    limits,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::Actor},
};

impl App {
    /// Sets how many trials one person may meet in how many days in the actor's agency; none takes the limit away. It holds
    /// for whoever is assigned from now on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the role of a manager or an administrator; [`AppError::Invalid`] for numbers out of range.
    pub async fn set_burden_cap(&self, actor: &Actor, cap: Option<BurdenCap>) -> Result<(), AppError> {
        let person = actor.person()?;
        person.needs_one_of(&[PersonRole::Manager, PersonRole::Administrator])?;
        let entry = self.entry(actor, person, "agency.burden_cap", &self.agency_of(actor)?.key, told(cap));
        self.keep_burden_cap(person.agency_id, cap, entry).await
    }

    /// The same, on behalf of whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown agency; [`AppError::Invalid`] for numbers out of range.
    pub async fn set_burden_cap_of(&self, agency: &str, cap: Option<BurdenCap>) -> Result<(), AppError> {
        let agency = self.agency_by_key(agency)?;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(agency.id),
            person_id: None,
            key_id: None,
            action: "agency.burden_cap".into(),
            subject: agency.key,
            detail: told(cap).to_string(),
        };
        self.keep_burden_cap(agency.id, cap, entry).await
    }

    async fn keep_burden_cap(&self, agency_id: i64, cap: Option<BurdenCap>, entry: NewEntry) -> Result<(), AppError> {
        if let Some(BurdenCap { trials, days }) = cap {
            if !(1..=1_000).contains(&trials) {
                return Err(AppError::invalid("/trials", "out_of_range", "a limit is 1 to 1,000 trials"));
            }
            if !(1..=3_650).contains(&days) {
                return Err(AppError::invalid("/days", "out_of_range", "a limit holds for 1 to 3,650 days"));
            }
        }
        self.store
            .write(move |c| {
                limits::set_burden_cap(c, agency_id, cap)?;
                audit::append(c, &entry)
            })
            .await?;
        self.reload_directory().await
    }
}

fn told(cap: Option<BurdenCap>) -> serde_json::Value {
    json!({"trials": cap.map(|cap| cap.trials), "days": cap.map(|cap| cap.days)})
}
