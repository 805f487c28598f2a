//! Keeping what is folded, and beginning from it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, RwLock},
};

use fairtrial_domain::{Pseudonym, note::OptOutKind, projection::TrialProjection};
use fairtrial_store::{DbConnection, StoreError, log, notes};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    App, Directory,
    fold_file::{FoldFile, Sections},
    identities::KeptLink,
    projections::{Fold, Marks},
};
use crate::{aside::aside, error::AppError};

/// Rows folded since the fold was last kept after which it is worth keeping again: about a third of a second of reading.
const FEWEST_ROWS: i64 = 250_000;

/// The first section: what belongs to no single trial.
#[derive(Serialize, Deserialize)]
struct Head {
    marks: Marks,
    /// A digest of the row at each mark: a database that was put back to an earlier day, or is another one, has another row there.
    witnesses: Vec<String>,
    trials: usize,
    /// Trials whose records had been deleted: when there are more, what is kept here may know them still.
    deleted: Vec<i64>,
    /// Opt-outs in force: unit, kind, trial.
    wishes: Vec<([u8; 16], OptOutKind, i64)>,
    /// Units that are, or were, the same person.
    linked: Vec<KeptLink>,
    /// As whom units go on to be served since a link was taken back: trial, unit, as whom.
    kept_places: Vec<(i64, [u8; 16], [u8; 16])>,
    /// People who are served another version for their good: trial, unit, arm.
    given: Vec<(i64, [u8; 16], u8)>,
}

impl App {
    /// Writes down what is folded when that is much more than the last time; at the end of a server, when it is any more.
    ///
    /// # Errors
    /// When the database or the file fails. What was kept before stands, and a start reads more of the logs.
    pub async fn keep_fold(self: &Arc<Self>, at_the_end: bool) -> Result<(), AppError> {
        let Some(file) = &self.fold_file else { return Ok(()) };
        // It is a copy, and would take the room that is left.
        if !at_the_end && self.disk_room().is_some_and(|room| room.is_full) {
            return Ok(());
        }
        let file = Arc::clone(file);
        let mut fold = self.projections.hold().await;
        let new = fold.marks.rows() - fold.kept;
        let enough = if at_the_end { 1 } else { FEWEST_ROWS.max(self.known.len() as i64 / 4) };
        if new < enough {
            return Ok(());
        }
        // It would hold what is about to go.
        if self.deleted(false).next().is_some() {
            return Ok(());
        }
        let marks = fold.marks;
        // Also when it fails: then it is tried again after as much more, not at once.
        fold.kept = marks.rows();
        let witnesses = self.store.read(move |c| witnesses(c, marks)).await?;
        let trials = self.projections.all();
        let head = Head {
            marks,
            witnesses: witnesses.ok_or_else(|| AppError::Internal("a folded row is gone".into()))?,
            trials: trials.len(),
            deleted: sorted(self.deleted(true)),
            wishes: self.wishes.all(),
            linked: self.identities.all(),
            kept_places: self.identities.all_kept(),
            given: self.known.given(),
        };
        let head = serde_json::to_vec(&head).map_err(|error| AppError::Internal(error.to_string()))?;
        let write = move || {
            let written = file.write(|out| {
                out.section(|put| put(&head))?;
                trials.iter().try_for_each(|(id, plan, projection)| {
                    out.section(|put| {
                        put(&id.to_le_bytes());
                        put(&(plan.len() as u64).to_le_bytes());
                        put(plan.as_bytes());
                        super::read(projection).save(put);
                    })
                })
            });
            // Until here nothing is folded, so that marks and folds belong together, and nobody else writes.
            drop(fold);
            written
        };
        let written = aside(write).await?;
        written.map_err(|error| AppError::Internal(format!("what is folded cannot be written down: {error}")))?;
        tracing::debug!(rows = marks.rows(), "fold kept");
        Ok(())
    }

    /// Begins from a kept fold where there is a good one. Otherwise the logs are folded from their beginning.
    pub(super) async fn begin_from_kept_fold(&self) {
        let Some(file) = self.fold_file.clone() else { return };
        let (directory, store, deleted) = (self.directory.load_full(), self.store.clone(), sorted(self.deleted(true)));
        let read = tokio::task::spawn_blocking(move || read(&file, &directory, &store, &deleted)).await;
        let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
        match read {
            Ok(None) => {}
            Ok(Some((head, folds))) => {
                for (trial_id, fold) in &folds {
                    fold.places().for_each(|(unit, arm, at)| self.known.insert(*trial_id, *unit, arm.into(), at));
                }
                for (unit, kind, trial_id) in &head.wishes {
                    if let Some(unit) = Pseudonym::from_bytes(unit) {
                        self.wishes.set(unit, *kind, *trial_id, true);
                    }
                }
                self.identities.restore(&head.linked, &head.kept_places);
                for (trial_id, unit, arm) in &head.given {
                    if let Some(unit) = Pseudonym::from_bytes(unit) {
                        self.known.give(*trial_id, &unit, *arm);
                    }
                }
                let folds = folds.into_iter().map(|(id, fold)| (id, Arc::new(RwLock::new(fold)))).collect();
                self.projections.begin_from(Fold { marks: head.marks, kept: head.marks.rows() }, folds).await;
            }
            Err(error) => {
                let path = self.fold_file.as_ref().map(|file| file.path().to_owned()).unwrap_or_default();
                let path = path.display().to_string();
                tracing::warn!(path, %error, "the kept fold is not used; the logs are read from their beginning");
                // It may know people whose records were deleted while this server was away.
                if self.deleted(true).next().is_some()
                    && let Some(Err(error)) = self.fold_file.as_ref().map(|file| file.remove())
                {
                    tracing::warn!(path, %error, "it cannot be removed either, and may hold deleted records: remove it");
                }
            }
        }
    }
}

type Folds = HashMap<i64, TrialProjection>;

/// The kept fold, when it is whole and of this database.
fn read(
    file: &FoldFile,
    directory: &Directory,
    store: &fairtrial_store::Store,
    deleted: &[i64],
) -> io::Result<Option<(Head, Folds)>> {
    let Some(mut sections) = file.open()? else { return Ok(None) };
    let head: Head = serde_json::from_slice(&sections.next()?)?;
    if head.deleted != deleted {
        return Err(io::Error::other("records were deleted since"));
    }
    let found = store.read_blocking(|c| witnesses(c, head.marks)).map_err(io::Error::other)?;
    if found.as_ref() != Some(&head.witnesses) {
        return Err(io::Error::other("it is of another database, or of a later state of this one"));
    }
    let mut folds = HashMap::with_capacity(head.trials);
    for _ in 0..head.trials {
        let (id, fold) = read_trial(&mut sections, directory)?;
        folds.insert(id, fold);
    }
    Ok(Some((head, folds)))
}

fn read_trial(sections: &mut Sections, directory: &Directory) -> io::Result<(i64, TrialProjection)> {
    let section = sections.next()?;
    let parts = || {
        let (id, rest) = section.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (plan, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        Some((i64::from_le_bytes(*id), plan, rest))
    };
    let (id, plan, fold) = parts().ok_or_else(|| io::Error::other("a trial cannot be read"))?;
    let trial = directory.by_id.get(&id).ok_or_else(|| io::Error::other("it has a trial that is not there"))?;
    // What a fold depends on is fixed from the start, so one under an earlier version of the plan is as good.
    let versions = trial.earlier_plans.iter().map(|(_, id)| id).chain([trial.plan.id()]);
    if !versions.into_iter().any(|version| version.as_str().as_bytes() == plan) {
        return Err(io::Error::other(format!("the trial {} has another plan", trial.key())));
    }
    let fold = TrialProjection::restore(Arc::clone(&trial.plan), fold);
    Ok((id, fold.ok_or_else(|| io::Error::other(format!("the trial {} cannot be read", trial.key())))?))
}

/// A digest of the row at each mark, or of the last one before where that was deleted; none when the log of events ends before.
fn witnesses(c: &mut DbConnection, marks: Marks) -> Result<Option<Vec<String>>, StoreError> {
    let none = || digest(&[], [0, 0, 0]);
    let assigned = log::last_assignment(c, marks.assignments)?;
    let assigned = assigned.map(|row| digest(&row.unit, [row.sequence, row.trial_id, row.assigned_at]));
    let noted = notes::last(c, marks.notes)?.map(|row| digest(&row.unit, [row.sequence, row.trial_id, row.agency_id]));
    let mut digests = vec![assigned.unwrap_or_else(none), noted.unwrap_or_else(none)];
    if marks.events > 0 {
        let row = log::events_after(c, marks.events - 1, 1)?;
        let Some(row) = row.first().filter(|row| row.sequence == marks.events) else { return Ok(None) };
        digests.push(digest(&row.unit, [row.sequence, row.occurred_at, row.received_at]));
    }
    Ok(Some(digests))
}

fn sorted(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids
}

fn digest(unit: &[u8], numbers: [i64; 3]) -> String {
    let digest = numbers.iter().fold(Sha256::new().chain_update(unit), |sha, n| sha.chain_update(n.to_le_bytes()));
    fairtrial_domain::canonical::hex(&digest.finalize())
}
