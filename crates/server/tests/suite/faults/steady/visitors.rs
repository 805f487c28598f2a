//! Somebody who reads pages, and an app that takes all flags at once and listens for changes.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    super::{
        house::{PASSWORD, TRIALS},
        ledger::{Ledger, Promise},
        load::Kind,
        wire::{Line, Whole},
    },
    minutes::Tray,
};

/// Who reads.
pub(super) const READERS: [&str; 2] = ["analyst@justice.example", "approver@justice.example"];

/// The pages that each of them reads, one after the other.
pub(super) const PAGES: [[&str; 2]; 4] = [
    ["/", "/portfolio"],
    ["/trials/open/report", "/"],
    ["/trials/full/report", "/trials/open"],
    ["/trials/full/data", "/trials"],
];

/// Somebody with a browser.
pub(super) struct Reader {
    line: Line,
    email: &'static str,
    cookies: BTreeMap<String, String>,
}

impl Reader {
    pub(super) fn signed_in(address: SocketAddr, email: &'static str) -> Self {
        let mut reader = Self { line: Line::open(address).expect("it listens"), email, cookies: BTreeMap::new() };
        let form = String::from_utf8(reader.ask("GET", "/sign-in", "").body).expect("text");
        let hidden = form.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        let words = PASSWORD.replace(' ', "+");
        let filled = format!("email={}&password={words}&csrf={}", email.replace('@', "%40"), hidden.expect("a form"));
        assert_eq!(reader.ask("POST", "/sign-in", &filled).status, 303, "{email} can sign in");
        reader
    }

    /// Opens a page and looks whether it is one.
    pub(super) fn open(&mut self, page: &str, tray: &Tray) {
        let asked = Instant::now();
        let mut whole = self.ask("GET", page, "");
        if whole.status == 401 {
            // Nobody stays signed in for longer than half a day.
            *self = Self::signed_in(self.line.to, self.email);
            whole = self.ask("GET", page, "");
        }
        tray.took(Kind::Page, asked.elapsed());
        let text = String::from_utf8_lossy(&whole.body);
        assert!(whole.status == 200 && text.contains("</html>"), "{page} answers {}: {text}", whole.status);
    }

    fn ask(&mut self, method: &str, page: &str, form: &str) -> Whole {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = format!("{method} {page} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n", cookies.join("; "));
        if !form.is_empty() {
            request += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
            request += &format!("Content-Length: {}\r\n", form.len());
        }
        let whole = self.line.exchange(&format!("{request}\r\n{form}")).expect("an answer");
        for (_, cookie) in whole.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        whole
    }
}

/// An app with flags, for somebody who is in all trials: so it places nobody.
pub(super) struct Flags {
    line: Line,
    token: String,
    unit: String,
}

impl Flags {
    pub(super) fn new(address: SocketAddr, token: &str, ledger: &Ledger) -> Self {
        let (mut line, unit) = (Line::open(address).expect("it listens"), "an-app-x".to_owned());
        for trial in TRIALS {
            let path = format!("/v1/trials/{trial}/assignments");
            let answer = line.post(&path, token, &json!({"unit": unit})).expect("an answer");
            let text = |name: &str| answer.body[name].as_str().expect("text").to_owned();
            let (arm, assigned_at) = (text("arm"), text("assigned_at"));
            ledger.write(&Promise::Placed { trial: trial.to_owned(), unit: unit.clone(), arm, assigned_at });
        }
        Self { line, token: token.to_owned(), unit }
    }

    /// Takes all flags; where it may listen.
    pub(super) fn take(&mut self, tray: &Tray) -> String {
        let context = json!({"context": {"targetingKey": self.unit}});
        let take = |line: &mut Line| {
            let asked = Instant::now();
            let answer = line.post("/ofrep/v1/evaluate/flags", &self.token, &context)?;
            tray.took(Kind::Flags, asked.elapsed());
            io::Result::Ok(answer)
        };
        // A connection on which nobody asked for a while may have been closed.
        let answer = take(&mut self.line).or_else(|_| {
            self.line = Line::open(self.line.to)?;
            take(&mut self.line)
        });
        let answer = answer.expect("an answer");
        let flags = answer.body["flags"].as_array().map_or(0, Vec::len);
        assert_eq!((answer.status, flags), (200, TRIALS.len()), "{}", answer.body);
        answer.body["eventStreams"][0]["endpoint"]["requestUri"].as_str().expect("an address").to_owned()
    }
}

/// Listens until the end; how often the stream broke off or said nothing for long.
pub(super) fn listen(address: SocketAddr, path: &str, ending: &AtomicBool) -> u32 {
    /// A sign of life comes every fifteen seconds.
    const SILENCE: Duration = Duration::from_secs(60);
    let (mut losses, mut stream) = (0, None);
    let (mut heard, mut buffer) = (Instant::now(), [0; 4_096]);
    while !ending.load(Ordering::SeqCst) {
        let open = stream.get_or_insert_with(|| {
            heard = Instant::now();
            opened(address, path)
        });
        match open.read(&mut buffer) {
            Ok(read) if read > 0 => heard = Instant::now(),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if heard.elapsed() > SILENCE {
                    losses += 1;
                    stream = None;
                }
            }
            _ => {
                losses += 1;
                stream = None;
            }
        }
    }
    losses
}

fn opened(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("it can be set");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it can be asked");
    let mut head = [0; 15];
    stream.read_exact(&mut head).expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200 OK", "the stream does not open");
    stream.set_read_timeout(Some(Duration::from_millis(500))).expect("it can be set");
    stream
}
