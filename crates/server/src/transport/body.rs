//! A body within its limits. actix has no deadline for bodies: a caller could hold memory by sending a byte now and then.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use actix_web::{
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_LENGTH, HeaderMap},
    web::Bytes,
};
use futures_core::Stream;
use tokio::time::{Instant, timeout_at};

use crate::problem::{Code, Problem};

/// Time that every body has.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that keeps coming at this rate, in bytes a second, may take longer.
const SLOWEST: u32 = 8 * 1024;

/// How large a body may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Limit {
    /// For one thing: 64 KiB.
    pub const SINGLE: Self = Self(64 * 1024);
    /// For a list of people: 16 MiB.
    pub const LIST: Self = Self(16 * 1024 * 1024);
    /// For a batch: 1 MiB.
    pub const BATCH: Self = Self(1024 * 1024);
}

/// Reads a body to its end.
///
/// # Errors
/// When it announces itself as too large, becomes too large, comes too slowly, or breaks off.
pub(super) async fn read(headers: &HeaderMap, mut payload: Payload, limit: Limit) -> Result<Bytes, Problem> {
    check_length(headers, limit.0)?;
    let mut come = Come::default();
    // A small body comes with its head, and is handed over when this is polled again: no deadline has to be kept for it.
    again().await;
    while let Some(item) = ready(&mut payload).await {
        match item {
            None => return Ok(come.whole()),
            Some(chunk) => come.take(chunk, limit)?,
        }
    }
    let began = Instant::now();
    loop {
        match timeout_at(began + patience(come.length()), next_of(&mut payload)).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => return Ok(come.whole()),
            Ok(Some(chunk)) => come.take(chunk, limit)?,
        }
    }
}

/// What has come of a body. Most come in one piece, which is handed on as it is.
#[derive(Debug, Default)]
struct Come {
    first: Bytes,
    /// All of it, from the second piece on.
    more: Vec<u8>,
}

impl Come {
    fn length(&self) -> usize {
        self.first.len().max(self.more.len())
    }

    fn take(&mut self, chunk: Result<Bytes, PayloadError>, limit: Limit) -> Result<(), Problem> {
        let broken = |_| Problem::new(Code::MalformedRequest, "The body broke off or is not framed as it says.");
        let chunk = chunk.map_err(broken)?;
        if self.length() + chunk.len() > limit.0 {
            return Err(too_large(limit.0));
        }
        if self.first.is_empty() {
            self.first = chunk;
            return Ok(());
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&self.first);
        }
        self.more.extend_from_slice(&chunk);
        Ok(())
    }

    fn whole(self) -> Bytes {
        if self.more.is_empty() { self.first } else { self.more.into() }
    }
}

/// Ends when it is polled once more, which it sees to itself.
async fn again() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What has come of a stream: none when it has to be waited for.
async fn ready<S: Stream + Unpin>(stream: &mut S) -> Option<Option<S::Item>> {
    poll_fn(|context| match Pin::new(&mut *stream).poll_next(context) {
        Poll::Ready(item) => Poll::Ready(Some(item)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Refuses a body that announces itself as too large, before any of it is read.
pub(super) fn check_length(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) { Err(too_large(limit)) } else { Ok(()) }
}

/// How long a body may take of which so many bytes have come.
pub(super) fn patience(bytes: usize) -> Duration {
    PATIENCE + Duration::from_secs(bytes as u64) / SLOWEST
}

pub(super) fn too_slow() -> Problem {
    let detail = format!("It has {} seconds, and longer only while it keeps coming.", PATIENCE.as_secs());
    Problem::new(Code::BodyTimeout, detail)
}

pub(super) fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("It may have at most {limit} bytes."))
}

/// The next item of a stream.
pub(super) async fn next_of<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}
