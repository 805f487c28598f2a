//! A database file that changed by itself: what is served from it was looked at, or is named.

use std::{fs, path::Path};

use fairtrial_store::{Store, WriterSettings, log};
use fairtrial_testkit::database::{Kind, TestDatabase};
use serde_json::{Value, json};

use crate::{
    command::fairtrial,
    frontline::call,
    running::{MASTER_KEY, start_filled_on},
};

/// What a report is made from: who is in which version, and what happened to whom.
type Told = (Vec<(Vec<u8>, i64)>, Vec<(Vec<u8>, String, Option<i64>, i64)>);

/// What a file says; nothing where it cannot be read.
fn told(file: &Path) -> Option<Told> {
    let url = format!("sqlite:{}", file.display()).parse().ok()?;
    let store = Store::open(&url, WriterSettings::default()).ok()?;
    let read = store.read_blocking(|c| Ok((log::assignments_after(c, 0, 1_000)?, log::events_after(c, 0, 1_000)?)));
    let (assignments, events) = read.ok()?;
    let events = events.into_iter().map(|row| (row.unit, row.kind, row.value, row.occurred_at));
    Some((assignments.into_iter().map(|row| (row.unit, row.arm.into())).collect(), events.collect()))
}

/// What `fairtrial doctor` finds wrong.
fn wrong(file: &Path, data: &Path) -> Vec<String> {
    let key: String = MASTER_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut command = fairtrial(&["doctor", "--json", "--database-url"]);
    command.arg(format!("sqlite:{}", file.display())).arg("--data").arg(data).env("FAIRTRIAL_MASTER_KEY", key);
    let output = command.output().expect("it runs");
    let Ok(said) = serde_json::from_slice::<Value>(&output.stdout) else {
        // What cannot even be opened is said on the error output.
        assert!(!output.status.success() && !output.stderr.is_empty());
        return vec![String::from_utf8_lossy(&output.stderr).into_owned()];
    };
    let findings = said["findings"].as_array().expect("findings").iter();
    let wrong: Vec<String> = findings
        .filter(|finding| finding["state"] == "wrong")
        .map(|finding| format!("{}: {}", finding["what"], finding["detail"]))
        .collect();
    assert_eq!(output.status.success(), wrong.is_empty());
    wrong
}

#[test]
fn what_changed_in_a_file_by_itself_is_named() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let world = start_filled_on(database.url());
    for n in 0..40 {
        let unit = json!({"unit": format!("u-{n}")});
        assert_eq!(call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&unit)).status, 200);
        let event = json!({"event_id": format!("e-{n}"), "unit": format!("u-{n}"), "event": "door.opened",
            "occurred_at": "2026-11-22T12:00:00Z"});
        assert_eq!(call(&world, "justice", "POST", "/v1/events", Some(&json!({"events": [event]}))).status, 200);
    }
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    fs::create_dir(&data).unwrap();
    let key: String = MASTER_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut backup = fairtrial(&["backup", copy.to_str().unwrap(), "--database-url", database.url(), "--data"]);
    assert!(backup.arg(&data).env("FAIRTRIAL_MASTER_KEY", key).output().unwrap().status.success());
    let sound = fs::read(copy.join("fairtrial.db")).unwrap();
    let file = folder.path().join("fairtrial.db");
    let look = |bytes: &[u8]| {
        for name in ["fairtrial.db-wal", "fairtrial.db-shm"] {
            drop(fs::remove_file(folder.path().join(name)));
        }
        fs::write(&file, bytes).unwrap();
        wrong(&file, &data)
    };
    assert_eq!(look(&sound), Vec::<String>::new(), "nothing is wrong with the sound file");
    let said = told(&file).unwrap();
    // Wherever a person stands in the file, as assigned or as somebody to whom something happened, another person is noticed.
    let mut looked_at = 0;
    for (unit, _) in said.0.iter().take(3) {
        let places: Vec<usize> =
            sound.windows(unit.len()).enumerate().filter(|(_, window)| window == unit).map(|(at, _)| at).collect();
        assert!(places.len() >= 2, "an assignment and an event");
        for at in places {
            let mut changed = sound.clone();
            changed[at + 5] ^= 1;
            assert_ne!(look(&changed), Vec::<String>::new(), "byte {at}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= 6);
    // Wherever a bit turns, either it is named, or whoever reads it is refused, or what a report is made from is what it was.
    for n in 0..30_usize {
        let mut changed = sound.clone();
        let at = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % sound.len();
        changed[at] ^= 1 << (n % 8);
        if look(&changed).is_empty()
            && let Some(told) = told(&file)
        {
            assert_eq!(told, said, "byte {at} turned, and nobody was told");
        }
    }
}
