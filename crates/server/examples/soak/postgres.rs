//! The server of PostgreSQL itself, as a story kills it.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
};

use super::said;

/// The address of a new database beside this one.
pub(super) fn beside(url: &str, number: usize) -> String {
    let name = format!("copy_{number}");
    said("psql", &["-X", "-q", "-c", &format!("CREATE DATABASE {name}"), url]).expect("a database can be made");
    let (server, _) = url.rsplit_once('/').expect("a database");
    format!("{server}/{name}")
}

/// The server of PostgreSQL itself, which `scripts/postgres` has started for nobody else.
pub(super) struct Postgres {
    url: String,
    pub(super) data: PathBuf,
    /// Its first process: the disk may not tell when it is to be killed.
    first: Mutex<String>,
}

impl Postgres {
    pub(super) fn of(url: &str) -> Self {
        let data = said("psql", &["-X", "-A", "-t", "-c", "SHOW data_directory", url]).expect("the server answers");
        let server = Self { url: url.to_owned(), data: data.into(), first: Mutex::default() };
        server.remember();
        server
    }

    fn remember(&self) {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).expect("it runs");
        file.lines().next().expect("a process").clone_into(&mut self.first.lock().unwrap());
    }

    /// Ends it with all that it has started, as a loss of power does.
    pub(super) fn kill(&self) {
        let first = self.first.lock().unwrap().clone();
        let others = said("ps", &["--ppid", &first, "-o", "pid="]).unwrap_or_default();
        for pid in std::iter::once(first.as_str()).chain(others.split_whitespace()) {
            // One of them may have ended by itself in between.
            drop(Command::new("kill").args(["-9", pid]).stderr(Stdio::null()).status());
        }
    }

    /// Starts it again as it was started, and waits until it answers.
    pub(super) fn start(&self) {
        drop(std::fs::remove_file(self.data.join("postmaster.pid")));
        // Whoever was killed may not have been buried yet, and would be taken for a server that still runs.
        let folder = self.data.parent().expect("a folder");
        let files = std::fs::read_dir(folder).expect("its files").map(|file| file.expect("a file").path());
        for lock in files.filter(|file| file.extension().is_some_and(|kind| kind == "lock")) {
            drop(std::fs::remove_file(lock));
        }
        let line = std::fs::read_to_string(self.data.join("postmaster.opts")).expect("how it was started");
        let log = std::fs::File::create(self.data.join("log-again")).expect("a log");
        let mut command = if said("id", &["-u"]).as_deref() == Some("0") {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]);
            command
        } else {
            Command::new("env")
        };
        command.args(["sh", "-c", &format!("exec {line}")]).current_dir("/").stdout(Stdio::null()).stderr(log);
        drop(command.spawn().expect("it starts"));
        while said("psql", &["-X", "-A", "-t", "-c", "SELECT 1", &self.url]).as_deref() != Some("1") {
            std::thread::yield_now();
        }
        self.remember();
    }
}
