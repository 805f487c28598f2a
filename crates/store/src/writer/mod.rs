//! The one writer: waiting work is committed together, and each caller is answered after its own commit.

mod assign;
mod backfill;
mod columns;
mod correct;
mod ledger;
mod record;
mod standing;
mod waiting;
mod work;
mod worker;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::{oneshot, watch};

pub(crate) use assign::open_enrolment;
pub use assign::{AssignAnswer, AssignRequest, Drawing, Placed, assign_within};
pub(crate) use columns::take_places;
pub use correct::Unfit;
pub(crate) use record::bucket;
pub use record::{RecordAnswer, RecordRequest, Recorded, record_within};
pub(crate) use standing::lock_agency;
pub use standing::{BurdenCap, Limits};
pub use waiting::{forget_waiting, waiting_since};

use self::{
    backfill::Backfill,
    record::KindNumbers,
    work::{Job, Work},
    worker::Worker,
};
use crate::{
    ballast::Ballast,
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
/// Of each of several draws.
pub(crate) type EachDrawn = Vec<Result<AssignAnswer, StoreError>>;

enum Command {
    Assign(AssignRequest, Answer<AssignAnswer>),
    /// Of one call, which takes one place, however many trials it asks.
    AssignEach(Vec<AssignRequest>, Answer<EachDrawn>),
    Record(Arc<RecordRequest>, Answer<RecordAnswer>),
    Work(Box<dyn Work>),
    /// Work that is done even while a full disk leaves no room but what was set aside.
    Urgent(Box<dyn Work>),
}

impl Command {
    fn rows(&self) -> usize {
        match self {
            Self::Assign(..) | Self::Work(_) | Self::Urgent(_) => 1,
            Self::AssignEach(requests, _) => requests.len(),
            Self::Record(request, _) => request.events.len().max(1),
        }
    }

    fn refuse(self, error: &StoreError) {
        match self {
            Self::Assign(_, answer) => drop(answer.send(Err(error.clone()))),
            Self::AssignEach(_, answer) => drop(answer.send(Err(error.clone()))),
            Self::Record(_, answer) => drop(answer.send(Err(error.clone()))),
            Self::Work(work) | Self::Urgent(work) => work.answer(Err(error.clone())),
        }
    }
}

/// How much a writer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Calls that wait or are at work.
    pub under_way: usize,
    /// Most calls that wait.
    pub room: usize,
    /// Calls that found no room since the start.
    pub refused: u64,
}

#[derive(Debug, Default)]
struct Counted {
    under_way: AtomicUsize,
    refused: AtomicU64,
}

/// One call, until it is answered or its caller has gone.
struct UnderWay<'a>(&'a Counted);

impl<'a> UnderWay<'a> {
    fn begin(counted: &'a Counted) -> Self {
        counted.under_way.fetch_add(1, Ordering::Relaxed);
        Self(counted)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The queue's near end.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: SyncSender<Command>,
    room: usize,
    counted: Arc<Counted>,
    commits: watch::Receiver<u64>,
    broken: watch::Receiver<Option<String>>,
    ballast: Arc<OnceLock<Ballast>>,
}

impl Writer {
    pub(crate) fn start(
        url: DatabaseUrl,
        connection: DbConnection,
        settings: WriterSettings,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = sync_channel(settings.queue);
        let (committed, commits) = watch::channel(0);
        let (breaks, broken) = watch::channel(None);
        let backfill = Backfill::start(&url)?;
        let room = settings.queue;
        let ballast = Arc::default();
        let worker = Worker {
            url,
            connection: Some(connection),
            settings,
            waiting,
            committed,
            broken: breaks,
            backfill,
            kinds: KindNumbers::default(),
            told: None,
            ballast: Arc::clone(&ballast),
            spares: false,
        };
        thread::Builder::new()
            .name("writer".into())
            .spawn(move || worker.run())
            .map_err(|error| StoreError::Setup(format!("the writer could not start: {error}")))?;
        Ok(Self { queue, room, counted: Arc::default(), commits, broken, ballast })
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            under_way: self.counted.under_way.load(Ordering::Relaxed),
            room: self.room,
            refused: self.counted.refused.load(Ordering::Relaxed),
        }
    }

    /// What is set aside for a full disk, once it is.
    pub(crate) fn ballast(&self) -> &OnceLock<Ballast> {
        &self.ballast
    }

    pub(crate) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    pub(crate) async fn until_broken(&self) -> String {
        let mut broken = self.broken.clone();
        match broken.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => "the writer has ended".into(),
        }
    }

    pub(crate) async fn assign(&self, request: AssignRequest) -> Result<AssignAnswer, StoreError> {
        self.ask(|answer| Command::Assign(request, answer)).await
    }

    pub(crate) async fn assign_each(&self, requests: Vec<AssignRequest>) -> Result<EachDrawn, StoreError> {
        self.ask(|answer| Command::AssignEach(requests, answer)).await
    }

    pub(crate) async fn record(&self, request: Arc<RecordRequest>) -> Result<RecordAnswer, StoreError> {
        self.ask(|answer| Command::Record(request, answer)).await
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(|answer: Answer<T>| Command::Work(Box::new(Job::new(work, answer)))).await
    }

    pub(crate) async fn write_urgently<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(|answer: Answer<T>| Command::Urgent(Box::new(Job::new(work, answer)))).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let _under_way = UnderWay::begin(&self.counted);
        match self.queue.try_send(command(answer)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.counted.refused.fetch_add(1, Ordering::Relaxed);
                return Err(StoreError::Busy);
            }
            Err(TrySendError::Disconnected(_)) => return Err(StoreError::Unavailable("the writer has ended".into())),
        }
        answered.await.map_err(|_| StoreError::Unavailable("the writer ended before it answered".into()))?
    }
}

fn fault() -> StoreError {
    StoreError::Unavailable("a fault in the writer".into())
}
