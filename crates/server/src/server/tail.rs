//! The last calls of apps, for those who connect them: in the memory of this server, and only while somebody looks.
//!
//! Nothing is kept of who a call is about, nor of its body. While nobody looks, a call pays for one number that is read.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

/// Calls that are kept of one trial.
const CALLS: usize = 20;

/// Trials that are watched at once; of more, the one that nobody has looked at for longest is forgotten.
const TRIALS: usize = 64;

/// Microseconds for which calls are kept after somebody has looked.
const LOOKS: i64 = 15 * 60 * 1_000_000;

/// What became of a call, told by its handler: an outcome, or numbers of events.
#[derive(Debug, Clone)]
pub(crate) struct Verdict(pub(crate) String);

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenCall {
    /// When it was answered, in microseconds.
    pub(crate) at: i64,
    /// By which key.
    pub(crate) key_id: i64,
    /// The path of its row, with names in the place of what it was about.
    pub(crate) path: &'static str,
    /// The status of the answer.
    pub(crate) status: u16,
    /// The outcome, or the code of the problem.
    pub(crate) verdict: String,
}

/// What a call was about, as far as its address tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    /// One trial.
    Trial(&'a str),
    /// The trials at a touchpoint.
    Touchpoint(&'a str),
    /// Any trial of the agency.
    Agency,
}

#[derive(Debug)]
struct Watched {
    touchpoint: Option<String>,
    until: i64,
    calls: VecDeque<SeenCall>,
}

/// The last calls of the trials that somebody looks at.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Until when calls are kept of any trial, in microseconds; 0 while nobody looks.
    until: AtomicI64,
    trials: Mutex<BTreeMap<(i64, String), Watched>>,
}

impl Tail {
    /// Whether somebody has looked of late.
    pub(crate) fn is_on(&self, now: impl FnOnce() -> i64) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != 0 && now() < until
    }

    /// The last calls of a trial, the latest first. From now on its calls are kept for a while.
    pub(crate) fn look(&self, agency_id: i64, trial: &str, touchpoint: Option<&str>, now: i64) -> Vec<SeenCall> {
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        trials.retain(|_, watched| watched.until > now);
        let key = (agency_id, trial.to_owned());
        if trials.len() >= TRIALS && !trials.contains_key(&key) {
            let oldest = trials.iter().min_by_key(|(_, watched)| watched.until).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| trials.remove(&oldest));
        }
        let until = now.saturating_add(LOOKS);
        let watched = trials.entry(key).or_insert_with(|| Watched { touchpoint: None, until, calls: VecDeque::new() });
        watched.until = until;
        watched.touchpoint = touchpoint.map(str::to_owned);
        self.until.fetch_max(until, Ordering::Relaxed);
        watched.calls.iter().rev().cloned().collect()
    }

    /// Keeps a call for the trials that it may be about and that somebody looks at.
    pub(crate) fn keep(&self, agency_id: i64, about: About<'_>, call: &SeenCall) {
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        let concerned = trials.iter_mut().filter(|((agency, trial), watched)| {
            let fits = match about {
                About::Trial(key) => trial == key,
                About::Touchpoint(place) => watched.touchpoint.as_deref() == Some(place),
                About::Agency => true,
            };
            fits && *agency == agency_id && watched.until > call.at
        });
        for (_, watched) in concerned {
            if watched.calls.len() >= CALLS {
                watched.calls.pop_front();
            }
            watched.calls.push_back(call.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: i64) -> SeenCall {
        SeenCall { at, key_id: 1, path: "/v1/events", status: 200, verdict: "1 new".into() }
    }

    #[test]
    fn calls_are_kept_while_somebody_looks_and_no_more_than_twenty() {
        let tail = Tail::default();
        tail.keep(1, About::Agency, &call(1));
        assert!(!tail.is_on(|| panic!("the clock is not asked while nobody looks")));
        assert_eq!(tail.look(1, "letter", Some("desk"), 10), []);
        assert!(tail.is_on(|| 10));
        for at in 11..60 {
            tail.keep(1, About::Agency, &call(at));
        }
        let seen: Vec<i64> = tail.look(1, "letter", Some("desk"), 60).iter().map(|call| call.at).collect();
        assert_eq!(seen, (40..60).rev().collect::<Vec<_>>());
        assert!(!tail.is_on(|| 60 + LOOKS));
        assert_eq!(tail.look(1, "letter", None, 60 + LOOKS), [], "what nobody looked at for a while is forgotten");
    }

    #[test]
    fn a_call_is_kept_for_its_own_trial_and_its_own_agency() {
        let tail = Tail::default();
        tail.look(1, "letter", Some("desk"), 1);
        tail.look(1, "door", None, 1);
        tail.look(2, "letter", Some("desk"), 1);
        tail.keep(1, About::Trial("letter"), &call(2));
        tail.keep(1, About::Touchpoint("desk"), &call(3));
        tail.keep(2, About::Agency, &call(4));
        let seen =
            |agency: i64, trial: &str| tail.look(agency, trial, None, 5).iter().map(|call| call.at).collect::<Vec<_>>();
        assert_eq!((seen(1, "letter"), seen(1, "door"), seen(2, "letter")), (vec![3, 2], vec![], vec![4]));
        for n in 0..200 {
            tail.look(1, &format!("trial-{n}"), None, 6 + n);
        }
        assert!(tail.trials.lock().unwrap().len() <= TRIALS);
    }
}
