//! The handle that the use cases hold.

use diesel::r2d2::{ManageConnection, Pool};
use tokio::task::spawn_blocking;

use crate::{
    connection::{DatabaseUrl, DbConnection},
    error::StoreError,
    migrate::{self, Schema},
    writer::{AssignAnswer, AssignRequest, RecordAnswer, RecordRequest, Writer, WriterSettings},
};

/// How long a reader waits for a connection before it gives up; short, so that a slow database sheds load.
const WAIT_FOR_CONNECTION: std::time::Duration = std::time::Duration::from_secs(1);

/// A database with its readers and its one writer. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    readers: Pool<Opener>,
    writer: Writer,
    url: DatabaseUrl,
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
        Ok(Self { readers, writer, url: url.clone() })
    }

    /// Brings a database to the schema of this version; returns the names of the migrations that ran.
    ///
    /// # Errors
    /// When it cannot be reached, or a migration fails, after which nothing of that migration is kept.
    pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
        migrate::run(&mut DbConnection::open(url)?)
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
        self.writer.write(work).await
    }

    /// Assigns a unit, in one commit with whatever else is waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much is waiting; [`StoreError::Unavailable`] when the commit failed.
    pub async fn assign(&self, request: AssignRequest) -> Result<AssignAnswer, StoreError> {
        self.writer.assign(request).await
    }

    /// Stores events, in one commit with whatever else is waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much is waiting; [`StoreError::Unavailable`] when the commit failed.
    pub async fn record(&self, request: RecordRequest) -> Result<RecordAnswer, StoreError> {
        self.writer.record(request).await
    }

    /// Waits until the disk beneath the database fails; says how. Nothing is kept from then on, so the process had better end.
    pub async fn until_broken(&self) -> String {
        self.writer.until_broken().await
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
        use diesel::connection::SimpleConnection;
        connection.batch_execute("SELECT 1").map_err(Into::into)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        use diesel::connection::TransactionManager;
        std::thread::panicking()
            || <DbConnection as diesel::Connection>::TransactionManager::is_broken_transaction_manager(connection)
    }
}
