//! Callers, each with a connection that it keeps and one request under way.
//!
//! All of them are one thread that hears from the kernel which have something to read, so that what is measured is the server: threads
//! that each wait for one answer cost more of a small machine's processors than the server does.

use std::{
    io::{ErrorKind, Read, Write},
    net::ToSocketAddrs,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::{Error, plan::Plan};

/// How long nothing at all may come.
const PATIENCE: Duration = Duration::from_secs(30);

/// When no more is asked.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Once so many were asked.
    Asked(u64),
    /// After so long.
    Passed(Duration),
}

/// What came of it.
pub(crate) struct Told {
    /// Microseconds that each answer took.
    pub(crate) times: Vec<u32>,
    pub(crate) seconds: f64,
}

/// Asks until the end, and waits for the last answers.
pub(crate) fn ask(plan: &Plan, connections: usize, until: Until) -> Result<Told, Error> {
    let address = plan.address.to_socket_addrs()?.next().ok_or("the address is nowhere")?;
    let mut poll = Poll::new()?;
    let mut callers = Vec::with_capacity(connections);
    for n in 0..connections {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(n), Interest::READABLE | Interest::WRITABLE)?;
        callers.push(Caller::new(stream));
    }
    let (mut events, mut next, mut times) = (Events::with_capacity(connections), 0, Vec::new());
    let began = Instant::now();
    let wants = |asked: u64| match until {
        Until::Asked(most) => asked < most,
        Until::Passed(most) => began.elapsed() < most,
    };
    for caller in &mut callers {
        if wants(next) {
            caller.ask(plan, &mut next)?;
        }
    }
    while callers.iter().any(|caller| caller.is_waiting) {
        poll.poll(&mut events, Some(PATIENCE))?;
        if events.is_empty() {
            return Err(format!("no answer within {PATIENCE:?}").into());
        }
        for event in &events {
            let Some(caller) = callers.get_mut(event.token().0) else { continue };
            caller.send()?;
            if let Some(took) = caller.hear()? {
                times.push(u32::try_from(took.as_micros())?);
                if wants(next) {
                    caller.ask(plan, &mut next)?;
                }
            }
        }
    }
    Ok(Told { times, seconds: began.elapsed().as_secs_f64() })
}

struct Caller {
    stream: TcpStream,
    is_waiting: bool,
    asked: Instant,
    request: String,
    body: String,
    sent: usize,
    answer: Vec<u8>,
    heard: usize,
}

impl Caller {
    fn new(stream: TcpStream) -> Self {
        let (request, body) = Default::default();
        let answer = vec![0; 16 * 1024];
        Self { stream, is_waiting: false, asked: Instant::now(), request, body, sent: 0, answer, heard: 0 }
    }

    fn ask(&mut self, plan: &Plan, next: &mut u64) -> Result<(), Error> {
        plan.write(*next, &mut self.request, &mut self.body)?;
        *next += 1;
        (self.sent, self.heard, self.is_waiting) = (0, 0, true);
        self.asked = Instant::now();
        self.send()
    }

    /// Sends what the kernel takes; it tells when it takes more.
    fn send(&mut self) -> Result<(), Error> {
        while let Some(rest) = self.request.as_bytes().get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what has come; how long the answer took, once it is whole.
    fn hear(&mut self) -> Result<Option<Duration>, Error> {
        while self.is_waiting {
            if self.heard == self.answer.len() {
                self.answer.resize(2 * self.heard, 0);
            }
            match self.stream.read(self.answer.get_mut(self.heard..).unwrap_or_default()) {
                Ok(0) => return Err("the connection ended before the answer".into()),
                Ok(more) => self.heard += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
            if is_whole(self.answer.get(..self.heard).unwrap_or_default())? {
                self.is_waiting = false;
                return Ok(Some(self.asked.elapsed()));
            }
        }
        Ok(None)
    }
}

/// Whether all of an answer is there. One that is not 200 is an error.
fn is_whole(answer: &[u8]) -> Result<bool, Error> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    let (head, body) = answer.split_at(head + 4);
    let head = std::str::from_utf8(head)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    if body.len() < length.ok_or("the answer does not say how long it is")?? {
        return Ok(false);
    }
    match head.split(' ').nth(1) {
        Some("200") => Ok(true),
        _ => Err(format!("{head}{}", String::from_utf8_lossy(body)).into()),
    }
}
