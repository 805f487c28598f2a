//! The stable codes of problems: a program may branch on them. `docs/API.md` lists the same table.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $word:literal, $status:literal, $title:literal, $advice:literal;)*) => {
        /// Which problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant),* }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that programs branch on.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// What the caller can do about it.
            #[must_use]
            pub fn what_to_do(self) -> &'static str {
                match self { $(Self::$variant => $advice),* }
            }
        }
    };
}

codes! {
    MalformedRequest = "malformed_request", 400, "The request cannot be read",
        "Check the address for wrong percent signs and the query for names that stand twice.";
    UnknownParameter = "unknown_parameter", 400, "A query parameter is not known here",
        "Leave it out. Units, keys and passwords never belong in an address.";
    MalformedJson = "malformed_json", 400, "The body is not acceptable JSON",
        "Send one JSON document in UTF-8, without names that stand twice, NUL characters or deep nesting.";
    InvalidBody = "invalid_body", 400, "The body does not have the right fields",
        "Correct the fields that are listed in errors.";
    Unauthenticated = "unauthenticated", 401, "No valid credential",
        "Send a valid key in the header Authorization: Bearer KEY, or in X-API-Key.";
    Forbidden = "forbidden", 403, "Not allowed",
        "Ask an administrator of your agency for a key or a role that may do this.";
    ForgedForm = "forged_form", 403, "The form does not belong to this session",
        "Open the page again and send its form.";
    NotFound = "not_found", 404, "Not found",
        "Check the address, and that the key belongs to the agency whose trial it is.";
    MethodNotAllowed = "method_not_allowed", 405, "This method does nothing here",
        "Use one of the methods in the header Allow.";
    BodyTimeout = "body_timeout", 408, "The body did not arrive in time",
        "Send the request again over a better connection, or in smaller parts.";
    Conflict = "conflict", 409, "This does not fit the present state",
        "Read the present state and decide anew.";
    BodyTooLarge = "body_too_large", 413, "The body is too large",
        "Send fewer items in one request.";
    AddressTooLong = "address_too_long", 414, "The address is too long",
        "Send long values in a body.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The body is of a kind that is not read here",
        "Send application/json in UTF-8, without compression.";
    NotAcceptable = "not_acceptable", 422, "The content cannot be accepted",
        "Correct what is listed in errors.";
    LooksLikeIdentifier = "unit_looks_like_identifier", 422, "The unit looks like a real identifier",
        "Send a code that your system made for this purpose. Nothing of this request was kept.";
    TooManyRequests = "too_many_requests", 429, "Too many requests",
        "Wait for the number of seconds in the header Retry-After.";
    Internal = "internal", 500, "Something failed on our side",
        "Try again. When it lasts, tell the people who run this server the request id.";
    Overloaded = "overloaded", 503, "Too much to do at present",
        "Wait for the number of seconds in the header Retry-After, then send the same request again.";
    Unavailable = "unavailable", 503, "The database cannot be reached",
        "Wait for the number of seconds in the header Retry-After, then send the same request again.";
}

impl Code {
    /// HTTP status, as the server's library has it.
    #[must_use]
    pub fn http_status(self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_unique_and_speak_to_a_person() {
        let words: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(code.what_to_do().ends_with('.') && !code.title().ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn every_code_is_documented_with_its_status() {
        let text = include_str!("../../../../docs/API.md");
        for code in Code::ALL {
            let row = format!("| `{}` | {} |", code.as_str(), code.status());
            assert!(text.contains(&row), "docs/API.md lacks a row that begins {row}");
        }
    }
}
