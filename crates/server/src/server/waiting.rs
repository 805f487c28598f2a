//! A server whose database does not answer when it starts: it says so at its address and opens when the database is there,
//! so that whoever starts servers does not have to start them in the right order, or again and again.

use std::{
    future::ready,
    net::TcpListener,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use actix_web::{
    HttpResponse, HttpServer,
    http::StatusCode,
    rt::spawn,
    rt::time::{sleep, timeout},
};
use fairtrial_app::Ambient;
use fairtrial_store::{DatabaseUrl, Store, StoreError};
use serde_json::json;

use super::{Installation, database, installation::open_to_serve};
use crate::{
    config::Settings,
    pages,
    problem::{Code, Problem},
    transport::{Audience, Opened, Request, intake},
};

/// The first and the longest time between two attempts.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));

/// How long a database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens the installation for a server that holds its port already. While a PostgreSQL server does not answer, `/healthz` is
/// well, everything else is answered 503, and it is tried again; `at_first` is told once, with the reason. None when it was told to stop
/// meanwhile.
///
/// # Errors
/// As [`open_to_serve`], for what waiting does not mend: a schema of another version, a missing master key.
pub async fn open_when_there(
    settings: &Settings,
    ambient: Ambient,
    listener: &TcpListener,
    at_first: impl FnOnce(&str) -> anyhow::Result<()>,
    told_to_stop: impl Future<Output = ()>,
) -> anyhow::Result<Option<Installation>> {
    let why = match attempt(settings, &ambient).await {
        Err(error) if may_pass(settings, &error) => error,
        done => return done.map(Some),
    };
    at_first(&why.to_string())?;
    tracing::warn!(reason = %why, "the database does not answer; waiting for it");
    let waiting = HttpServer::new(|| intake(|request, _| ready(not_yet(&request))))
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener.try_clone()?)?
        .run();
    let handle = waiting.handle();
    spawn(waiting);
    let mut stop = pin!(told_to_stop);
    let mut wait = WAITS.0;
    let opened = loop {
        let [byte] = ambient.bytes();
        // Servers that lost their database together do not all return at once.
        let pause = wait.mul_f64(0.5 + f64::from(byte) / 512.0);
        let attempt = async {
            sleep(pause).await;
            attempt(settings, &ambient).await
        };
        tokio::select! {
            () = &mut stop => return Ok(None),
            done = attempt => match done {
                Err(error) if may_pass(settings, &error) => tracing::warn!(reason = %error, "still waiting for the database"),
                done => break done,
            },
        }
        wait = (wait * 2).min(WAITS.1);
    };
    // Whoever is being told to wait is told so; then the port is the real server's.
    handle.stop(true).await;
    opened.map(Some)
}

/// Opens the installation, unless its database is a server that does not answer soon.
async fn attempt(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Installation> {
    let url = database(settings)?;
    if matches!(url, DatabaseUrl::Postgres(_)) {
        let silent = |_| Err(StoreError::Unavailable("it does not say anything".into()));
        timeout(PATIENCE, answers(url)).await.unwrap_or_else(silent)?;
    }
    open_to_serve(settings, ambient.clone()).await
}

/// Whether the database may answer later. A file is there or is not.
fn may_pass(settings: &Settings, error: &anyhow::Error) -> bool {
    let is_server = database(settings).is_ok_and(|url| matches!(url, DatabaseUrl::Postgres(_)));
    let passes = |cause: &StoreError| matches!(cause, StoreError::Unavailable(why) if !REFUSALS.iter().any(|no| why.contains(no)));
    is_server && error.chain().any(|cause| cause.downcast_ref().is_some_and(passes))
}

/// Whom PostgreSQL refuses in these words is not let in later either: a password, a name or a rule is wrong. The library tells no code of
/// it, and a server that speaks another language is waited for, with its words in the log. Only at the start: a server that has begun
/// goes on serving who is known, whatever becomes of its password.
const REFUSALS: [&str; 4] = [
    "password authentication failed for user",
    "no password supplied",
    "no pg_hba.conf entry for host",
    "\" does not exist",
];

/// Whether the database answers now. The question has a thread of its own, which nobody waits for at the end: a network that
/// swallows it takes minutes to say so.
async fn answers(url: DatabaseUrl) -> Result<(), StoreError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let asked = std::thread::Builder::new().name("asking".into()).spawn(move || {
        // Nobody listens any more when the process is about to end.
        drop(tell.send(Store::answers(&url)));
    });
    asked.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    told.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the question ended early".into())))
}

/// What everybody is answered meanwhile.
fn not_yet(request: &Request) -> HttpResponse {
    let audience = Audience::of(request.path());
    static LAST: AtomicU64 = AtomicU64::new(0);
    let opened = Opened::new(request, || LAST.fetch_add(1, Ordering::Relaxed));
    opened.close(request, told_to_wait(request.path(), audience), ("none", audience), false)
}

fn told_to_wait(path: &str, audience: Audience) -> HttpResponse {
    if path == "/healthz" {
        return HttpResponse::build(StatusCode::OK)
            .json(json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")}));
    }
    let detail = "The server has started and waits for its database.";
    let problem = Problem { retry_after: Some(2), ..Problem::new(Code::Unavailable, detail) };
    match audience {
        Audience::Program => problem.json(""),
        Audience::Person => pages::fault::without_database(&problem),
    }
}
