//! `fairtrial doctor`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use fairtrial_app::{App, MasterKey};
use fairtrial_store::{
    Ballast, DatabaseUrl, Store, WriterSettings, api_keys, audit,
    condition::{self, Condition},
    log_check,
};
use serde_json::json;

use super::{Failure, StoreArguments, print};
use crate::{
    config::{Settings, Sources},
    server::{database, in_full, present_master_key, system_ambient},
};

/// Less room than this, in bytes, and a database can fail at any moment.
const LEAST_ROOM: u64 = 64 * 1024 * 1024;

/// Less room than this, in bytes, is worth knowing of.
const LITTLE_ROOM: u64 = 1024 * 1024 * 1024;

/// How far clocks may be apart.
const APART: TimeDelta = TimeDelta::minutes(1);

/// How long records may outstay their time: a server takes an hour before it deletes anything, and may have been away.
const OVERDUE: TimeDelta = TimeDelta::days(1);

/// How long a live key may lie unused before somebody should ask whether it is still wanted.
const UNUSED: TimeDelta = TimeDelta::days(90);

/// Changes nothing. Ends with 1 when something is wrong; what is only worth knowing does not.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    Note,
    Wrong,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Note => "note",
            Self::Wrong => "wrong",
        }
    }
}

#[derive(Debug)]
struct Finding {
    what: &'static str,
    state: State,
    said: String,
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, what: &'static str, state: State, said: impl Into<String>) {
        self.0.push(Finding { what, state, said: said.into() });
    }

    fn wrong(&self) -> usize {
        self.0.iter().filter(|finding| finding.state == State::Wrong).count()
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.store.settings()?;
    let mut findings = Findings::default();
    for name in Sources::gather(&arguments.store.flags, &Default::default())?.unknown_variables() {
        findings.add("settings", State::Note, format!("{name} is no setting and is not used"));
    }
    look_at_folder(&settings.data, &mut findings);
    let url = database(&settings)?;
    if let DatabaseUrl::Sqlite(file) = &url {
        look_at_ballast(file, settings.ballast_bytes, &mut findings);
    }
    match condition::examine(&url) {
        Err(error) => findings.add("database", State::Wrong, error.to_string()),
        Ok(condition) => {
            let sound = look_at_database(&condition, &mut findings);
            look_at_clock(&condition, system_ambient().now(), &mut findings);
            if sound {
                actix_web::rt::System::new().block_on(look_inside(&settings, &url, &mut findings));
            }
        }
    }
    let wrong = findings.wrong();
    print(&if arguments.json { as_json(&findings) } else { as_lines(&findings) })?;
    match wrong {
        0 => Ok(()),
        1 => Err(anyhow!("one thing is wrong").into()),
        _ => Err(anyhow!("{wrong} things are wrong").into()),
    }
}

fn as_lines(findings: &Findings) -> String {
    findings.0.iter().map(|f| format!("{:<5} {:<10} {}\n", f.state.word(), f.what, f.said)).collect()
}

fn as_json(findings: &Findings) -> String {
    let list: Vec<_> =
        findings.0.iter().map(|f| json!({"what": f.what, "state": f.state.word(), "detail": f.said})).collect();
    format!("{}\n", json!({"ok": findings.wrong() == 0, "findings": list}))
}

fn look_at_folder(folder: &Path, findings: &mut Findings) {
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) => return findings.add("folder", State::Wrong, format!("{shown}: {error}")),
        Ok(found) if found.permissions().mode() & 0o007 != 0 => {
            findings.add(
                "folder",
                State::Note,
                format!("{shown} is open to every user of this machine: chmod o-rwx {shown}"),
            );
        }
        Ok(_) => findings.add("folder", State::Well, format!("{shown}")),
    }
    match rustix::fs::statvfs(folder) {
        Err(error) => findings.add("disk", State::Note, format!("how full it is cannot be told: {error}")),
        Ok(disk) => {
            let room = disk.f_bavail.saturating_mul(disk.f_frsize);
            let state = if room < LEAST_ROOM {
                State::Wrong
            } else if room < LITTLE_ROOM || disk.f_favail == 0 && disk.f_files > 0 {
                State::Note
            } else {
                State::Well
            };
            findings.add("disk", state, format!("{} MiB free", room / 1024 / 1024));
        }
    }
}

/// Whether room is set aside for when the disk is full.
fn look_at_ballast(database: &Path, wanted: u64, findings: &mut Findings) {
    let path = Ballast::place(database);
    let (state, said) = match Ballast::taken_by(&path) {
        Err(error) => (State::Note, format!("{} cannot be looked at: {error}", path.display())),
        Ok(0) if wanted == 0 => {
            (State::Note, "no room is set aside for when the disk is full, as the settings say".into())
        }
        Ok(0) => {
            let said = "no room is set aside for when the disk is full: a server does that when it runs and the disk has room to spare";
            (State::Note, said.into())
        }
        Ok(taken) => (State::Well, format!("{} MiB are set aside for when the disk is full", taken / 1024 / 1024)),
    };
    findings.add("ballast", state, said);
}

/// Tells whether it is sound enough to be opened.
fn look_at_database(condition: &Condition, findings: &mut Findings) -> bool {
    findings.add("database", State::Well, condition.engine.clone());
    for fault in &condition.faults {
        findings.add("database", State::Wrong, fault.clone());
    }
    for note in &condition.notes {
        findings.add("database", State::Note, note.clone());
    }
    if condition.is_older {
        findings.add("migrations", State::Wrong, "some have not run: fairtrial backup, then fairtrial migrate");
    } else {
        findings.add("migrations", State::Well, "all have run");
    }
    condition.faults.is_empty() && !condition.is_older
}

fn look_at_clock(condition: &Condition, now: DateTime<Utc>, findings: &mut Findings) {
    let of = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let last = of(condition.last_entry_at);
    if last - now > APART {
        let said = format!("it is {now} here, but something was done at {last} already: this clock is behind");
        return findings.add("clock", State::Wrong, said);
    }
    match condition.clock.map(of) {
        Some(theirs) if (theirs - now).abs() > APART => {
            findings.add("clock", State::Wrong, format!("it is {now} here, and {theirs} at the database"));
        }
        _ => findings.add("clock", State::Well, now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    }
}

async fn look_for_overdue_records(store: &Store, key: &MasterKey, findings: &mut Findings) {
    match App::overdue_records(store, key, system_ambient().now() - OVERDUE).await {
        Err(error) => findings.add("records", State::Wrong, in_full(error).to_string()),
        Ok(trials) if trials.is_empty() => {
            findings.add("records", State::Well, "none is kept for longer than its plan says");
        }
        Ok(trials) => {
            for (trial, due) in trials {
                let since = due.date_naive();
                let said = format!(
                    "those of {trial} are still kept, although their time was over on {since}; is a server running, with the right clock?"
                );
                findings.add("records", State::Wrong, said);
            }
        }
    }
}

/// A file that is whole as a database may hold another arm than chance gave.
async fn look_at_draws(store: &Store, key: &MasterKey, findings: &mut Findings) {
    match App::draws_that_differ(store, key).await {
        Err(error) => findings.add("draws", State::Wrong, in_full(error).to_string()),
        Ok((agree, differ)) => {
            if differ.is_empty() {
                findings.add("draws", State::Well, format!("{agree} come out again as they are kept"));
            }
            for (trial, why) in differ {
                findings.add("draws", State::Wrong, format!("{trial}: {why}"));
            }
        }
    }
}

/// When the disk was full last, as the audit tells.
async fn look_for_full_disk(store: &Store, findings: &mut Findings) {
    match store.read(|c| audit::latest(c, audit::DISK, audit::DISK_FULL)).await {
        Err(error) => findings.add("disk", State::Wrong, error.to_string()),
        Ok(None) => {}
        Ok(Some(entry)) => {
            let at = DateTime::<Utc>::from_timestamp_micros(entry.at).unwrap_or_default();
            findings.add("disk", State::Note, format!("it was full on {}", at.format("%-d %B %Y at %H:%M UTC")));
        }
    }
}

async fn look_at_events(store: &Store, findings: &mut Findings) {
    match store.read(log_check::check).await {
        Err(error) => findings.add("events", State::Wrong, error.to_string()),
        Ok(checked) if checked.changed_in_all == 0 => {
            findings.add("events", State::Well, format!("{}, each as it came", checked.events));
            if checked.lacking > 0 {
                let said = format!(
                    "their senders were told that {} more are kept: corrections whose event never came, or rows that somebody took away",
                    checked.lacking
                );
                findings.add("events", State::Note, said);
            }
        }
        Ok(checked) => {
            let places: Vec<String> = checked.changed.iter().map(ToString::to_string).collect();
            let (all, places) = (checked.changed_in_all, places.join(", "));
            let said = format!(
                "{all} of {} are not what came; the first stand at {places}. Bring a backup back, and have what came since sent again",
                checked.events
            );
            findings.add("events", State::Wrong, said);
        }
    }
}

async fn look_inside(settings: &Settings, url: &DatabaseUrl, findings: &mut Findings) {
    let store = match Store::open(url, WriterSettings::default()) {
        Ok(store) => store,
        Err(error) => return findings.add("database", State::Wrong, error.to_string()),
    };
    match present_master_key(settings) {
        Err(error) => findings.add("master key", State::Wrong, format!("{error:#}")),
        Ok(key) => match App::check_master_key(&store, &key).await {
            Ok(()) => {
                findings.add("master key", State::Well, "it opens what the database holds");
                look_for_overdue_records(&store, &key, findings).await;
                look_at_draws(&store, &key, findings).await;
            }
            Err(error) => findings.add("master key", State::Wrong, in_full(error).to_string()),
        },
    }
    match store.read(|c| audit::check(c, &[])).await {
        Err(error) => findings.add("audit", State::Wrong, error.to_string()),
        Ok(checked) if checked.found == 0 => {
            findings.add("audit", State::Well, format!("{} entries, each as it was written", checked.head.0));
        }
        Ok(checked) => {
            for finding in checked.findings {
                findings.add("audit", State::Wrong, finding.detail);
            }
        }
    }
    look_for_full_disk(&store, findings).await;
    look_at_events(&store, findings).await;
    match store.read(api_keys::all_valid).await {
        Err(error) => findings.add("keys", State::Wrong, error.to_string()),
        Ok(keys) => {
            let before = (system_ambient().now() - UNUSED).timestamp_micros();
            let unused = keys.iter().filter(|key| key.last_used_at.unwrap_or(key.created_at) < before);
            let names: Vec<String> = unused.map(|key| format!("{} ({})", key.name, key.public_id)).collect();
            if names.is_empty() {
                findings.add("keys", State::Well, format!("{} in use", keys.len()));
            } else {
                let said = format!("not used for {} days: {}", UNUSED.num_days(), names.join(", "));
                findings.add("keys", State::Note, said);
            }
        }
    }
}
