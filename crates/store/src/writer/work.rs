//! Pieces of work of any kind, each kept as a whole or not at all.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use diesel::connection::SimpleConnection;

use super::{Answer, fault};
use crate::{connection::DbConnection, error::StoreError, origin};

/// A piece of work whose caller waits.
pub(super) trait Work: Send {
    /// Does it, inside a transaction.
    fn run(&mut self, connection: &mut DbConnection) -> Result<(), StoreError>;

    /// Tells the caller what came of it, once it is known whether the transaction was kept.
    fn answer(self: Box<Self>, kept: Result<(), StoreError>);
}

/// Work that gives a value.
pub(super) struct Job<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: Answer<T>,
    asked_by: Option<Arc<str>>,
}

impl<T, F> Job<T, F> {
    pub(super) fn new(work: F, answer: Answer<T>) -> Self {
        Self { work: Some(work), result: None, answer, asked_by: origin::asked_by() }
    }
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &mut DbConnection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Err(fault()) };
        // A fault in the work must not end the writer: the caller sees that its answer never comes.
        let result = catch_unwind(AssertUnwindSafe(|| origin::writing_for(self.asked_by.take(), || work(connection))))
            .map_err(|_| fault())?;
        let done = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        done
    }

    fn answer(self: Box<Self>, kept: Result<(), StoreError>) {
        let answer = match (kept, self.result) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(fault()),
        };
        // A caller that went away does not want the answer; the work is done all the same.
        let _ = self.answer.send(answer);
    }
}

/// Does them one after the other in one transaction; one that fails is undone alone.
///
/// On SQLite only, where nobody else writes meanwhile. On PostgreSQL the works of a group would hold each other's locks, in an
/// order that no other server knows.
pub(super) fn together(connection: &mut DbConnection, works: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
    connection.write_transaction(|connection| {
        for work in works {
            connection.batch_execute("SAVEPOINT work")?;
            let end = match work.run(connection) {
                Ok(()) => "RELEASE work",
                Err(error @ StoreError::Broken(_)) => return Err(error),
                // SQLite may have taken the whole transaction back by itself.
                Err(error) if error.is_full() => return Err(error),
                Err(_) => "ROLLBACK TO work; RELEASE work",
            };
            connection.batch_execute(end)?;
        }
        Ok(())
    })
}
