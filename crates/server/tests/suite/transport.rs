//! What the door does with requests that are wrong, whatever handler stands behind it.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use actix_web::http::{Method, StatusCode};
use fairtrial_server::{
    problem::Problem,
    routes,
    transport::{Answer, Audience, Call, Limit, Needs, Row, json},
};
use serde_json::json;

use crate::{
    client::{Response, request, send},
    running::{World, settings, start},
};

const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn echo(call: Call) -> Answer {
    let mut fields = call.fields(Limit::SINGLE).await?;
    let unit = fields.text("unit");
    let flag = fields.flag("dry_run");
    let unit = fields.finish(unit)?;
    json(StatusCode::OK, &json!({"unit": unit, "dry_run": flag}))
}

async fn part(call: Call) -> Answer {
    json(StatusCode::OK, &json!({"name": call.part("name"), "day": call.query.get("day")}))
}

async fn broken(call: Call) -> Answer {
    assert!(call.query.get("day").is_some(), "this handler has a fault");
    Err(Problem::not_found())
}

fn server() -> World {
    start(settings(None), rows())
}

fn rows() -> Vec<Row> {
    let mut rows = routes::table();
    rows.push(Row::program(Method::POST, "/v1/echo", Needs::Nothing, echo));
    rows.push(Row::program(Method::GET, "/v1/parts/{name}", Needs::Nothing, part).with_query(&["day"]));
    rows.push(Row::program(Method::GET, "/v1/broken", Needs::Nothing, broken));
    rows
}

fn get(address: SocketAddr, target: &str) -> Response {
    send(address, &request("GET", target, &[], b"")).expect("an answer")
}

fn post(address: SocketAddr, headers: &[(&str, &str)], body: &[u8]) -> Response {
    send(address, &request("POST", "/v1/echo", headers, body)).expect("an answer")
}

/// A problem has its shape, and its body never has anything of the machine's inside.
fn assert_problem(response: &Response, status: u16, code: &str, what: &str) {
    assert_eq!(response.status, status, "{what}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{what}");
    let problem = response.json();
    assert_eq!(problem["code"], code, "{what}");
    assert_eq!(problem["status"], status, "{what}");
    for name in ["type", "title", "detail", "what_to_do", "request_id"] {
        assert!(problem[name].as_str().is_some_and(|text| !text.is_empty()), "{what}: {name}");
    }
    assert!(!response.text().contains("panicked") && !response.text().contains(".rs"), "{what}");
}

#[test]
fn bodies_that_are_not_acceptable_json_are_refused() {
    let world = server();
    let address = world.address;
    let deep = format!("{{\"unit\":{}1{}}}", "[".repeat(17), "]".repeat(17));
    let very_deep = "[".repeat(60_000);
    let long = format!("{{\"unit\":\"{}\"}}", "\\u0041".repeat(10_000));
    for (body, code) in [
        (&b"{"[..], "malformed_json"),
        (b"{\"unit\":\"a\"}x", "malformed_json"),
        (b"{\"unit\":\"a\",\"unit\":\"b\"}", "malformed_json"),
        (b"{\"unit\":\"a\",\"x\":{\"b\":1,\"b\":2}}", "malformed_json"),
        (b"{\"unit\":\"\\u0000\"}", "malformed_json"),
        (b"{\"unit\":\"\\ud800\"}", "malformed_json"),
        (b"{\"unit\":\"\xff\"}", "malformed_json"),
        (b"{\"unit\":\"\xc0\xaf\"}", "malformed_json"),
        (b"\xef\xbb\xbf{\"unit\":\"a\"}", "malformed_json"),
        (b"{\0\"\0u\0", "malformed_json"),
        (b"{\"unit\":1e400}", "malformed_json"),
        (b"{\"unit\":NaN}", "malformed_json"),
        (b"{'unit':'a'}", "malformed_json"),
        (b"{\"unit\":\"a\",}", "malformed_json"),
        (b"{\"unit\":\"a\"/*c*/}", "malformed_json"),
        (deep.as_bytes(), "malformed_json"),
        (very_deep.as_bytes(), "malformed_json"),
        (b"null", "invalid_body"),
        (b"[]", "invalid_body"),
        (b"\"x\"", "invalid_body"),
        (b"1", "invalid_body"),
        (b"{}", "invalid_body"),
        (b"{\"unit\":1}", "invalid_body"),
        (b"{\"UNIT\":\"a\"}", "invalid_body"),
        (b"{\"unit\":\"a\",\"arm\":\"new\"}", "invalid_body"),
        (b"{\"unit\":\"a\",\"dry_run\":\"true\"}", "invalid_body"),
    ] {
        assert_problem(&post(address, &[JSON], body), 400, code, &String::from_utf8_lossy(&body[..body.len().min(60)]));
    }
    assert_problem(&post(address, &[JSON, ("Content-Length", "0")], b""), 400, "malformed_json", "empty");
    assert_eq!(post(address, &[JSON], long.as_bytes()).status, 200);
    let good = post(address, &[("Content-Type", "application/json; charset=utf-8")], b" {\"unit\":\"a\"} ");
    assert_eq!((good.status, good.json()), (200, json!({"unit": "a", "dry_run": false})));
}

#[test]
fn faults_of_a_body_have_their_places() {
    let response = post(server().address, &[JSON], b"{\"unit\":1,\"arm\":\"new\"}");
    let places: Vec<_> = response.json()["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|e| (e["pointer"].clone(), e["code"].clone()))
        .collect();
    assert_eq!(places, [(json!("/unit"), json!("wrong_type")), (json!("/arm"), json!("unknown_field"))]);
}

#[test]
fn bodies_of_another_kind_or_size_are_refused() {
    let world = server();
    let address = world.address;
    for headers in [
        &[][..],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/x-www-form-urlencoded")],
        &[("Content-Type", "application/json; charset=utf-16")],
        &[JSON, JSON],
        &[JSON, ("Content-Encoding", "gzip")],
        &[JSON, ("Content-Encoding", "br")],
        &[JSON, ("Content-Encoding", "gzip, gzip")],
    ] {
        assert_problem(&post(address, headers, b"{}"), 415, "unsupported_media_type", &format!("{headers:?}"));
    }
    let large = vec![b' '; 64 * 1024 + 1];
    assert_problem(&post(address, &[JSON], &large), 413, "body_too_large", "one byte too many");
    // Announced, but not sent: the answer does not wait for it.
    let began = Instant::now();
    let announced = post(address, &[JSON, ("Content-Length", "1000000000")], b"{");
    assert_problem(&announced, 413, "body_too_large", "announced");
    assert!(began.elapsed() < Duration::from_secs(3));
    // In pieces without a length.
    let mut pieces =
        request("POST", "/v1/echo", &[JSON, ("Transfer-Encoding", "chunked"), ("Content-Length", "")], b"");
    pieces = String::from_utf8(pieces).expect("text").replace("Content-Length: \r\n", "").into_bytes();
    for _ in 0..9 {
        pieces.extend_from_slice(format!("2000\r\n{}\r\n", " ".repeat(0x2000)).as_bytes());
    }
    pieces.extend_from_slice(b"0\r\n\r\n");
    assert_problem(&send(address, &pieces).expect("an answer"), 413, "body_too_large", "in pieces");
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let world = server();
    let address = world.address;
    let began = Instant::now();
    let stalled: Vec<_> = (0..20)
        .map(|_| std::thread::spawn(move || post(address, &[JSON, ("Content-Length", "1000")], b"{\"un")))
        .collect();
    // Others are answered meanwhile.
    assert_eq!(get(address, "/healthz").status, 200);
    for one in stalled {
        assert_problem(&one.join().expect("a caller"), 408, "body_timeout", "stalled");
    }
    let elapsed = began.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(12)).contains(&elapsed), "{elapsed:?}");
}

#[test]
fn addresses_that_two_readers_read_in_two_ways_are_refused() {
    let world = server();
    let address = world.address;
    for target in ["/v1/parts/%ff", "/v1/parts/a%00", "/v1/parts/%c0%af", "/v1/parts/%zz", "/v1/parts/a?day=%ff"] {
        assert_problem(&get(address, target), 400, "malformed_request", target);
    }
    assert_problem(&get(address, "/v1/parts/a?day=1&day=2"), 400, "malformed_request", "twice");
    for target in ["/v1/parts/a?day[]=1", "/v1/parts/a?x[$ne]=1", "/v1/parts/a?api_key=abc", "/healthz?x=1"] {
        assert_problem(&get(address, target), 400, "unknown_parameter", target);
    }
    for target in ["/v1/parts", "/v1/parts/", "/v1/parts/a/", "/v1//parts/a", "/v1/parts/a/..", "/v1/x"] {
        assert_problem(&get(address, target), 404, "not_found", target);
    }
    for target in ["/V1/parts/a", "/healthz/", "/HEALTHZ", "/healthz;jsessionid=1", "//evil.example/healthz"] {
        assert_eq!(get(address, target).status, 404, "{target}");
    }
    assert_problem(&get(address, &format!("/v1/parts/{}", "a".repeat(9_000))), 414, "address_too_long", "9 kB");
    assert_eq!(get(address, "/v1/parts/a?day=2026-11-23").json(), json!({"name": "a", "day": "2026-11-23"}));
}

#[test]
fn every_path_says_which_methods_it_has() {
    let world = server();
    let address = world.address;
    for row in rows() {
        let target = row.path.replace("{name}", "a");
        for method in ["TRACE", "PROPFIND", "FOO", "PATCH", "get"] {
            let response = send(address, &request(method, &target, &[], b"")).expect("an answer");
            match row.audience {
                Audience::Program => {
                    assert_problem(&response, 405, "method_not_allowed", &format!("{method} {target}"))
                }
                Audience::Person => assert_eq!(response.status, 405, "{method} {target}"),
            }
            let allow = response.header("allow").expect("Allow");
            assert!(allow.contains(row.method.as_str()) && allow.contains("OPTIONS"), "{allow}");
        }
        let options = send(address, &request("OPTIONS", &target, &[], b"")).expect("an answer");
        assert_eq!((options.status, options.body.len()), (204, 0));
        assert!(options.header("allow").is_some());
    }
    for target in ["/healthz", "/openapi.json", "/v1/parts/a"] {
        let head = send(address, &request("HEAD", target, &[], b"")).expect("an answer");
        assert_eq!(head.status, 200, "{target}");
        assert_eq!(head.header("content-length"), get(address, target).header("content-length"), "{target}");
    }
    // Nothing in a header turns one method into another.
    let response = send(address, &request("GET", "/v1/echo", &[("X-HTTP-Method-Override", "POST")], b"")).expect("one");
    assert_eq!(response.status, 405);
}

#[test]
fn requests_that_are_framed_in_two_ways_end_the_connection() {
    let world = server();
    let address = world.address;
    let start = "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for rest in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        "Content-Length: +2\r\n\r\n{}",
        "Content-Length: -1\r\n\r\n{}",
        "Content-Length: 1,1\r\n\r\n{}",
        "Content-Length: 18446744073709551616\r\n\r\n{}",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        "X-Odd : 1\r\nContent-Length: 2\r\n\r\n{}",
        "X-Odd: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        "X-Odd: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let status = send(address, format!("{start}{rest}").as_bytes()).map_or(400, |response| response.status);
        assert!((400..500).contains(&status), "{rest:?} is answered with {status}");
    }
    for whole in [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let status = send(address, whole.as_bytes()).map_or(400, |response| response.status);
        assert!((400..506).contains(&status), "{whole:?} is answered with {status}");
    }
    let many = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-A: 1\r\n".repeat(200));
    let large = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: {}\r\n\r\n", "a".repeat(200_000));
    for whole in [many, large] {
        let status = send(address, whole.as_bytes()).map_or(431, |response| response.status);
        assert!([400, 431].contains(&status), "{status}");
    }
    assert_eq!(get(address, "/healthz").status, 200);
}

#[test]
fn callers_that_hang_up_cost_nothing() {
    let world = server();
    let address = world.address;
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        drop(stream.write_all(&request("POST", "/v1/echo", &[JSON, ("Content-Length", "1000")], b"{")));
    }
    assert_eq!(get(address, "/healthz").status, 200);
}

#[test]
fn a_fault_in_a_handler_is_an_answer_and_the_worker_lives() {
    let world = server();
    let address = world.address;
    for _ in 0..3 {
        assert_problem(&get(address, "/v1/broken"), 500, "internal", "a panic");
    }
    assert_problem(&get(address, "/v1/broken?day=1"), 400, "unknown_parameter", "another request");
    assert_eq!(get(address, "/healthz").status, 200);
}

#[test]
fn every_answer_has_the_protecting_headers() {
    let plain = server();
    let https = start(settings(Some("https://trials.example")), rows());
    for (address, strict) in [(plain.address, false), (https.address, true)] {
        for response in [
            get(address, "/healthz"),
            get(address, "/nothing"),
            get(address, "/v1/parts/%ff"),
            get(address, "/v1/broken"),
            get(address, "/v1/echo"),
            post(address, &[JSON], b"{"),
            post(address, &[JSON], &vec![b' '; 70_000]),
            send(address, &request("OPTIONS", "/v1/echo", &[], b"")).expect("an answer"),
        ] {
            let csp = response.header("content-security-policy").expect("a policy");
            assert!(csp.starts_with("default-src 'none'") && !csp.contains("unsafe"), "{csp}");
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(response.header("cache-control"), Some("no-store"));
            assert!(response.header("x-request-id").is_some_and(|id| id.len() == 16));
            // What only a page can do, a program's answer need not forbid.
            let page = response.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            for name in ["referrer-policy", "permissions-policy", "cross-origin-opener-policy"] {
                assert_eq!(response.header(name).is_some(), page, "{name}");
            }
            assert!(csp.contains("frame-ancestors 'none'"));
            assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"));
            assert_eq!(response.header("strict-transport-security").is_some(), strict);
            assert_eq!(response.header("server"), None);
        }
    }
    let named =
        send(plain.address, &request("GET", "/healthz", &[("X-Request-Id", "my-own.1")], b"")).expect("an answer");
    assert_eq!(named.header("x-request-id"), Some("my-own.1"));
    let odd =
        send(plain.address, &request("GET", "/healthz", &[("X-Request-Id", "a b\"<x>")], b"")).expect("an answer");
    assert!(odd.header("x-request-id").is_some_and(|id| id.len() == 16));
}
