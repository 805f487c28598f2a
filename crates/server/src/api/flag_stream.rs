//! Server-sent events that tell OpenFeature providers in browsers to ask for their flags again.

use std::{
    pin::Pin,
    rc::Rc,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{Error, HttpResponse, http::header, web::Bytes};
use fairtrial_app::frontline::listen::{Heard, Listener};
use futures_core::Stream;
use serde_json::json;
use tokio::time::{Interval, interval};

use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call},
};

/// How often a stream looks for changes: those of other servers are known after a second anyway.
const TICK: Duration = Duration::from_millis(500);

/// Ticks between two signs of life, which keep proxies from closing a silent connection.
const BEAT: u32 = 30;

/// Streams at once. Each holds a connection, of which other callers want some too.
const MOST: usize = 1_000;

/// `GET /ofrep/v1/stream`
pub(crate) async fn open(call: Call) -> Answer {
    let pass = call.query.get("pass").ok_or_else(|| Problem::new(Code::Unauthenticated, "The address has no pass."))?;
    let listener = call.state.app.listen(pass)?;
    let seat = Seat::take(&call.state)?;
    // The first comment opens the stream at once, also through a proxy that waits for a first byte.
    let events = Events { seat, listener, ticks: interval(TICK), count: 0 };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events))
}

/// One of the streams that there may be, given back when it ends.
struct Seat(Rc<State>);

impl Seat {
    fn take(state: &Rc<State>) -> Result<Self, Problem> {
        let seat = Self(Rc::clone(state));
        // Taken before it is looked at, so that two cannot take the last one.
        if state.streams.fetch_add(1, Ordering::Relaxed) >= MOST {
            return Err(Problem::new(
                Code::Overloaded,
                "Too many streams are open; the app can ask now and then instead.",
            ));
        }
        Ok(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Events {
    seat: Seat,
    listener: Listener,
    ticks: Interval,
    count: u32,
}

impl Stream for Events {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            ready!(this.ticks.poll_tick(context));
            let state = &this.seat.0;
            if state.is_closing() {
                return Poll::Ready(None);
            }
            let count = this.count;
            this.count = count.wrapping_add(1);
            match state.app.hear(&mut this.listener) {
                Heard::End => return Poll::Ready(None),
                Heard::Change(tag) => {
                    let now = state.app.ambient().now().timestamp();
                    let data = json!({"type": "refetchEvaluation", "etag": tag, "lastModified": now});
                    return Poll::Ready(Some(Ok(Bytes::from(format!("event: message\nid: {tag}\ndata: {data}\n\n")))));
                }
                Heard::Nothing if count.is_multiple_of(BEAT) => {
                    return Poll::Ready(Some(Ok(Bytes::from_static(b": listening\n\n"))));
                }
                Heard::Nothing => {}
            }
        }
    }
}
