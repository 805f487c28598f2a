//! A migrated database with one agency in it, and what the stories do with it.

use std::{collections::BTreeMap, sync::Arc, sync::mpsc, time::Duration};

use chrono::{DateTime, NaiveDate};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use fairtrial_domain::{
    Decimal, Pseudonym,
    allocation::{AllocationSecret, Allocator},
    event::{EventId, NewEvent, Sender},
    note::NoteKind,
    protocol::Allocation,
};
use fairtrial_store::{
    AssignAnswer, AssignRequest, DatabaseUrl, DbConnection, Drawing, Kept, Limits, Placed, RecordRequest, Recorded,
    Store, StoreError, WriterSettings, agencies, api_keys, notes, people, trials,
};
use fairtrial_testkit::database::{Kind, TestDatabase};
use tokio::{
    runtime::Runtime,
    task::{JoinHandle, JoinSet},
};

/// What the database is told that a trial draws with: another for each.
pub(crate) fn secret_of(trial_id: i64) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&trial_id.to_le_bytes());
    secret
}

/// Every secret of the stories.
pub(crate) const SECRET: [u8; 32] = [7; 32];
/// A moment, in microseconds: 2026-11-23, 09:20 in UTC.
pub(crate) const NOW: i64 = 1_795_425_600_000_000;
/// The day of that moment.
pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
/// The plan of every trial of the stories.
pub(crate) const PLAN: &str = "plan-1";

pub(crate) struct Installation {
    pub(crate) store: Store,
    pub(crate) url: DatabaseUrl,
    pub(crate) kind: Kind,
    pub(crate) agency: i64,
    pub(crate) person: i64,
    pub(crate) key: i64,
    runtime: Runtime,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The one column `line` of a query, in the order of the query.
pub(crate) fn lines(c: &mut DbConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Line>(c).unwrap().into_iter().map(|row| row.line).collect()
}

impl Installation {
    pub(crate) fn new(database: &TestDatabase) -> Self {
        Self::with(database, WriterSettings::default())
    }

    pub(crate) fn with(database: &TestDatabase, settings: WriterSettings) -> Self {
        let url: DatabaseUrl = database.url().parse().unwrap();
        Store::migrate(&url).unwrap();
        let store = Store::open(&url, settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut all = Self { store, url, kind: database.kind(), agency: 0, person: 0, key: 0, runtime };
        all.agency = all.write(|c| agencies::add(c, "tax", "Tax Administration", b"sealed", NOW)).unwrap();
        all.person = all.add_person("ann@tax.example");
        all.key = all.add_key("k1");
        all
    }

    /// A second server on the same database.
    pub(crate) fn another_store(&self) -> Store {
        Store::open(&self.url, WriterSettings::default()).unwrap()
    }

    pub(crate) fn connection(&self) -> DbConnection {
        DbConnection::open(&self.url).unwrap()
    }

    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Begins something, which goes on whenever something is waited for.
    pub(crate) fn spawn<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let begun = self.runtime.spawn(future);
        self.wait(tokio::task::yield_now());
        begun
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.wait(self.store.write(work))
    }

    pub(crate) fn lines(&self, query: &str) -> Vec<String> {
        lines(&mut self.connection(), query)
    }

    /// A number that a query gives as its one line.
    pub(crate) fn count(&self, of: &str) -> i64 {
        self.lines(&format!("SELECT CAST(COUNT(*) AS TEXT) AS line FROM {of}"))[0].parse().unwrap()
    }

    pub(crate) fn add_person(&self, email: &str) -> i64 {
        let person = people::NewPerson {
            agency_id: self.agency,
            email: email.into(),
            name: "Ann".into(),
            roles: "designer".into(),
            password_hash: "$argon2id$".into(),
            created_at: NOW,
        };
        self.write(move |c| people::add(c, &person)).unwrap()
    }

    pub(crate) fn add_key(&self, public_id: &str) -> i64 {
        let key = api_keys::NewApiKey {
            public_id: public_id.into(),
            agency_id: self.agency,
            person_id: Some(self.person),
            name: "Portal".into(),
            environment: "live".into(),
            scopes: "assign record".into(),
            secret_hash: vec![1; 32],
            created_at: NOW,
        };
        self.write(move |c| api_keys::add(c, &key)).unwrap()
    }

    /// A trial in its first state.
    pub(crate) fn draft(&self, key: &str) -> i64 {
        let (key, agency_id, author_id) = (key.to_owned(), self.agency, self.person);
        self.write(move |c| {
            let trial = trials::NewTrial {
                key: &key,
                agency_id,
                state: "draft",
                protocol_id: PLAN,
                canonical: "{}",
                algo_version: 1,
                author_id,
                created_at: NOW,
            };
            trials::add(c, &trial)
        })
        .unwrap()
    }

    pub(crate) fn move_state(&self, trial_id: i64, from: &str, to: &str) -> Result<(), StoreError> {
        let started = to == "enrolling" && from == "approved";
        let secret = secret_of(trial_id);
        let change = trials::StateChange {
            state: to.into(),
            started_at: started.then_some(NOW),
            sealed_secret: started.then(|| SECRET.to_vec()),
            // What is drawn with is one secret in all stories; the database sees another for each trial.
            secret_commitment: started.then(|| AllocationSecret::new(secret).commitment()),
            ..trials::StateChange::default()
        };
        let from = from.to_owned();
        self.write(move |c| trials::move_state(c, trial_id, &from, PLAN, &change))
    }

    /// Locks a trial's data.
    pub(crate) fn lock(&self, trial_id: i64) {
        let change = trials::StateChange {
            state: "data_locked".into(),
            ended_at: Some(NOW),
            locked_at: Some(NOW),
            locked_sequence: Some(0),
            ..trials::StateChange::default()
        };
        self.write(move |c| trials::move_state(c, trial_id, "enrolling", PLAN, &change)).unwrap();
    }

    /// A trial that takes people in.
    pub(crate) fn started(&self, key: &str, method: Allocation, ratio: &[u32], cap: u64) -> Arc<Drawing> {
        let trial_id = self.draft(key);
        self.move_state(trial_id, "draft", "approved").unwrap();
        self.move_state(trial_id, "approved", "enrolling").unwrap();
        drawing(trial_id, &method, ratio, cap)
    }

    pub(crate) fn simple(&self, key: &str, cap: u64) -> Arc<Drawing> {
        self.started(key, Allocation::Simple, &[1, 1], cap)
    }

    pub(crate) fn assign(&self, request: AssignRequest) -> AssignAnswer {
        self.wait(self.store.assign(request)).unwrap()
    }

    pub(crate) fn record(&self, events: Vec<NewEvent>) -> Vec<Recorded> {
        stored(self.wait(self.store.record(self.batch(events))).unwrap())
    }

    pub(crate) fn batch(&self, events: Vec<NewEvent>) -> RecordRequest {
        RecordRequest {
            agency_id: self.agency,
            sender: Sender::Key(self.key),
            events,
            refused: 0,
            received_at: NOW,
            promised: false,
        }
    }

    /// Makes the writer wait until what is returned is dropped or sent to.
    pub(crate) fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        let (reached, at_work) = mpsc::channel();
        let store = self.store.clone();
        self.spawn(async move {
            store
                .write(move |_| {
                    reached.send(()).unwrap();
                    // Released by a message or by dropping the other end.
                    let _ = held.recv();
                    Ok(())
                })
                .await
        });
        at_work.recv_timeout(Duration::from_secs(20)).unwrap();
        release
    }

    /// Hands everything to the writer while it is busy, so that it lands in one group.
    pub(crate) fn together<T: Send + 'static, F>(&self, calls: impl IntoIterator<Item = F>) -> Vec<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let release = self.hold();
        let mut tasks: JoinSet<(usize, T)> = JoinSet::new();
        self.wait(async {
            for (index, call) in calls.into_iter().enumerate() {
                tasks.spawn(async move { (index, call.await) });
            }
            tokio::task::yield_now().await;
        });
        drop(release);
        let mut answers = self.wait(tasks.join_all());
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    pub(crate) fn assign_together(&self, requests: Vec<AssignRequest>) -> Vec<Result<AssignAnswer, StoreError>> {
        self.together(requests.into_iter().map(|request| {
            let store = self.store.clone();
            async move { store.assign(request).await }
        }))
    }

    pub(crate) fn record_together(&self, batches: Vec<RecordRequest>) -> Vec<Result<Vec<Recorded>, StoreError>> {
        self.together(batches.into_iter().map(|batch| {
            let store = self.store.clone();
            async move { store.record(batch).await.map(stored) }
        }))
    }
}

/// What the draw of a trial needs; the first arm is the control.
pub(crate) fn drawing(trial_id: i64, method: &Allocation, ratio: &[u32], cap: u64) -> Arc<Drawing> {
    let allocator = Allocator::new(method, ratio, 0, AllocationSecret::new(SECRET));
    Arc::new(Drawing { trial_id, protocol_id: PLAN.into(), allocator, cap })
}

pub(crate) fn unit(number: u32) -> Pseudonym {
    // Spread over the buckets as pseudonyms are.
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_le_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    Pseudonym::from_bytes(&bytes).unwrap()
}

pub(crate) fn request(drawing: &Arc<Drawing>, who: u32) -> AssignRequest {
    AssignRequest {
        drawing: Arc::clone(drawing),
        unit: unit(who),
        stratum: String::new(),
        day: TODAY,
        attributes: None,
        limits: Limits::default(),
        at: NOW + i64::from(who),
    }
}

pub(crate) fn in_stratum(drawing: &Arc<Drawing>, who: u32, stratum: &str) -> AssignRequest {
    AssignRequest { stratum: stratum.into(), ..request(drawing, who) }
}

/// Where somebody was placed now or before.
pub(crate) fn place(answer: AssignAnswer) -> Option<Placed> {
    match answer {
        AssignAnswer::New(place) | AssignAnswer::Existing(place) => Some(place),
        _ => None,
    }
}

pub(crate) fn event(id: &str, who: u32, value: Option<i64>) -> NewEvent {
    NewEvent {
        event_id: EventId::new(id).unwrap(),
        unit: unit(who),
        kind: "paid".into(),
        value: value.map(|value| Decimal::from_millionths(value * 1_000_000).unwrap()),
        occurred_at: DateTime::from_timestamp_micros(NOW).unwrap(),
        source: None,
        attributes: BTreeMap::new(),
        replaces: None,
    }
}

/// Everything of a database as text, without the numbers that a database gives by itself.
pub(crate) fn dump(installation: &Installation) -> String {
    let mut c = installation.connection();
    let hex = |column: &str| match installation.kind {
        Kind::Sqlite => format!("lower(hex({column}))"),
        Kind::Postgres => format!("encode({column}, 'hex')"),
    };
    let text = |column: &str| format!("COALESCE(CAST({column} AS TEXT), '-')");
    let is = if installation.kind == Kind::Sqlite { "= 1" } else { "" };
    let table = |title: &str, columns: &[String], from: &str| -> (String, String) {
        (title.to_owned(), format!("SELECT {} AS line FROM {from}", columns.join(" || ' ' || ")))
    };
    let tables = [
        table(
            "trials",
            &[text("key"), text("state"), text("protocol_id"), text("started_at"), text("secret_commitment")],
            "trials",
        ),
        table(
            "enrolments",
            &[
                text("t.key"),
                text("e.stratum"),
                text("e.enrolled"),
                text("e.block"),
                text("e.taken"),
                text("e.margins"),
            ],
            "enrolments e JOIN trials t ON t.id = e.trial_id",
        ),
        table(
            "assignments",
            &[
                text("a.sequence"),
                text("a.bucket"),
                text("t.key"),
                hex("a.unit"),
                text("a.arm"),
                text("a.stratum"),
                text("a.attributes"),
                text("a.assigned_at"),
            ],
            "assignments a JOIN trials t ON t.id = a.trial_id",
        ),
        table(
            "events",
            &[
                text("e.sequence"),
                text("e.bucket"),
                text("e.event_id"),
                hex("e.unit"),
                text("k.name"),
                text("e.value"),
                text("e.occurred_at"),
                text("e.received_at"),
                hex("e.fingerprint"),
                text("e.source"),
                text("e.attributes"),
            ],
            "events e JOIN event_kinds k ON k.id = e.kind_id",
        ),
        table(
            "corrections",
            &[
                text("sequence"),
                text("bucket"),
                text("replaces"),
                text("root"),
                format!("CASE WHEN retracts {is} THEN 'retracts' ELSE 'corrects' END"),
                format!("CASE WHEN before_retracted {is} THEN 'nothing' ELSE 'something' END"),
                text("before_value"),
                text("before_occurred_at"),
            ],
            "corrections",
        ),
        table(
            "waiting_corrections",
            &[text("bucket"), text("event_id"), text("replaces"), hex("fingerprint"), text("received_at"), hex("body")],
            "waiting_corrections",
        ),
        table(
            "event_conflicts",
            &[text("bucket"), text("event_id"), hex("fingerprint"), text("received_at")],
            "event_conflicts",
        ),
        table(
            "audit",
            &[
                text("sequence"),
                text("at"),
                text("action"),
                text("subject"),
                text("detail"),
                hex("previous_hash"),
                hex("hash"),
            ],
            "audit",
        ),
        table(
            "touches",
            &[text("t.key"), text("o.outcome"), text("o.requests")],
            "touches o JOIN trials t ON t.id = o.trial_id",
        ),
        table("signatures", &[text("role"), text("protocol_id"), text("note")], "signatures"),
        table("protocols", &[text("protocol_id"), text("canonical")], "protocols"),
        table("people", &[text("email"), text("roles"), text("failed_sign_ins"), text("locked_until")], "people"),
        table("logs", &[text("name"), text("next_sequence")], "logs"),
        table("directory_version", &[text("version")], "directory_version"),
    ];
    let mut story = String::new();
    for (title, query) in tables {
        let mut rows = lines(&mut c, &query);
        rows.sort();
        story.push_str(&format!("{title}\n"));
        rows.iter().for_each(|row| story.push_str(&format!("  {row}\n")));
    }
    story
}

/// That a version was delivered.
pub(crate) fn note(agency_id: i64, trial_id: i64, id: &str, who: u32) -> notes::NewNote {
    notes::NewNote {
        agency_id,
        event_id: id.into(),
        trial_id,
        unit: unit(who),
        named: None,
        same_as: None,
        kind: NoteKind::Delivery,
        code: "delivered".into(),
        arm: None,
        severity: None,
        remark: None,
        late: false,
        at: NOW,
        received_at: NOW,
        key_id: None,
        person_id: None,
    }
}

/// What became of each event of a batch that is in the database.
pub(crate) fn stored(kept: Kept) -> Vec<Recorded> {
    match kept {
        Kept::Stored(answer) => answer.0,
        Kept::Spooled => panic!("there is no spool"),
    }
}
