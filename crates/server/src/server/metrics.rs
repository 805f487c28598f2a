//! Counts of what was answered, for Prometheus. Labels are patterns of paths and classes of statuses: never a path that
//! somebody typed, and nothing about a person.

use std::{
    collections::BTreeMap,
    fmt::Write,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{App as Application, HttpResponse, HttpServer, dev::Server, web};
use fairtrial_app::App;

/// Upper ends of the classes of time, in microseconds.
const ENDS: [u64; 9] = [1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Classes of statuses, from 1xx on.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counts of one route by one thread: were they shared, threads would wait for each other at every answer.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    statuses: [AtomicU64; 5],
    times: [AtomicU64; 9],
    longer: AtomicU64,
    microseconds: AtomicU64,
}

impl Counts {
    /// Counts one answer.
    pub(crate) fn add(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = self.statuses.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place =
            ENDS.iter().zip(&self.times).find(|(end, _)| took <= **end).map_or(&self.longer, |(_, count)| count);
        place.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }
}

/// The same of all threads together.
#[derive(Debug, Default)]
struct Sums {
    statuses: [u64; 5],
    times: [u64; 9],
    longer: u64,
    microseconds: u64,
}

impl Sums {
    fn add(&mut self, counts: &Counts) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        for (sum, count) in self.statuses.iter_mut().zip(&counts.statuses) {
            *sum += read(count);
        }
        for (sum, count) in self.times.iter_mut().zip(&counts.times) {
            *sum += read(count);
        }
        self.longer += read(&counts.longer);
        self.microseconds += read(&counts.microseconds);
    }
}

/// Counts of all routes.
#[derive(Debug)]
pub struct Metrics(BTreeMap<String, Mutex<Vec<Arc<Counts>>>>);

impl Metrics {
    /// Nothing counted yet for these paths.
    pub fn of_routes<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        Self(paths.map(|path| (path.to_owned(), Mutex::default())).collect())
    }

    /// Counts of a path, for one thread; for a path that is not known, counts that nobody reads.
    pub(crate) fn of(&self, path: &str) -> Arc<Counts> {
        let counts = Arc::<Counts>::default();
        if let Some(threads) = self.0.get(path) {
            threads.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counts));
        }
        counts
    }

    /// What all threads counted, by path.
    fn sums(&self) -> impl Iterator<Item = (&str, Sums)> {
        self.0.iter().map(|(path, threads)| {
            let mut sums = Sums::default();
            for counts in threads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                sums.add(counts);
            }
            (path.as_str(), sums)
        })
    }

    /// The counts in the text format of Prometheus. How far the tallies are behind is left out while the database is away.
    async fn text(&self, app: &App) -> String {
        let behind = app.tallies_behind().await.ok();
        let mut text = String::new();
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a text never fails.
            let _ = text.write_fmt(words);
            text.push('\n');
        };
        line(format_args!("# HELP fairtrial_info Version of the program.\n# TYPE fairtrial_info gauge"));
        line(format_args!("fairtrial_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")));
        line(format_args!("# HELP fairtrial_known_units Units in trials that this server holds in memory."));
        line(format_args!("# TYPE fairtrial_known_units gauge\nfairtrial_known_units {}", app.known_units()));
        let load = app.writes();
        line(format_args!("# HELP fairtrial_writes_under_way Calls that wait for their commit."));
        line(format_args!("# TYPE fairtrial_writes_under_way gauge\nfairtrial_writes_under_way {}", load.under_way));
        line(format_args!("# HELP fairtrial_writes_room Most calls that may wait; one more is refused."));
        line(format_args!("# TYPE fairtrial_writes_room gauge\nfairtrial_writes_room {}", load.room));
        line(format_args!("# HELP fairtrial_writes_refused_total Calls that were refused because too many waited."));
        line(format_args!("# TYPE fairtrial_writes_refused_total counter"));
        line(format_args!("fairtrial_writes_refused_total {}", load.refused));
        line(format_args!("# HELP fairtrial_log_lines_lost_total Lines of the log that nobody took in time."));
        line(format_args!("# TYPE fairtrial_log_lines_lost_total counter"));
        line(format_args!("fairtrial_log_lines_lost_total {}", super::log::lost_lines()));
        if let Some((events, waited)) = behind {
            line(format_args!(
                "# HELP fairtrial_events_behind Events that are kept and not in this server's tallies yet."
            ));
            line(format_args!("# TYPE fairtrial_events_behind gauge\nfairtrial_events_behind {events}"));
            line(format_args!("# HELP fairtrial_tallies_behind_seconds How long the first of them has been kept."));
            line(format_args!("# TYPE fairtrial_tallies_behind_seconds gauge"));
            line(format_args!("fairtrial_tallies_behind_seconds {}", waited.as_secs_f64()));
        }
        if let Ok((waiting, given_up)) = app.alerts_standing().await {
            line(format_args!("# HELP fairtrial_alerts_waiting Alerts that no receiver has taken yet."));
            line(format_args!("# TYPE fairtrial_alerts_waiting gauge\nfairtrial_alerts_waiting {waiting}"));
            line(format_args!("# HELP fairtrial_alerts_given_up Alerts that were tried for three days in vain."));
            line(format_args!("# TYPE fairtrial_alerts_given_up gauge\nfairtrial_alerts_given_up {given_up}"));
        }
        if let Some(room) = app.disk_room() {
            line(format_args!("# HELP fairtrial_disk_full 1 while the disk of the database is full."));
            line(format_args!("# TYPE fairtrial_disk_full gauge\nfairtrial_disk_full {}", u8::from(room.is_full)));
            line(format_args!("# HELP fairtrial_ballast_bytes Room that is set aside for when the disk is full."));
            line(format_args!("# TYPE fairtrial_ballast_bytes gauge\nfairtrial_ballast_bytes {}", room.set_aside));
        }
        if let Some((is_away, waiting)) = app.waiting_for_database() {
            line(format_args!("# HELP fairtrial_database_away 1 while the database does not answer."));
            line(format_args!("# TYPE fairtrial_database_away gauge\nfairtrial_database_away {}", u8::from(is_away)));
            line(format_args!("# HELP fairtrial_spool_bytes Events on this server's disk that wait for the database."));
            line(format_args!("# TYPE fairtrial_spool_bytes gauge\nfairtrial_spool_bytes {waiting}"));
        }
        line(format_args!("# HELP fairtrial_requests_total Answers by route and class of status."));
        line(format_args!("# TYPE fairtrial_requests_total counter"));
        let routes: Vec<_> = self.sums().collect();
        for (route, counts) in &routes {
            for (class, count) in CLASSES.iter().zip(counts.statuses).filter(|(_, count)| *count > 0) {
                line(format_args!("fairtrial_requests_total{{route=\"{route}\",status=\"{class}\"}} {count}"));
            }
        }
        let name = "fairtrial_request_duration_seconds";
        line(format_args!(
            "# HELP {name} Time from the whole head of a request to its answer.\n# TYPE {name} histogram"
        ));
        for (route, counts) in &routes {
            let mut sum = 0;
            for (end, count) in ENDS.iter().zip(counts.times) {
                sum += count;
                let end = *end as f64 / 1e6;
                line(format_args!("{name}_bucket{{route=\"{route}\",le=\"{end}\"}} {sum}"));
            }
            sum += counts.longer;
            line(format_args!("{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {sum}"));
            line(format_args!("{name}_sum{{route=\"{route}\"}} {}", counts.microseconds as f64 / 1e6));
            line(format_args!("{name}_count{{route=\"{route}\"}} {sum}"));
        }
        text
    }

    /// A server of its own for these counts, on a port that need not be public.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub fn serve(self: &Arc<Self>, listen: SocketAddr, app: Arc<App>) -> io::Result<Server> {
        let metrics = Arc::clone(self);
        let listener = TcpListener::bind(listen)?;
        tracing::info!(address = %listener.local_addr()?, "metrics can be read");
        let server = HttpServer::new(move || {
            let (metrics, app) = (Arc::clone(&metrics), Arc::clone(&app));
            let show = move || {
                let (metrics, app) = (Arc::clone(&metrics), Arc::clone(&app));
                async move {
                    let text = metrics.text(&app).await;
                    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
                }
            };
            Application::new().route("/metrics", web::get().to(show))
        });
        Ok(server.workers(1).disable_signals().listen(listener)?.run())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_counted_once() {
        let metrics = Metrics::of_routes(["/one", "/other"].into_iter());
        let threads = [metrics.of("/one"), metrics.of("/one")];
        for (counts, (status, micros)) in
            threads.iter().cycle().zip([(200, 10), (204, 1_000), (404, 1_001), (503, 60_000_000), (999, 1)])
        {
            counts.add(status, Duration::from_micros(micros));
        }
        metrics.of("/unknown").add(200, Duration::ZERO);
        let sums: BTreeMap<_, _> = metrics.sums().collect();
        let one = &sums["/one"];
        assert_eq!(one.statuses, [0, 2, 0, 1, 1]);
        assert_eq!(one.times.iter().sum::<u64>() + one.longer, 5);
        assert_eq!((one.times[0], one.longer), (3, 1));
        assert_eq!(sums["/other"].statuses, [0; 5]);
    }
}
