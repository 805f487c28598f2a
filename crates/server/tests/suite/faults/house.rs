//! An installation with two trials, and the program run on it as an operator runs it.

use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fairtrial_app::{
    Actor, App, MasterKey,
    people::{accounts::NewAccount, api_keys::NewKey},
    trials::life::Move,
};
use fairtrial_domain::trial::{PersonRole, Scope, Verb};
use fairtrial_server::server::system_ambient;
use fairtrial_store::{Store, WriterSettings};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const PASSWORD: &str = "four quiet green doors";

/// Anybody may enter `open`; `full` takes a few people in permuted blocks.
pub(crate) const TRIALS: [&str; 2] = ["open", "full"];

/// The outcome adds up what events carry as their value, and each event carries a number of its own.
fn plan(key: &str, most: u64) -> Value {
    let method = if key == "full" { "permuted_blocks" } else { "simple" };
    let mut plan: Value =
        serde_json::from_str(include_str!("../../../../../docs/examples/fines-letter.protocol.json")).expect("JSON");
    let changes = json!({
        "key": key, "agency": "justice", "touchpoint": "counter", "attributes": [], "allocation": {"method": method},
        "outcomes": [{"key": "paid", "name": "Sum paid", "role": "primary", "event": "money.came", "kind": "amount",
            "better": "increase", "follow_up_days": 1, "step": "1", "maximum": "1000000000",
            "smallest_worthwhile_effect": "5", "standard_deviation": "100"}],
        "decision_rule": "superior(paid)",
        "hypothesis": {"change": "a", "who": "everybody", "outcome": "paid", "direction": "increase", "because": "b"},
    });
    let map = plan.as_object_mut().expect("an object");
    map.extend(changes.as_object().expect("an object").clone());
    map.remove("eligibility");
    map.remove("equity");
    plan["analysis"]["adjust_for"] = json!([]);
    plan["risk"]["dignity"] = json!("no");
    plan["monitoring"]["max_units"] = json!(most);
    plan
}

/// The installation.
pub(crate) struct House {
    pub(crate) url: String,
    /// Where servers connect to, when something stands between them and the database.
    pub(crate) served_by: Option<String>,
    pub(crate) token: String,
    pub(crate) folder: TempDir,
    /// Where the servers have their folders.
    pub(crate) room: PathBuf,
    /// Whether the servers' clock jumps: then they refuse events about what has not happened yet by it.
    pub(crate) clock_jumps: bool,
    program: PathBuf,
    /// Most people in the trial `full`.
    pub(crate) most: u64,
}

/// Runs a piece of work on a runtime of its own.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

impl House {
    pub(crate) fn build(url: &str, program: &Path, most: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = url.parse().expect("an address");
        Store::migrate(&address).expect("tables can be made");
        let token = run(async {
            let store = Store::open(&address, WriterSettings::default()).expect("it opens");
            let app = App::load(store, MasterKey::new(&KEY), system_ambient()).await.expect("it loads");
            let trials = TRIALS.iter().zip([10_000_000, most]).map(|(key, most)| ((*key).to_owned(), most));
            fill(&app, &trials.collect::<Vec<_>>()).await
        });
        let room = folder.path().to_owned();
        Self {
            url: url.to_owned(),
            served_by: None,
            token,
            folder,
            room,
            clock_jumps: false,
            program: program.to_owned(),
            most,
        }
    }

    /// The same installation in another database, with folders of its own.
    #[allow(dead_code, reason = "the long stories restore copies")]
    pub(crate) fn elsewhere(&self, url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            url: url.to_owned(),
            served_by: None,
            token: self.token.clone(),
            room: folder.path().to_owned(),
            folder,
            clock_jumps: self.clock_jumps,
            program: self.program.clone(),
            most: self.most,
        }
    }

    /// Runs a command of the program beside the servers.
    #[allow(dead_code, reason = "the long stories copy and restore")]
    pub(crate) fn command(&self, words: &[&str]) {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--data").arg(self.data(0)).env("DATABASE_URL", &self.url);
        let done = command.env("FAIRTRIAL_MASTER_KEY", "07".repeat(32)).output().expect("the program runs");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// The program's folder, one for each server.
    pub(crate) fn data(&self, server: usize) -> PathBuf {
        self.room.join(format!("server-{server}"))
    }

    /// Starts a server and waits until it answers. `limits` are words of a shell before the program is run.
    pub(crate) fn start(&self, server: usize, limits: &str) -> Server {
        self.launch(server, limits).answers().unwrap_or_else(|| panic!("the server did not start: {}", self.log()))
    }

    /// Starts a server and does not wait.
    pub(crate) fn launch(&self, server: usize, limits: &str) -> Launched {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log"));
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limits} exec \"$0\" \"$@\""), &self.program.to_string_lossy()])
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--workers", "2", "--data"])
            .arg(self.data(server))
            .env("DATABASE_URL", self.served_by.as_ref().unwrap_or(&self.url))
            .env("FAIRTRIAL_MASTER_KEY", "07".repeat(32))
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("the program runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Launched { child: Server { child, address: ([127, 0, 0, 1], 0).into() }, lines }
    }

    /// Waits until no event waits on the disk of a server any more.
    pub(crate) fn wait_until_handed_over(&self, door: &Door) {
        let waits = |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|kind| kind == "events");
        let waiting = |server| {
            let spool = std::fs::read_dir(self.data(server).join("spool"));
            spool.is_ok_and(|files| files.flatten().any(|entry| waits(&entry)))
        };
        let began = std::time::Instant::now();
        while (0..8).any(waiting) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "events wait although the database is back: {}",
                self.log()
            );
            door.moment(Duration::from_millis(20));
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Makes an agency with people and these trials, each with its cap; returns the token of a program.
pub(crate) async fn fill(app: &Arc<App>, trials: &[(String, u64)]) -> String {
    app.create_agency("justice", "Ministry of Justice").await.expect("an agency");
    for role in [PersonRole::Designer, PersonRole::Approver, PersonRole::Analyst] {
        let email = format!("{}@justice.example", role.as_str());
        let account = NewAccount { email, name: role.as_str().into(), password: PASSWORD.into(), roles: vec![role] };
        app.create_account_in("justice", &account).await.expect("an account");
    }
    let (designer, approver) = (sign_in(app, "designer").await, sign_in(app, "approver").await);
    for (key, most) in trials {
        let document = plan(key, *most).to_string();
        app.create_trial(&designer, document.as_bytes()).await.unwrap_or_else(|error| panic!("{error:?}"));
        for (actor, verb) in [(&designer, Verb::Submit), (&approver, Verb::Approve), (&designer, Verb::Start)] {
            app.move_trial(actor, key, &Move::plain(verb, "as planned")).await.expect("it moves");
        }
    }
    let key = NewKey {
        name: "desk".into(),
        live: true,
        scopes: vec![Scope::Assign, Scope::EventsWrite],
        acts_as_owner: false,
    };
    app.create_key_in("justice", None, &key).await.expect("a key")
}

pub(crate) async fn sign_in(app: &App, who: &str) -> Actor {
    let session = app.sign_in(&format!("{who}@justice.example"), PASSWORD).await;
    Actor::Person(session.expect("they may").person)
}

/// The program, of which it is not known yet where it answers.
pub(crate) struct Launched {
    child: Server,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Launched {
    /// Waits until it says that it waits for its database; where.
    pub(crate) fn waits(&mut self) -> Option<SocketAddr> {
        self.lines
            .find_map(|line| line.ok()?.strip_prefix("Fairtrial waits at http://")?.split_once(": ")?.0.parse().ok())
    }

    /// Waits until it answers; none when it ends instead.
    pub(crate) fn answers(mut self) -> Option<Server> {
        let said = self.lines.find_map(|line| line.ok()?.strip_prefix("Fairtrial answers at http://")?.parse().ok());
        self.child.address = said?;
        Some(self.child)
    }

    /// As an operator ends it.
    pub(crate) fn stop(self) -> ExitStatus {
        self.child.stop()
    }
}

/// The program under way; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// As a loss of power ends it, as far as the program is concerned.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// As an operator ends it.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }

    /// Its number among the processes.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself; none when it goes on for so long.
    pub(crate) fn ends_within(mut self, limit: Duration) -> Option<ExitStatus> {
        let began = std::time::Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where the servers answer now. Callers wait here while there is none.
#[derive(Default)]
pub(crate) struct Door {
    open: Mutex<Vec<SocketAddr>>,
    changed: Condvar,
    given_up: AtomicBool,
    /// Whether the power is being cut: an answer that comes now was perhaps given without a disk.
    without_power: AtomicBool,
}

impl Door {
    pub(crate) fn set(&self, servers: &[&Server]) {
        *self.open.lock().unwrap() = servers.iter().map(|server| server.address).collect();
        self.changed.notify_all();
    }

    /// Answers count again, or do not count from now on.
    pub(crate) fn cut_power(&self, cut: bool) {
        self.without_power.store(cut, Ordering::SeqCst);
    }

    /// Whether an answer that has come counts.
    pub(crate) fn has_power(&self) -> bool {
        !self.without_power.load(Ordering::SeqCst)
    }

    /// No server will come any more: callers that wait fail.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
        drop(self.open.lock());
        self.changed.notify_all();
    }

    /// One of the servers, by a number that the caller draws.
    pub(crate) fn pick(&self, number: usize) -> SocketAddr {
        let given_up = || self.given_up.load(Ordering::SeqCst);
        let nobody = |open: &mut Vec<SocketAddr>| open.is_empty() && !given_up();
        let open = self.changed.wait_while(self.open.lock().unwrap(), nobody).unwrap();
        let picked = open.get(number % open.len().max(1)).copied();
        // Not while the lock is held: the others fail by themselves.
        drop(open);
        picked.filter(|_| !given_up()).expect("the story goes on")
    }

    /// Lets a moment pass, or less when something changes.
    pub(crate) fn moment(&self, at_most: Duration) {
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_timeout(open, at_most).unwrap());
    }
}
