//! Listening and answering.

use std::{io, net::SocketAddr, net::TcpListener, rc::Rc, sync::Arc, time::Duration};

use actix_web::{HttpServer, dev::Server};
use rustix::net::sockopt;

use super::{Metrics, State};
use crate::{
    config::Settings,
    transport::{Places, Row, intake, respond},
};

/// Connections that one worker holds at once.
const CONNECTIONS: usize = 2_000;

/// How long a caller may read nothing of its answer, in milliseconds. The HTTP library waits for ever; the kernel ends the connection.
const UNREAD: u32 = 15_000;

/// Bytes of answers that the kernel keeps for one connection until they are read; it doubles them for its own use. Left to itself it
/// keeps megabytes for everybody who does not read.
const ON_THE_WAY: usize = 256 * 1024;

/// A server that holds its port and does not answer yet.
pub struct Bound {
    /// Where it will answer.
    pub address: SocketAddr,
    /// What was answered so far.
    pub metrics: Arc<Metrics>,
    /// Answers until it is told to stop, when it is waited for.
    pub server: Server,
}

/// Builds the server from the rows, on a port that is held. It ends when its handle says so: it takes no new requests, and those under
/// way have the configured time to finish. It hears no signals: it would listen only from its first step on, and miss one before that.
///
/// # Errors
/// When the port cannot be listened on.
pub fn bind(listener: TcpListener, settings: &Settings, state: State, rows: Vec<Row>) -> io::Result<Bound> {
    let address = listener.local_addr()?;
    // Connections have these from the listener.
    sockopt::set_tcp_user_timeout(&listener, UNREAD)?;
    sockopt::set_socket_send_buffer_size(&listener, ON_THE_WAY)?;
    let metrics = Arc::new(Metrics::of_routes(rows.iter().map(|row| row.path)));
    let counted = Arc::clone(&metrics);
    let server = HttpServer::new(move || {
        // Each thread has its own: what they shared, they would wait for at every call.
        let (places, state) = (Rc::new(Places::of(&rows, &counted)), Rc::new(state.of_one_thread()));
        intake(move |request, payload| {
            let (places, state) = (Rc::clone(&places), Rc::clone(&state));
            async move { respond(&places, request, payload, &state).await }
        })
    })
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(15))
    .max_connections(CONNECTIONS)
    .disable_signals()
    .shutdown_timeout(settings.shutdown_seconds);
    let server = match settings.workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    Ok(Bound { address, metrics, server: server.listen(listener)?.run() })
}
