//! N: media types, sizes, framing, methods. What the HTTP library itself answers or cuts off is in `transport.rs`.

use super::{ASSIGN, Caller, Case, EVENTS, JSON};

const UNIT: &str = "{\"unit\":\"u-1\"}";

pub(super) fn cases(caller: &Caller) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, media_type) in [
        ("N1 text", "text/plain"),
        ("N1 form", "application/x-www-form-urlencoded"),
        ("N1 nothing", ""),
        ("N1 UTF-16", "application/json; charset=utf-16"),
        ("N1 Latin", "application/json; charset=iso-8859-1"),
        ("N1 patch", "application/json-patch+json"),
        ("N1 any", "*/*"),
        ("N1 two", "application/json, text/plain"),
        ("I4 spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("I6 parts without a boundary", "multipart/form-data"),
        ("I6 parts", "multipart/form-data; boundary=x"),
    ] {
        for target in [ASSIGN, EVENTS] {
            cases.push(caller.post(
                &format!("{name} {target}"),
                target,
                media_type,
                UNIT,
                415,
                "unsupported_media_type",
            ));
        }
    }
    let with = |name: &str, headers: &[(&str, &str)], body: &[u8], status: u16, code: &'static str| {
        let mut all = vec![("Content-Type", JSON)];
        all.extend_from_slice(headers);
        Case { name: name.into(), bytes: caller.bytes("POST", ASSIGN, &all, body), status, code }
    };
    // The beginning of a gzip stream; it is refused before anything is unfolded.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
    for (name, encoding, body) in [
        ("N6 gzip", "gzip", &gzip[..]),
        ("N7 brotli", "br", b"\x0b\x02\x80"),
        ("N7 zstd", "zstd", b"\x28\xb5\x2f\xfd"),
        ("N7 deflate", "deflate", b"x"),
        ("N8 twice", "gzip, gzip", gzip),
        ("N9 says gzip and is not", "gzip", UNIT.as_bytes()),
        ("identity", "identity", UNIT.as_bytes()),
    ] {
        cases.push(with(name, &[("Content-Encoding", encoding)], body, 415, "unsupported_media_type"));
    }
    cases.push(with("N1 twice", &[("Content-Type", JSON)], UNIT.as_bytes(), 415, "unsupported_media_type"));
    cases.push(with("N3 64 KiB and a byte", &[], &vec![b' '; 64 * 1024 + 1], 413, "body_too_large"));
    cases.push(with("N5 announces a gigabyte", &[("Content-Length", "1000000000")], b"", 413, "body_too_large"));
    let megabyte = vec![b' '; 1024 * 1024 + 1];
    cases.push(caller.post("N4 events of a mebibyte and a byte", EVENTS, JSON, &megabyte, 413, "body_too_large"));
    for (name, method, target) in [
        ("N26 trace", "TRACE", ASSIGN),
        ("N26 small letters", "post", ASSIGN),
        ("N26 made up", "FOO", EVENTS),
        ("N26 properties", "PROPFIND", EVENTS),
        ("N26 delete", "DELETE", "/v1/trials/open-door"),
        ("N26 patch", "PATCH", "/v1/trials/open-door"),
        ("N26 get", "GET", EVENTS),
        ("N26 head", "GET", ASSIGN),
        ("N26 put", "PUT", "/v1/reconcile"),
    ] {
        let bytes = caller.bytes(method, target, &[("Content-Type", JSON)], UNIT.as_bytes());
        cases.push(Case { name: name.into(), bytes, status: 405, code: "method_not_allowed" });
    }
    for header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let bytes = caller.bytes("GET", ASSIGN, &[(header, "POST")], b"");
        cases.push(Case { name: format!("N28 {header}"), bytes, status: 405, code: "method_not_allowed" });
    }
    for header in ["X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"] {
        let bytes = caller.bytes("GET", "/v1/trials/no-such", &[(header, "/v1/trials/open-door")], b"");
        cases.push(Case { name: format!("N29 {header}"), bytes, status: 404, code: "not_found" });
    }
    // Two keys, a key of another kind, and what is no key.
    for (name, headers) in [
        ("another kind", &[("Authorization", "Basic YTpi")][..]),
        ("two that differ", &[("X-API-Key", "ft_live_aaaaaaaa_bbbb")]),
        ("no text", &[("X-API-Key", "\u{e9}")]),
        ("9 kB", &[("X-API-Key", &*"x".repeat(9_000))]),
    ] {
        let bytes = caller.bytes("GET", "/v1/trials", headers, b"");
        cases.push(Case { name: format!("key: {name}"), bytes, status: 401, code: "unauthenticated" });
    }
    // Who a caller says to be, or through whom it says to come, changes nothing.
    for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-User", "X-Original-URL"] {
        let bytes = super::request("GET", "/v1/trials", &[(header, "127.0.0.1")], b"");
        cases.push(Case { name: format!("N29 {header}"), bytes, status: 401, code: "unauthenticated" });
    }
    cases
}
