//! What the program says while it runs: on standard error, as lines or as JSON.
//!
//! Whoever takes the lines may stop taking them: a pipe that is full holds up whoever writes into it. So they are handed to a thread
//! of their own, a bounded number waits, and the rest is counted and lost: nobody's call waits for the log.

use std::{
    io::{self, Write},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogLevel};

/// Lines that may wait to be written.
const WAITING: usize = 8_192;

/// How long the end of the program waits for what was said last.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines that were lost since the program began.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Lines of the log that found nobody to take them.
pub(super) fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

enum Said {
    Line(Vec<u8>),
    /// All before it has been written.
    End(SyncSender<()>),
}

/// A log under way. What was said last is written when it is dropped, unless nobody takes it.
#[derive(Debug)]
#[must_use = "what is said last may be lost with the process"]
pub struct Log(SyncSender<Said>);

impl Drop for Log {
    fn drop(&mut self) {
        let (tell, told) = mpsc::sync_channel(1);
        if self.0.try_send(Said::End(tell)).is_ok() {
            // After a while nobody will take it any more.
            let _ = told.recv_timeout(PATIENCE);
        }
    }
}

/// Where one event of the log is written, which is done in one piece.
struct Lines(SyncSender<Said>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Said::Line(line.to_owned())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts the log. A second call in one process changes nothing.
pub fn start_log(level: LogLevel, format: LogFormat) -> Log {
    // Libraries speak only when something is wrong: at finer levels they print what they are given, bodies included.
    let ours = ["server", "app", "store"].map(|name| format!("fairtrial_{name}={}", level.as_str())).join(",");
    let others = if level == LogLevel::Error { "error" } else { "warn" };
    // What callers send that is no HTTP is answered or cut off by the HTTP library, which would call each an error of ours.
    let filter = EnvFilter::new(format!("{others},actix_http=off,{ours}"));
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    let lines = sender.clone();
    let writer = move || Lines(lines.clone());
    // A log that cannot be written must not take the server with it.
    let subscriber = fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let started = match format {
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    // It fails only when another log has been started, which then is the one that is used.
    drop(started);
    // Without a thread nothing can be said, and everything counts as lost.
    drop(thread::Builder::new().name("log".into()).spawn(move || write_out(&receiver, format)));
    Log(sender)
}

fn write_out(lines: &Receiver<Said>, format: LogFormat) {
    let (mut out, mut told) = (io::stderr(), 0);
    for said in lines {
        match said {
            // Whoever cannot write has nobody to tell.
            Said::Line(line) => drop(out.write_all(&line)),
            Said::End(done) => drop(done.try_send(())),
        }
        let lost = lost_lines();
        if lost > told {
            drop(match format {
                LogFormat::Json => {
                    writeln!(out, "{{\"level\":\"WARN\",\"message\":\"lines of the log were lost\",\"lost\":{lost}}}")
                }
                LogFormat::Text => writeln!(out, "WARN lines of the log were lost lost={lost}"),
            });
            told = lost;
        }
    }
}
