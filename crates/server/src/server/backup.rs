//! A backup is a folder: a copy of the database, and a manifest that says what the copy holds and that only the master key's
//! holder can have written. The key itself is not in it: whoever finds a backup alone can match nobody.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use fairtrial_app::MasterKey;
use fairtrial_domain::{canonical::hex, checkpoint::Checkpoint};
use fairtrial_store::{
    DatabaseUrl, Store,
    backup::{self, Contents},
};
use serde::{Deserialize, Serialize};

use super::installation::{key_in, present_master_key};
use crate::config::{MasterKeyBytes, Settings};

const SCHEMA: &str = "fairtrial/backup/1";
const MANIFEST: &str = "manifest.json";
const KEY: &str = "master.key";

/// What a backup says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: String,
    /// Version of the program that made it.
    pub program: String,
    /// When it was made.
    pub created_at: String,
    /// `sqlite` or `postgres`: a backup is restored to the kind of database that it comes from.
    pub database: String,
    /// The copy's file.
    pub file: CopyFile,
    migrations: Vec<String>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    audit: AuditHead,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    proof: String,
}

/// The copy's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    name: String,
    /// Its size.
    pub bytes: u64,
    sha256: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditHead {
    size: i64,
    root: String,
}

impl Manifest {
    fn new(url: &DatabaseUrl, file: CopyFile, contents: Contents, now: DateTime<Utc>) -> Self {
        Self {
            schema: SCHEMA.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            created_at: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            database: kind(url).into(),
            file,
            migrations: contents.migrations,
            rows: contents.rows,
            audit: AuditHead { size: contents.audit.size, root: hex(&contents.audit.root) },
            proof: String::new(),
        }
    }

    /// The proof of everything else.
    fn proof(&self, key: &MasterKey) -> anyhow::Result<String> {
        let unproven = Self { proof: String::new(), ..self.clone() };
        Ok(key.proof("backup manifest", &serde_json::to_string(&unproven)?)?)
    }

    fn read(folder: &Path, key: &MasterKey) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let manifest: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is no manifest of a backup", path.display()))?;
        ensure!(manifest.schema == SCHEMA, "{} is of another kind: {}", path.display(), manifest.schema);
        ensure!(
            manifest.proof == manifest.proof(key)?,
            "{} was changed, or belongs to an installation with another master key",
            path.display()
        );
        Ok(manifest)
    }

    fn contents(&self) -> anyhow::Result<Contents> {
        let root = unhex(&self.audit.root).ok_or_else(|| anyhow!("the manifest holds no hash"))?;
        let audit = Checkpoint { size: self.audit.size, root };
        Ok(Contents { migrations: self.migrations.clone(), rows: self.rows.clone(), audit })
    }
}

/// Makes a backup in a folder that does not exist yet. While it is made it bears another name, so that a folder of that name is
/// a whole backup.
///
/// The master key's file is copied too when one is named.
///
/// # Errors
/// When the folder is there, cannot be written, or the database cannot be copied; nothing stays then.
pub fn make(
    url: &DatabaseUrl,
    key: &MasterKey,
    key_file: Option<&Path>,
    folder: &Path,
    now: DateTime<Utc>,
) -> anyhow::Result<Manifest> {
    ensure!(!folder.exists(), "{} is there already: a backup needs a folder of its own", folder.display());
    let partial = partial(folder)?;
    let made = fill(url, key, &partial, now).and_then(|manifest| {
        if let Some(file) = key_file {
            let copied = fs::copy(file, partial.join(KEY)).and_then(|_| File::open(partial.join(KEY))?.sync_all());
            copied.with_context(|| format!("the master key {} cannot be copied", file.display()))?;
        }
        fs::rename(&partial, folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        File::open(parent(folder))?.sync_all()?;
        Ok(manifest)
    });
    if made.is_err() {
        drop(fs::remove_dir_all(&partial));
    }
    made
}

fn fill(url: &DatabaseUrl, key: &MasterKey, folder: &Path, now: DateTime<Utc>) -> anyhow::Result<Manifest> {
    let name = match url {
        DatabaseUrl::Sqlite(_) => "fairtrial.db",
        DatabaseUrl::Postgres(_) => "fairtrial.dump",
    };
    let copy = folder.join(name);
    let contents = backup::copy(url, &copy)?;
    let (bytes, sha256) = backup::fingerprint(&copy)?;
    let mut manifest = Manifest::new(url, CopyFile { name: name.into(), bytes, sha256 }, contents, now);
    manifest.proof = manifest.proof(key)?;
    let mut file = File::create_new(folder.join(MANIFEST))?;
    writeln!(file, "{}", serde_json::to_string_pretty(&manifest)?)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok(manifest)
}

/// A database that was made from a backup.
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Whether it comes from an older version.
    pub needs_migration: bool,
}

/// Makes a database from a backup, where there is none. When the backup brings its master key, and none is there, it is put
/// into the data folder.
///
/// # Errors
/// When the manifest or the copy was changed or is of another installation, when there is a database already, or when what was
/// restored is not what the manifest says.
pub fn restore(settings: &Settings, url: &DatabaseUrl, folder: &Path) -> anyhow::Result<Restored> {
    let (brought, own) = (folder.join(KEY), settings.data.join(KEY));
    let brings = settings.master_key.is_none() && !own.exists() && brought.exists();
    let key = if brings { key_in(&brought) } else { present_master_key(settings) }?;
    let manifest = Manifest::read(folder, &key)?;
    ensure!(
        manifest.database == kind(url),
        "the backup is of {}, and the database is {}: a backup is restored to its own kind",
        manifest.database,
        kind(url)
    );
    let copy = folder.join(&manifest.file.name);
    let found = backup::fingerprint(&copy)?;
    ensure!(
        found == (manifest.file.bytes, manifest.file.sha256.clone()),
        "{} is not the file that the manifest describes: it was cut off or changed",
        copy.display()
    );
    if brings {
        let copied = fs::copy(&brought, &own).and_then(|_| File::open(&own)?.sync_all());
        copied.with_context(|| format!("the master key {} cannot be written", own.display()))?;
    }
    backup::restore(url, &copy, &manifest.contents()?)?;
    Ok(Restored { manifest, needs_migration: Store::needs_migration(url)? })
}

fn kind(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite(_) => "sqlite",
        DatabaseUrl::Postgres(_) => "postgres",
    }
}

/// A new folder beside the one that is to be, which only its owner can read: the copy holds what people answered.
fn partial(folder: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(name) = folder.file_name() else { bail!("{} names no folder", folder.display()) };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    let partial = parent(folder).join(hidden);
    let made = fs::DirBuilder::new().mode(0o700).create(&partial);
    made.with_context(|| {
        format!("{} cannot be made; one that an earlier backup left can be removed", partial.display())
    })?;
    Ok(partial)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    MasterKeyBytes::from_hex(text).map(|bytes| *bytes.reveal())
}
