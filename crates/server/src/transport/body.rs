//! A body within its limits. actix has no deadline for bodies: a caller could hold memory by sending a byte now and then.

use std::{future::poll_fn, pin::pin, time::Duration};

use actix_web::{
    body::{BodyStream, MessageBody},
    http::header::{CONTENT_LENGTH, HeaderMap},
    web,
};
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
    /// For a batch: 1 MiB.
    pub const BATCH: Self = Self(1024 * 1024);
}

/// Reads a body to its end.
///
/// # Errors
/// When it announces itself as too large, becomes too large, comes too slowly, or breaks off.
pub(super) async fn read(headers: &HeaderMap, payload: web::Payload, limit: Limit) -> Result<Vec<u8>, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit.0 as u64) {
        return Err(too_large(limit));
    }
    let began = Instant::now();
    let mut stream = pin!(BodyStream::new(payload));
    let mut bytes = Vec::new();
    loop {
        let earned = Duration::from_secs(bytes.len() as u64) / SLOWEST;
        let next = poll_fn(|context| stream.as_mut().poll_next(context));
        match timeout_at(began + PATIENCE + earned, next).await {
            Err(_) => {
                let detail = format!("It has {} seconds, and longer only while it keeps coming.", PATIENCE.as_secs());
                return Err(Problem::new(Code::BodyTimeout, detail));
            }
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(_))) => {
                return Err(Problem::new(Code::MalformedRequest, "The body broke off or is not framed as it says."));
            }
            Ok(Some(Ok(chunk))) if bytes.len() + chunk.len() > limit.0 => return Err(too_large(limit)),
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
        }
    }
}

fn too_large(limit: Limit) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("It may have at most {} bytes.", limit.0))
}
