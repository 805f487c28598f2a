//! Callers that keep a beat: so many calls a second, not as many as there can be.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{
    super::{house::TRIALS, load::Caller},
    minutes::Tray,
};

/// Callers, each with a connection of its own that it keeps.
pub(super) const CALLERS: u64 = 8;

/// Between two calls of one of them: 40 a second, all together 320.
pub(super) const BEAT: Duration = Duration::from_millis(25);

/// Calls of one bar: ten for a place, five with one event and one with several. One call in twenty for events repeats what was sent
/// before, which is often less than a batch: all together that is 200 calls for a place and 500 events a second.
const BAR: u64 = 16;

/// Events in one call that has several.
pub(super) const BATCH: usize = 21;

/// What that is a second.
pub(super) const PLACES: f64 = 200.0;
pub(super) const EVENTS: f64 = 500.0;

/// People who are placed a second, in the first eighth: every second call for a place.
pub(super) const NEW: f64 = 100.0;

/// Calls for a place of one caller between two people who are new after that: one of all callers in ten seconds.
const RARE: u64 = 2_000;

/// What falls due again and again.
pub(super) struct Beat<'a> {
    next: Instant,
    every: Duration,
    ending: &'a AtomicBool,
    tray: &'a Tray,
}

impl<'a> Beat<'a> {
    pub(super) fn new(first: Instant, every: Duration, ending: &'a AtomicBool, tray: &'a Tray) -> Self {
        Self { next: first, every, ending, tray }
    }

    /// Waits until it is due once more; no more when the run is at its end. What was missed is made up for.
    pub(super) fn wait(&mut self) -> bool {
        loop {
            if self.ending.load(Ordering::SeqCst) {
                return false;
            }
            let now = Instant::now();
            let Some(left) = self.next.checked_duration_since(now) else {
                self.tray.late(now - self.next);
                self.next += self.every;
                return true;
            };
            std::thread::sleep(left.min(Duration::from_millis(500)));
        }
    }
}

/// One caller, from the beginning to the end.
pub(super) fn call(mut caller: Caller<'_>, number: u64, is_warming_up: impl Fn() -> bool, beat: &mut Beat<'_>) {
    let (mut calls, mut places, mut singles, mut batches) = (0, 0_u64, 0_u64, 0_u64);
    while beat.wait() {
        let step = calls % BAR;
        calls += 1;
        if step == 0 {
            batches += 1;
            if batches.is_multiple_of(20) { caller.send_once_more() } else { caller.send_events(BATCH) }
        } else if step.is_multiple_of(3) {
            singles += 1;
            if singles.is_multiple_of(20) { caller.correct_one() } else { caller.send_events(1) }
        } else {
            places += 1;
            match (is_warming_up(), places) {
                (true, n) if n.is_multiple_of(2) => caller.assign_somebody_new(),
                // For whom there is no room any more: all that is done for somebody new but the place.
                (false, n) if n.is_multiple_of(20) => caller.assign_in(TRIALS[1]),
                (false, n) if n % RARE == number * (RARE / CALLERS) + 1 => caller.assign_in(TRIALS[0]),
                _ => caller.ask_again(),
            }
        }
    }
}
