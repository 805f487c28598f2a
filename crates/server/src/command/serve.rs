//! `fairtrial serve`.

use std::{
    future::poll_fn,
    net::TcpListener,
    sync::{Arc, OnceLock},
    task::Poll,
    time::Duration,
};

use actix_web::{
    dev::ServerHandle,
    rt::signal::unix::{SignalKind, signal},
};
use anyhow::{Context, bail};
use fairtrial_app::App;
use fairtrial_store::{Ballast, DatabaseUrl};
use tokio::{task::JoinHandle, time::timeout};

use super::{Failure, print};
use crate::{
    alerts::{Authorities, Exchange, Sender, SystemLookUp},
    config::Settings,
    routes,
    server::{State, bind, open_when_there, start_log, system_ambient},
};

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let _log = start_log(settings.log_level, settings.log_format);
    actix_web::rt::System::new().block_on(async {
        let listener = listen(settings)?;
        let own = format!("http://{}", listener.local_addr()?);
        let told = |why: &str| print(&format!("Fairtrial waits at {own}: {why}\n")).map_err(Into::into);
        let mut stop = told_to_stop()?;
        let stopped = async { _ = (&mut stop).await };
        let opened = open_when_there(settings, system_ambient(), &listener, told, stopped).await?;
        let Some(opened) = opened else { return Ok(()) };
        if let DatabaseUrl::Sqlite(file) = opened.store.url() {
            opened.store.set_aside(Ballast::beside(file, settings.ballast_bytes)?);
        }
        Ok(answer(settings, listener, opened.app, false, stop, |_| Ok(())).await?)
    })
}

/// Takes the port.
pub(super) fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    TcpListener::bind(settings.listen).with_context(|| format!("cannot listen on {}", settings.listen))
}

/// Answers until the process is told to stop; what was only counted in memory is written before it ends.
/// `stop` has listened since before anybody could know that there is a server, so that whoever starts it and changes their mind is heard.
/// `at_address` hears the address once the port is held, before the first answer.
pub(super) async fn answer(
    settings: &Settings,
    listener: TcpListener,
    app: Arc<App>,
    demonstration: bool,
    stop: impl Future<Output = bool> + 'static,
    at_address: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let state = State::new(Arc::clone(&app), settings, demonstration);
    let bound = bind(listener, settings, state.clone(), routes::table())
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let closing = actix_web::rt::spawn(end_when_told(state.clone(), bound.server.handle(), stop));
    let own = format!("http://{}", bound.address);
    at_address(&own)?;
    print(&format!("Fairtrial answers at {own}\n"))?;
    if let Some(token) = app.offer_setup().await? {
        let public = settings.public_url.as_ref().map_or(own.as_str(), |url| url.as_str());
        print(&format!(
            "There is no administrator yet. Make the first one within 30 minutes: {public}/setup/{token}\n"
        ))?;
    }
    let metrics = match settings.metrics_listen {
        None => None,
        Some(listen) => {
            let server =
                bound.metrics.serve(listen, Arc::clone(&app)).with_context(|| format!("cannot listen on {listen}"))?;
            let handle = server.handle();
            actix_web::rt::spawn(server);
            Some(handle)
        }
    };
    let site = settings.public_url.as_ref().map_or(own.as_str(), |url| url.as_str());
    let sending = send_alerts(settings, &app, &state, site)?;
    let in_step = actix_web::rt::spawn(Arc::clone(&app).keep_in_step());
    let handing_over = actix_web::rt::spawn(Arc::clone(&app).hand_over_spool());
    let broken = end_when_broken(Arc::clone(&app), bound.server.handle());
    bound.server.await?;
    in_step.abort();
    handing_over.abort();
    closing.abort();
    state.close();
    if let Some(mut sending) = sending
        && timeout(Duration::from_secs(settings.shutdown_seconds), &mut sending).await.is_err()
    {
        // What was under way goes out again later.
        sending.abort();
    }
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    if let Some(why) = broken.get() {
        bail!("the disk beneath the database fails, so the server ends: {why}");
    }
    if let Some((_, waiting)) = app.waiting_for_database().filter(|(_, waiting)| *waiting > 0) {
        tracing::warn!(
            bytes = waiting,
            "events wait on this server's disk for the database: start it again with this folder"
        );
    }
    app.write_last_counters().await?;
    // A copy of what stands in the logs, which a full disk or another server in the same folder may be in the way of.
    if let Err(error) = app.keep_fold(true).await {
        tracing::warn!(?error, "what is folded could not be kept; the next start reads more of the logs");
    }
    Ok(())
}

/// Sends alerts beside the answers, where anybody may be called.
fn send_alerts(
    settings: &Settings,
    app: &Arc<App>,
    state: &State,
    site: &str,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    let alerts = &settings.alerts;
    if alerts.hosts.is_empty() {
        return Ok(None);
    }
    let authorities =
        if alerts.hosts.has_encrypted() { Authorities::read(&alerts.authorities)? } else { Authorities::none() };
    let exchange = Exchange::new(alerts.networks.clone(), authorities, SystemLookUp);
    let (sender, state) = (Sender::new(Arc::clone(app), exchange, site.to_owned()), state.clone());
    Ok(Some(actix_web::rt::spawn(sender.run(move || state.is_closing()))))
}

/// Ends when the process is told to stop, and says whether calls under way may finish: SIGTERM lets them, as a service manager sends it.
/// It listens from now on, and forgets nothing that comes before it is asked.
pub(super) fn told_to_stop() -> std::io::Result<impl Future<Output = bool> + Unpin> {
    let (mut terminate, mut interrupt, mut quit) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::quit())?);
    Ok(poll_fn(move |context| {
        if terminate.poll_recv(context).is_ready() {
            return Poll::Ready(true);
        }
        let at_once = interrupt.poll_recv(context).is_ready() || quit.poll_recv(context).is_ready();
        if at_once { Poll::Ready(false) } else { Poll::Pending }
    }))
}

/// Ends the server, and what never ends by itself, as soon as the process is told to stop.
async fn end_when_told(state: State, server: ServerHandle, stop: impl Future<Output = bool>) {
    let may_finish = stop.await;
    state.close();
    server.stop(may_finish).await;
}

/// Ends the server at once when the disk beneath the database fails; then holds why.
fn end_when_broken(app: Arc<App>, server: ServerHandle) -> Arc<OnceLock<String>> {
    let broken = Arc::new(OnceLock::new());
    let told = Arc::clone(&broken);
    actix_web::rt::spawn(async move {
        let why = app.until_broken().await;
        // It is set once.
        let _ = told.set(why);
        server.stop(false).await;
    });
    broken
}
