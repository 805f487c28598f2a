//! Twelve ways to tamper with the audit by somebody who can write to the database, and what checking says of each.

use diesel::connection::SimpleConnection;
use fairtrial_domain::checkpoint::{Checkpoint, CheckpointKey};
use fairtrial_store::audit::{self, AuditRow, Damage};
use fairtrial_testkit::{database::Kind, on_both_databases};

use super::{
    audit::{entry, hash_of},
    installation::Installation,
};

/// Entries before the checkpoint, and in all.
const ANCHORED: i64 = 1_200;
const ALL: i64 = 1_210;

fn rows(installation: &Installation) -> Vec<AuditRow> {
    installation.store.read_blocking(|c| audit::after(c, 0, 10_000)).unwrap()
}

/// Takes the guards away, as the owner of the database can.
fn unguard(installation: &Installation) {
    let statement = match installation.kind {
        Kind::Sqlite => "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete",
        Kind::Postgres => "DROP TRIGGER audit_append_only ON audit",
    };
    installation.connection().batch_execute(statement).unwrap();
}

fn run(installation: &Installation, statement: &str) {
    installation.connection().batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Writes rows as they are, in the place of all that stand there.
fn write(installation: &Installation, rows: &[AuditRow]) {
    run(installation, "DELETE FROM audit");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let blob = |bytes: &[u8]| match installation.kind {
        Kind::Sqlite => format!("x'{}'", hex(bytes)),
        Kind::Postgres => format!("'\\x{}'::bytea", hex(bytes)),
    };
    let number = |n: Option<i64>| n.map_or("NULL".to_owned(), |n| n.to_string());
    for some in rows.chunks(500) {
        let values: Vec<String> = some
            .iter()
            .map(|row| {
                format!(
                    "({}, {}, {}, {}, {}, '{}', '{}', '{}', {}, {})",
                    row.sequence,
                    row.at,
                    number(row.agency_id),
                    number(row.person_id),
                    number(row.key_id),
                    row.action,
                    row.subject,
                    row.detail,
                    blob(&row.previous_hash),
                    blob(&row.hash)
                )
            })
            .collect();
        run(installation, &format!("INSERT INTO audit VALUES {}", values.join(", ")));
    }
}

/// Computes all hashes anew from a place on, as somebody who knows how they are made can.
fn chain_anew(rows: &mut [AuditRow], from: usize) {
    for index in from..rows.len() {
        rows[index].previous_hash = if index == 0 { vec![0; 32] } else { rows[index - 1].hash.clone() };
        rows[index].hash = hash_of(&rows[index]);
    }
}

/// Name of a tampering, how it changes the rows, what checking against the checkpoint finds first, and whether it is found
/// without a checkpoint too.
type Tampering = (&'static str, fn(&mut Vec<AuditRow>), Damage, bool);

const TAMPERINGS: [Tampering; 11] = [
    ("edit", |rows| rows[99].detail = "{}".into(), Damage::Changed, true),
    ("delete", |rows| drop(rows.remove(99)), Damage::Missing, true),
    (
        "insert",
        |rows| {
            for row in &mut rows[100..] {
                row.sequence += 1;
            }
            let mut forged = rows[99].clone();
            forged.sequence += 1;
            forged.action = "trial.approve".into();
            forged.previous_hash = rows[99].hash.clone();
            forged.hash = hash_of(&forged);
            rows.insert(100, forged);
        },
        Damage::NotChained,
        true,
    ),
    (
        "swap",
        |rows| {
            rows.swap(99, 100);
            (rows[99].sequence, rows[100].sequence) = (100, 101);
        },
        Damage::NotChained,
        true,
    ),
    ("truncate the tail", |rows| rows.truncate(1_100), Damage::Truncated, false),
    (
        "edit and compute the chain anew",
        |rows| {
            rows[99].subject = "trial/other".into();
            chain_anew(rows, 99);
        },
        Damage::Rewritten,
        false,
    ),
    ("another time", |rows| rows[99].at -= 1, Damage::Changed, true),
    ("another person", |rows| rows[99].person_id = Some(77), Damage::Changed, true),
    (
        "duplicate",
        |rows| {
            let mut again = rows.last().unwrap().clone();
            again.sequence += 1;
            rows.push(again);
        },
        Damage::NotChained,
        true,
    ),
    (
        "gap",
        |rows| {
            for row in &mut rows[100..] {
                row.sequence += 5;
            }
        },
        Damage::Missing,
        true,
    ),
    (
        "restore the table of yesterday and go on",
        |rows| {
            rows.truncate(1_000);
            for place in 1_001..=ALL {
                let mut row = rows.last().unwrap().clone();
                row.sequence = place;
                row.action = "person.signed_in".into();
                rows.push(row);
            }
            chain_anew(rows, 1_000);
        },
        Damage::Rewritten,
        false,
    ),
];

on_both_databases! {
    fn all_twelve_tamperings_are_named(database) {
        let installation = Installation::new(database);
        installation.write(|c| {
            for number in 0..ANCHORED {
                audit::append(c, &entry("trial.submit", &format!("trial/{number}"), None))?;
            }
            Ok(())
        }).unwrap();
        let (size, root) = installation.store.read_blocking(audit::head).unwrap();
        let key = CheckpointKey::new([9; 32]);
        let text = key.write(&Checkpoint { size, root: root.try_into().unwrap() });
        installation.write(|c| {
            for number in ANCHORED..ALL {
                audit::append(c, &entry("trial.start", &format!("trial/{number}"), None))?;
            }
            Ok(())
        }).unwrap();
        let check = |anchors: Vec<Checkpoint>| installation.store.read_blocking(|c| audit::check(c, &anchors)).unwrap();
        let whole = rows(&installation);
        assert_eq!(whole.len(), usize::try_from(ALL).unwrap());
        assert_eq!(check(key.read(&text).unwrap()).found, 0, "what nobody touched is whole");
        unguard(&installation);
        for (name, tamper, damage, shows_alone) in TAMPERINGS {
            let mut changed = whole.clone();
            tamper(&mut changed);
            write(&installation, &changed);
            let found = check(key.read(&text).unwrap());
            assert_eq!(found.findings.first().map(|finding| finding.damage), Some(damage), "{name}: {found:?}");
            let alone = check(Vec::new());
            assert_eq!(alone.found > 0, shows_alone, "{name} without a checkpoint: {alone:?}");
        }
        // The twelfth is done to the checkpoint: to make a cut end look right, or with another root.
        for forged in [text.replace("\n1200\n", "\n1100\n"), text.replace(&text[30..40], "0000000000")] {
            assert_ne!(forged, text);
            assert!(key.read(&forged).is_err(), "{forged}");
        }
        write(&installation, &whole);
        assert_eq!(check(key.read(&text).unwrap()).found, 0);
    }
    fn a_wholly_broken_audit_is_told_in_few_lines(database) {
        let installation = Installation::new(database);
        installation.write(|c| (0..300).try_for_each(|number| audit::append(c, &entry("x", &number.to_string(), None)))).unwrap();
        unguard(&installation);
        run(&installation, "UPDATE audit SET at = 0");
        let mut first = rows(&installation)[0].clone();
        first.sequence = -3;
        let all = [vec![first], rows(&installation)].concat();
        write(&installation, &all);
        let checked = installation.store.read_blocking(|c| audit::check(c, &[])).unwrap();
        assert_eq!((checked.found, checked.findings.len(), checked.head.0), (301, 100, 300));
        assert_eq!(checked.findings[0].place, -3, "what stands before the first place was put in");
    }
}
