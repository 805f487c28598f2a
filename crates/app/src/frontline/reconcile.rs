//! What was kept of what was sent: for senders who count what they send.

use chrono::NaiveDate;
use fairtrial_domain::trial::Scope;
use fairtrial_store::receipts::{self, DayOfKey};

use crate::{
    error::AppError,
    state::{App, actor::KeyActor},
};

impl App {
    /// The keys of the caller's agency that sent events on a day in UTC, by the moment of receipt, with what became of them.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the scope, [`AppError::Unavailable`].
    pub async fn reconcile(&self, caller: &KeyActor, day: NaiveDate) -> Result<Vec<DayOfKey>, AppError> {
        caller.needs(Scope::EventsWrite)?;
        let (agency_id, day) = (caller.agency_id, (day - NaiveDate::default()).num_days());
        Ok(self.store.read(move |c| receipts::of_day(c, agency_id, day)).await?)
    }

    /// Today in UTC.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.ambient.now().date_naive()
    }
}
