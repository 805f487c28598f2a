//! What all handlers share.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use fairtrial_app::App;

use super::Tail;
use crate::config::Settings;

/// What all handlers share.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub app: Arc<App>,
    /// Whether people reach the server by https.
    pub https: bool,
    /// The address that people use, when it is not the one the server listens on.
    pub public_url: Option<String>,
    /// Whether agencies, people and numbers are made up.
    pub demonstration: bool,
    /// Streams that are open.
    pub(crate) streams: Arc<AtomicUsize>,
    /// The last calls, while somebody looks.
    pub(crate) tail: Arc<Tail>,
    closing: Arc<AtomicBool>,
    last_id: Arc<AtomicU64>,
}

impl State {
    /// A state over an app.
    #[must_use]
    pub fn new(app: Arc<App>, settings: &Settings, demonstration: bool) -> Self {
        let public_url = settings.public_url.as_ref().map(|url| url.as_str().to_owned());
        let last_id = Arc::new(AtomicU64::new(u64::from_be_bytes(app.ambient().bytes())));
        let (streams, tail, closing) = (Arc::default(), Arc::default(), Arc::default());
        Self { app, https: settings.is_https(), public_url, demonstration, streams, tail, closing, last_id }
    }

    /// The same for one thread, which names requests by itself.
    pub(crate) fn of_one_thread(&self) -> Self {
        let last_id = Arc::new(AtomicU64::new(u64::from_be_bytes(self.app.ambient().bytes())));
        Self { last_id, ..self.clone() }
    }

    /// Answers that never end by themselves end from now on, so that the server can.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// A name for a request: another for each, from a start that chance gave. It is no secret, only a name, so that no
    /// request waits for the operating system's randomness.
    pub(crate) fn new_id(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        self.last_id.fetch_add(STEP, Ordering::Relaxed)
    }

    /// Whether somebody looks at the last calls.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.tail.is_on(|| self.app.ambient().now_micros())
    }

    /// Seconds for a caller to wait: between 1 and 5, so that those who were refused together do not return together.
    pub(crate) fn patience(&self) -> u32 {
        let [byte] = self.app.ambient().bytes();
        1 + u32::from(byte) % 5
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("https", &self.https).finish_non_exhaustive()
    }
}
