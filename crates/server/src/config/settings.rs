//! The settings themselves, checked.

use std::{fmt, net::SocketAddr, path::PathBuf};

use fairtrial_analysis::release::Policy;
use fairtrial_app::{
    public::removal::{FEWEST_DAYS, USUAL_DAYS},
    trials::release::ReleaseRules,
};

use super::alerts::AlertSettings;
use super::sources::{ConfigError, Found, SETTINGS, Setting, Sources};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the server listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Folder of the SQLite database.
    pub data: PathBuf,
    /// The database.
    pub database_url: DatabaseUrl,
    /// The key that opens the database's secrets; none for the one in the data folder.
    pub master_key: Option<MasterKeyBytes>,
    /// Address that people use, when it is not the one the server listens on.
    pub public_url: Option<PublicUrl>,
    /// Where counts of requests are read; none for nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// How much is said.
    pub log_level: LogLevel,
    /// In which form.
    pub log_format: LogFormat,
    /// Threads that answer requests; none for one for each processor.
    pub workers: Option<usize>,
    /// Seconds for requests under way to finish.
    pub shutdown_seconds: u64,
    /// Bytes of events that may wait in the data folder while a PostgreSQL database is away; 0 for none.
    pub spool_bytes: u64,
    /// Bytes that are set aside beside a SQLite database for when its disk is full; 0 for none.
    pub ballast_bytes: u64,
    /// Days for which a question or a complaint stays after its answer.
    pub message_days: u32,
    /// Who may be called when something wants a person.
    pub alerts: AlertSettings,
    /// How numbers are controlled that leave those who analyse a trial.
    pub release: ReleaseRules,
}

/// Address of the database. It may hold a password, so it is never printed whole.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address with its password.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The kind of database, and for SQLite its file.
    #[must_use]
    pub fn without_password(&self) -> String {
        match self.0.split_once("://") {
            Some((kind, rest)) => format!("{kind}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
            None => self.0.clone(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

/// The installation's master key.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKeyBytes([u8; 32]);

impl MasterKeyBytes {
    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for MasterKeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeyBytes(..)")
    }
}

/// An absolute address, `http` or `https`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether people reach the server by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what may fail.
    Warn,
    /// And each request.
    Info,
    /// And steps.
    Debug,
    /// And everything.
    Trace,
}

impl LogLevel {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// In which form it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// Settles every setting.
    ///
    /// # Errors
    /// The first setting that is wrong, with where it came from. A secret's value is never repeated.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let data = read(sources, "data", |text| non_empty(text, "a folder"))?;
        let data = PathBuf::from(data.unwrap_or_else(|| sources.default_data().to_owned()));
        let database_url = match read(sources, "database-url", database_url)? {
            Some(url) => url,
            None => DatabaseUrl(format!("sqlite:{}", data.join("fairtrial.db").display())),
        };
        Ok(Self {
            listen: read(sources, "listen", listen)?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            data,
            database_url,
            master_key: read(sources, "master-key", master_key)?,
            public_url: read(sources, "public-url", public_url)?,
            metrics_listen: read(sources, "metrics-listen", listen)?,
            log_level: read(sources, "log-level", log_level)?.unwrap_or(LogLevel::Info),
            log_format: read(sources, "log-format", log_format)?.unwrap_or(LogFormat::Text),
            workers: read(sources, "workers", |text| number(text, 1, 256))?.and_then(|n| usize::try_from(n).ok()),
            shutdown_seconds: read(sources, "shutdown-seconds", |text| number(text, 0, 3600))?.unwrap_or(10),
            spool_bytes: read(sources, "spool-megabytes", |text| number(text, 0, 1_000_000))?.unwrap_or(1_024) << 20,
            ballast_bytes: read(sources, "ballast-megabytes", |text| number(text, 0, 100_000))?.unwrap_or(64) << 20,
            message_days: message_days(sources)?,
            alerts: AlertSettings::from_sources(sources)?,
            release: release(sources)?,
        })
    }

    /// Whether people reach the server by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// The settings as lines for a person, without secrets.
    #[must_use]
    pub fn describe(&self) -> String {
        let public = self.public_url.as_ref().map_or("the address it listens on", PublicUrl::as_str);
        let metrics = self.metrics_listen.map_or("off".into(), |address| address.to_string());
        let workers = self.workers.map_or("one for each processor".into(), |n| n.to_string());
        format!(
            "listen            {}\npublic address    {public}\nmetrics           {metrics}\ndata folder       {}\ndatabase          {}\n\
             master key        {}\nlog               {}, as {}\nworkers           {workers}\nshutdown seconds  {}\n\
             spool             up to {} MB of events while a PostgreSQL database is away\n\
             ballast           up to {} MB beside a SQLite database, for when its disk is full\n\
             messages          kept for {} days after their answer\n\
             alerts            {}\n\
             released counts   from {}, averages of at least {}, the agency\u{2019}s programs get {} numbers\n",
            self.listen,
            self.data.display(),
            self.database_url.without_password(),
            if self.master_key.is_some() { "from the settings" } else { "in the data folder" },
            self.log_level.as_str(),
            if self.log_format == LogFormat::Json { "json" } else { "text" },
            self.shutdown_seconds,
            self.spool_bytes >> 20,
            self.ballast_bytes >> 20,
            self.message_days,
            self.alerts.describe(),
            self.release.policy.suppress_below(),
            self.release.policy.sums_below(),
            if self.release.exact_for_programs { "exact" } else { "released" },
        )
    }
}

/// Finds a setting and reads its text; an error says what was expected.
pub(super) fn read<T>(
    sources: &Sources,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else { return Ok(None) };
    let Some(found) = sources.find(setting)? else { return Ok(None) };
    parse(&found.text).map(Some).map_err(|expected| wrong(setting, &found, &expected))
}

/// Days for which messages stay after their answer: whoever asked must have time to read it.
fn message_days(sources: &Sources) -> Result<u32, ConfigError> {
    let days = read(sources, "messages-days", |text| number(text, FEWEST_DAYS.into(), 3_650))?;
    Ok(days.and_then(|days| u32::try_from(days).ok()).unwrap_or(USUAL_DAYS))
}

/// The rules of release. A threshold below the standard is no setting but a mistake, and stops the start.
fn release(sources: &Sources) -> Result<ReleaseRules, ConfigError> {
    let standard = Policy::STANDARD;
    let threshold = |text: &str, least: u64| number(text, least, 1_000);
    let suppress_below = read(sources, "release-suppress-below", |text| threshold(text, standard.suppress_below()))?;
    let sums_below = read(sources, "release-sums-below", |text| threshold(text, standard.sums_below()))?;
    let exact = |text: &str| match text {
        "exact" => Ok(true),
        "controlled" => Ok(false),
        _ => Err("exact or controlled".to_owned()),
    };
    let exact_for_programs = read(sources, "release-agency", exact)?.unwrap_or(false);
    let policy = Policy::new(
        standard.base(),
        suppress_below.unwrap_or(standard.suppress_below()),
        sums_below.unwrap_or(standard.sums_below()),
    );
    let policy = policy.map_err(|error| ConfigError::new("release", error.to_string()))?;
    Ok(ReleaseRules { policy, exact_for_programs })
}

fn wrong(setting: &Setting, found: &Found, expected: &str) -> ConfigError {
    let what = match setting.secret {
        true => format!("its value is not {expected}"),
        false => format!("{:?} is not {expected}", found.text),
    };
    ConfigError::new(&found.place, what)
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080".into())
}

fn non_empty(text: &str, expected: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('\0') { Err(expected.into()) } else { Ok(text.to_owned()) }
}

fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    let known = ["postgres://", "postgresql://"].iter().any(|start| text.starts_with(start))
        || text.strip_prefix("sqlite:").is_some_and(|file| !file.is_empty());
    if known && !text.contains(['\0', '\n']) {
        Ok(DatabaseUrl(text.to_owned()))
    } else {
        Err("sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE".into())
    }
}

fn master_key(text: &str) -> Result<MasterKeyBytes, String> {
    MasterKeyBytes::from_hex(text).ok_or_else(|| "64 hexadecimal digits".into())
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let expected = || "an address such as https://trials.example.govt.nz, without a path".to_owned();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(expected)?;
    let host = host.strip_suffix('/').unwrap_or(host);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return Err(expected());
    }
    Ok(PublicUrl(text.trim_end_matches('/').to_owned()))
}

fn log_level(text: &str) -> Result<LogLevel, String> {
    [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace]
        .into_iter()
        .find(|level| level.as_str() == text)
        .ok_or_else(|| "error, warn, info, debug or trace".into())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json".into()),
    }
}

fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::sources::{Flags, ServerFlags};
    use super::*;

    fn settle(flag: Option<&str>, environment: &[(&str, &str)], file: Option<&str>) -> Result<Settings, ConfigError> {
        let server = ServerFlags { listen: flag.map(str::to_owned), ..ServerFlags::default() };
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let file: BTreeMap<&'static str, String> = file.map(|text| ("listen", text.to_owned())).into_iter().collect();
        Settings::from_sources(&Sources::of(&Flags::default(), &server, environment, file))
    }

    #[test]
    fn flag_beats_environment_beats_file_beats_default() {
        let port = |result: Result<Settings, ConfigError>| result.unwrap().listen.port();
        let (flag, env, file) = (Some("127.0.0.1:1"), [("FAIRTRIAL_LISTEN", "127.0.0.1:2")], Some("127.0.0.1:3"));
        assert_eq!(port(settle(flag, &env, file)), 1);
        assert_eq!(port(settle(None, &env, file)), 2);
        assert_eq!(port(settle(None, &[], file)), 3);
        assert_eq!(port(settle(None, &[], None)), 8080);
    }

    #[test]
    fn an_error_names_the_source_and_never_a_secret() {
        let error = settle(None, &[("FAIRTRIAL_LISTEN", "here")], None).unwrap_err().to_string();
        assert_eq!(error, "FAIRTRIAL_LISTEN: \"here\" is not ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080");
        let error = settle(None, &[("DATABASE_URL", "mysql://me:hidden@host/db")], None).unwrap_err().to_string();
        assert!(error.starts_with("DATABASE_URL") && !error.contains("hidden"), "{error}");
        let settings = settle(None, &[("DATABASE_URL", "postgres://me:hidden@host/db")], None).unwrap();
        assert!(!settings.describe().contains("hidden") && !format!("{settings:?}").contains("hidden"));
    }

    #[test]
    fn bad_values_are_refused() {
        for (name, text) in [
            ("FAIRTRIAL_WORKERS", "0"),
            ("FAIRTRIAL_WORKERS", "many"),
            ("FAIRTRIAL_LOG_LEVEL", "loud"),
            ("FAIRTRIAL_LOG_FORMAT", "xml"),
            ("FAIRTRIAL_PUBLIC_URL", "trials.example"),
            ("FAIRTRIAL_PUBLIC_URL", "https://x/path"),
            ("FAIRTRIAL_SHUTDOWN_SECONDS", "-1"),
            ("FAIRTRIAL_DATA", ""),
            ("FAIRTRIAL_RELEASE_SUPPRESS_BELOW", "5"),
            ("FAIRTRIAL_RELEASE_SUMS_BELOW", "19"),
            ("FAIRTRIAL_RELEASE_AGENCY", "off"),
            ("FAIRTRIAL_ALERT_HOSTS", "a.example,*.example"),
            ("FAIRTRIAL_ALERT_NETWORKS", "10.0.0.1/8"),
            ("DATABASE_URL", "sqlite:"),
            ("FAIRTRIAL_MASTER_KEY", "0123"),
            ("FAIRTRIAL_MASTER_KEY", &"g".repeat(64)),
            ("DATABASE_URL_FILE", "/nowhere/at/all"),
        ] {
            let error = settle(None, &[(name, text)], None).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://u:p@h/d\n").unwrap();
        let path = file.path().to_str().unwrap();
        let read = settle(None, &[("DATABASE_URL_FILE", path)], None).unwrap();
        assert_eq!(read.database_url.reveal(), "postgres://u:p@h/d");
        let both = [("DATABASE_URL_FILE", path), ("DATABASE_URL", "sqlite:x")];
        assert!(settle(None, &both, None).unwrap_err().to_string().contains("set one of them"));
    }
}
