//! I: files that people send with a form.

use super::alive;
use crate::{
    browser::Browser,
    client::{request, send},
    running::start_filled,
};

/// I3, I5, I6: files whose names and parts are odd.
#[test]
fn files_with_odd_names_and_parts_are_taken_for_what_they_hold() {
    let world = start_filled();
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    let path = "/trials/open-door/batches";
    approver.get(path);
    let csrf = approver.csrf().to_owned();
    let cookie = format!("fairtrial={}", approver.cookie("fairtrial").expect("a session"));
    let post = |kind: &str, body: &[u8]| {
        let headers = [("Content-Type", kind), ("Cookie", cookie.as_str())];
        send(world.address, &request("POST", path, &headers, body))
    };
    let part = |name: &str, file: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    let whole =
        |file: &str, value: &str| format!("{}{}--cut--\r\n", part("file", file, value), part("csrf", "", &csrf));
    let kind = "multipart/form-data; boundary=cut";
    for (n, name) in ["../../x", "con", "x.csv.exe", &"x".repeat(300), "%0d%0aSet-Cookie: a=b", "", "\u{202e}vsc.exe"]
        .iter()
        .enumerate()
    {
        let body = whole(&format!("; filename=\"{name}\""), &format!("unit\nodd-{n}\n"));
        let response = post(kind, body.as_bytes()).expect("an answer");
        assert_eq!((response.status, response.header("set-cookie")), (303, None), "{name}: {}", response.text());
        assert!(!response.header("location").expect("a place").contains(".."), "{name}");
    }
    let many = format!("{}{}--cut--\r\n", part("csrf", "", &csrf), part("file", "", "unit\na\n").repeat(10_000));
    let nameless = "--cut\r\nContent-Disposition: form-data\r\n\r\nunit\r\n--cut--\r\n".to_owned();
    let without = "--cut\r\n\r\nunit\r\n--cut--\r\n".to_owned();
    let large = whole("", &format!("unit\n{}", "x-1\n".repeat(400_000)));
    let nested = whole("\r\nContent-Type: multipart/mixed; boundary=cut2", "--cut2\r\n\r\nunit\r\n--cut2--");
    let boundary = format!("multipart/form-data; boundary={}", "x".repeat(10_000));
    for (name, kind, body, statuses) in [
        ("I6 no boundary", "multipart/form-data", whole("", "unit\na\n"), &[400][..]),
        ("I6 another boundary", "multipart/form-data; boundary=other", whole("", "unit\na\n"), &[400, 403]),
        ("I6 a boundary of 10 kB", &boundary, whole("", "unit\na\n"), &[400, 403, 431]),
        ("I6 10,000 parts", kind, many, &[400]),
        ("I6 no name", kind, nameless, &[400]),
        ("I6 no head", kind, without, &[400]),
        ("I6 parts in a part", kind, nested, &[400]),
        ("I6 cut off", kind, part("csrf", "", &csrf), &[400, 403]),
        ("I6 no parts", kind, "--cut--\r\n".to_owned(), &[400, 403]),
        ("I6 no multipart", "text/csv", "unit\na\n".to_owned(), &[400, 415]),
        ("I5 1.6 MB", kind, large, &[413]),
        ("I4 zip", kind, whole("; filename=\"x.csv\"", "PK\u{3}\u{4}\0\0"), &[400, 422]),
        ("I4 HTML", kind, whole("; filename=\"x.csv\"", "<html>\n<p>\n"), &[422]),
        ("I1 nothing", kind, whole("", ""), &[422]),
        ("I1 a head alone", kind, whole("", "unit\n"), &[422]),
        ("W1 no text", kind, part("file", "", "unit\na\n") + "--cut--\r\n", &[403]),
        ("W17 trial", kind, part("trial", "", "x") + &whole("", "unit\na\n"), &[400]),
    ] {
        let status = post(kind, body.as_bytes()).map(|response| response.status);
        assert!(status.is_some_and(|status| statuses.contains(&status)), "{name}: {status:?}");
    }
    assert!(alive(world.address));
}
