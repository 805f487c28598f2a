//! The handle that the use cases hold.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    connection::SimpleConnection,
    r2d2::{ManageConnection, Pool},
};
use tokio::task::spawn_blocking;

use crate::{
    ballast::{Ballast, DiskRoom},
    condition,
    connection::{DatabaseUrl, DbConnection},
    dialect,
    error::StoreError,
    migrate::{self, Schema},
    spool::Spool,
    writer::{AssignAnswer, AssignRequest, Load, RecordAnswer, RecordRequest, Writer, WriterSettings},
};

/// How long a reader waits for a connection before it gives up; short, so that a slow database sheds load.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(1);

/// How long an app waits for the commit of what it has asked: a database that keeps its connection and says nothing is away.
const WAIT_FOR_COMMIT: Duration = Duration::from_secs(5);

/// How often a database that is away is asked whether it is back, and the spool looked at.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A database with its readers and its one writer. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    readers: Pool<Opener>,
    writer: Writer,
    url: DatabaseUrl,
    outage: Option<Outage>,
}

/// What a server does whose database may go away while its own disk stays.
#[derive(Clone)]
struct Outage {
    spool: Spool,
    /// Whether the database was away when it was last asked.
    lasts: Arc<AtomicBool>,
}

/// Where a batch of events is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In the database.
    Stored(RecordAnswer),
    /// On this server's disk, as the database is away. What each event is, new or a repeat, is told when it is stored.
    Spooled,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database whose schema is that of this version.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is older or newer.
    pub fn open(url: &DatabaseUrl, settings: WriterSettings) -> Result<Self, StoreError> {
        let mut connection = DbConnection::open(url)?;
        condition::check(&mut connection)?;
        match migrate::schema(&mut connection)? {
            Schema::Current => {}
            Schema::Older => {
                return Err(StoreError::Setup(
                    "the database has an older schema: run `fairtrial migrate` first".into(),
                ));
            }
            Schema::Newer => {
                return Err(StoreError::Setup("the database has a newer schema: it needs a newer fairtrial".into()));
            }
        }
        let readers = Pool::builder()
            .max_size(8)
            .min_idle(Some(1))
            .connection_timeout(WAIT_FOR_CONNECTION)
            // A question to the database before each use finds connections that ended with a restarted server.
            .test_on_check_out(true)
            .build(Opener { url: url.clone() })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let writer = Writer::start(url.clone(), connection, settings)?;
        Ok(Self { readers, writer, url: url.clone(), outage: None })
    }

    /// The same, with a place for events while the database is away. Whoever gives it runs [`Store::hand_over_spool`].
    #[must_use]
    pub fn with_spool(self, spool: Spool) -> Self {
        Self { outage: Some(Outage { spool, lasts: Arc::default() }), ..self }
    }

    /// Where events wait while the database is away.
    #[must_use]
    pub fn spool(&self) -> Option<&Spool> {
        self.outage.as_ref().map(|outage| &outage.spool)
    }

    /// Whether the database is known to be away: nothing that needs it is tried then.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.outage.as_ref().is_some_and(|outage| outage.lasts.load(Ordering::Relaxed))
    }

    /// Hands events that waited to the database as soon as it is there, and finds out when a database that went away is back.
    /// Ends only when there is no spool.
    pub async fn hand_over_spool(&self) {
        let Some(outage) = &self.outage else { return };
        loop {
            if self.is_away() || outage.spool.size() > 0 {
                let asked = self.writer.write(|connection| connection.batch_execute("SELECT 1").map_err(Into::into));
                match asked.await {
                    Ok(()) => {
                        outage.lasts.store(false, Ordering::Relaxed);
                        if let Err(error) = self.drain(&outage.spool).await {
                            tracing::warn!(error = %error, "events that waited could not be stored yet");
                        }
                    }
                    // It was not asked: so much waits for it, whether it is there or not.
                    Err(StoreError::Busy) => {}
                    Err(_) => outage.lasts.store(true, Ordering::Relaxed),
                }
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    async fn drain(&self, spool: &Spool) -> Result<(), StoreError> {
        let waiting = spool.size();
        spool
            .drain(|request| {
                let writer = self.writer.clone();
                async move { writer.record(Arc::new(request)).await.map(drop) }
            })
            .await?;
        if waiting > 0 {
            tracing::info!(bytes = waiting, "the database is back: events that waited are stored");
        }
        Ok(())
    }

    /// Asks whether a database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub fn answers(url: &DatabaseUrl) -> Result<(), StoreError> {
        Ok(DbConnection::open(url)?.batch_execute("SELECT 1")?)
    }

    /// Brings a database to the schema of this version; returns the names of the migrations that ran.
    ///
    /// # Errors
    /// When it cannot be reached, or a migration fails, after which nothing of that migration is kept.
    pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
        let mut connection = DbConnection::open(url)?;
        condition::check(&mut connection)?;
        migrate::run(&mut connection)
    }

    /// Whether a database still needs migrations.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn needs_migration(url: &DatabaseUrl) -> Result<bool, StoreError> {
        Ok(migrate::schema(&mut DbConnection::open(url)?)? == Schema::Older)
    }

    /// Takes every migration back, erasing everything: for tests of the migrations themselves.
    ///
    /// # Errors
    /// When a migration cannot be undone.
    pub fn revert_all_migrations(url: &DatabaseUrl) -> Result<usize, StoreError> {
        migrate::revert_all(&mut DbConnection::open(url)?)
    }

    /// Where the data are.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Reads on a thread of its own, with a connection of the pool.
    ///
    /// # Errors
    /// Those of the work, and [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.unless_away()?;
        let readers = self.readers.clone();
        spawn_blocking(move || {
            let mut connection = readers.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            work(&mut connection)
        })
        .await
        .map_err(|_| StoreError::Unavailable("the reader ended early".into()))?
    }

    /// Reads on this thread: for start-up and threads that may block.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.readers.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        work(&mut connection)
    }

    /// Writes in a transaction of its own, in turn with all other writes; answered after the commit.
    ///
    /// # Errors
    /// Those of the work, after which nothing is kept; [`StoreError::Busy`] when too much is waiting.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.unless_away()?;
        self.writer.write(work).await
    }

    /// The same for what must be written even when the disk is full: it may use what was set aside for that ([`Store::set_aside`]).
    /// Not for what comes from apps, which may be any number.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_urgently<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.unless_away()?;
        self.writer.write_urgently(work).await
    }

    /// Gives back this room when the disk is full, and writes only what is urgent from then on, until there is room again. Once for
    /// each store.
    pub fn set_aside(&self, ballast: Ballast) {
        assert!(self.writer.ballast().set(ballast).is_ok(), "room is set aside once");
    }

    /// How things stand with the disk; none where no room is to be set aside.
    #[must_use]
    pub fn disk_room(&self) -> Option<DiskRoom> {
        self.writer.ballast().get().map(Ballast::room)
    }

    /// The process is about to end: from now on anything may use what was set aside.
    pub fn spend_what_is_set_aside(&self) {
        if let Some(ballast) = self.writer.ballast().get() {
            ballast.end();
        }
    }

    /// Brings a SQLite file up to its log and empties that, so that what was deleted stands in neither. PostgreSQL does it by itself
    /// (`autovacuum`), and nothing is done there.
    ///
    /// # Errors
    /// When the database fails, or somebody reads for so long that the log cannot be emptied: try again later.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        let url = self.url.clone();
        spawn_blocking(move || dialect::empty_log(&mut DbConnection::open(&url)?))
            .await
            .map_err(|_| StoreError::Unavailable("the log's copier ended early".into()))?
    }

    /// Assigns a unit, in one commit with whatever else is waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much is waiting; [`StoreError::Unavailable`] when the commit failed, or did not come in
    /// time: it may still come, and the unit is then known.
    pub async fn assign(&self, request: AssignRequest) -> Result<AssignAnswer, StoreError> {
        self.unless_away()?;
        self.in_time(self.writer.assign(request)).await
    }

    /// The same for several draws of one call, which takes one place of the queue: they are committed together, and each has an answer
    /// of its own. An error of all of them keeps none.
    ///
    /// # Errors
    /// As [`Store::assign`].
    pub async fn assign_each(
        &self,
        requests: Vec<AssignRequest>,
    ) -> Result<Vec<Result<AssignAnswer, StoreError>>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        self.unless_away()?;
        self.in_time(self.writer.assign_each(requests)).await
    }

    /// Stores events, in one commit with whatever else is waiting; or keeps them on this server's disk, when there is a spool
    /// and the database is away.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much is waiting; [`StoreError::Unavailable`] when the commit failed, or did not come in
    /// time.
    pub async fn record(&self, request: RecordRequest) -> Result<Kept, StoreError> {
        let request = Arc::new(request);
        let stored = async { self.in_time(self.writer.record(Arc::clone(&request))).await.map(Kept::Stored) };
        let Some(outage) = &self.outage else { return stored.await };
        if !self.is_away() {
            match stored.await {
                // It may be stored all the same. Then it is known by its name when it comes out of the spool.
                Err(StoreError::Unavailable(_)) => {}
                answer => return answer,
            }
        }
        outage.spool.keep(&request).await.map(|()| Kept::Spooled)
    }

    fn unless_away(&self) -> Result<(), StoreError> {
        if self.is_away() { Err(StoreError::Unavailable("it does not answer".into())) } else { Ok(()) }
    }

    /// The answer, unless a server takes too long; remembers that the database is away. A file of this machine is waited for: it has
    /// nothing to do but the work in front.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if matches!(self.url, DatabaseUrl::Sqlite(_)) {
            return answer.await;
        }
        let silent = |_| Err(StoreError::Unavailable("it did not answer in time".into()));
        let answer = tokio::time::timeout(WAIT_FOR_COMMIT, answer).await.unwrap_or_else(silent);
        if let (Err(StoreError::Unavailable(_)), Some(outage)) = (&answer, &self.outage) {
            outage.lasts.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Waits until the disk beneath the database fails; says how. Nothing is kept from then on, so the process had better end.
    pub async fn until_broken(&self) -> String {
        self.writer.until_broken().await
    }

    /// How much waits to be written.
    #[must_use]
    pub fn load(&self) -> Load {
        self.writer.load()
    }

    /// A number that goes up after every commit of this process: wait on it instead of asking again and again.
    #[must_use]
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.writer.commits()
    }
}

/// Opens connections for the pool.
struct Opener {
    url: DatabaseUrl,
}

impl ManageConnection for Opener {
    type Connection = DbConnection;
    type Error = StoreError;

    fn connect(&self) -> Result<DbConnection, StoreError> {
        DbConnection::open(&self.url)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), StoreError> {
        connection.batch_execute("SELECT 1").map_err(Into::into)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        use diesel::connection::TransactionManager;
        std::thread::panicking()
            || <DbConnection as diesel::Connection>::TransactionManager::is_broken_transaction_manager(connection)
    }
}
