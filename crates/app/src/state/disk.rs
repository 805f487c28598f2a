//! The disk beneath a SQLite file, when it is full.

use std::sync::atomic::{AtomicU64, Ordering};

use fairtrial_store::{
    DiskRoom,
    audit::{self, NewEntry},
};
use serde_json::json;
use tokio::sync::Mutex;

use super::App;
use crate::error::AppError;

/// How often the disk was found full, as far as the audit tells of it.
#[derive(Debug, Default)]
pub(crate) struct FullNoted {
    times: AtomicU64,
    /// Of the time that is to be noted: which, and the moment of its entry.
    begun: Mutex<(u64, i64)>,
}

impl App {
    /// How things stand with the disk of a SQLite file; none where no room is set aside.
    #[must_use]
    pub fn disk_room(&self) -> Option<DiskRoom> {
        self.store.disk_room()
    }

    /// Adds an entry to the audit for the time at which the disk was found full, once, however many calls were refused.
    ///
    /// # Errors
    /// When the database fails; then it is noted the next time.
    pub async fn note_full_disk(&self) -> Result<(), AppError> {
        let times = self.disk_room().map_or(0, |room| room.times_full);
        if self.full_noted.times.load(Ordering::Acquire) >= times {
            return Ok(());
        }
        let mut begun = self.full_noted.begun.lock().await;
        if begun.0 < times {
            *begun = (times, self.ambient.now_micros());
        }
        let entry = NewEntry {
            at: begun.1,
            agency_id: None,
            person_id: None,
            key_id: None,
            action: audit::DISK_FULL.into(),
            subject: audit::DISK.into(),
            detail: json!({"refused_until": "there is room again"}).to_string(),
        };
        let noted = self.store.write_urgently(move |c| {
            // Whoever noted it may have been cut off before they heard that it was kept.
            let last = audit::latest(c, audit::DISK, audit::DISK_FULL)?;
            if last.is_some_and(|last| last.at == entry.at) { Ok(()) } else { audit::append(c, &entry) }
        });
        noted.await?;
        self.full_noted.times.fetch_max(times, Ordering::Release);
        Ok(())
    }

    /// Writes what is only counted in memory, as the last thing before the process ends: it may use what was set aside for a full
    /// disk.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write_last_counters(&self) -> Result<(), AppError> {
        self.store.spend_what_is_set_aside();
        match self.write_counters().await {
            // What was set aside is there now.
            Err(_) if self.disk_room().is_some_and(|room| room.is_full) => self.write_counters().await,
            done => done,
        }
    }
}
