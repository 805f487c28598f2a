//! A server in this process, on a free port, with two agencies when a test wants them.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    sync::mpsc,
    thread,
};

use chrono::{DateTime, TimeZone, Utc};
use fairtrial_app::{
    Actor, Ambient, App, Clock, MasterKey, Person, RandomSource,
    people::{accounts::NewAccount, api_keys::NewKey},
    trials::life::Move,
};
use fairtrial_domain::trial::{PersonRole, Scope, Verb};
use fairtrial_server::{
    config::{Flags, ServerFlags, Settings, Sources},
    routes,
    server::{State, bind},
    transport::Row,
};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::database::{Kind, TestDatabase};

use crate::plan;

pub(crate) const PASSWORD: &str = "four words in a row";

/// The master key of every world.
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).unwrap()
    }
}

struct Dice;

impl RandomSource for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("this machine has random bytes");
    }
}

/// Settings of a test: a free port, little of everything.
pub(crate) fn settings(public_url: Option<&str>) -> Settings {
    let server = ServerFlags {
        listen: Some("127.0.0.1:0".into()),
        workers: Some("1".into()),
        shutdown_seconds: Some("0".into()),
        public_url: public_url.map(str::to_owned),
        metrics_listen: None,
        spool_megabytes: None,
        ballast_megabytes: None,
    };
    let environment = BTreeMap::from([("FAIRTRIAL_ALERT_HOSTS".to_owned(), "hooks.example".to_owned())]);
    let sources = Sources::of(&Flags::default(), &server, environment, BTreeMap::new());
    Settings::from_sources(&sources).expect("settings of a test are right")
}

/// Two agencies with their people, keys and trials, on a server that runs.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    /// Tokens by name: `justice`, `health` (all scopes, as their designers), `AGENCY-administrator`; `justice-without-SCOPE`; `justice-test`.
    pub(crate) keys: BTreeMap<String, String>,
    /// Tells how the first administrator is made, when nobody is there yet.
    pub(crate) setup: Option<String>,
    /// None when the test keeps it.
    database: Option<TestDatabase>,
}

impl World {
    pub(crate) fn key(&self, name: &str) -> &str {
        &self.keys[name]
    }

    /// The folder of the database's files.
    pub(crate) fn folder(&self) -> PathBuf {
        let database = self.database.as_ref().expect("the world has its own");
        let file = database.url().strip_prefix("sqlite:").expect("a file");
        PathBuf::from(file).parent().expect("a folder").to_owned()
    }
}

/// An empty installation with these rows.
pub(crate) fn start(settings: Settings, rows: Vec<Row>) -> World {
    begin(settings, rows, false)
}

/// An installation in which things have happened: see [`fill`].
pub(crate) fn start_filled() -> World {
    begin(settings(None), routes::table(), true)
}

/// The same on a database that the test keeps.
pub(crate) fn start_filled_on(url: &str) -> World {
    begin_on(url, settings(None), routes::table(), true)
}

/// Another server on a database in which the things of a world have happened: its keys are good there too.
pub(crate) fn start_again_on(url: &str, world: &World) -> World {
    World { keys: world.keys.clone(), ..begin_on(url, settings(None), routes::table(), false) }
}

fn begin(settings: Settings, rows: Vec<Row>, filled: bool) -> World {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("a file can be made");
    let world = begin_on(database.url(), settings, rows, filled);
    World { database: Some(database), ..world }
}

pub(crate) fn begin_on(url: &str, settings: Settings, rows: Vec<Row>, filled: bool) -> World {
    begin_with(url, settings, rows, filled, WriterSettings::default(), true).0
}

/// The same with a queue of another length, and with or without what a server does by itself beside the answers; with the store
/// beneath it.
pub(crate) fn begin_with(
    url: &str,
    settings: Settings,
    rows: Vec<Row>,
    filled: bool,
    writer: WriterSettings,
    in_step: bool,
) -> (World, Store) {
    let url = url.parse().expect("an address");
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            Store::migrate(&url).expect("tables can be made");
            let store = Store::open(&url, writer).expect("it opens");
            let beneath = store.clone();
            let app = App::load(store, MasterKey::new(&MASTER_KEY), Ambient::new(Noon, Dice)).await.expect("it loads");
            app.set_alert_hosts(settings.alerts.hosts.clone());
            let keys = if filled { fill(&app).await } else { BTreeMap::new() };
            let setup = app.offer_setup().await.expect("the database answers");
            let listener = TcpListener::bind(settings.listen).expect("a free port");
            let bound =
                bind(listener, &settings, State::new(Arc::clone(&app), &settings, false), rows).expect("a free port");
            if in_step {
                actix_web::rt::spawn(app.keep_in_step());
            }
            tell.send((bound.address, keys, setup, beneath)).expect("the test waits");
            bound.server.await.expect("the server ends well");
        });
    });
    let (address, keys, setup, beneath) = told.recv().expect("the server starts");
    (World { address, keys, setup, database: None }, beneath)
}

/// Justice and Health, each with an administrator, a designer, an approver and an analyst (`ROLE@AGENCY.example`), a key
/// with every scope, and one running trial: `open-door` at the touchpoint `front-desk`, and `quit-line` at `phone`. Justice
/// also has the draft `fines-letter`.
async fn fill(app: &Arc<App>) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for (agency, trial, touchpoint) in [("justice", "open-door", "front-desk"), ("health", "quit-line", "phone")] {
        app.create_agency(agency, &format!("Ministry of {agency}")).await.expect("an agency");
        let mut people = BTreeMap::new();
        for role in [PersonRole::Administrator, PersonRole::Designer, PersonRole::Approver, PersonRole::Analyst] {
            let email = format!("{}@{agency}.example", role.as_str());
            let account = NewAccount {
                email: email.clone(),
                name: format!("{} of {agency}", role.as_str()),
                password: PASSWORD.into(),
                roles: vec![role],
            };
            let id = app.create_account_in(agency, &account).await.expect("an account");
            let agency_id = app.agency_by_key(agency).expect("the agency").id;
            let person = Person { id, agency_id, name: account.name, email, roles: vec![role] };
            people.insert(role, Actor::Person(person));
        }
        let (designer, approver) = (&people[&PersonRole::Designer], &people[&PersonRole::Approver]);
        let document = plan::simple(trial, agency, touchpoint).to_string();
        app.create_trial(designer, document.as_bytes()).await.unwrap_or_else(|error| panic!("{error:?}"));
        for (actor, verb) in [(designer, Verb::Submit), (approver, Verb::Approve), (designer, Verb::Start)] {
            app.move_trial(actor, trial, &Move::plain(verb, "")).await.unwrap_or_else(|error| panic!("{error:?}"));
        }
        let designer_of = format!("designer@{agency}.example");
        keys.insert(agency.to_owned(), key(app, agency, Some(&designer_of), Scope::ALL, true).await);
        let administrator_of = format!("administrator@{agency}.example");
        let token = key(app, agency, Some(&administrator_of), Scope::ALL, true).await;
        keys.insert(format!("{agency}-administrator"), token);
        if agency == "justice" {
            app.create_trial(designer, plan::fines_letter().to_string().as_bytes())
                .await
                .expect("the example is right");
            for scope in Scope::ALL {
                // Whoever may write plans may read them, so the key without the one is without the other too.
                let without: Vec<Scope> = Scope::ALL
                    .iter()
                    .copied()
                    .filter(|s| s != scope && !(*scope == Scope::TrialsRead && *s == Scope::TrialsWrite))
                    .collect();
                let token = key(app, agency, Some(&designer_of), &without, true).await;
                keys.insert(format!("justice-without-{}", scope.as_str()), token);
            }
            let scopes = [Scope::Assign, Scope::EventsWrite];
            keys.insert("justice-test".into(), key(app, agency, None, &scopes, false).await);
        }
    }
    keys
}

async fn key(app: &App, agency: &str, owner: Option<&str>, scopes: &[Scope], live: bool) -> String {
    let name = format!("Key {}", scopes.len());
    let key = NewKey { name, live, scopes: scopes.to_vec(), acts_as_owner: owner.is_some() };
    app.create_key_in(agency, owner, &key).await.unwrap_or_else(|error| panic!("{error:?}"))
}
