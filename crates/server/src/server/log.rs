//! What the program says while it runs: on standard error, as lines or as JSON.

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogLevel};

/// Starts the log. A second call in one process changes nothing.
pub fn start_log(level: LogLevel, format: LogFormat) {
    // Libraries speak only when something is wrong: at finer levels they print what they are given, bodies included.
    let ours = ["server", "app", "store"].map(|name| format!("fairtrial_{name}={}", level.as_str())).join(",");
    let others = if level == LogLevel::Error { "error" } else { "warn" };
    // What callers send that is no HTTP is answered or cut off by the HTTP library, which would call each an error of ours.
    let filter = EnvFilter::new(format!("{others},actix_http=off,{ours}"));
    // A log that cannot be written must not take the server with it.
    let subscriber = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let started = match format {
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    // It fails only when another log has been started, which then is the one that is used.
    drop(started);
}
