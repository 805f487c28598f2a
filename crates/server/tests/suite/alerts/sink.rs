//! A receiver that does what a test wants, and writes down what it gets.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) at: Instant,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// This status.
    Status(u16),
    /// A redirection to there.
    Elsewhere(String),
    /// This status, and ten megabytes behind it.
    Long(u16),
    /// A head that never ends.
    LongHead,
    /// Nothing, as long as the other side stays.
    Nothing,
    /// A byte a second.
    Drops,
    /// What is no HTTP.
    Noise,
    /// The connection is closed.
    Cut,
}

/// A receiver under way.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Sink {
    /// Listens on a free port of this machine. `answer` is asked with the number of each request, from 0.
    pub(crate) fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer)
    }

    pub(crate) fn start_at(place: &str, answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(place).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, got): (Arc<AtomicUsize>, Arc<Mutex<Vec<Got>>>) = Default::default();
        let (counted, kept, answer) = (Arc::clone(&connections), Arc::clone(&got), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                thread::spawn(move || {
                    if let Some(got) = read(&stream) {
                        kept.lock().unwrap().push(got);
                    }
                    // The other side may be gone: that is its right.
                    drop(give(stream, &answer(number)));
                });
            }
        });
        Self { address, connections, got }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many have connected.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

/// One request with a body of a stated length; none when it ends before.
fn read(stream: &TcpStream) -> Option<Got> {
    let mut lines = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        } else {
            headers.insert("first line".to_owned(), line.to_owned());
        }
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    lines.read_exact(&mut body).ok()?;
    Some(Got { at: Instant::now(), headers, body: String::from_utf8(body).ok()? })
}

fn give(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let head = |status: u16, length: usize| format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n");
    match answer {
        Answer::Status(status) => stream.write_all(head(*status, 0).as_bytes()),
        Answer::Elsewhere(to) => {
            stream.write_all(format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes())
        }
        Answer::Long(status) => {
            stream.write_all(head(*status, 10 << 20).as_bytes())?;
            (0..160).try_for_each(|_| stream.write_all(&[b'x'; 64 << 10]))
        }
        Answer::LongHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            (0..10_000).try_for_each(|n| stream.write_all(format!("X-{n}: {}\r\n", "y".repeat(1_000)).as_bytes()))
        }
        Answer::Nothing => until_gone(&stream),
        Answer::Drops => {
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            for byte in head(200, 0).as_bytes() {
                stream.write_all(&[*byte])?;
                // A second passes, unless the other side goes.
                if matches!((&stream).read(&mut [0]), Ok(0)) {
                    break;
                }
            }
            Ok(())
        }
        Answer::Noise => stream.write_all(&[0x16, 0x03, 0x01, 0xff, 0x00, b'\n', b'\n', 0x80, 0x80, b'\r', b'\n']),
        Answer::Cut => Ok(()),
    }
}

fn until_gone(mut stream: &TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}
