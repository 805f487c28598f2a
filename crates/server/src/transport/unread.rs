//! A body of unknown length that nobody has read to its end.
//!
//! The HTTP library closes a connection whose caller has announced more than was read. Where the length is not announced it reads on instead, to
//! keep the connection for the next request, and waits for the end without a limit. It does so once nobody holds the body any more:
//! so whoever sends the answer holds it until the answer is sent.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::Payload,
    error::PayloadError,
    web::Bytes,
};
use futures_core::Stream;

/// The body of a request under way.
pub(super) struct Held(Rc<Inner>);

struct Inner {
    body: RefCell<Payload>,
    ended: Cell<bool>,
}

/// A body to be read, and a hold of it.
pub(super) fn hold(body: Payload) -> (Payload, Held) {
    let inner = Rc::new(Inner { body: RefCell::new(body), ended: Cell::new(false) });
    (Payload::Stream { payload: Box::pin(Reader(Rc::clone(&inner))) }, Held(inner))
}

impl Held {
    /// The answer, after which the connection ends when the body has not.
    pub(super) fn release_after(self, response: HttpResponse) -> HttpResponse {
        if self.0.ended.get() {
            return response;
        }
        response.map_body(|_, body| BoxBody::new(Answer { body, _unread: self }))
    }
}

struct Reader(Rc<Inner>);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut *self.0.body.borrow_mut()).poll_next(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0.ended.set(true);
        }
        next
    }
}

struct Answer {
    body: BoxBody,
    _unread: Held,
}

impl MessageBody for Answer {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}
