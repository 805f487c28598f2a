//! Time and chance, handed in from outside.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;

    /// What has passed on a clock that nobody can set; none where the time is made up.
    fn steady(&self) -> Option<Duration> {
        None
    }
}

/// Gives bytes that nobody can guess.
pub trait RandomSource: Send + Sync {
    /// Fills a buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The clock and the source of randomness that the use cases live by.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn RandomSource>,
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}

impl Ambient {
    /// From a clock and a source of randomness.
    pub fn new(clock: impl Clock + 'static, random: impl RandomSource + 'static) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What has passed on a clock that nobody can set; none where the time is made up.
    #[must_use]
    pub fn steady(&self) -> Option<Duration> {
        self.clock.steady()
    }

    /// Now, in microseconds, as it is stored.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }

    /// Bytes that nobody can guess.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A text of 43 characters that nobody can guess (256 bits).
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}
