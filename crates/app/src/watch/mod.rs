//! Watching over running trials: planned looks, and harm between them. What is found acts by itself.
//!
//! **Architecture invariant:** a look is held exactly once, whichever server holds it. Its evidence is frozen at a place in each
//! log while nothing is folded, and kept with that place, the decision, the move of the trial and the entry in the audit in one
//! transaction. Trial and number of the look are its key: of two servers at once one commits, and the other reads what it found.

pub(crate) mod checks;
mod concealment;
mod handling;
pub(crate) mod harm;
pub(crate) mod looks;
pub(crate) mod reminders;
mod status;
mod stop;
mod trusted_clock;
mod view;

pub use concealment::Concealment;
pub use handling::VersionHandling;
pub use status::{Light, MonitoringStatus, NextLook};
pub(crate) use trusted_clock::TrustedClock;
pub use view::LooksView;

use std::sync::{Arc, atomic::Ordering};

use crate::{
    error::AppError,
    state::{App, directory::Trial},
};

const MICROS_OF_A_SECOND: i64 = 1_000_000;

impl App {
    /// Holds every look that is due and acts on every harm boundary that is crossed, in all trials under way, by what is
    /// folded now. Returns how many looks and crossings this server kept.
    ///
    /// A trial that cannot be judged does not keep the others from being watched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn watch(&self) -> Result<usize, AppError> {
        let directory = self.directory.load_full();
        let mut kept = 0;
        for trial in directory.by_id.values() {
            kept += self.watch_over(trial).await?;
        }
        Ok(kept)
    }

    /// Whether what cannot be taken back may be done by the time of day.
    pub(crate) fn trusts_clock(&self) -> bool {
        self.ambient.steady().is_none_or(|steady| self.clock.trusts(self.ambient.now(), steady))
    }

    /// The same after every fold: harm each time, looks once a second, because a clock and not an event makes them due.
    pub(crate) async fn watch_in_step(&self) -> Result<(), AppError> {
        let (now, asked) = (self.ambient.now_micros(), self.looks_asked.load(Ordering::Relaxed));
        if asked > now || now.saturating_sub(asked) >= MICROS_OF_A_SECOND {
            self.looks_asked.store(now, Ordering::Relaxed);
            if self.trusts_clock() {
                self.watch().await?;
                self.watch_checks().await?;
                return self.remind().await.map(|_| ());
            }
        }
        let directory = self.directory.load_full();
        for trial in directory.by_id.values().filter(|trial| trial.state.collects_events() && !trial.halted) {
            self.watch_harm(trial).await?;
        }
        Ok(())
    }

    /// The same for one trial.
    pub(crate) async fn watch_over(&self, trial: &Arc<Trial>) -> Result<usize, AppError> {
        if !trial.state.collects_events() || trial.halted {
            return Ok(0);
        }
        match self.watch_harm(trial).await? {
            0 => self.hold_due_look(trial).await,
            // The rest is asked again once the news of the crossing is in.
            kept => Ok(kept),
        }
    }
}
