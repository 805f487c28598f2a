//! A server in this process, on a free port.

use std::{net::SocketAddr, sync::mpsc, thread};

use fairtrial_server::{
    config::{Flags, ServerFlags, Settings, Sources},
    server::{State, bind},
    transport::Row,
};

/// Settings of a test: a free port, little of everything.
pub(crate) fn settings(public_url: Option<&str>) -> Settings {
    let server = ServerFlags {
        listen: Some("127.0.0.1:0".into()),
        workers: Some("1".into()),
        shutdown_seconds: Some("0".into()),
        public_url: public_url.map(str::to_owned),
    };
    let sources = Sources::of(&Flags::default(), &server, Default::default(), Default::default());
    Settings::from_sources(&sources).expect("settings of a test are right")
}

/// Starts a server with these rows; it lives as long as the test.
pub(crate) fn start(settings: Settings, rows: Vec<Row>) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let state = State::new(settings.is_https(), || "made-by-the-test".into());
            let bound = bind(&settings, state, rows).expect("a free port");
            tell.send(bound.address).expect("the test waits");
            bound.server.await.expect("the server ends well");
        });
    });
    told.recv().expect("the server starts")
}
