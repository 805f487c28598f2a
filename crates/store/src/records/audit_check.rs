//! Whether the audit still is what was written.

use fairtrial_domain::checkpoint::Checkpoint;

use super::audit::{AuditRow, NewEntry, after, chain_hash};
use crate::{connection::DbConnection, error::StoreError};

/// Entries read at once.
const PAGE: i64 = 1_000;

/// Findings that are listed; more are only counted.
const LISTED: usize = 100;

/// What is wrong with the audit at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Entries are not there any more.
    Missing,
    /// An entry's content is not what its hash was made of.
    Changed,
    /// An entry does not follow on the one before it.
    NotChained,
    /// The entries up to a checkpoint are not those that it was made of.
    Rewritten,
    /// Entries that a checkpoint counted are gone from the end.
    Truncated,
}

impl Damage {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::NotChained => "not_chained",
            Self::Rewritten => "rewritten",
            Self::Truncated => "truncated",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The place of the entry.
    pub place: i64,
    /// What is wrong.
    pub damage: Damage,
    /// The same in a sentence.
    pub detail: String,
}

/// What checking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The place of the last entry and its hash as stored.
    pub head: (i64, Vec<u8>),
    /// The first findings, in the order of the entries.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub found: u64,
}

impl Checked {
    fn add(&mut self, place: i64, damage: Damage, detail: String) {
        self.found += 1;
        if self.findings.len() < LISTED {
            self.findings.push(Finding { place, damage, detail });
        }
    }
}

/// Reads the whole audit, a page at a time, and checks each entry against its hash, the one before, and the checkpoints.
///
/// Without checkpoints, whoever can write to the database can still cut the end off, or change an entry and compute all hashes
/// after it anew: the chain alone cannot show that.
///
/// # Errors
/// When the database fails.
pub fn check(c: &mut DbConnection, checkpoints: &[Checkpoint]) -> Result<Checked, StoreError> {
    let mut anchors: Vec<&Checkpoint> = checkpoints.iter().collect();
    anchors.sort_by_key(|anchor| anchor.size);
    let mut anchors = anchors.into_iter().peekable();
    let mut checked = Checked { head: (0, vec![0; 32]), findings: Vec::new(), found: 0 };
    while let Some(anchor) = anchors.next_if(|anchor| anchor.size == 0) {
        compare(anchor, &mut checked);
    }
    // From the very beginning: places start at 1, and what stands before was put there.
    let mut read = i64::MIN;
    loop {
        let rows = after(c, read, PAGE)?;
        let Some(last) = rows.last() else { break };
        read = last.sequence;
        for row in rows {
            check_row(&row, &mut checked);
            while let Some(anchor) = anchors.next_if(|anchor| anchor.size <= row.sequence) {
                compare(anchor, &mut checked);
            }
        }
    }
    let last = checked.head.0;
    for anchor in anchors {
        let detail = format!("a checkpoint counted {} entries, and there are {last}: the end was cut off", anchor.size);
        checked.add(last + 1, Damage::Truncated, detail);
    }
    Ok(checked)
}

/// Compares a checkpoint with the entry that has just been read.
fn compare(anchor: &Checkpoint, checked: &mut Checked) {
    let (place, hash) = &checked.head;
    if *place == anchor.size && hash.as_slice() == anchor.root {
        return;
    }
    let detail = format!(
        "the first {} entries are not those that a checkpoint was made of: something in them was written anew",
        anchor.size
    );
    checked.add(anchor.size, Damage::Rewritten, detail);
}

fn check_row(row: &AuditRow, checked: &mut Checked) {
    let wanted = checked.head.0 + 1;
    if row.sequence < wanted {
        let detail = format!("entry {} stands before the first place, which is 1: it was put in", row.sequence);
        return checked.add(row.sequence, Damage::NotChained, detail);
    }
    if row.sequence > wanted {
        let gone = match row.sequence - wanted {
            1 => format!("entry {wanted} is missing"),
            _ => format!("entries {wanted} to {} are missing", row.sequence - 1),
        };
        checked.add(wanted, Damage::Missing, gone);
    }
    if row.previous_hash != checked.head.1 {
        checked.add(
            row.sequence,
            Damage::NotChained,
            format!("entry {} does not follow on the one before it: one was put in, taken out or moved", row.sequence),
        );
    }
    let entry = NewEntry {
        at: row.at,
        agency_id: row.agency_id,
        person_id: row.person_id,
        key_id: row.key_id,
        action: row.action.clone(),
        subject: row.subject.clone(),
        detail: row.detail.clone(),
    };
    if row.hash != chain_hash(row.sequence, &row.previous_hash, &entry) {
        let detail = format!("entry {} is not what was written: its hash does not fit its content", row.sequence);
        checked.add(row.sequence, Damage::Changed, detail);
    }
    checked.head = (row.sequence, row.hash.clone());
}
