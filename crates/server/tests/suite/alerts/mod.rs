//! Alerts reach their receivers, whatever those do, and nobody else.

mod crashes;
mod hostile;
mod rude;
mod screens;
mod sink;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{
    Actor, Ambient, App, Clock, MasterKey,
    alerts::{AllowedHosts, NewReceiver},
    people::accounts::NewAccount,
};
use fairtrial_domain::trial::{AlertKind, PersonRole};
use fairtrial_server::{
    alerts::{Authorities, Exchange, LookUp, Networks, Sender},
    server::SystemRandomness,
};
use fairtrial_store::{DbConnection, Store, WriterSettings, alerts, audit};
use fairtrial_testkit::database::TestDatabase;

pub(crate) use screens::walk;

use crate::running::{MASTER_KEY, PASSWORD};

/// A clock that goes when it is told to.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn at(micros: i64) -> Self {
        Self(Arc::new(AtomicI64::new(micros)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Noon of a day in the stories.
pub(crate) const NOON: i64 = 1_795_435_200_000_000;

/// Answers every question with these addresses and counts the questions; the first answer may be another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) first: Vec<&'static str>,
    pub(crate) then: Vec<&'static str>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl LookUp for Names {
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut asked = self.asked.lock().unwrap();
        let answer = if asked.is_empty() { &self.first } else { &self.then };
        asked.push(host.to_owned());
        // A number is its own answer, as with the system's names.
        let number = host.trim_matches(['[', ']']).parse().ok();
        Ok(match number {
            Some(ip) => vec![SocketAddr::new(ip, port)],
            None => answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect(),
        })
    }
}

/// An app on a database, with these hosts allowed.
pub(crate) async fn open(url: &str, clock: Hands, hosts: &str) -> Arc<App> {
    let url = url.parse().unwrap();
    Store::migrate(&url).unwrap();
    let store = Store::open(&url, WriterSettings::default()).unwrap();
    let app = App::load(store, MasterKey::new(&MASTER_KEY), Ambient::new(clock, SystemRandomness)).await.unwrap();
    app.set_alert_hosts(AllowedHosts::read(hosts).unwrap());
    app
}

/// Somebody who may make receivers, in an agency that is made where it is not there.
pub(crate) async fn administrator(app: &App, agency: &str) -> Actor {
    if app.agency_by_key(agency).is_err() {
        app.create_agency(agency, &format!("Ministry of {agency}")).await.unwrap();
    }
    let email = format!("pager@{agency}.example");
    if let Ok(session) = app.sign_in(&email, PASSWORD).await {
        return Actor::Person(session.person);
    }
    let account = NewAccount {
        email: email.clone(),
        name: "Pat".into(),
        password: PASSWORD.into(),
        roles: vec![PersonRole::Administrator],
    };
    app.create_account_in(agency, &account).await.unwrap();
    Actor::Person(app.sign_in(&email, PASSWORD).await.unwrap().person)
}

/// A receiver of everything; its name in addresses, and its secret.
pub(crate) async fn receiver(app: &App, who: &Actor, address: &str) -> (String, String) {
    let new = NewReceiver { name: address.into(), address: address.into(), kinds: AlertKind::ALL.to_vec() };
    app.create_receiver(who, &new).await.unwrap_or_else(|error| panic!("{address}: {error:?}"))
}

/// A sender that reaches these networks by these names.
pub(crate) fn sender(app: &Arc<App>, networks: &str, names: Names, authorities: Authorities) -> Sender {
    let exchange = Exchange::new(Networks::read(networks).unwrap(), authorities, names);
    Sender::new(Arc::clone(app), exchange, "https://trials.example".into())
}

/// Where the sending of each receiver's latest alert stands: how often it was tried, its state, and what was answered.
pub(crate) fn standing(url: &str, receivers: &[String]) -> BTreeMap<String, (i64, String, String)> {
    let mut c = DbConnection::open(&url.parse().unwrap()).unwrap();
    let row = |id: &String| {
        let (_, sending) = alerts::of_receiver(&mut c, id, 1).unwrap().remove(0);
        (id.clone(), (sending.tries, sending.state, sending.answer.unwrap_or_default()))
    };
    receivers.iter().map(row).collect()
}

/// The same of one receiver.
pub(crate) fn of_one(url: &str, receiver: &String) -> (i64, String, String) {
    standing(url, std::slice::from_ref(receiver)).remove(receiver).unwrap()
}

/// An alert by its place, and what it tells.
type Told = (i64, String);

/// All alerts that are kept, and those that should be by the entries of the audit.
pub(crate) fn kept_and_due(url: &str) -> (Vec<Told>, Vec<Told>) {
    let mut c = DbConnection::open(&url.parse().unwrap()).unwrap();
    let kept = alerts::after(&mut c, 0, 100_000).unwrap().into_iter().map(|row| (row.sequence, row.matter)).collect();
    let due = audit::after(&mut c, 0, 100_000).unwrap().into_iter().filter_map(|row| {
        let detail = serde_json::from_str(&row.detail).unwrap();
        let matter = fairtrial_domain::trial::AlertMatter::of_entry(&row.action, &detail)?;
        Some((row.sequence, matter.as_str().to_owned()))
    });
    (kept, due.collect())
}

/// Where a test's database is.
pub(crate) fn place(database: &TestDatabase) -> &str {
    database.url()
}
