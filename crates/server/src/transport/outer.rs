//! Around every answer, whatever it is: its name, its headers, its line in the log.

use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpResponse,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use super::{Audience, Request, RequestId, cross_origin, request_id};

type Header = (HeaderName, HeaderValue);

/// For programs: nobody may show the answer inside a page, take it for something else than it says, or keep it.
static FOR_PROGRAMS: [Header; 4] = [
    plain(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    plain(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    plain(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    plain(header::CACHE_CONTROL, "no-store"),
];

/// For people: a browser may do nothing with a page but show it, with our own style sheet and scripts.
static FOR_PEOPLE: [Header; 7] = [
    plain(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    plain(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    plain(header::REFERRER_POLICY, "same-origin"),
    plain(header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), interest-cohort=()"),
    plain(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    plain(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    plain(header::CACHE_CONTROL, "no-store"),
];

/// One year, for servers that people reach by https only.
static STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

const fn plain(name: HeaderName, value: &'static str) -> Header {
    (name, HeaderValue::from_static(value))
}

/// A request whose answer is not there yet.
#[derive(Debug)]
pub(crate) struct Opened {
    id: RequestId,
    began: Instant,
}

impl Opened {
    /// Notes when a request came, and gives it the name that it brought or one that is made.
    pub(crate) fn new(request: &Request, make_id: impl FnOnce() -> u64) -> Self {
        Self { began: Instant::now(), id: RequestId::new(request.headers(), make_id) }
    }

    /// When it came.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// Its name.
    pub(crate) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Its name, for whoever keeps it.
    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.id.shared()
    }

    /// The answer as it leaves. `route` is the pattern of the path, where it has one.
    pub(crate) fn close(
        &self,
        request: &Request,
        mut response: HttpResponse,
        (route, audience): (&'static str, Audience),
        https: bool,
    ) -> HttpResponse {
        self.add_headers(response.headers_mut(), audience, https);
        if cross_origin::concerns(request.path()) {
            cross_origin::add(request.method() == Method::OPTIONS, response.headers_mut());
        }
        self.tell(request.method(), response.status().as_u16(), route, audience);
        response
    }

    /// A line in the log. It has the pattern of the path, never the path or its query: they may hold what a person typed. What
    /// frontline apps are answered all day long is told only to whoever asks for more than the usual.
    fn tell(&self, method: &Method, status: u16, route: &'static str, audience: Audience) {
        let quiet = status < 400 && audience == Audience::Program;
        if quiet && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let (id, microseconds) = (self.id(), u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX));
        let method = known(method);
        match status {
            500.. => tracing::error!(request_id = id, method, route, status, microseconds, "failed"),
            _ if quiet => tracing::debug!(request_id = id, method, route, status, microseconds, "answered"),
            _ => tracing::info!(request_id = id, method, route, status, microseconds, "answered"),
        }
    }

    fn add_headers(&self, headers: &mut HeaderMap, audience: Audience, https: bool) {
        let wanted: &[Header] = match audience {
            Audience::Program => &FOR_PROGRAMS,
            Audience::Person => &FOR_PEOPLE,
        };
        // Most answers say of themselves only what they are made of.
        let plain = headers.is_empty() || (headers.len() == 1 && headers.contains_key(header::CONTENT_TYPE));
        for (name, value) in wanted {
            // Unless the handler has said otherwise.
            if plain || !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT.clone());
        }
        if let Ok(value) = HeaderValue::from_str(self.id()) {
            headers.insert(request_id::HEADER, value);
        }
    }
}

/// The method's name when it is a standard one: others are the caller's own text.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
