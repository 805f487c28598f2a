//! What each key sent on each day, raised in the transaction that keeps it: one row for each key and day, and one statement
//! for each in a commit, however many calls it holds.

use std::{collections::BTreeMap, sync::Arc};

use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Text},
};
use fairtrial_domain::{event::IdDigest, trial::LinkId};

use super::{RecordAnswer, RecordRequest, Recorded};
use crate::{connection::DbConnection, dialect::on_either, error::StoreError, statement::statement};

const DAY: i64 = 86_400_000_000;

/// Adds one key's day. The exclusive or of whole numbers is written with what both databases have.
const ADD: &str = "INSERT INTO receipts (key_id, day, accepted, duplicate, conflict, rejected, digest_1, digest_2, digest_3, \
                   digest_4) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (key_id, day) DO UPDATE SET accepted = receipts.accepted + excluded.accepted, \
                   duplicate = receipts.duplicate + excluded.duplicate, conflict = receipts.conflict + excluded.conflict, \
                   rejected = receipts.rejected + excluded.rejected, \
                   digest_1 = (receipts.digest_1 | excluded.digest_1) - (receipts.digest_1 & excluded.digest_1), \
                   digest_2 = (receipts.digest_2 | excluded.digest_2) - (receipts.digest_2 & excluded.digest_2), \
                   digest_3 = (receipts.digest_3 | excluded.digest_3) - (receipts.digest_3 & excluded.digest_3), \
                   digest_4 = (receipts.digest_4 | excluded.digest_4) - (receipts.digest_4 & excluded.digest_4)";

/// Adds what one key sent through one link on a day. Where no digest was kept of a part of it, there is none of the whole.
const ADD_LINKED: &str = "INSERT INTO link_receipts (key_id, link_id, day, accepted, digest_1, digest_2, digest_3, digest_4) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                          ON CONFLICT (key_id, link_id, day) DO UPDATE SET accepted = link_receipts.accepted + excluded.accepted, \
                          digest_1 = (link_receipts.digest_1 | excluded.digest_1) - (link_receipts.digest_1 & excluded.digest_1), \
                          digest_2 = (link_receipts.digest_2 | excluded.digest_2) - (link_receipts.digest_2 & excluded.digest_2), \
                          digest_3 = (link_receipts.digest_3 | excluded.digest_3) - (link_receipts.digest_3 & excluded.digest_3), \
                          digest_4 = (link_receipts.digest_4 | excluded.digest_4) - (link_receipts.digest_4 & excluded.digest_4)";

#[derive(Debug, Default)]
struct Counts {
    accepted: i64,
    duplicate: i64,
    conflict: i64,
    rejected: i64,
    digest: IdDigest,
}

/// The counts of one commit, by key and day in UTC: one order for every server, so that no two wait for each other.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    of_keys: BTreeMap<(i64, i64), Counts>,
    /// Of what came through links, by key, link and day.
    of_links: BTreeMap<(i64, LinkId, i64), (i64, IdDigest)>,
}

impl Ledger {
    pub(super) fn of(requests: &[Arc<RecordRequest>], answers: &[RecordAnswer]) -> Self {
        let mut ledger = Self::default();
        for (request, answer) in requests.iter().zip(answers) {
            if request.events.is_empty() && request.refused == 0 {
                continue;
            }
            // What a person's file brought stands in the row of the file.
            let Some(key_id) = request.sender.key() else { continue };
            let day = request.received_at.div_euclid(DAY);
            let counts = ledger.of_keys.entry((key_id, day)).or_default();
            counts.rejected += i64::try_from(request.refused).unwrap_or(i64::MAX);
            for (event, recorded) in request.events.iter().zip(&answer.0) {
                match recorded {
                    Recorded::New(_) | Recorded::Waits => {
                        counts.accepted += 1;
                        counts.digest.toggle(&event.event_id);
                        if let Some((link, _)) = LinkId::unmark(event.event_id.as_str()) {
                            let (accepted, digest) = ledger.of_links.entry((key_id, link, day)).or_default();
                            *accepted += 1;
                            digest.toggle(&event.event_id);
                        }
                    }
                    Recorded::Duplicate => counts.duplicate += 1,
                    Recorded::Conflict => counts.conflict += 1,
                    Recorded::Unfit(_) => counts.rejected += 1,
                }
            }
        }
        ledger
    }

    pub(super) fn write(&self, connection: &mut DbConnection) -> Result<(), StoreError> {
        for ((key_id, day), counts) in &self.of_keys {
            let [first, second, third, fourth] = counts.digest.parts();
            on_either!(connection, c => statement(ADD)
                .bind::<BigInt, _>(key_id)
                .bind::<BigInt, _>(day)
                .bind::<BigInt, _>(counts.accepted)
                .bind::<BigInt, _>(counts.duplicate)
                .bind::<BigInt, _>(counts.conflict)
                .bind::<BigInt, _>(counts.rejected)
                .bind::<BigInt, _>(first)
                .bind::<BigInt, _>(second)
                .bind::<BigInt, _>(third)
                .bind::<BigInt, _>(fourth)
                .execute(c))?;
        }
        for ((key_id, link, day), (accepted, digest)) in &self.of_links {
            let [first, second, third, fourth] = digest.parts();
            on_either!(connection, c => statement(ADD_LINKED)
                .bind::<BigInt, _>(key_id)
                .bind::<Text, _>(link.as_str())
                .bind::<BigInt, _>(day)
                .bind::<BigInt, _>(accepted)
                .bind::<BigInt, _>(first)
                .bind::<BigInt, _>(second)
                .bind::<BigInt, _>(third)
                .bind::<BigInt, _>(fourth)
                .execute(c))?;
        }
        Ok(())
    }
}
