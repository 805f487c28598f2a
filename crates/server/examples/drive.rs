//! Sends one kind of request over and over on some connections and prints how many were answered, and how soon.
//!
//! ```text
//! drive ADDRESS:PORT KIND [--key TOKEN] [--trial open-door] [--event door.opened] [--value N] [--people 5000] [--connections 32] [--seconds 5]
//!       [--from 0] [--occurred-at TIME]
//! ```
//!
//! KIND is one of `known`, `new`, `mixed` (nine known to one new), `event`, `events` (100 in a call), `flag`, `flags`, `newcomers` (who
//! are new to all flags), `report`, `health`, or `edge` and `edges` for a person's version of one flag and of all from Unleash Edge.
//! Any answer but 200 ends it with 1: a refusal is quick and would pass for speed.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
struct Plan {
    address: String,
    kind: String,
    key: String,
    trial: String,
    event: String,
    /// What each event carries, if anything.
    value: Option<u64>,
    /// People who are known: few enough to be placed before the clock starts.
    people: u64,
    /// What makes people and events of this run others than those of the last one.
    from: u64,
    occurred_at: String,
}

impl Plan {
    fn request(&self, n: u64) -> String {
        let unit = format!("bench-{}", n % self.people);
        let stranger = format!("bench-new-{}-{n}", self.from);
        let value = self.value.map_or_else(String::new, |value| format!("\"value\":{value},"));
        let event = |n: u64| {
            format!(
                "{{\"event_id\":\"b-{}-{n:09}\",\"unit\":\"bench-{}\",\"event\":\"{}\",{value}\"occurred_at\":\"{}\"}}",
                self.from,
                n % self.people,
                self.event,
                self.occurred_at
            )
        };
        let assign = format!("POST /v1/trials/{}/assignments", self.trial);
        let flags = "POST /ofrep/v1/evaluate/flags".to_owned();
        let (line, body) = match self.kind.as_str() {
            "new" => (assign, format!("{{\"unit\":\"{stranger}\"}}")),
            "mixed" if n.is_multiple_of(10) => (assign, format!("{{\"unit\":\"{stranger}\"}}")),
            "event" => ("POST /v1/events".to_owned(), format!("{{\"events\":[{}]}}", event(n))),
            "events" => {
                let events: Vec<String> = (n * 100..n * 100 + 100).map(event).collect();
                ("POST /v1/events".to_owned(), format!("{{\"events\":[{}]}}", events.join(",")))
            }
            "flag" => (format!("{flags}/{}", self.trial), format!("{{\"context\":{{\"targetingKey\":\"{unit}\"}}}}")),
            "flags" => (flags, format!("{{\"context\":{{\"targetingKey\":\"{unit}\"}}}}")),
            "newcomers" => (flags, format!("{{\"context\":{{\"targetingKey\":\"{stranger}\"}}}}")),
            "edge" => (format!("POST /api/frontend/features/{}", self.trial), format!("{{\"userId\":\"{unit}\"}}")),
            "edges" => ("POST /api/frontend/all".to_owned(), format!("{{\"context\":{{\"userId\":\"{unit}\"}}}}")),
            "report" => (format!("GET /v1/trials/{}/report", self.trial), String::new()),
            "health" => ("GET /healthz".to_owned(), String::new()),
            _ => (assign, format!("{{\"unit\":\"{unit}\"}}")),
        };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        // Edge takes its token as it is.
        let scheme = if self.kind.starts_with("edge") { "" } else { "Bearer " };
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: {scheme}{}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.key,
            body.len()
        )
    }
}

struct Caller {
    reader: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Caller {
    fn new(address: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { reader: BufReader::new(stream), body: Vec::new() })
    }

    fn ask(&mut self, request: &str) -> Result<(), Error> {
        self.reader.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut length, mut first) = (String::new(), 0, String::new());
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if first.is_empty() {
                first = text.to_owned();
            }
            if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        if first.split(' ').nth(1) != Some("200") {
            return Err(format!("{first}: {}", String::from_utf8_lossy(&self.body)).into());
        }
        Ok(())
    }
}

fn drive(plan: &Plan, connections: usize, seconds: u64) -> Result<String, Error> {
    if matches!(plan.kind.as_str(), "known" | "mixed" | "flag" | "flags") {
        // Of all flags each is a trial, in which everybody has to be placed.
        let first = if plan.kind == "flags" { "flags" } else { "known" };
        let known = Plan { kind: first.into(), ..plan.clone() };
        let mut caller = Caller::new(&plan.address)?;
        for n in 0..plan.people {
            caller.ask(&known.request(n))?;
        }
    }
    let (next, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let began = Instant::now();
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let (plan, next, stop) = (plan.clone(), Arc::clone(&next), Arc::clone(&stop));
            thread::spawn(move || -> Result<Vec<u32>, Error> {
                let mut caller = Caller::new(&plan.address)?;
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let request = plan.request(next.fetch_add(1, Ordering::Relaxed));
                    let asked = Instant::now();
                    caller.ask(&request)?;
                    times.push(u32::try_from(asked.elapsed().as_micros())?);
                }
                Ok(times)
            })
        })
        .collect();
    thread::sleep(Duration::from_secs(seconds));
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for thread in threads {
        times.extend(thread.join().map_err(|_| "a caller ended badly")??);
    }
    let took = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(format!(
        "{{\"kind\":\"{}\",\"requests\":{},\"per_second\":{:.1},\"p50_us\":{},\"p99_us\":{}}}",
        plan.kind,
        times.len(),
        times.len() as f64 / took,
        at(0.5),
        at(0.99)
    ))
}

fn run() -> Result<String, Error> {
    let mut words = std::env::args().skip(1);
    let mut needed = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let (address, kind) = (needed("ADDRESS:PORT")?, needed("KIND")?);
    let (mut connections, mut seconds) = (32, 5);
    let mut plan = Plan {
        address,
        kind,
        key: String::new(),
        trial: "open-door".into(),
        event: "door.opened".into(),
        value: None,
        people: 5_000,
        from: 0,
        occurred_at: "2026-11-23T00:00:00Z".into(),
    };
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} has no value"))?;
        match name.as_str() {
            "--key" => plan.key = value,
            "--trial" => plan.trial = value,
            "--event" => plan.event = value,
            "--value" => plan.value = Some(value.parse()?),
            "--people" => plan.people = value.parse()?,
            "--connections" => connections = value.parse()?,
            "--seconds" => seconds = value.parse()?,
            "--from" => plan.from = value.parse()?,
            "--occurred-at" => plan.occurred_at = value,
            _ => return Err(format!("{name} is not known").into()),
        }
    }
    drive(&plan, connections, seconds)
}

fn main() -> ExitCode {
    let (text, code) = match run() {
        Ok(line) => (format!("{line}\n"), ExitCode::SUCCESS),
        Err(error) => (format!("{{\"error\":{:?}}}\n", error.to_string()), ExitCode::FAILURE),
    };
    drop(std::io::stdout().write_all(text.as_bytes()));
    code
}
