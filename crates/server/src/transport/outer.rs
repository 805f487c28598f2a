//! Around every answer, whatever it is: its name, its headers, its line in the log.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};

use super::{RequestId, Route, cross_origin, request_id};
use crate::server::State;

/// What a browser may do with our answers: nothing but show them, with our own style sheet and scripts.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), interest-cohort=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// One year, for servers that people reach by https only.
const STRICT_TRANSPORT: &str = "max-age=31536000; includeSubDomains";

/// Wraps the whole server.
pub(crate) async fn outer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let state = request.app_data::<web::Data<State>>().cloned();
    let id = RequestId::new(request.headers(), || state.as_ref().map(|state| state.new_id()).unwrap_or_default());
    let method = known(request.method());
    request.extensions_mut().insert(id.clone());
    // Rows and the default service answer always; an error here would be actix's own and have its own answer.
    let mut response = next.call(request).await?;
    let https = state.as_ref().is_some_and(|state| state.https);
    add_headers(response.headers_mut(), https, &id);
    if cross_origin::concerns(response.request().path()) {
        let beforehand = response.request().method() == Method::OPTIONS;
        cross_origin::add(beforehand, response.headers_mut());
    }
    tell(&response, &id, method, began);
    Ok(response)
}

/// A line in the log. It has the pattern of the path, never the path or its query: they may hold what a person typed. What
/// frontline apps are answered all day long is told only to whoever asks for more than the usual.
fn tell<B>(response: &ServiceResponse<B>, id: &RequestId, method: &str, began: Instant) {
    let status = response.status().as_u16();
    let from_program = || ["/v1/", "/ofrep/"].iter().any(|start| response.request().path().starts_with(start));
    let quiet = status < 400 && from_program();
    if quiet && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let (id, microseconds) = (id.as_str(), u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    let route = response.request().extensions().get::<Route>().map_or("none", |route| route.0);
    match status {
        500.. => tracing::error!(request_id = id, method, route, status, microseconds, "failed"),
        _ if quiet => tracing::debug!(request_id = id, method, route, status, microseconds, "answered"),
        _ => tracing::info!(request_id = id, method, route, status, microseconds, "answered"),
    }
}

fn add_headers(headers: &mut HeaderMap, https: bool, id: &RequestId) {
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(request_id::HEADER, value);
    }
}

/// The method's name when it is a standard one: others are the caller's own text.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
