//! Copying SQLite's write-ahead log into the database file, beside the writer.
//!
//! SQLite would do it at the end of whichever commit makes the log long enough, and all callers of that commit would wait.
//! A thread of its own copies what is there already while the writer goes on, so that the writer, which still does it for
//! a log that has become long, finds little left. What is durable does not depend on it: that is the log.

use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use diesel::connection::SimpleConnection;

use crate::{
    connection::{DatabaseUrl, DbConnection},
    error::StoreError,
};

/// Time between two copies under load.
const REST: Duration = Duration::from_millis(200);

/// Tells the thread that there is something to copy. The thread ends with it.
pub(super) struct Backfill(Option<SyncSender<()>>);

impl Backfill {
    /// Starts the thread; on PostgreSQL there is nothing to do.
    pub(super) fn start(url: &DatabaseUrl) -> Result<Self, StoreError> {
        if matches!(url, DatabaseUrl::Postgres(_)) {
            return Ok(Self(None));
        }
        let connection = DbConnection::open(url)?;
        let (tell, told) = sync_channel(1);
        thread::Builder::new()
            .name("backfill".into())
            .spawn(move || copy(connection, &told))
            .map_err(|error| StoreError::Setup(format!("the copying thread could not start: {error}")))?;
        Ok(Self(Some(tell)))
    }

    pub(super) fn committed(&self) {
        if let Some(tell) = &self.0
            && let Err(TrySendError::Disconnected(())) = tell.try_send(())
        {
            tracing::debug!("nobody copies the write-ahead log; the writer does it itself");
        }
    }
}

fn copy(mut connection: DbConnection, told: &Receiver<()>) {
    while told.recv().is_ok() {
        // What fails here, as on a full disk, is tried again after the next commit; the writer meets the same fault itself.
        if let Err(error) = connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::debug!(error = %error, "the write-ahead log could not be copied");
        }
        thread::sleep(REST);
    }
}
