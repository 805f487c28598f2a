//! What all handlers share.

use std::{fmt, sync::Arc};

use fairtrial_app::App;

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
}

impl State {
    /// A state over an app.
    #[must_use]
    pub fn new(app: Arc<App>, settings: &Settings, demonstration: bool) -> Self {
        let public_url = settings.public_url.as_ref().map(|url| url.as_str().to_owned());
        Self { app, https: settings.is_https(), public_url, demonstration }
    }

    /// A name for a request.
    pub(crate) fn new_id(&self) -> String {
        format!("{:016x}", u64::from_be_bytes(self.app.ambient().bytes()))
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
