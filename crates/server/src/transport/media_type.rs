//! What a body says it is.

use actix_web::http::header::{self, HeaderMap};

use crate::problem::{Code, Problem};

/// Which of the accepted media types the body has.
///
/// # Errors
/// When it names none of them, another character set than UTF-8, or a compression: none is undone, because a small body
/// can unfold into one that fills the memory.
pub(super) fn check(headers: &HeaderMap, accepted: &[&'static str]) -> Result<&'static str, Problem> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(Code::UnsupportedMediaType, "Compressed bodies are not read; send it as it is."));
    }
    let unsupported = || {
        Problem::new(Code::UnsupportedMediaType, format!("The header Content-Type must be {}.", accepted.join(" or ")))
    };
    let mut values = headers.get_all(header::CONTENT_TYPE);
    let (Some(only), None) = (values.next(), values.next()) else { return Err(unsupported()) };
    let text = only.to_str().map_err(|_| unsupported())?;
    // As nearly everybody writes it.
    if let Some(found) = accepted.iter().find(|accepted| **accepted == text) {
        return Ok(found);
    }
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let named = parts.next().unwrap_or_default();
    let found = accepted.iter().find(|accepted| **accepted == named).ok_or_else(unsupported)?;
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or_else(unsupported)?;
        if name.trim() == "charset" && value.trim().trim_matches('"') != "utf-8" {
            return Err(Problem::new(Code::UnsupportedMediaType, "Only the character set UTF-8 is read."));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn checked(pairs: &[(HeaderName, &'static str)]) -> Result<&'static str, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        check(&headers, &["application/json", "text/csv"])
    }

    #[test]
    fn takes_utf_8_and_nothing_compressed() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert_eq!(checked(&[(header::CONTENT_TYPE, good)]).unwrap(), "application/json");
        }
        for bad in ["text/plain", "application/json; charset=utf-16", "application/json-patch+json", "", "*/*"] {
            assert_eq!(checked(&[(header::CONTENT_TYPE, bad)]).unwrap_err().code, Code::UnsupportedMediaType, "{bad}");
        }
        assert!(checked(&[]).is_err());
        let json = (header::CONTENT_TYPE, "application/json");
        assert!(checked(&[json.clone(), json.clone()]).is_err());
        assert!(checked(&[json, (header::CONTENT_ENCODING, "gzip")]).is_err());
    }
}
