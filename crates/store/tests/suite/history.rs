//! Histories of assignments, opt-outs, a cap and a stop, recorded from several callers on two servers, each explained by one order.
//!
//! A history is right when its calls can be put in one order that a single caller could have made, such that each call stands somewhere
//! between its beginning and its end, and every answer is the one of the plainest trial in memory: linearisability, found by the search
//! of Wing and Gong (1993, Journal of Parallel and Distributed Computing 17, 164-182), which remembers where it has been (Lowe 2017,
//! Concurrency and Computation 29, e3928). A history that has no such order is a flip, a lost place, a place too many, or an answer
//! from a state that was over.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::installation::{Installation, NOW, PLAN, place, request, unit};
use fairtrial_domain::note::OptOutKind;
use fairtrial_store::{
    AssignAnswer, AssignRequest, Drawing, Store,
    opt_outs::{self, OptOut},
    trials,
};
use fairtrial_testkit::{on_both_databases, size::times};

const CALLERS: usize = 6;
const CALLS: usize = 3;
const PEOPLE: u32 = 4;
const CAP: usize = 3;

/// Numbers that look like chance and are the same each time: splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What a caller asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Assign(u32),
    OptOut(u32),
    TakeBack(u32),
    Stop,
}

/// What they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    New(usize),
    Existing(usize),
    OptedOut,
    CapReached,
    NotEnrolling,
    Done,
}

/// A call with the moments between which it happened.
#[derive(Debug, Clone, Copy)]
struct Call {
    ask: Ask,
    told: Told,
    began: u64,
    ended: u64,
}

/// The plainest trial: what a call would be told, and what it leaves behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Trial {
    places: BTreeMap<u32, usize>,
    out: Vec<u32>,
    stopped: bool,
}

impl Trial {
    /// The trial after a call, where that call could be told what it was told.
    fn after(&self, call: &Call) -> Option<Self> {
        let mut next = self.clone();
        let right = match call.ask {
            Ask::Assign(who) => match (self.places.get(&who), call.told) {
                (Some(arm), told) => told == Told::Existing(*arm),
                (None, told) if self.stopped => told == Told::NotEnrolling,
                (None, told) if self.out.contains(&who) => told == Told::OptedOut,
                (None, told) if self.places.len() >= CAP => told == Told::CapReached,
                (None, Told::New(arm)) => {
                    next.places.insert(who, arm);
                    true
                }
                (None, _) => false,
            },
            Ask::OptOut(who) => {
                next.out.push(who);
                next.out.sort_unstable();
                next.out.dedup();
                call.told == Told::Done
            }
            Ask::TakeBack(who) => {
                next.out.retain(|out| *out != who);
                call.told == Told::Done
            }
            Ask::Stop => {
                next.stopped = true;
                call.told == Told::Done
            }
        };
        right.then_some(next)
    }
}

/// Whether one order explains the history.
fn explained(history: &[Call]) -> bool {
    assert!(history.len() <= 32, "a set of calls is a number");
    fn search(history: &[Call], done: u32, trial: &Trial, seen: &mut HashSet<(u32, Trial)>) -> bool {
        if done.count_ones() as usize == history.len() {
            return true;
        }
        if !seen.insert((done, trial.clone())) {
            return false;
        }
        let open = |index: usize| done & (1 << index) == 0;
        // Whatever had ended before a call began comes before it.
        let first_end = history.iter().enumerate().filter(|(index, _)| open(*index)).map(|(_, call)| call.ended).min();
        history.iter().enumerate().any(|(index, call)| {
            open(index)
                && first_end.is_some_and(|end| call.began <= end)
                && trial.after(call).is_some_and(|next| search(history, done | 1 << index, &next, seen))
        })
    }
    search(history, 0, &Trial::default(), &mut HashSet::new())
}

/// Who does the asking, on one of the servers.
struct Caller {
    store: Store,
    drawing: Arc<Drawing>,
    agency: i64,
    moments: Arc<AtomicU64>,
}

impl Caller {
    async fn ask(&self, ask: Ask) -> Call {
        let began = self.moments.fetch_add(1, Ordering::SeqCst);
        let told = match ask {
            Ask::Assign(who) => {
                let request: AssignRequest = request(&self.drawing, who);
                let limits = fairtrial_store::Limits { agency_id: self.agency, ..request.limits.clone() };
                let answer = self.store.assign(AssignRequest { limits, ..request }).await.unwrap();
                match answer {
                    AssignAnswer::New(_) => Told::New(place(answer).unwrap().arm),
                    AssignAnswer::Existing(_) => Told::Existing(place(answer).unwrap().arm),
                    AssignAnswer::OptedOut => Told::OptedOut,
                    AssignAnswer::CapReached => Told::CapReached,
                    AssignAnswer::NotEnrolling(_) => Told::NotEnrolling,
                    other => panic!("{other:?}"),
                }
            }
            Ask::OptOut(who) | Ask::TakeBack(who) => {
                let begin = matches!(ask, Ask::OptOut(_));
                let out = OptOut { agency_id: self.agency, unit: unit(who), kind: OptOutKind::All, trial_id: 0 };
                let reference = format!("oo-{began}");
                let write = move |c: &mut fairtrial_store::DbConnection| {
                    opt_outs::hold(c, out.agency_id)?;
                    match (opt_outs::last(c, &out)?, begin) {
                        (Some((_, true)), true) | (Some((_, false)) | None, false) => Ok(()),
                        (_, true) => opt_outs::put(c, &out, &reference, NOW),
                        (_, false) => opt_outs::end(c, &out, NOW),
                    }
                };
                self.store.write(write).await.unwrap();
                Told::Done
            }
            Ask::Stop => {
                let trial_id = self.drawing.trial_id;
                let write = move |c: &mut fairtrial_store::DbConnection| {
                    let change = trials::StateChange { state: "follow_up".into(), ..Default::default() };
                    trials::move_state(c, trial_id, "enrolling", PLAN, &change)
                };
                self.store.write(write).await.unwrap();
                Told::Done
            }
        };
        Call { ask, told, began, ended: self.moments.fetch_add(1, Ordering::SeqCst) }
    }
}

/// What each caller asks, by chance; one of them stops the trial in half of the histories.
fn asks(chance: &mut Chance) -> Vec<Vec<Ask>> {
    let mut asks: Vec<Vec<Ask>> = (0..CALLERS)
        .map(|_| {
            (0..CALLS)
                .map(|_| {
                    let who = chance.below(u64::from(PEOPLE)) as u32;
                    match chance.below(8) {
                        0 => Ask::OptOut(who),
                        1 => Ask::TakeBack(who),
                        _ => Ask::Assign(who),
                    }
                })
                .collect()
        })
        .collect();
    if chance.below(2) == 0 {
        asks[0][chance.below(CALLS as u64) as usize] = Ask::Stop;
    }
    asks
}

/// A history of callers who ask at once, half of them on each server.
fn record(installation: &Installation, other: &Store, key: &str, chance: &mut Chance) -> Vec<Call> {
    let drawing = installation.simple(key, CAP as u64);
    let moments = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = asks(chance)
        .into_iter()
        .enumerate()
        .map(|(number, asks)| {
            let caller = Caller {
                store: if number % 2 == 0 { installation.store.clone() } else { other.clone() },
                drawing: Arc::clone(&drawing),
                agency: installation.agency,
                moments: Arc::clone(&moments),
            };
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(async move {
                    let mut calls = Vec::new();
                    for ask in asks {
                        calls.push(caller.ask(ask).await);
                    }
                    calls
                })
            })
        })
        .collect();
    let history = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    // The next history begins with nobody who stays out.
    let agency_id = installation.agency;
    installation
        .write(move |c| {
            for who in 0..PEOPLE {
                let out = OptOut { agency_id, unit: unit(who), kind: OptOutKind::All, trial_id: 0 };
                if let Some((_, true)) = opt_outs::last(c, &out)? {
                    opt_outs::end(c, &out, NOW)?;
                }
            }
            Ok(())
        })
        .unwrap();
    history
}

on_both_databases! {
    fn every_history_has_one_order_that_explains_it(database) {
        let installation = Installation::new(database);
        let other = installation.another_store();
        let mut chance = Chance(5);
        let mut told: Vec<Told> = Vec::new();
        for number in 0..times(40) {
            let history = record(&installation, &other, &format!("history-{number}"), &mut chance);
            assert!(explained(&history), "{history:#?}");
            told.extend(history.iter().map(|call| call.told));
        }
        // It shows something only where every kind of answer was among them.
        let seen = |wanted: fn(&Told) -> bool| told.iter().any(wanted);
        assert!(seen(|told| matches!(told, Told::New(_))) && seen(|told| matches!(told, Told::Existing(_))));
        assert!(seen(|told| *told == Told::OptedOut) && seen(|told| *told == Told::CapReached) && seen(|told| *told == Told::NotEnrolling));
    }

    fn a_history_that_was_falsified_has_none(database) {
        let installation = Installation::new(database);
        let other = installation.another_store();
        let mut chance = Chance(6);
        let mut caught = [0; 5];
        for number in 0..40 {
            let history = record(&installation, &other, &format!("falsified-{number}"), &mut chance);
            assert!(explained(&history), "{history:#?}");
            let last = history.iter().map(|call| call.ended).max().unwrap();
            let find = |wanted: fn(&Told) -> bool| history.iter().position(|call| wanted(&call.told));
            let mut falsify = |what: usize, change: &dyn Fn(&mut Vec<Call>)| {
                let mut false_history = history.clone();
                change(&mut false_history);
                assert!(!explained(&false_history), "falsification {what} was not seen: {false_history:#?}");
                caught[what] += 1;
            };
            // A flip.
            if let Some(place) = find(|told| matches!(told, Told::Existing(_))) {
                falsify(0, &|calls| {
                    let Told::Existing(arm) = calls[place].told else { unreachable!() };
                    calls[place].told = Told::Existing(1 - arm);
                });
            }
            // Drawn twice.
            if let Some(place) = find(|told| matches!(told, Told::Existing(_))) {
                falsify(1, &|calls| {
                    let Told::Existing(arm) = calls[place].told else { unreachable!() };
                    calls[place].told = Told::New(arm);
                });
            }
            // Passed by one.
            if let Some(place) = find(|told| *told == Told::CapReached) {
                falsify(2, &|calls| calls[place].told = Told::New(0));
            }
            // A place that was given and then lost: the same person is drawn once more when all is over.
            if let Some(place) = find(|told| matches!(told, Told::New(_))) {
                falsify(3, &|calls| {
                    let again = Call { began: last + 1, ended: last + 2, ..calls[place] };
                    calls.push(again);
                });
            }
            // Somebody enters after the stop.
            if let Some(stop) = history.iter().find(|call| call.ask == Ask::Stop).copied() {
                falsify(4, &|calls| {
                    let ask = Ask::Assign(PEOPLE);
                    calls.push(Call { ask, told: Told::New(0), began: stop.ended + 1_000, ended: stop.ended + 1_001 });
                });
            }
        }
        assert!(caught.iter().all(|times| *times > 2), "each kind was tried: {caught:?}");
    }
}
