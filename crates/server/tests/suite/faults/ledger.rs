//! What the servers have promised, written down before it is counted.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{Condvar, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// One acknowledged answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Promise {
    /// A unit has an arm in a trial since a moment.
    Placed { trial: String, unit: String, arm: String, assigned_at: String },
    /// Events are kept, each named by its number.
    Kept { numbers: Vec<u64> },
}

/// All promises together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises {
    /// By trial and unit: arm, and since when.
    pub(crate) places: BTreeMap<(String, String), (String, String)>,
    /// How often each event was acknowledged.
    pub(crate) events: BTreeMap<u64, u32>,
    /// Promises that contradict one made before.
    pub(crate) broken: Vec<String>,
}

impl Promises {
    fn add(&mut self, promise: Promise) {
        match promise {
            Promise::Placed { trial, unit, arm, assigned_at } => {
                let place = (arm, assigned_at);
                let first = self.places.entry((trial, unit)).or_insert_with(|| place.clone());
                if *first != place {
                    self.broken.push(format!("a unit flipped from {first:?} to {place:?}"));
                }
            }
            Promise::Kept { numbers } => {
                for number in numbers {
                    *self.events.entry(number).or_default() += 1;
                }
            }
        }
    }

    /// Reads a ledger back from its file.
    pub(crate) fn read(path: &Path) -> Self {
        let mut promises = Self::default();
        for line in BufReader::new(File::open(path).expect("the ledger is there")).lines() {
            promises.add(serde_json::from_str(&line.expect("text")).expect("a promise"));
        }
        promises
    }
}

/// Counts since the load began.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// Answers that were written down.
    pub(crate) promises: u64,
    /// Answers 503.
    pub(crate) refused: u64,
    /// Answers 202: kept on the server's disk.
    pub(crate) spooled: u64,
    /// Answers that never came.
    pub(crate) broken_off: u64,
}

/// The ledger of one run.
pub(crate) struct Ledger {
    pub(crate) path: PathBuf,
    file: Mutex<File>,
    counts: Mutex<Counts>,
    grew: Condvar,
}

impl Ledger {
    pub(crate) fn new(path: PathBuf) -> Self {
        let file = Mutex::new(File::create(&path).expect("the ledger can be made"));
        Self { path, file, counts: Mutex::default(), grew: Condvar::new() }
    }

    pub(crate) fn write(&self, promise: &Promise) {
        let line = format!("{}\n", serde_json::to_string(promise).expect("it can be written"));
        self.file.lock().unwrap().write_all(line.as_bytes()).expect("the ledger can be written");
        self.count(|counts| counts.promises += 1);
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut self.counts.lock().unwrap());
        self.grew.notify_all();
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock().unwrap()
    }

    /// Waits until the counts are as wanted.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&Counts) -> bool) {
        let counts = self.counts.lock().unwrap();
        let (counts, waited) =
            self.grew.wait_timeout_while(counts, Duration::from_secs(120), |counts| !wanted(counts)).unwrap();
        assert!(!waited.timed_out(), "{what} does not come about: {counts:?}");
    }
}
