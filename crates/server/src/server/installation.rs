//! What an installation consists of: a data folder, a database, a master key; opened, or made when there is nothing yet.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, anyhow, bail, ensure};
use fairtrial_app::{Ambient, App, AppError, MasterKey};
use fairtrial_store::{DatabaseUrl, Spool, Store, StoreError, WriterSettings, agencies, condition};

use super::system_ambient;
use crate::config::{MasterKeyBytes, Settings};

/// An opened installation.
pub struct Installation {
    /// The use cases.
    pub app: Arc<App>,
    /// The database beneath them, for the command line.
    pub store: Store,
}

/// Opens the installation that the settings describe. A new SQLite file gets its tables; an older one is left as it is,
/// because bringing it up to date is a step that somebody takes on purpose, after a backup.
///
/// # Errors
/// When folder, database or master key cannot be had, in a sentence for whoever runs the server.
pub async fn open(settings: &Settings) -> anyhow::Result<Installation> {
    open_with(settings, system_ambient(), Ok).await
}

/// The same for a server, which may keep events on its own disk while the database is away: one server for each data folder.
///
/// # Errors
/// As [`open`], and when another server uses the folder.
pub async fn open_to_serve(settings: &Settings, ambient: Ambient) -> anyhow::Result<Installation> {
    let installation = open_for_server(settings, ambient).await?;
    if let DatabaseUrl::Postgres(_) = installation.store.url() {
        let found = condition::examine(installation.store.url())?;
        for fault in found.faults {
            tracing::error!(fault, "the database does not keep what it says it has kept; fairtrial doctor tells more");
        }
        for note in found.notes {
            tracing::warn!(note, "the database could be kept more safely; docs/OPERATIONS.md says how");
        }
    }
    Ok(installation)
}

async fn open_for_server(settings: &Settings, ambient: Ambient) -> anyhow::Result<Installation> {
    open_with(settings, ambient, |store| match store.url() {
        // Its file is on the same disk: where that fails, a spool fails too.
        DatabaseUrl::Sqlite(_) => Ok(store),
        DatabaseUrl::Postgres(_) if settings.spool_bytes == 0 => Ok(store),
        DatabaseUrl::Postgres(_) => {
            Ok(store.with_spool(Spool::open(&settings.data.join("spool"), settings.spool_bytes)?))
        }
    })
    .await
}

async fn open_with(
    settings: &Settings,
    ambient: Ambient,
    equip: impl FnOnce(Store) -> anyhow::Result<Store>,
) -> anyhow::Result<Installation> {
    let url = database(settings)?;
    if let DatabaseUrl::Sqlite(path) = &url
        && !path.exists()
    {
        Store::migrate(&url)?;
    }
    let store = equip(Store::open(&url, WriterSettings::default())?)?;
    let is_new = store.read_blocking(|c| Ok(agencies::all(c)?.is_empty()))?;
    let key = master_key(settings, is_new)?;
    let key = MasterKey::new(key.reveal());
    let app = App::load_beside(Some(&settings.data), store.clone(), key, ambient).await.map_err(in_full)?;
    app.set_release_rules(settings.release);
    app.set_message_days(settings.message_days);
    app.set_alert_hosts(settings.alerts.hosts.clone());
    Ok(Installation { app, store })
}

/// Brings the database up to date; returns the names of the steps taken.
///
/// # Errors
/// When it cannot be reached or a step fails.
pub fn migrate(settings: &Settings) -> anyhow::Result<Vec<String>> {
    Ok(Store::migrate(&database(settings)?)?)
}

/// The database's address, after its folder has been made.
pub(crate) fn database(settings: &Settings) -> anyhow::Result<DatabaseUrl> {
    let folder = &settings.data;
    // Others on this machine have no business in it: it holds what became of people, and the master key.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
    let url: DatabaseUrl = settings.database_url.reveal().parse()?;
    if let DatabaseUrl::Sqlite(path) = &url {
        ensure!(!path.is_dir(), "{} is a folder, not a database", path.display());
    }
    Ok(url)
}

/// The master key of a database that holds something.
///
/// # Errors
/// When it is missing, or others on this machine can read it.
pub(crate) fn present_master_key(settings: &Settings) -> anyhow::Result<MasterKey> {
    Ok(MasterKey::new(master_key(settings, false)?.reveal()))
}

/// The master key in a file.
///
/// # Errors
/// When others on this machine can read it, or it is no key.
pub(super) fn key_in(path: &Path) -> anyhow::Result<MasterKey> {
    Ok(MasterKey::new(read_key(path)?.reveal()))
}

/// The configured key, or the one in the data folder. One is made only for a database that holds nothing yet: with
/// another key than its own, a database's secrets are lost.
fn master_key(settings: &Settings, is_new: bool) -> anyhow::Result<MasterKeyBytes> {
    if let Some(key) = &settings.master_key {
        return Ok(key.clone());
    }
    let path = settings.data.join("master.key");
    if path.exists() {
        return read_key(&path);
    }
    if !is_new {
        bail!(
            "the master key {} is missing: put it back, or name another with FAIRTRIAL_MASTER_KEY_FILE",
            path.display()
        );
    }
    make_key(&path)
}

fn read_key(path: &Path) -> anyhow::Result<MasterKeyBytes> {
    let shown = path.display();
    let mode = fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{shown} can be read by others on this machine: chmod 600 {shown}");
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    MasterKeyBytes::from_hex(text.trim_end()).ok_or_else(|| anyhow!("{shown} does not hold 64 hexadecimal digits"))
}

fn make_key(path: &Path) -> anyhow::Result<MasterKeyBytes> {
    let bytes: [u8; 32] = system_ambient().bytes();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    };
    write().with_context(|| format!("the master key {} cannot be written", path.display()))?;
    MasterKeyBytes::from_hex(&text).ok_or_else(|| anyhow!("a new key cannot be read"))
}

/// An error with its reason, which callers over the network are not told: here it is for whoever runs the server.
pub(crate) fn in_full(error: AppError) -> anyhow::Error {
    match error {
        AppError::Internal(why) => anyhow!(why),
        AppError::Unavailable(why) => StoreError::Unavailable(why).into(),
        error => error.into(),
    }
}
