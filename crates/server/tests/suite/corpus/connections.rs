//! N: callers that do not send, do not read, or go away.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::net::sockopt;

use super::{ASSIGN, Caller, alive};
use crate::{
    client::{request, send},
    running::{settings, start, start_filled},
};
use fairtrial_server::routes;

const GET: &[u8] = b"GET /assets/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
    stream
}

/// Sockets that this process has open: those of the test and those of the server in it. Files are not counted: the server opens more
/// of them whenever it reads from its database on another thread.
fn open() -> usize {
    let open = fs::read_dir("/proc/self/fd").expect("this process");
    let sockets = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    sockets.filter(|it| it.as_os_str().as_encoded_bytes().starts_with(b"socket:")).count()
}

/// Memory that this process uses, in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("this process");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
}

/// Waits for what a server does in its own time.
fn wait_until(at_most: Duration, what: &str, done: impl Fn() -> bool) {
    let (_never, nothing) = mpsc::channel::<()>();
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < at_most, "{what}: not within {at_most:?}");
        let _ = nothing.recv_timeout(Duration::from_millis(50));
    }
}

/// N23, N24: some hundreds of callers ask for far more than they read. Others are served meanwhile, what they asked for does not
/// fill the memory, and after a quarter of a minute in which they read nothing they are let go; whoever only pauses is not.
#[test]
fn whoever_reads_nothing_is_let_go_and_holds_nobody_up() {
    const IDLE: usize = 20;
    const UNREAD: usize = 200;
    const ASKED: usize = 16;
    let world = start_filled();
    let address = world.address;
    let one = send(address, &request("GET", "/assets/app.css", &[], b"")).expect("an answer").body.len();
    assert!(one > 30_000, "an answer is large enough that many of them do not fit into the buffers between: {one}");
    let before = open();
    // Some have been answered and say nothing more.
    let idle: Vec<TcpStream> = (0..IDLE)
        .map(|_| {
            let mut stream = connect(address);
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is sent");
            assert!(stream.read(&mut [0; 1_024]).expect("an answer") > 0);
            stream
        })
        .collect();
    let used = memory();
    let unread: Vec<TcpStream> = (0..UNREAD)
        .map(|_| {
            let mut stream = connect(address);
            sockopt::set_socket_recv_buffer_size(&stream, 4_096).expect("a small buffer");
            stream.write_all(&GET.repeat(ASKED)).expect("it is sent");
            stream
        })
        .collect();
    let began = Instant::now();
    let pausing = thread::spawn(move || {
        let mut stream = connect(address);
        sockopt::set_socket_recv_buffer_size(&stream, 64 * 1_024).expect("a buffer");
        let asked = 20;
        let last = request("GET", "/assets/app.css", &[], b"");
        stream.write_all(&[GET.repeat(asked - 1), last].concat()).expect("it is sent");
        let mut first = [0; 1_024];
        stream.read_exact(&mut first).expect("it begins");
        let (_never, nothing) = mpsc::channel::<()>();
        let _ = nothing.recv_timeout(Duration::from_secs(8));
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("it ends well");
        assert!(first.len() + rest.len() > asked * one, "all of it came");
    });
    while began.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        assert!(alive(address));
        assert!(asked.elapsed() < Duration::from_secs(2), "others are served: {:?}", asked.elapsed());
    }
    let grown = memory().saturating_sub(used);
    assert!(grown < UNREAD * 4 * one, "{grown} bytes for {UNREAD} callers and answers of {one}");
    pausing.join().expect("whoever pauses is served");
    // Ours are still open; the server's are not.
    wait_until(Duration::from_secs(90), "callers are let go", || open() <= before + IDLE + UNREAD + 5);
    assert!(began.elapsed() > Duration::from_secs(10), "not before their time: {:?}", began.elapsed());
    drop((unread, idle));
    assert!(alive(address));
}

/// N20: a head that never ends is given up, and so is a connection on which nothing comes.
#[test]
fn a_head_that_does_not_end_is_given_up() {
    let world = start_filled();
    let address = world.address;
    let began = Instant::now();
    let dribble = |start: &'static [u8]| {
        thread::spawn(move || {
            let mut stream = connect(address);
            stream.write_all(start).expect("it is sent");
            let mut writing = stream.try_clone().expect("a socket");
            let (_never, nothing) = mpsc::channel::<()>();
            // Until the server has enough of it.
            let writer = thread::spawn(move || {
                while writing.write_all(b"x").is_ok() {
                    let _ = nothing.recv_timeout(Duration::from_millis(500));
                }
            });
            let mut answer = Vec::new();
            drop(stream.read_to_end(&mut answer));
            drop(stream.shutdown(std::net::Shutdown::Both));
            writer.join().expect("it ends");
            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
        })
    };
    let silent = thread::spawn(move || {
        let mut answer = Vec::new();
        drop(connect(address).read_to_end(&mut answer));
    });
    let callers = [dribble(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "), dribble(b"GET /"), dribble(b"P")];
    assert!(alive(address));
    for caller in callers {
        caller.join().expect("it is given up");
    }
    silent.join().expect("it is given up");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}

/// N21, N22: a body without a stated length that does not end is no way to keep a connection, whatever is asked and by whom: the answer
/// ends it, also while more keeps coming.
#[test]
fn a_body_that_does_not_end_ends_the_connection_with_its_answer() {
    let world = start_filled();
    let address = world.address;
    let key = world.key("justice");
    let asked = [
        ("GET", "/healthz", "", "200"),
        ("GET", "/assets/app.css", "", "200"),
        ("GET", "/nothing-is-here", "", "404"),
        ("PUT", "/healthz", "", "405"),
        ("OPTIONS", ASSIGN, "", "204"),
        ("HEAD", "/healthz", "", "200"),
        ("POST", ASSIGN, "", "401"),
        ("POST", ASSIGN, "nobodys", "401"),
        ("POST", ASSIGN, key, "408"),
        ("POST", "/v1/events", key, "408"),
        ("POST", "/sign-in", "", "4"),
    ];
    let began = Instant::now();
    let callers = asked.into_iter().flat_map(|(method, path, key, status)| {
        let bearer = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
        let kind = if path == "/sign-in" { "application/x-www-form-urlencoded" } else { "application/json" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        [false, true].map(|goes_on| {
            let (head, what) = (head.clone(), format!("{method} {path}, {goes_on}"));
            let caller = thread::spawn(move || {
                let mut stream = connect(address);
                stream.write_all(head.as_bytes()).expect("it is sent");
                stream.write_all(b"1000\r\na").expect("it is sent");
                let mut writing = stream.try_clone().expect("a socket");
                let (ended, told) = mpsc::channel::<()>();
                let writer = thread::spawn(move || {
                    while goes_on && writing.write_all(b"b").is_ok() {
                        if told.recv_timeout(Duration::from_millis(200)) == Err(mpsc::RecvTimeoutError::Disconnected) {
                            break;
                        }
                    }
                });
                let mut answer = Vec::new();
                let read = stream.read_to_end(&mut answer);
                drop(ended);
                writer.join().expect("it ends");
                // Whoever goes on sending may find the connection reset once the answer is there.
                assert!(read.is_ok() || goes_on, "{read:?}");
                String::from_utf8_lossy(&answer).into_owned()
            });
            (what, status, caller)
        })
    });
    for (what, status, caller) in callers.collect::<Vec<_>>() {
        let answer = caller.join().unwrap_or_else(|_| panic!("{what}: the connection is not ended"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {answer}");
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: {:?}", began.elapsed());
    }
    assert!(alive(address));
}

/// N25: requests that were sent together are answered in their order, up to the one that cannot be read.
#[test]
fn requests_that_come_together_are_answered_in_order() {
    let world = start_filled();
    let mut all = Vec::new();
    for n in 0..100 {
        let path = if n % 2 == 0 { "/healthz" } else { "/v1/nothing" };
        let odd = if n == 49 { "X-Odd : 1\r\n" } else { "" };
        all.extend_from_slice(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{odd}\r\n").as_bytes());
    }
    let mut stream = connect(world.address);
    stream.write_all(&all).expect("it is sent");
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer).into_owned();
    let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)).collect();
    let wanted: Vec<&str> = (0..50)
        .map(|n| {
            if n == 49 {
                "400"
            } else if n % 2 == 0 {
                "200"
            } else {
                "404"
            }
        })
        .collect();
    assert_eq!(statuses, wanted);
}

/// N15, N19, N31: hosts that are not ours, bodies that wait to be asked for, and addresses with a host in them.
#[test]
fn who_is_asked_for_changes_nothing() {
    let world = start_filled();
    let raw = |text: &str| {
        let mut stream = connect(world.address);
        stream.write_all(text.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    };
    let behind_proxy = start(settings(Some("https://trials.example")), routes::table());
    let feed = "GET /register.atom HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n";
    let feed = send(behind_proxy.address, feed.as_bytes()).expect("an answer").text();
    assert!(feed.contains("https://trials.example/register") && !feed.contains("evil"), "{feed}");
    // What a caller calls us decides nothing, so there is no list of hosts: the proxy has one.
    for path in ["/", "/register", "/register.atom", "/register.json", "/sign-in", "/openapi.json", "/docs", "/nothing"]
    {
        for host in ["Host: evil.example\r\n", "Host: localhost\r\nX-Forwarded-Host: evil.example\r\n"] {
            // Without an address of its own a server names the one it was called by in feeds and codes, and nowhere else.
            if path == "/register.atom" && host.starts_with("Host: evil") {
                continue;
            }
            let answer = raw(&format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 200") || path == "/nothing", "{path}: {answer}");
            assert!(!answer.contains("evil.example"), "{path} repeats a host: {answer}");
        }
    }
    let absolute = raw("GET http://evil.example/register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(absolute.starts_with("HTTP/1.1 200") && !absolute.contains("evil.example"), "{absolute}");
    for line in ["GET *", "OPTIONS *", "CONNECT evil.example:443", "GET evil.example", "GET \\register"] {
        let answer = raw(&format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        let status = answer.get(9..12).unwrap_or("400");
        let known = ["200", "204", "400", "404", "405"].contains(&status);
        assert!(known && !answer.contains("evil"), "{line}: {answer}");
    }
    // The library asks for the body before anybody knows whose it is; it is refused all the same, and nothing of it is read.
    let asked = format!(
        "POST {ASSIGN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
         Content-Length: 14\r\n\r\n"
    );
    let answer = raw(&asked);
    let last = answer.rsplit("HTTP/1.1 ").next().unwrap_or_default();
    assert!(last.starts_with("401") && last.contains("unauthenticated"), "{answer}");
}

/// N30, N32: callers that are gone before their answer, a thousand of them, leave nothing open, and what they asked for is done
/// once or not at all.
#[test]
fn callers_that_break_off_leave_nothing_open() {
    let world = start_filled();
    let caller = Caller::of(&world, "justice");
    assert!(alive(world.address));
    let before = open();
    for n in 0..1_000 {
        let mut stream = connect(world.address);
        let body = format!("{{\"unit\":\"gone-{}\"}}", n % 10);
        let bytes = caller.bytes("POST", ASSIGN, &[("Content-Type", "application/json")], body.as_bytes());
        let sent = if n % 2 == 0 { &bytes[..bytes.len() - 5] } else { &bytes[..] };
        stream.write_all(sent).expect("it is sent");
        // Closed without a word: the other side is told by a reset.
        sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket");
    }
    wait_until(Duration::from_secs(20), "connections are closed", || open() <= before + 5);
    for n in 0..10 {
        let body = format!("{{\"unit\":\"gone-{n}\"}}");
        let bytes = caller.bytes("POST", ASSIGN, &[("Content-Type", "application/json")], body.as_bytes());
        let [one, other] = [(), ()].map(|()| send(world.address, &bytes).expect("an answer").json());
        assert_eq!(one["arm"], other["arm"], "gone-{n}");
        assert!(one["arm"].is_string(), "{one}");
    }
}
