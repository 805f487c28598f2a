//! A name for one request, in its answer and in the log.

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName};
use fairtrial_domain::canonical::hex_in;

/// The header that carries it.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of the request that is being answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's name for it when that is a plain short token, otherwise a new number as 16 hexadecimal digits.
    pub(crate) fn new(headers: &HeaderMap, make: impl FnOnce() -> u64) -> Self {
        let plain = |text: &&str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        // It is kept in the audit, so it must not name a person.
        let unknown = |text: &&str| fairtrial_domain::identity::recognise(text).is_none();
        let theirs = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(plain).filter(unknown);
        Self(theirs.map_or_else(|| hex_in(&make().to_be_bytes(), &mut [0; 16]).into(), Arc::from))
    }

    /// The name, for whoever keeps it.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn only_plain_short_tokens_are_echoed() {
        let id = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_static(text));
            RequestId::new(&headers, || 0x0123_4567_89ab_cdef).as_str().to_owned()
        };
        assert_eq!(id("abc-1.2_3"), "abc-1.2_3");
        for odd in [
            "",
            "a b",
            "zzz0016",
            "021-123-4567",
            "a=b",
            "<x>",
            "{\"a\":1}",
            "0123456789012345678901234567890123456789012345678901234567890123x",
        ] {
            assert_eq!(id(odd), "0123456789abcdef", "{odd}");
        }
    }
}
