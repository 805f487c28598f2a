//! Work that takes long, beside the threads that answer requests: each of those has many callers, and whoever computes on one lets all of
//! them wait.

use crate::error::AppError;

/// Does a piece of work beside.
///
/// # Errors
/// [`AppError::Internal`] when it panicked.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| AppError::Internal(format!("a piece of work ended early: {error}")))
}
