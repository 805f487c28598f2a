//! What is asked, without its body.

use std::{fmt, rc::Rc};

use actix_http::{Message, RequestHead};
use actix_web::{
    cookie::Cookie,
    http::{
        Method, Uri,
        header::{self, HeaderMap},
    },
};

/// The head of a request. A copy is the same head.
#[derive(Clone)]
pub struct Request(Rc<Message<RequestHead>>);

impl Request {
    pub(super) fn new(head: Message<RequestHead>) -> Self {
        Self(Rc::new(head))
    }

    /// What is to be done.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// With what: the path and the query.
    #[must_use]
    pub fn address(&self) -> &Uri {
        &self.0.uri
    }

    /// The path, as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.uri.path()
    }

    /// The query, as it was sent; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.0.uri.query().unwrap_or_default()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The cookies that came with it, without those that cannot be read; none when a line of them is no text.
    pub(crate) fn cookies(&self) -> Option<Vec<Cookie<'_>>> {
        let mut cookies = Vec::new();
        for line in self.headers().get_all(header::COOKIE) {
            let line = std::str::from_utf8(line.as_bytes()).ok()?;
            cookies.extend(line.split(';').filter_map(|cookie| Cookie::parse_encoded(cookie.trim()).ok()));
        }
        Some(cookies)
    }
}

impl fmt::Debug for Request {
    /// Neither headers nor path: they may hold a key, or what a person typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", self.method()).finish_non_exhaustive()
    }
}
