//! The thread that commits what waits.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    slice::from_ref,
    sync::{Arc, OnceLock, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use tokio::sync::watch;

use super::{
    Answer, AssignAnswer, AssignRequest, Command, EachDrawn, RecordAnswer, RecordRequest, WriterSettings, assign,
    backfill::Backfill,
    fault,
    record::{self, KindNumbers},
    work::{self, Work},
};
use crate::{
    ballast::Ballast,
    connection::{DatabaseUrl, DbConnection, LOG_PAGES},
    error::StoreError,
};

/// Calls of a failed group for which the database may fail before the rest is refused: too few to spend the time of everybody on
/// one that is failing. Calls that are bad themselves do not count: they are told so, and nobody else is refused for them.
const MOST_FAILURES: usize = 3;

/// How long a failure that lasts is not told again.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);

/// How long the writer rests when there is no database, so that it does not spin through refusals.
const REST: Duration = Duration::from_millis(50);

pub(super) struct Worker {
    pub(super) url: DatabaseUrl,
    pub(super) connection: Option<DbConnection>,
    pub(super) settings: WriterSettings,
    pub(super) waiting: Receiver<Command>,
    pub(super) committed: watch::Sender<u64>,
    pub(super) broken: watch::Sender<Option<String>>,
    pub(super) backfill: Backfill,
    pub(super) kinds: KindNumbers,
    /// When a failure was last told, so that a full disk does not fill the log.
    pub(super) told: Option<Instant>,
    /// What is given back when the disk is full.
    pub(super) ballast: Arc<OnceLock<Ballast>>,
    /// Whether the database file grows no further for now, so that what was set aside is left to what is urgent.
    pub(super) spares: bool,
}

/// Draws that are committed together, and who asked for them, in the same order.
#[derive(Default)]
struct Draws {
    requests: Vec<AssignRequest>,
    callers: Vec<Drawer>,
}

/// Who waits for one draw, or for so many.
enum Drawer {
    One(Answer<AssignAnswer>),
    Each(usize, Answer<EachDrawn>),
}

/// Tells everybody what came of their draws, as soon as all of theirs are known. Whoever has gone does not want it.
fn tell_each(callers: Vec<Drawer>, mut drawn: impl Iterator<Item = Result<AssignAnswer, StoreError>>) {
    for caller in callers {
        match caller {
            Drawer::One(answer) => drop(answer.send(drawn.next().unwrap_or_else(|| Err(fault())))),
            Drawer::Each(number, answer) => drop(answer.send(Ok(drawn.by_ref().take(number).collect()))),
        }
    }
}

impl Worker {
    /// Until every handle is gone: wait for work, take what else is waiting, commit it, answer.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.waiting.recv() {
            let mut rows = first.rows();
            let mut commands = vec![first];
            while rows < self.settings.rows_per_commit {
                let Ok(next) = self.waiting.try_recv() else { break };
                rows += next.rows();
                commands.push(next);
            }
            self.commit(commands);
        }
    }

    fn commit(&mut self, commands: Vec<Command>) {
        if let Err(error) = self.open() {
            self.tell("the database cannot be reached", &error);
            commands.into_iter().for_each(|command| command.refuse(&error));
            thread::sleep(REST);
            return;
        }
        self.mind_the_room();
        let (mut draws, mut records, mut works, mut urgent) = (Draws::default(), Vec::new(), Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Urgent(work) => urgent.push(work),
                other if self.is_closed() => other.refuse(&StoreError::full()),
                Command::Assign(request, answer) => {
                    draws.requests.push(request);
                    draws.callers.push(Drawer::One(answer));
                }
                Command::AssignEach(requests, answer) => {
                    draws.callers.push(Drawer::Each(requests.len(), answer));
                    draws.requests.extend(requests);
                }
                Command::Record(request, answer) => records.push((request, answer)),
                Command::Work(work) => works.push(work),
            }
        }
        if !draws.requests.is_empty() || !records.is_empty() {
            self.commit_together(draws, records);
        }
        // The disk may have been found full a moment ago.
        if self.is_closed() {
            works.drain(..).for_each(|work| work.answer(Err(StoreError::full())));
        }
        for works in [works, urgent] {
            if works.len() > 1 && matches!(self.connection, Some(DbConnection::Sqlite(_))) {
                self.commit_works(works);
            } else {
                works.into_iter().for_each(|work| self.commit_works(vec![work]));
            }
        }
    }

    /// Whether only what is urgent may be written.
    fn is_closed(&self) -> bool {
        self.ballast.get().is_some_and(Ballast::is_closed)
    }

    /// While the disk is full, commits stay in the log: to copy them would let the database file take what was set aside.
    fn mind_the_room(&mut self) {
        let full = self.ballast.get().is_some_and(|ballast| ballast.room().is_full);
        if !full && !self.spares {
            return;
        }
        let pages = if full { 0 } else { LOG_PAGES };
        let Some(connection) = &mut self.connection else { return };
        match connection.batch_execute(&format!("PRAGMA wal_autocheckpoint = {pages}")) {
            Ok(()) => self.spares = full,
            Err(error) => tracing::warn!(%error, "the length of the log could not be set"),
        }
    }

    /// Works in one transaction: several on SQLite only.
    fn commit_works(&mut self, mut works: Vec<Box<dyn Work>>) {
        let kept = match (self.open(), works.as_mut_slice()) {
            (Err(error), _) => Err(error),
            (Ok(connection), [alone]) => connection.write_transaction(|connection| alone.run(connection)),
            (Ok(connection), several) => work::together(connection, several),
        };
        match &kept {
            Ok(()) => self.tell_commit(),
            Err(error) => self.after_failure(error),
        }
        works.into_iter().for_each(|work| work.answer(kept.clone()));
    }

    fn commit_together(
        &mut self,
        Draws { requests: assigns, callers }: Draws,
        records: Vec<(Arc<RecordRequest>, Answer<RecordAnswer>)>,
    ) {
        let (records, record_answers): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let mut outcome = self.attempt(&assigns, &records);
        if outcome.is_err() && self.connection.is_none() {
            // The connection was lost, perhaps hours ago. Nothing can be done twice, as known units and events are recognised.
            outcome = self.attempt(&assigns, &records);
        }
        match outcome {
            Ok((assigned, recorded)) => {
                tell_each(callers, assigned.into_iter().map(Ok));
                record_answers.into_iter().zip(recorded).for_each(|(answer, result)| drop(answer.send(Ok(result))));
            }
            Err(error) => {
                self.tell("a group of writes was not kept", &error);
                // One bad call must not cost the others: each is tried by itself.
                let alone = assigns.len() + records.len() == 1;
                let mut failures = if alone || self.connection.is_none() { MOST_FAILURES } else { 0 };
                // Whoever is not tried by themselves does not hear what is wrong with another.
                let untried = if alone || !error.lasts() { error } else { StoreError::Unavailable(error.to_string()) };
                let drawn = assigns.iter().map(|request| {
                    let result = self.retry(&mut failures, &untried, from_ref(request), &[]);
                    result.and_then(|(mut assigned, _)| assigned.pop().ok_or_else(fault))
                });
                tell_each(callers, drawn);
                for (request, answer) in records.iter().zip(record_answers) {
                    let result = self.retry(&mut failures, &untried, &[], from_ref(request));
                    drop(answer.send(result.and_then(|(_, mut recorded)| recorded.pop().ok_or_else(fault))));
                }
            }
        }
    }

    fn retry(
        &mut self,
        failures: &mut usize,
        untried: &StoreError,
        assigns: &[AssignRequest],
        records: &[Arc<RecordRequest>],
    ) -> Result<(Vec<AssignAnswer>, Vec<RecordAnswer>), StoreError> {
        if *failures >= MOST_FAILURES || self.is_closed() {
            return Err(untried.clone());
        }
        self.attempt(assigns, records).inspect_err(|error| *failures += usize::from(!error.lasts()))
    }

    /// One transaction for all of it.
    fn attempt(
        &mut self,
        assigns: &[AssignRequest],
        records: &[Arc<RecordRequest>],
    ) -> Result<(Vec<AssignAnswer>, Vec<RecordAnswer>), StoreError> {
        // Numbers of kinds learnt in a transaction that is undone are not to be trusted: then they are learnt anew.
        let mut kinds = std::mem::take(&mut self.kinds);
        let connection = self.open()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            connection.group_transaction(|connection| {
                let assigned = assign::assign_all(connection, assigns)?;
                Ok((assigned, record::record_all(connection, &mut kinds, records)?))
            })
        }))
        .unwrap_or_else(|_| Err(fault()));
        match &outcome {
            Ok(_) => {
                self.kinds = kinds;
                self.tell_commit();
            }
            Err(error) => self.after_failure(error),
        }
        outcome
    }

    fn tell_commit(&mut self) {
        self.told = None;
        self.committed.send_modify(|count| *count += 1);
        if !self.spares {
            self.backfill.committed();
        }
    }

    /// Tells a failure the first time, and once a minute while it lasts.
    fn tell(&mut self, what: &str, error: &StoreError) {
        if self.told.is_none_or(|told| told.elapsed() > BETWEEN_COMPLAINTS) {
            self.told = Some(Instant::now());
            tracing::error!(error = %error, "{what}");
        }
    }

    /// The connection, opened again when it was lost; none any more once the disk has failed. A later write might seem to reach
    /// a disk that has quietly dropped an earlier one.
    fn open(&mut self) -> Result<&mut DbConnection, StoreError> {
        if let Some(why) = &*self.broken.borrow() {
            return Err(StoreError::Broken(why.clone()));
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => DbConnection::open(&self.url)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// A connection that is lost, or stuck in a transaction, cannot begin one.
    fn after_failure(&mut self, error: &StoreError) {
        if let StoreError::Broken(why) = error {
            self.broken.send_replace(Some(why.clone()));
            self.connection = None;
            return;
        }
        if error.is_full()
            && let Some(ballast) = self.ballast.get()
        {
            ballast.release();
            self.mind_the_room();
        }
        let usable =
            self.connection.as_mut().is_some_and(|connection| connection.batch_execute("BEGIN; ROLLBACK").is_ok());
        if !usable {
            self.connection = None;
        }
    }
}
