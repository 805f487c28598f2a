//! A server of PostgreSQL with another beside it that has every commit before it is answered (`synchronous_standby_names`), as a story
//! loses the first with its disk.

use std::{
    cell::RefCell,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::{
    faults::{
        house::House,
        stories::{Absence, Outcome, Size, address_in, without_store},
    },
    postgres::Postgres,
    said,
};

/// Longer than any time limit of a statement: a commit that gives up waiting for the other server is a commit all the same.
const LONG: Duration = Duration::from_secs(70);

/// Whether the first server waits for the other before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    Yes,
    /// What is written last is on one disk only: to be found out.
    No,
}

/// The server that keeps, and the one that follows it. They change places.
struct Pair {
    home: PathBuf,
    database: String,
    ports: [u16; 2],
    waits: Waits,
    standing: RefCell<Standing>,
}

struct Standing {
    first: Postgres,
    /// Which of the ports the first has.
    port: usize,
    /// The folder of the other.
    other: PathBuf,
    made: u32,
}

impl Pair {
    /// Gives the server a second one.
    fn of(url: &str, waits: Waits) -> Self {
        let first = Postgres::of(url);
        let home = first.data.parent().expect("a folder").to_owned();
        let free = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").port();
        let (_, database) = url.rsplit_once('/').expect("a database");
        let other = PathBuf::new();
        let pair = Self {
            home,
            database: database.to_owned(),
            ports: [address_in(url).port(), free],
            waits,
            standing: RefCell::new(Standing { first, port: 0, other, made: 0 }),
        };
        if waits == Waits::Yes {
            pair.ask(0, "ALTER SYSTEM SET synchronous_standby_names TO '*'");
            pair.ask(0, "SELECT pg_reload_conf()");
        }
        pair.follow();
        pair
    }

    /// Where both are, for a program that takes whichever may be written to.
    fn url(&self) -> String {
        let [one, other] = self.ports;
        format!(
            "postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}/{}?target_session_attrs=read-write",
            self.database
        )
    }

    fn url_of(&self, port: usize) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.ports[port], self.database)
    }

    fn ask(&self, port: usize, question: &str) -> Option<String> {
        said("psql", &["-X", "-A", "-t", "-c", question, &self.url_of(port)])
    }

    /// Copies the first and lets the copy follow it from the other port, until every commit waits for it.
    fn follow(&self) {
        let mut standing = self.standing.borrow_mut();
        standing.made += 1;
        standing.other = self.home.join(format!("data-{}", standing.made));
        let other = standing.other.to_string_lossy();
        let from = self.ports[standing.port].to_string();
        let copy = ["-h", "127.0.0.1", "-p", &from, "-U", "postgres", "-D", &other, "-X", "stream", "-R", "-c", "fast"];
        assert!(as_owner("pg_basebackup", &copy), "the server can be copied");
        self.start(&standing.other, 1 - standing.port);
        let wanted = if self.waits == Waits::Yes { "sync" } else { "async" };
        let state =
            "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' AND application_name = 'walreceiver'";
        while self.ask(standing.port, state).as_deref() != Some(wanted) {
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn start(&self, data: &Path, port: usize) {
        let options = format!(
            "-c port={} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=300 \
             -c synchronous_commit=on -c fsync=on -c full_page_writes=on",
            self.ports[port],
            self.home.display()
        );
        let (log, data) = (data.join("log-of-story"), data.to_string_lossy());
        let words = ["start", "-s", "-w", "-D", &data, "-l", &log.to_string_lossy(), "-o", &options];
        assert!(as_owner("pg_ctl", &words), "the other server starts");
    }

    /// The other does not follow for so long, and then the first is lost with everything on its disk.
    fn lose(&self, alone: Option<Duration>) {
        let standing = self.standing.borrow();
        if let Some(alone) = alone {
            assert!(as_owner("pg_ctl", &["stop", "-s", "-w", "-D", &standing.other.to_string_lossy()]), "it stops");
            thread::sleep(alone);
        }
        standing.first.kill();
        // Processes that were killed may still hold files; those that come after find none.
        while fs::remove_dir_all(&standing.first.data).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        if alone.is_some() {
            self.start(&standing.other, 1 - standing.port);
        }
    }

    /// The other takes its place, and has one that follows it.
    fn take_over(&self) {
        let mut standing = self.standing.borrow_mut();
        assert!(as_owner("pg_ctl", &["promote", "-s", "-w", "-D", &standing.other.to_string_lossy()]), "it takes over");
        standing.port = 1 - standing.port;
        standing.first = Postgres::of(&self.url_of(standing.port));
        drop(standing);
        self.follow();
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let standing = self.standing.borrow();
        for data in [&standing.first.data, &standing.other] {
            as_owner("pg_ctl", &["stop", "-s", "-m", "immediate", "-D", &data.to_string_lossy()]);
        }
    }
}

/// Runs a program of PostgreSQL as whoever owns the servers: they refuse to run as root.
fn as_owner(program: &str, arguments: &[&str]) -> bool {
    let mut command = if said("id", &["-u"]).as_deref() == Some("0") {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The server that keeps is lost with its disk, and the other takes its place. The first time the other was away before, for longer
/// than a commit that waits for it may take: nothing that was kept on one disk alone may have been promised.
pub(super) fn primary_lost(url: &str, program: &Path, size: Size, waits: Waits) -> Outcome {
    let mut house = House::build(url, program, size.most);
    let pair = Pair::of(url, waits);
    house.url = pair.url();
    let mut alone = Some(if waits == Waits::Yes { LONG } else { Duration::from_secs(2) });
    let alone = RefCell::new(move || alone.take());
    without_store(&house, size, Absence::Gone, || pair.lose(alone.borrow_mut()()), || pair.take_over())
}
