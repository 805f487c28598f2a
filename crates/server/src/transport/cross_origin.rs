//! Pages of other sites may ask for flags: a browser lets them only when the answer says so.
//!
//! Everybody may, because no cookie counts there: what a caller is told depends on the key that it sends itself.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderMap, HeaderName, HeaderValue,
};

const EVERY_ANSWER: [(HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Retry-After, X-Request-Id")];

const BEFOREHAND: [(HeaderName, &str); 2] = [
    (ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, X-API-Key, Content-Type, If-None-Match"),
    (ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Whether an address is one of the flags'.
pub(super) fn concerns(path: &str) -> bool {
    path.starts_with("/ofrep/")
}

/// Adds what browsers want to read, and what they ask for before a request that is not plain.
pub(super) fn add(beforehand: bool, headers: &mut HeaderMap) {
    for (name, value) in EVERY_ANSWER {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if beforehand {
        for (name, value) in BEFOREHAND {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(methods) = headers.get(ALLOW).cloned() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
    }
}
