//! The one place that reads the clock and draws from the operating system's randomness.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use fairtrial_app::{Ambient, Clock, RandomSource};

/// Some moment of this process.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The clock of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the server's clock; everything else is handed the time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn steady(&self) -> Option<Duration> {
        Some(BEGAN.elapsed())
    }
}

/// The randomness of this machine's operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandomness;

impl RandomSource for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Keys and tokens that somebody could guess are worse than a server that is down.
            tracing::error!("the operating system gives no random bytes");
            std::process::abort();
        }
    }
}

/// The clock and the randomness of this machine.
#[must_use]
pub fn system_ambient() -> Ambient {
    Ambient::new(SystemClock, SystemRandomness)
}
