//! What memory lets go of when the records of a trial's people are deleted, on whichever server that is done.

use std::sync::PoisonError;

use fairtrial_store::notes;

use super::App;
use crate::error::AppError;

impl App {
    /// Takes it that what is deleted already was never read, and lets go of what is being deleted: for a start.
    pub(super) async fn begin_without_deleted(&self) -> Result<(), AppError> {
        let done: Vec<i64> = self.deleted(true).collect();
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).extend(done.into_iter().map(|id| (id, true)));
        self.forget_deleted().await
    }

    /// Lets go of everybody who was in a trial whose records are deleted, or are being deleted; and when they are, of whose names
    /// are whose where that is not in the log any more, and of the kept fold, which knew them too.
    ///
    /// # Errors
    /// When the database or the file fails; the rest is let go the next time.
    pub(crate) async fn forget_deleted(&self) -> Result<(), AppError> {
        let all: Vec<(i64, bool)> = [false, true]
            .into_iter()
            .flat_map(|done| self.deleted(done).map(move |id| (id, done)).collect::<Vec<_>>())
            .collect();
        let new: Vec<(i64, bool)> = {
            let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
            all.into_iter().filter(|one| !forgotten.contains(one)).collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        // Nothing is folded meanwhile, and no fold is kept.
        let mut fold = self.projections.hold().await;
        for (trial_id, _) in &new {
            self.known.forget(*trial_id);
            self.wishes.forget(*trial_id);
            self.projections.forget(*trial_id);
        }
        if new.iter().any(|(_, done)| *done) {
            let up_to = fold.marks.notes;
            let rows = self.store.read(move |c| notes::of_two(c, up_to)).await?;
            self.identities.replace(&rows)?;
            if let Some(file) = &self.fold_file {
                let gone =
                    |error| AppError::Internal(format!("a kept fold with deleted records cannot be removed: {error}"));
                file.remove().map_err(gone)?;
            }
            fold.kept = 0;
        }
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).extend(new);
        Ok(())
    }

    /// Trials whose records are deleted, or are being deleted.
    pub(super) fn deleted(&self, done: bool) -> impl Iterator<Item = i64> {
        let directory = self.directory.load_full();
        let ids: Vec<i64> = directory
            .by_id
            .values()
            .filter(|trial| trial.deletion.is_some_and(|deletion| deletion.finished_at.is_some() == done))
            .map(|trial| trial.id)
            .collect();
        ids.into_iter()
    }
}
