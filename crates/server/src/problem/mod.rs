//! What went wrong, said in the same shape everywhere: `application/problem+json` (RFC 9457).

mod code;
mod refusal;

pub use code::Code;
pub(crate) use refusal::sentence;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use fairtrial_domain::Fault;
use serde::Serialize;

/// An answer that is not what was asked for.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which one; decides status, title and advice.
    pub code: Code,
    /// What is wrong in this case, in a sentence. Never a unit, a key, or a value from the body.
    pub detail: String,
    /// The single faults of a document, each with its place.
    pub errors: Vec<Fault>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u32>,
    /// The methods that would have been right.
    pub allow: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    what_to_do: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem with a sentence about this case.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, allow: None }
    }

    /// A document with faults.
    #[must_use]
    pub fn with_errors(code: Code, errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => only.detail.clone(),
            [only] => format!("{}: {}", only.pointer, only.detail),
            many => format!("{} things are wrong; each stands in errors", many.len()),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// There is nothing at this address, or nothing that this caller may know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here for this address and this key.")
    }

    /// Something failed that the caller did not cause. The cause goes to the log, never into the answer.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something failed on our side.")
    }

    /// Too much to do at present.
    #[must_use]
    pub fn overloaded(retry_after: u32) -> Self {
        let detail = "More requests are waiting than can be answered in time; nothing of this one was kept.";
        Self { retry_after: Some(retry_after), ..Self::new(Code::Overloaded, detail) }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.http_status()
    }

    /// The answer's status and headers, without its body.
    #[must_use]
    pub fn head(&self) -> HttpResponseBuilder {
        let mut builder = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after {
            builder.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(methods) = &self.allow {
            builder.insert_header((header::ALLOW, methods.as_str()));
        }
        if self.code == Code::Unauthenticated {
            builder.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        builder
    }

    /// The answer for a program.
    #[must_use]
    pub fn json(&self, request_id: &str) -> HttpResponse {
        self.head().content_type("application/problem+json").json(Document {
            r#type: format!("urn:fairtrial:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            code: self.code.as_str(),
            what_to_do: self.code.what_to_do(),
            request_id,
            errors: &self.errors,
        })
    }
}
