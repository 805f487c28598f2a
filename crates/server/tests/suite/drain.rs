//! Told to stop, the program takes nothing new, ends what it has begun, and ends well.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::client::{request, send};

fn fairtrial(arguments: &[&str], data: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
    command.args(arguments).args(["--data", data]).env_clear().stderr(Stdio::null());
    command
}

/// A server on a free port that may take half a minute to end.
fn serve(data: &str) -> (Child, SocketAddr) {
    let mut child = fairtrial(&["serve", "--listen", "127.0.0.1:0", "--shutdown-seconds", "30"], data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address = lines
        .find_map(|line| line.expect("text").strip_prefix("Fairtrial answers at http://").map(str::to_owned))
        .expect("the address is printed");
    // Whoever prints more is still heard.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.parse().expect("an address"))
}

fn terminate(child: &Child) {
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
    stream
}

#[test]
fn what_has_begun_is_ended_and_nothing_new_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    assert!(fairtrial(&["agency", "create", "tax", "Tax Office"], data).status().expect("it runs").success());
    let made =
        fairtrial(&["key", "create", "app", "--agency", "tax", "--scope", "assign"], data).output().expect("it runs");
    let key = format!("Bearer {}", String::from_utf8_lossy(&made.stdout).trim());
    let (mut child, address) = serve(data);
    let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
    let ask = json!({"context": {"targetingKey": "u-1"}}).to_string();
    let flags =
        send(address, &request("POST", "/ofrep/v1/evaluate/flags", &headers, ask.as_bytes())).expect("an answer");
    let flags: Value = flags.json();
    let path = flags["eventStreams"][0]["endpoint"]["requestUri"].as_str().expect("a stream").to_owned();

    // A stream that never ends by itself, and a request of which half has come.
    let mut listening = connect(address);
    listening.write_all(&request("GET", &path, &[], b"")).expect("it is sent");
    let mut first = [0; 64];
    assert!(listening.read(&mut first).expect("the stream opens") > 0);
    let whole = request("POST", "/ofrep/v1/evaluate/flags", &headers, ask.as_bytes());
    let (half, rest) = whole.split_at(whole.len() - 10);
    let mut slow = connect(address);
    slow.write_all(half).expect("it is sent");
    // Answered on other connections, by each of the server's threads, so that the half has been read too.
    for _ in 0..8 {
        assert_eq!(send(address, &request("GET", "/healthz", &[], b"")).expect("an answer").status, 200);
    }

    let told = Instant::now();
    terminate(&child);
    let mut streamed = Vec::new();
    listening.read_to_end(&mut streamed).expect("the stream ends");
    slow.write_all(rest).expect("it is still taken");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}
