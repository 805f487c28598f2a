//! The thread that commits what waits.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    slice::from_ref,
    sync::mpsc::Receiver,
    thread,
    time::Duration,
};

use diesel::connection::SimpleConnection;
use tokio::sync::watch;

use super::{
    Answer, AssignAnswer, AssignRequest, Command, RecordAnswer, RecordRequest, Work, WriterSettings, assign,
    backfill::Backfill,
    record::{self, KindNumbers},
};
use crate::{
    connection::{DatabaseUrl, DbConnection},
    error::StoreError,
};

/// Calls of a failed group that may fail by themselves before the rest is refused: enough to find a bad one, too few to
/// spend the time of everybody on a database that is failing.
const MOST_FAILURES: usize = 3;

/// How long the writer rests when there is no database, so that it does not spin through refusals.
const REST: Duration = Duration::from_millis(50);

pub(super) struct Worker {
    url: DatabaseUrl,
    connection: Option<DbConnection>,
    settings: WriterSettings,
    waiting: Receiver<Command>,
    committed: watch::Sender<u64>,
    backfill: Backfill,
    kinds: KindNumbers,
}

impl Worker {
    pub(super) fn new(
        url: DatabaseUrl,
        connection: DbConnection,
        settings: WriterSettings,
        waiting: Receiver<Command>,
        committed: watch::Sender<u64>,
        backfill: Backfill,
    ) -> Self {
        let kinds = KindNumbers::default();
        Self { url, connection: Some(connection), settings, waiting, committed, backfill, kinds }
    }

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
        let (mut assigns, mut records, mut works) = (Vec::new(), Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Assign(request, answer) => assigns.push((request, answer)),
                Command::Record(request, answer) => records.push((request, answer)),
                Command::Work(work) => works.push(work),
            }
        }
        if let Err(error) = self.open() {
            tracing::error!(error = %error, "the database cannot be reached");
            assigns.into_iter().for_each(|(_, answer)| drop(answer.send(Err(error.clone()))));
            records.into_iter().for_each(|(_, answer)| drop(answer.send(Err(error.clone()))));
            for work in works {
                work(Err(error.clone()));
            }
            thread::sleep(REST);
            return;
        }
        if !assigns.is_empty() || !records.is_empty() {
            self.commit_together(assigns, records);
        }
        works.into_iter().for_each(|work| self.commit_alone(work));
    }

    fn commit_alone(&mut self, work: Work) {
        let kept = match self.open() {
            // A fault in the work must not end the writer: the caller sees that its answer never comes.
            Ok(connection) => catch_unwind(AssertUnwindSafe(|| work(Ok(connection)))).unwrap_or(false),
            Err(error) => work(Err(error)),
        };
        if kept {
            self.tell_commit();
        } else {
            self.close_if_unusable();
        }
    }

    fn commit_together(
        &mut self,
        assigns: Vec<(AssignRequest, Answer<AssignAnswer>)>,
        records: Vec<(RecordRequest, Answer<RecordAnswer>)>,
    ) {
        let (assigns, assign_answers): (Vec<_>, Vec<_>) = assigns.into_iter().unzip();
        let (records, record_answers): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let mut outcome = self.attempt(&assigns, &records);
        if outcome.is_err() && self.connection.is_none() {
            // The connection was lost, perhaps hours ago. Nothing can be done twice, as known units and events are recognised.
            outcome = self.attempt(&assigns, &records);
        }
        match outcome {
            Ok((assigned, recorded)) => {
                assign_answers.into_iter().zip(assigned).for_each(|(answer, result)| drop(answer.send(Ok(result))));
                record_answers.into_iter().zip(recorded).for_each(|(answer, result)| drop(answer.send(Ok(result))));
            }
            Err(error) => {
                tracing::error!(error = %error, "a group of writes was not kept");
                // One bad call must not cost the others: each is tried by itself.
                let alone = assigns.len() + records.len() == 1;
                let mut failures = if alone || self.connection.is_none() { MOST_FAILURES } else { 0 };
                for (request, answer) in assigns.iter().zip(assign_answers) {
                    let result = self.retry(&mut failures, &error, from_ref(request), &[]);
                    drop(answer.send(result.and_then(|(mut assigned, _)| assigned.pop().ok_or_else(|| error.clone()))));
                }
                for (request, answer) in records.iter().zip(record_answers) {
                    let result = self.retry(&mut failures, &error, &[], from_ref(request));
                    drop(answer.send(result.and_then(|(_, mut recorded)| recorded.pop().ok_or_else(|| error.clone()))));
                }
            }
        }
    }

    fn retry(
        &mut self,
        failures: &mut usize,
        error: &StoreError,
        assigns: &[AssignRequest],
        records: &[RecordRequest],
    ) -> Result<(Vec<AssignAnswer>, Vec<RecordAnswer>), StoreError> {
        if *failures >= MOST_FAILURES {
            return Err(error.clone());
        }
        self.attempt(assigns, records).inspect_err(|_| *failures += 1)
    }

    /// One transaction for all of it.
    fn attempt(
        &mut self,
        assigns: &[AssignRequest],
        records: &[RecordRequest],
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
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a fault in the writer".into())));
        if outcome.is_ok() {
            self.kinds = kinds;
            self.tell_commit();
        } else {
            self.close_if_unusable();
        }
        outcome
    }

    fn tell_commit(&self) {
        self.committed.send_modify(|count| *count += 1);
        self.backfill.committed();
    }

    /// The connection, opened again when it was lost.
    fn open(&mut self) -> Result<&mut DbConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => DbConnection::open(&self.url)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// After a failure: a connection that is lost, or stuck in a transaction, cannot begin one.
    fn close_if_unusable(&mut self) {
        let usable =
            self.connection.as_mut().is_some_and(|connection| connection.batch_execute("BEGIN; ROLLBACK").is_ok());
        if !usable {
            self.connection = None;
        }
    }
}
