//! `fairtrial demo`.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
    sync::Mutex,
};

use anyhow::{Context, ensure};
use fairtrial_app::{
    Ambient,
    demo::{DemoClock, Demonstration, play},
};
use serde_json::{Value, json};

use super::{Failure, serve};
use crate::{
    config::Settings,
    server::{SystemClock, SystemRandomness, open_to_serve, start_log},
};

/// Says that everything in a folder is made up and may be erased.
const MARK: &str = "made-up-data";

/// What a demonstration leaves in its folder.
const FILES: [&str; 6] =
    ["demo.json", "kept.fold", "fairtrial.db", "fairtrial.db-wal", "fairtrial.db-shm", "master.key"];

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let _log = start_log(settings.log_level, settings.log_format);
    clear(&settings.data)?;
    actix_web::rt::System::new().block_on(async {
        let clock = DemoClock::new(SystemClock);
        let app = open_to_serve(settings, Ambient::new(clock.clone(), SystemRandomness)).await?.app;
        let progress = Progress::default();
        let demonstration = play(&app, &clock, &|share| progress.tell(share)).await?;
        progress.end();
        let description = |own: &str| {
            let public = settings.public_url.as_ref().map_or(own, |url| url.as_str());
            write_whole(&settings.data.join("demo.json"), &describe(&demonstration, own, public))
        };
        Ok(serve::answer(settings, serve::listen(settings)?, app, true, serve::told_to_stop()?, description).await?)
    })
}

/// Makes the folder, or empties one that an earlier demonstration filled. Any other data are left alone.
fn clear(folder: &Path) -> anyhow::Result<()> {
    let mark = folder.join(MARK);
    if !mark.exists() {
        let strange = FILES.iter().map(|name| folder.join(name)).find(|path| path.exists());
        ensure!(
            strange.is_none(),
            "{} holds data that no demonstration made: name another folder with --data",
            folder.display()
        );
        fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        fs::write(&mark, "Everything here is made up by `fairtrial demo`, and made anew each time.\n")
            .with_context(|| format!("{} cannot be written", mark.display()))?;
    }
    for path in FILES.iter().map(|name| folder.join(name)).filter(|path| path.exists()) {
        fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    Ok(())
}

fn describe(demonstration: &Demonstration, own: &str, public: &str) -> Value {
    let accounts: Vec<Value> = demonstration
        .accounts
        .iter()
        .map(|account| {
            json!({"role": account.role, "email": account.email, "password": account.password, "agency": account.agency})
        })
        .collect();
    let keys: Vec<Value> = demonstration
        .keys
        .iter()
        .map(|key| {
            let environment = if key.live { "live" } else { "test" };
            json!({"name": key.name, "agency": key.agency, "scopes": key.scopes, "environment": environment,
                "token": key.token})
        })
        .collect();
    let trials: Vec<Value> = demonstration
        .trials
        .iter()
        .map(|trial| json!({"key": trial.key, "agency": trial.agency, "state": trial.state, "what": trial.what}))
        .collect();
    json!({"base_url": own, "public_url": public, "accounts": accounts, "keys": keys, "trials": trials})
}

/// The file appears whole or not at all: scripts wait for it.
fn write_whole(path: &Path, value: &Value) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    let write = || -> std::io::Result<()> {
        fs::write(&part, format!("{value:#}\n"))?;
        fs::rename(&part, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// The share that is done, on a terminal.
#[derive(Default)]
struct Progress(Mutex<u32>);

impl Progress {
    fn tell(&self, share: f64) {
        let percent = (share.clamp(0.0, 1.0) * 100.0) as u32;
        let mut told = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if percent > *told && std::io::stderr().is_terminal() {
            *told = percent;
            drop(write!(std::io::stderr(), "\rplaying months of made-up trials: {percent} %"));
        }
    }

    fn end(&self) {
        if std::io::stderr().is_terminal() {
            drop(writeln!(std::io::stderr()));
        }
    }
}
