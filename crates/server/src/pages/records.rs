//! What pages say of the records of single people.

use chrono::{DateTime, Utc};
use fairtrial_app::{Trial, trials::retention::Deletion};
use fairtrial_pages::records::{Gone, Records};

/// How long the records of single people are kept, for people of the agency: with what went.
pub(super) fn records(trial: &Trial) -> Vec<String> {
    let mut sentences = vec![format!("{}.", records_kept(trial).sentence())];
    if let Some(deletion) = trial.deletion.filter(|deletion| deletion.finished_at.is_some()) {
        let Deletion { people, notes, events, lists, .. } = deletion;
        sentences.push(format!("{}.", Gone { people, notes, events, lists }.sentence()));
    }
    sentences
}

/// How long the records of single people are kept.
pub(super) fn records_kept(trial: &Trial) -> Records {
    let day = |at: DateTime<Utc>| trial.day_of(at.timestamp_micros());
    match (&trial.deletion, trial.records_due_at()) {
        (Some(Deletion { finished_at: Some(at), .. }), _) => Records::Gone(day(*at)),
        (Some(deletion), _) => Records::Going(day(deletion.begun_at)),
        (None, Some(due)) => Records::KeptUntil(day(due)),
        (None, None) => Records::KeptFor(trial.plan.protocol().data.retain_units_days),
    }
}
