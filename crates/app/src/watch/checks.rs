//! Which checks of the data are red while a trial runs, and since when: noted, so that people hear of it who do not open the trial.
//!
//! The checks look at counts, never at who did better. Servers take trials in turn, so that what is done in a second does not grow
//! with their number, and pages read what is noted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use fairtrial_analysis::{integrity, report::GateStatus};
use fairtrial_store::red_checks::{self, RedCheck};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, directory::Trial},
};

/// The minute in which this server last looked at each trial's checks, in minutes since 1970. It saves work and decides nothing.
pub(crate) type ChecksSeen = Mutex<BTreeMap<i64, i64>>;

const MICROS_OF_A_MINUTE: i64 = 60_000_000;

/// Most trials whose checks are looked at in one go.
const AT_ONCE: usize = 16;

impl App {
    /// Looks at the checks of trials under way, each at most once a minute and few in one go, and notes which have turned red and
    /// which are red no more. Returns how many notes this server made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn watch_checks(&self) -> Result<usize, AppError> {
        let mut noted = 0;
        for trial in self.next_to_check() {
            noted += self.check(&trial).await?;
        }
        if noted > 0 {
            self.reload_directory().await?;
        }
        Ok(noted)
    }

    /// The trials whose turn it is: those that were not looked at for the longest time.
    fn next_to_check(&self) -> Vec<Arc<Trial>> {
        let minute = self.ambient.now_micros().div_euclid(MICROS_OF_A_MINUTE);
        let directory = self.directory.load_full();
        let mut seen = self.checks_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = |trial: &Trial| seen.get(&trial.id).copied();
        let under_way = directory.by_id.values().filter(|trial| trial.state.collects_events());
        let mut due: Vec<(Option<i64>, &Arc<Trial>)> = under_way.map(|trial| (last(trial), trial)).collect();
        due.retain(|(last, _)| *last != Some(minute));
        due.sort_by_key(|(last, trial)| (*last, trial.id));
        let due: Vec<Arc<Trial>> = due.into_iter().take(AT_ONCE).map(|(_, trial)| Arc::clone(trial)).collect();
        seen.extend(due.iter().map(|trial| (trial.id, minute)));
        due
    }

    async fn check(&self, trial: &Arc<Trial>) -> Result<usize, AppError> {
        let evidence = self.projections.evidence(trial, &self.ambient, Vec::new());
        let gates = integrity::of_counts(trial.plan.protocol(), &evidence);
        let red: Vec<&str> =
            gates.iter().filter(|gate| gate.status == GateStatus::Red).map(|gate| gate.gate.as_str()).collect();
        let mut noted = 0;
        for gate in red.iter().filter(|gate| trial.red_checks.iter().all(|known| known.gate != **gate)) {
            let entry = self.own_entry(trial, "check.reddened", None, json!({"check": gate}));
            let row = RedCheck { trial_id: trial.id, gate: (*gate).to_owned(), since: self.ambient.now_micros() };
            noted += usize::from(self.act(trial, None, entry, move |c| red_checks::redden(c, &row)).await?);
        }
        for known in trial.red_checks.iter().filter(|known| !red.contains(&known.gate.as_str())) {
            let entry = self.own_entry(trial, "check.mended", None, json!({"check": known.gate}));
            let (id, gate) = (trial.id, known.gate.clone());
            noted += usize::from(self.act(trial, None, entry, move |c| red_checks::mend(c, id, &gate)).await?);
        }
        Ok(noted)
    }
}
