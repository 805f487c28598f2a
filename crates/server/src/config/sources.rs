//! The four sources of a setting, and which one wins.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use thiserror::Error;

use super::file;

/// A setting by its name, which is that of its flag.
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// An environment variable beside `FAIRTRIAL_…`.
    also: Option<&'static str>,
    /// Whether its value stays out of every message.
    pub(super) secret: bool,
}

impl Setting {
    fn environment_name(&self) -> String {
        format!("FAIRTRIAL_{}", self.file_name().to_uppercase())
    }

    pub(super) fn file_name(&self) -> String {
        self.name.replace('-', "_")
    }
}

const fn setting(name: &'static str) -> Setting {
    Setting { name, also: None, secret: false }
}

/// All of them.
pub(super) const SETTINGS: [Setting; 19] = [
    setting("listen"),
    setting("data"),
    Setting { name: "database-url", also: Some("DATABASE_URL"), secret: true },
    Setting { name: "master-key", also: None, secret: true },
    setting("public-url"),
    setting("log-level"),
    setting("log-format"),
    setting("metrics-listen"),
    setting("workers"),
    setting("shutdown-seconds"),
    setting("spool-megabytes"),
    setting("ballast-megabytes"),
    setting("messages-days"),
    setting("alert-hosts"),
    setting("alert-networks"),
    setting("alert-authorities"),
    setting("release-suppress-below"),
    setting("release-sums-below"),
    setting("release-agency"),
];

/// A setting that is wrong, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {what}")]
pub struct ConfigError {
    place: String,
    what: String,
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// Where the data are and what is said about the work: flags of every command that touches the database.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// File of settings [default: fairtrial.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the SQLite database [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// sqlite:FILE or postgres://…; better in DATABASE_URL or a file named by DATABASE_URL_FILE
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Where the server listens and how it is reached: flags of the commands that serve.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerFlags {
    /// Address and port; port 0 picks a free one and prints it [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Address that people use, when a proxy stands in front; with https, cookies and headers insist on it
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Address and port where Prometheus reads /metrics [default: off]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Threads that answer requests [default: one for each processor]
    #[arg(long, value_name = "NUMBER")]
    pub workers: Option<String>,
    /// How long requests under way may take to finish when the server is told to stop [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub shutdown_seconds: Option<String>,
    /// Events that may wait in the data folder while a PostgreSQL database is away, in megabytes; 0 for none [default: 1024]
    #[arg(long, value_name = "NUMBER")]
    pub spool_megabytes: Option<String>,
    /// Room that is set aside beside a SQLite database, for a few last things when its disk is full, in megabytes; 0 for none [default: 64]
    #[arg(long, value_name = "NUMBER")]
    pub ballast_megabytes: Option<String>,
}

/// What each source says, before anything is checked.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, String>,
    file: BTreeMap<&'static str, String>,
    file_name: String,
    default_data: Option<&'static str>,
}

/// A setting's text and where it was found.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) place: String,
}

impl Sources {
    /// Gathers flags, environment and file.
    ///
    /// # Errors
    /// When the file of settings cannot be read, or the environment has a value that is not text.
    pub fn gather(flags: &Flags, server: &ServerFlags) -> Result<Self, ConfigError> {
        let environment = environment()?;
        let (path, must_exist) = match (&flags.config, environment.get("FAIRTRIAL_CONFIG")) {
            (Some(path), _) => (path.clone(), true),
            (None, Some(path)) => (PathBuf::from(path), true),
            (None, None) => (PathBuf::from(file::DEFAULT), false),
        };
        let file = file::read(&path, must_exist)?;
        Ok(Self { file_name: path.display().to_string(), ..Self::of(flags, server, environment, file) })
    }

    /// The same from values at hand.
    #[must_use]
    pub fn of(
        flags: &Flags,
        server: &ServerFlags,
        environment: BTreeMap<String, String>,
        file: BTreeMap<&'static str, String>,
    ) -> Self {
        let given = [
            ("data", &flags.data),
            ("database-url", &flags.database_url),
            ("log-level", &flags.log_level),
            ("log-format", &flags.log_format),
            ("listen", &server.listen),
            ("public-url", &server.public_url),
            ("metrics-listen", &server.metrics_listen),
            ("workers", &server.workers),
            ("shutdown-seconds", &server.shutdown_seconds),
            ("spool-megabytes", &server.spool_megabytes),
            ("ballast-megabytes", &server.ballast_megabytes),
        ];
        let flags = given.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect();
        Self { flags, environment, file, file_name: file::DEFAULT.into(), default_data: None }
    }

    /// The same with another data folder for when no source names one.
    #[must_use]
    pub fn with_default_data(self, folder: &'static str) -> Self {
        Self { default_data: Some(folder), ..self }
    }

    pub(super) fn default_data(&self) -> &'static str {
        self.default_data.unwrap_or("./data")
    }

    /// The first source that has the setting.
    pub(super) fn find(&self, setting: &Setting) -> Result<Option<Found>, ConfigError> {
        if let Some(text) = self.flags.get(setting.name) {
            return Ok(Some(Found { text: text.clone(), place: format!("--{}", setting.name) }));
        }
        for name in std::iter::once(setting.environment_name()).chain(setting.also.map(str::to_owned)) {
            if let Some(found) = self.in_environment(setting, name)? {
                return Ok(Some(found));
            }
        }
        let place = || format!("{}: {}", self.file_name, setting.file_name());
        Ok(self.file.get(setting.name).map(|text| Found { text: text.clone(), place: place() }))
    }

    /// A variable, or for a secret the file that `NAME_FILE` names.
    fn in_environment(&self, setting: &Setting, name: String) -> Result<Option<Found>, ConfigError> {
        let by_file = format!("{name}_FILE");
        match (self.environment.get(&name), self.environment.get(&by_file).filter(|_| setting.secret)) {
            (Some(_), Some(_)) => Err(ConfigError::new(name, format!("is set beside {by_file}; set one of them"))),
            (Some(text), None) => Ok(Some(Found { text: text.clone(), place: name })),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| ConfigError::new(&by_file, format!("{path} cannot be read: {error}")))?;
                Ok(Some(Found { text: text.trim_end_matches(['\r', '\n']).to_owned(), place: by_file }))
            }
            (None, None) => Ok(None),
        }
    }

    /// Variables that look as if they were meant for this program and are not known to it.
    #[must_use]
    pub fn unknown_variables(&self) -> Vec<String> {
        // The demonstration's script keeps the name of its folder in a variable.
        let known = |name: &str| {
            matches!(name, "FAIRTRIAL_CONFIG" | "FAIRTRIAL_DEMO_DATA")
                || SETTINGS.iter().any(|setting| {
                    let own = setting.environment_name();
                    name == own || (setting.secret && name.strip_suffix("_FILE") == Some(&own))
                })
        };
        self.environment
            .keys()
            .filter(|name| name.starts_with("FAIRTRIAL_") && !name.starts_with("FAIRTRIAL_TEST_") && !known(name))
            .cloned()
            .collect()
    }
}

/// The variables that concern this program: the one place that reads the environment.
fn environment() -> Result<BTreeMap<String, String>, ConfigError> {
    let mut read = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        let ours = name.starts_with("FAIRTRIAL_") || name == "DATABASE_URL" || name == "DATABASE_URL_FILE";
        if ours {
            let value = value.into_string().map_err(|_| ConfigError::new(&name, "is not UTF-8 text"))?;
            read.insert(name, value);
        }
    }
    Ok(read)
}
