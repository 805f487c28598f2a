//! What all handlers share.

use std::{fmt, sync::Arc};

/// Makes a new identifier for a request.
type NewId = Arc<dyn Fn() -> String + Send + Sync>;

/// What all handlers share.
#[derive(Clone)]
pub struct State {
    /// Whether people reach the server by https.
    pub https: bool,
    new_id: NewId,
}

impl State {
    /// A state with its source of identifiers.
    #[must_use]
    pub fn new(https: bool, new_id: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { https, new_id: Arc::new(new_id) }
    }

    pub(crate) fn new_id(&self) -> String {
        (self.new_id)()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("https", &self.https).finish_non_exhaustive()
    }
}
