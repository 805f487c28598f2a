//! An application on a database of its own, with a clock that tests set and chance that they can repeat.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{
    Actor, Ambient, App, Clock, KeyActor, MasterKey, RandomSource,
    frontline::assign::AssignCall,
    people::{accounts::NewAccount, api_keys::NewKey},
    trials::life::{AdoptionPlan, Move},
};
use fairtrial_domain::{
    UnitText,
    trial::{PersonRole, Scope, Verb},
};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::database::TestDatabase;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A clock that stands until it is moved.
#[derive(Clone)]
pub(crate) struct StandingClock(Arc<AtomicI64>);

impl StandingClock {
    pub(crate) fn new() -> Self {
        let start: DateTime<Utc> = "2026-11-23T09:00:00Z".parse().unwrap();
        Self(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Chance that repeats.
pub(crate) struct Seeded(Mutex<ChaCha12Rng>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))
    }
}

impl RandomSource for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(buffer);
    }
}

pub(crate) async fn open(database: &TestDatabase, clock: impl Clock + 'static) -> Arc<App> {
    let url = database.url().parse().unwrap();
    Store::migrate(&url).unwrap();
    let store = Store::open(&url, WriterSettings::default()).unwrap();
    App::load(store, MasterKey::new(&[5; 32]), Ambient::new(clock, Seeded::new(1))).await.unwrap()
}

/// A plan of one binary outcome, with what a test wants to change laid over it.
pub(crate) fn plan(key: &str, agency: &str, changes: &serde_json::Value) -> Vec<u8> {
    let mut plan = serde_json::json!({
        "schema": "fairtrial/protocol/1", "key": key, "title": "A plan for a test", "agency": agency, "owner": "tests",
        "touchpoint": "counter", "time_zone": "Pacific/Auckland", "public_summary": "A plan for a test.",
        "hypothesis": {"change": "a", "who": "everybody", "outcome": "paid", "direction": "increase", "because": "b"},
        "aim": "better", "unit": "person", "analysis_unit": "person",
        "attributes": [{"name": "dollars", "type": "integer", "minimum": 0, "maximum": 5000, "purpose": "eligibility"}],
        "arms": [
            {"key": "usual", "name": "Usual", "control": true, "ratio": 1, "payload": {"letter": "a"}},
            {"key": "new", "name": "New", "control": false, "ratio": 1, "payload": {"letter": "b"}}
        ],
        "allocation": {"method": "simple"},
        "outcomes": [{"key": "paid", "name": "Paid", "role": "primary", "event": "fine.paid", "kind": "binary",
            "better": "increase", "follow_up_days": 7, "smallest_worthwhile_effect": "0.05"}],
        "monitoring": {"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": 1000, "ends_on": "2030-01-01"},
        "decision_rule": "superior(paid)",
        "analysis": {"population": "as_assigned", "missing": "not_settled"},
        "risk": {"money": "no", "time": "no", "right": "no", "privacy": "no", "dignity": "no",
            "least_able_to_cope": "nobody", "reversible": "yes"},
        "data": {"notice": "general", "retain_units_days": 30, "uses_maori_data": false, "lawful_basis": "tests", "sources": []}
    });
    if let (Some(plan), Some(changes)) = (plan.as_object_mut(), changes.as_object()) {
        plan.extend(changes.clone());
    }
    plan.to_string().into_bytes()
}

/// People and keys of one agency.
pub(crate) struct Company {
    pub(crate) designer: Actor,
    pub(crate) approver: Actor,
    pub(crate) monitor: Actor,
    pub(crate) analyst: Actor,
    pub(crate) key: KeyActor,
}

pub(crate) const PASSWORD: &str = "four quiet green doors";

/// Somebody with one role, signed in.
pub(crate) async fn hire(app: &App, agency: &str, role: PersonRole) -> Actor {
    let email = format!("{}@{agency}.example", role.as_str().replace('_', "-"));
    let account =
        NewAccount { email: email.clone(), name: role.as_str().into(), password: PASSWORD.into(), roles: vec![role] };
    app.create_account_in(agency, &account).await.unwrap();
    Actor::Person(app.sign_in(&email, PASSWORD).await.unwrap().person)
}

impl Company {
    pub(crate) async fn hire(app: &App, agency: &str) -> Self {
        app.create_agency(agency, "An agency").await.unwrap();
        let hire = async |role: PersonRole| hire(app, agency, role).await;
        let new = NewKey {
            name: "counter".into(),
            live: true,
            scopes: vec![Scope::Assign, Scope::EventsWrite, Scope::ResultsRead],
            acts_as_owner: false,
        };
        let token = app.create_key_in(agency, None, &new).await.unwrap();
        Self {
            designer: hire(PersonRole::Designer).await,
            approver: hire(PersonRole::Approver).await,
            monitor: hire(PersonRole::Monitor).await,
            analyst: hire(PersonRole::Analyst).await,
            key: app.key_actor(&token).unwrap(),
        }
    }

    /// Writes, signs and starts a trial.
    pub(crate) async fn start(&self, app: &App, document: &[u8]) -> String {
        let key = app.create_trial(&self.designer, document).await.unwrap();
        for (actor, verb) in
            [(&self.designer, Verb::Submit), (&self.approver, Verb::Approve), (&self.designer, Verb::Start)]
        {
            app.move_trial(actor, &key, &Move::plain(verb, "as planned")).await.unwrap();
        }
        key
    }
}

pub(crate) fn adoption(owner: &str, due_on: &str) -> AdoptionPlan {
    AdoptionPlan { owner: owner.into(), due_on: due_on.parse().unwrap() }
}

pub(crate) fn call(unit: &str) -> AssignCall {
    AssignCall { unit: UnitText::new(unit).unwrap(), cluster: None, attributes: serde_json::Map::new(), dry_run: false }
}

/// Runs a story on a runtime of its own.
pub(crate) fn run(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(story);
}

/// Somebody at PostgreSQL's own client, who begins a transaction and takes their time.
pub(crate) struct SlowWriter {
    client: Child,
    words: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl SlowWriter {
    pub(crate) fn begin(database: &TestDatabase) -> Self {
        let mut client = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("PostgreSQL's client is there");
        let (words, said) = (client.stdin.take().unwrap(), BufReader::new(client.stdout.take().unwrap()));
        let mut slow = Self { client, words, said };
        slow.say("BEGIN");
        slow
    }

    fn say(&mut self, statement: &str) {
        writeln!(self.words, "{statement};").unwrap();
    }

    /// Does something, and goes on when it is done.
    pub(crate) fn run(&mut self, statement: &str) {
        self.say(statement);
        assert_eq!(self.ask("SELECT 'done'"), "done");
    }

    /// The one line that a question gives.
    pub(crate) fn ask(&mut self, question: &str) -> String {
        self.say(question);
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn commit(mut self) {
        self.say("COMMIT");
        drop(self.words);
        assert!(self.client.wait().unwrap().success());
    }
}
