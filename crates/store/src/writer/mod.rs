//! The one writer: waiting work is committed together, and each caller is answered after its own commit.

mod assign;
mod columns;
mod record;

use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use tokio::sync::{oneshot, watch};

pub(crate) use assign::open_enrolment;
pub use assign::{AssignAnswer, AssignRequest, Drawing, Placed};
pub use record::{RecordAnswer, RecordRequest, Recorded};

use self::record::KindNumbers;
use crate::{
    connection::{DatabaseUrl, DbConnection},
    error::StoreError,
};

/// How much may wait and how much is committed together.
#[derive(Debug, Clone, Copy)]
pub struct WriterSettings {
    /// Most calls that wait; one more is refused.
    pub queue: usize,
    /// Most rows in one commit.
    pub rows_per_commit: usize,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { queue: 8_192, rows_per_commit: 8_192 }
    }
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
type Work = Box<dyn FnOnce(Result<&mut DbConnection, StoreError>) + Send>;

enum Command {
    Assign(AssignRequest, Answer<AssignAnswer>),
    Record(RecordRequest, Answer<RecordAnswer>),
    Work(Work),
}

impl Command {
    fn rows(&self) -> usize {
        match self {
            Self::Assign(..) | Self::Work(_) => 1,
            Self::Record(request, _) => request.events.len(),
        }
    }
}

/// The queue's near end.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: SyncSender<Command>,
    commits: watch::Receiver<u64>,
}

impl Writer {
    pub(crate) fn start(
        url: DatabaseUrl,
        connection: DbConnection,
        settings: WriterSettings,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = sync_channel(settings.queue);
        let (committed, commits) = watch::channel(0);
        let worker =
            Worker { url, connection: Some(connection), settings, waiting, committed, kinds: KindNumbers::default() };
        thread::Builder::new()
            .name("writer".into())
            .spawn(move || worker.run())
            .map_err(|error| StoreError::Setup(format!("the writer could not start: {error}")))?;
        Ok(Self { queue, commits })
    }

    pub(crate) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    pub(crate) async fn assign(&self, request: AssignRequest) -> Result<AssignAnswer, StoreError> {
        self.ask(|answer| Command::Assign(request, answer)).await
    }

    pub(crate) async fn record(&self, request: RecordRequest) -> Result<RecordAnswer, StoreError> {
        self.ask(|answer| Command::Record(request, answer)).await
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(|answer: Answer<T>| {
            Command::Work(Box::new(move |connection| {
                let result = connection.and_then(|connection| connection.write_transaction(work));
                // A caller that went away does not want the answer; the work is done all the same.
                let _ = answer.send(result);
            }))
        })
        .await
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        match self.queue.try_send(command(answer)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(StoreError::Unavailable("the writer has ended".into())),
        }
        answered.await.map_err(|_| StoreError::Unavailable("the writer ended before it answered".into()))?
    }
}

struct Worker {
    url: DatabaseUrl,
    connection: Option<DbConnection>,
    settings: WriterSettings,
    waiting: Receiver<Command>,
    committed: watch::Sender<u64>,
    kinds: KindNumbers,
}

impl Worker {
    /// Until every handle is gone: wait for work, take what else is waiting, commit it, answer.
    fn run(mut self) {
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
        if !assigns.is_empty() || !records.is_empty() {
            self.commit_together(assigns, records);
        }
        for work in works {
            match self.connection() {
                Ok(connection) => work(Ok(connection)),
                Err(error) => work(Err(error)),
            }
            self.committed.send_modify(|count| *count += 1);
        }
    }

    fn commit_together(
        &mut self,
        assigns: Vec<(AssignRequest, Answer<AssignAnswer>)>,
        records: Vec<(RecordRequest, Answer<RecordAnswer>)>,
    ) {
        let (assigns, assign_answers): (Vec<_>, Vec<_>) = assigns.into_iter().unzip();
        let (records, record_answers): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let mut kinds = std::mem::take(&mut self.kinds);
        let outcome = self.connection().and_then(|connection| {
            connection.write_transaction(|connection| {
                Ok((assign::assign_all(connection, &assigns)?, record::record_all(connection, &mut kinds, &records)?))
            })
        });
        match outcome {
            Ok((assigned, recorded)) => {
                self.kinds = kinds;
                assign_answers.into_iter().zip(assigned).for_each(|(answer, result)| drop(answer.send(Ok(result))));
                record_answers.into_iter().zip(recorded).for_each(|(answer, result)| drop(answer.send(Ok(result))));
                self.committed.send_modify(|count| *count += 1);
            }
            Err(error) => {
                // Numbers of kinds learnt in a transaction that was undone are not to be trusted: start anew.
                tracing::error!(error = %error, "a group of writes was not kept");
                self.drop_broken_connection();
                assign_answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
                record_answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
            }
        }
    }

    /// The connection, opened again when it was lost.
    fn connection(&mut self) -> Result<&mut DbConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => DbConnection::open(&self.url)?,
        };
        Ok(self.connection.insert(connection))
    }

    fn drop_broken_connection(&mut self) {
        use diesel::connection::SimpleConnection;
        let alive = self.connection.as_mut().is_some_and(|connection| connection.batch_execute("SELECT 1").is_ok());
        if !alive {
            self.connection = None;
            // The server may be restarting: a short rest keeps the queue from spinning through refusals.
            thread::sleep(Duration::from_millis(50));
        }
    }
}
