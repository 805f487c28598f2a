//! Records of single people on their way to whoever takes them away.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rustix::net::sockopt;

use crate::{
    browser::Browser,
    client::{request, send},
    plan,
    running::start_filled,
};

/// Callers beside each other, and people of each: their rows do not fit into the buffers between server and caller.
const CALLERS: usize = 32;
const PEOPLE: usize = 700;

const FORM: &str = "/trials/large/data";

/// As many as are handed out at once.
const AT_ONCE: usize = 2;

/// Asks for the records and reads only how the answer begins.
fn begin(analyst: &Browser) -> TcpStream {
    let body = format!("purpose=to+look+at+it+once+more&csrf={}", analyst.csrf());
    let cookie = format!("fairtrial={}", analyst.cookie("fairtrial").expect("signed in"));
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    let mut stream = TcpStream::connect(analyst.address()).expect("the server listens");
    sockopt::set_socket_recv_buffer_size(&stream, 4_096).expect("a small buffer");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
    stream.write_all(&request("POST", FORM, &headers, body.as_bytes())).expect("it is sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("it begins");
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

#[test]
fn whoever_does_not_read_them_to_the_end_leaves_nothing_behind() {
    let world = start_filled();
    let (address, key) = (world.address, format!("Bearer {}", world.key("justice")));
    let [mut designer, mut approver, mut analyst] =
        ["designer", "approver", "analyst"].map(|role| Browser::signed_in(address, &format!("{role}@justice.example")));
    let mut document = plan::simple("large", "justice", "counter");
    document["monitoring"]["max_units"] = (CALLERS * PEOPLE).into();
    designer.get("/trials/new");
    let created = designer.post_parts("/trials", &[("file", &document.to_string()), ("document", "")]);
    assert_eq!(created.status, 303, "{}", created.text());
    let go = |browser: &mut Browser, verb: &str, reason: &str| {
        browser.get("/trials/large");
        let fields: &[(&str, &str)] = if reason.is_empty() { &[] } else { &[("reason", reason)] };
        let done = browser.post(&format!("/trials/large/{verb}"), fields);
        assert_eq!(done.status, 303, "{verb}: {}", done.text());
    };
    go(&mut designer, "submit", "");
    go(&mut approver, "approve", "");
    go(&mut designer, "start", "");
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
            scope.spawn(move || {
                for person in 0..PEOPLE {
                    let unit = format!("{{\"unit\":\"u-{caller}-{person}\"}}");
                    let bytes = request("POST", "/v1/trials/large/assignments", &headers, unit.as_bytes());
                    assert_eq!(send(address, &bytes).expect("an answer").status, 200);
                }
            });
        }
    });
    go(&mut designer, "stop", "enough");
    go(&mut analyst, "lock_data", "all is in");
    analyst.get(FORM);
    let take = [("purpose", "to look at it once more")];
    // Whoever is on the way keeps a place, and nobody waits in line for one.
    let under_way: Vec<TcpStream> = (0..AT_ONCE).map(|_| begin(&analyst)).collect();
    let refused = analyst.post(FORM, &take);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    // Whoever goes away gives it back, and the work ends.
    drop(under_way);
    let began = Instant::now();
    let whole = loop {
        analyst.get(FORM);
        let answer = analyst.post(FORM, &take);
        if answer.status == 200 {
            break answer.text();
        }
        assert!(answer.status == 503 && began.elapsed() < Duration::from_secs(30), "{}", answer.status);
    };
    let rows: Vec<&str> = whole.lines().collect();
    assert_eq!(rows.len(), 1 + CALLERS * PEOPLE, "everybody is in it once");
    for (number, row) in rows.iter().enumerate().skip(1) {
        assert!(row.starts_with(&format!("{number},2026-11-2")), "{row}");
    }
}
