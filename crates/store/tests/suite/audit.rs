//! The record of who did what.

use fairtrial_store::{StoreError, audit, on_behalf_of};
use fairtrial_testkit::on_both_databases;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::installation::{Installation, NOW};

pub(crate) fn entry(action: &str, subject: &str, agency_id: Option<i64>) -> audit::NewEntry {
    audit::NewEntry {
        at: NOW,
        agency_id,
        person_id: None,
        key_id: Some(3),
        action: action.into(),
        subject: subject.into(),
        detail: "{\"é\":\"字\"}".into(),
    }
}

/// The hash of an entry, computed from the description alone.
pub(crate) fn hash_of(row: &audit::AuditRow) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(&row.previous_hash);
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let fields = [
        row.sequence.to_string(),
        row.at.to_string(),
        number(row.agency_id),
        number(row.person_id),
        number(row.key_id),
        row.action.clone(),
        row.subject.clone(),
        row.detail.clone(),
    ];
    for field in fields {
        bytes.extend(u64::try_from(field.len()).unwrap().to_be_bytes());
        bytes.extend(field.into_bytes());
    }
    Sha256::digest(bytes).to_vec()
}

fn assert_whole(rows: &[audit::AuditRow]) {
    let mut previous = vec![0; 32];
    for (row, place) in rows.iter().zip(1..) {
        assert_eq!((row.sequence, &row.previous_hash), (place, &previous), "the chain is whole at {place}");
        assert_eq!(row.hash, hash_of(row));
        previous.clone_from(&row.hash);
    }
}

on_both_databases! {
    fn entries_name_the_request_that_led_to_them_and_no_other(database) {
        let installation = Installation::new(database);
        let agency = Some(installation.agency);
        let add = async |action: &'static str| installation.store.write(move |c| audit::append(c, &entry(action, "t", agency))).await;
        installation.wait(async {
            on_behalf_of("req-1".into(), add("one")).await.unwrap();
            add("nobody's").await.unwrap();
            // Works of several requests that wait together are one transaction on SQLite.
            let both = tokio::join!(on_behalf_of("req-2".into(), add("two")), on_behalf_of("req-3".into(), add("three")));
            assert_eq!(both, (Ok(()), Ok(())));
            let fault = installation.store.write(|_| -> Result<(), StoreError> { panic!("a fault") });
            assert!(on_behalf_of("req-4".into(), fault).await.is_err());
            add("after").await.unwrap();
            on_behalf_of("".into(), add("unnamed")).await.unwrap();
        });
        let rows = installation.store.read_blocking(|c| audit::after(c, 0, 10)).unwrap();
        let told: Vec<(String, Option<String>)> = rows
            .iter()
            .map(|row| {
                let detail: serde_json::Value = serde_json::from_str(&row.detail).unwrap();
                assert_eq!(detail["é"], "字", "the rest is as it was");
                (row.action.clone(), detail["request_id"].as_str().map(str::to_owned))
            })
            .collect();
        let request = |action: &str| told.iter().find(|(told, _)| told == action).unwrap().1.as_deref();
        assert_eq!((request("one"), request("two"), request("three")), (Some("req-1"), Some("req-2"), Some("req-3")));
        assert_eq!((request("nobody's"), request("after"), request("unnamed")), (None, None, None));
        assert_eq!(rows.len(), 6);
    }

    fn entries_read_back_and_are_chained(database) {
        let installation = Installation::new(database);
        let agency = Some(installation.agency);
        installation
            .write(move |c| {
                audit::append(c, &entry("trial.submit", "trial/a", agency))?;
                audit::append(c, &entry("trial.start", "trial/b", None))?;
                audit::append(c, &entry("trial.start", "trial/a", agency))
            })
            .unwrap();
        let rows = installation.store.read_blocking(|c| audit::after(c, 0, 10)).unwrap();
        assert_eq!(rows.len(), 3);
        assert_whole(&rows);
        assert_eq!((rows[0].action.as_str(), rows[0].agency_id, rows[0].key_id), ("trial.submit", agency, Some(3)));
        assert_eq!(rows[0].detail, "{\"é\":\"字\"}");
        assert_eq!(installation.store.read_blocking(|c| audit::after(c, 1, 1)).unwrap(), rows[1..2]);
        let about = installation.store.read_blocking(|c| audit::about(c, "trial/a", 10)).unwrap();
        assert_eq!(about, [rows[2].clone(), rows[0].clone()]);
        assert_eq!(installation.store.read_blocking(|c| audit::about(c, "trial/a", 1)).unwrap(), rows[2..]);
    }

    fn two_servers_write_one_chain_without_gaps(database) {
        let installation = Installation::new(database);
        let threads: Vec<_> = [installation.store.clone(), installation.another_store()]
            .into_iter()
            .enumerate()
            .map(|(half, store)| {
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    runtime.block_on(async move {
                        let mut callers = JoinSet::new();
                        for caller in 0..8 {
                            let store = store.clone();
                            callers.spawn(async move {
                                for round in 0..20 {
                                    let subject = format!("{half}/{caller}/{round}");
                                    let fails = round % 5 == 4;
                                    let done = store
                                        .write(move |c| {
                                            audit::append(c, &entry("x", &subject, None))?;
                                            if fails { Err(StoreError::Changed("no".into())) } else { Ok(()) }
                                        })
                                        .await;
                                    assert_eq!(done.is_err(), fails, "{done:?}");
                                }
                            });
                        }
                        callers.join_all().await;
                    });
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let rows = installation.store.read_blocking(|c| audit::after(c, 0, 1_000)).unwrap();
        assert_eq!(rows.len(), 2 * 8 * 16, "what failed left no entry");
        assert_whole(&rows);
    }
}
