//! A caller that keeps its connection and is told when it breaks.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: Value,
}

/// What came back, whatever it is.
pub(crate) struct Whole {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Whole {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A connection to one server.
pub(crate) struct Line {
    pub(crate) to: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Line {
    pub(crate) fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { to, stream: BufReader::new(stream) })
    }

    /// Asks once. After an error it is not known whether the server did what was asked.
    pub(crate) fn post(&mut self, path: &str, token: &str, body: &Value) -> io::Result<Answer> {
        let body = body.to_string();
        let whole = self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))?;
        let retry_after = whole.header("retry-after").and_then(|value| value.parse().ok());
        Ok(Answer { status: whole.status, retry_after, body: serde_json::from_slice(&whole.body)? })
    }

    /// Sends a whole request as it is.
    pub(crate) fn exchange(&mut self, request: &str) -> io::Result<Whole> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut headers) = (None, Vec::new());
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                None => status = line.split(' ').nth(1).and_then(|word| word.parse().ok()),
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            }
        }
        let mut whole = Whole { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body: Vec::new() };
        let length = whole.header("content-length").and_then(|value| value.parse().ok());
        whole.body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        self.stream.read_exact(&mut whole.body)?;
        Ok(whole)
    }
}
