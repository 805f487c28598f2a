//! What is written down of a server every minute, and the table of it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    net::SocketAddr,
    path::Path,
    sync::Mutex,
    time::Duration,
};

use super::super::{load::Kind, wire::Line};

/// All kinds with their names in the table.
pub(crate) const KINDS: [(Kind, &str); 6] = [
    (Kind::Known, "known"),
    (Kind::New, "new"),
    (Kind::Event, "event"),
    (Kind::Events, "events"),
    (Kind::Page, "page"),
    (Kind::Flags, "flags"),
];

/// How long the answers of one kind took, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) answers: usize,
    pub(crate) median: f64,
    pub(crate) p99: f64,
}

impl Took {
    fn of(mut times: Vec<u32>) -> Self {
        times.sort_unstable();
        let at = |hundredths: usize| {
            times.get((times.len() * hundredths / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Self { answers: times.len(), median: f64::from(at(50)) / 1e3, p99: f64::from(at(99)) / 1e3 }
    }
}

/// One minute, or what stands for it in a short run: counts of it, and sizes at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Minute {
    /// Seconds since the beginning, at its end.
    pub(crate) at: f64,
    pub(crate) process: Process,
    /// The database's file and its log, in bytes.
    pub(crate) file: u64,
    pub(crate) log: u64,
    /// People whom the server holds in memory.
    pub(crate) known: u64,
    /// The longest that tallies were seen behind, in seconds.
    pub(crate) behind: f64,
    pub(crate) refused: u64,
    pub(crate) broken_off: u64,
    /// The longest that a caller was behind its own beat, in milliseconds: how much of this is the machine's.
    pub(crate) late: f64,
    pub(crate) took: BTreeMap<Kind, Took>,
    /// Whether a copy was made in it, and in how many seconds.
    pub(crate) backup: Option<f64>,
    /// Work of the whole machine that waited for a processor, on average.
    pub(crate) load: f64,
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Process {
    /// Resident memory, and its part that is of no file, in bytes.
    pub(crate) resident: u64,
    pub(crate) anonymous: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
}

impl Process {
    pub(crate) fn read(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server is there");
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).expect("the kernel tells it")
        };
        Self {
            resident: field("VmRSS") * 1024,
            anonymous: field("RssAnon") * 1024,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).expect("its files").count() as u64,
            threads: field("Threads"),
        }
    }
}

/// What the server tells whoever watches it.
pub(crate) struct Gauges(SocketAddr);

impl Gauges {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self(address)
    }

    /// The values of these, in order.
    pub(crate) fn read<const N: usize>(&self, names: [&str; N]) -> [f64; N] {
        let mut line = Line::open(self.0).expect("the metrics are there");
        let whole = line.exchange("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("an answer");
        let text = String::from_utf8(whole.body).expect("text");
        names.map(|name| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
            value.unwrap_or_else(|| panic!("{name} is not told: {text}"))
        })
    }
}

/// What callers bring in between two readings.
#[derive(Default)]
pub(crate) struct Tray {
    times: Mutex<BTreeMap<Kind, Vec<u32>>>,
    late: Mutex<Duration>,
    copied: Mutex<Option<f64>>,
}

impl Tray {
    pub(crate) fn took(&self, kind: Kind, time: Duration) {
        let time = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.times.lock().unwrap().entry(kind).or_default().push(time);
    }

    pub(crate) fn late(&self, by: Duration) {
        let mut late = self.late.lock().unwrap();
        *late = (*late).max(by);
    }

    pub(crate) fn copied(&self, seconds: f64) {
        *self.copied.lock().unwrap() = Some(seconds);
    }

    /// Takes everything out.
    pub(crate) fn empty_into(&self, minute: &mut Minute) {
        let times = std::mem::take(&mut *self.times.lock().unwrap());
        minute.took = times.into_iter().map(|(kind, times)| (kind, Took::of(times))).collect();
        minute.late = std::mem::take(&mut *self.late.lock().unwrap()).as_secs_f64() * 1e3;
        minute.backup = self.copied.lock().unwrap().take();
    }
}

/// How much of the machine's work waited in the last minute.
pub(crate) fn load_of_the_machine() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").expect("the kernel tells it");
    text.split(' ').next().and_then(|word| word.parse().ok()).expect("a number")
}

/// The size of a file that may not be there.
pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// The table of the minutes, which grows with each of them.
pub(crate) struct Table {
    file: File,
}

impl Table {
    pub(crate) fn create(path: &Path) -> Self {
        let mut file = File::create(path).expect("the table can be made");
        let mut head = "seconds,resident_bytes,anonymous_bytes,descriptors,threads,file_bytes,log_bytes,known_people,\
            behind_s,refused,broken_off,late_ms,backup_s,load"
            .to_owned();
        for (_, name) in KINDS {
            head += &format!(",{name},{name}_p50_ms,{name}_p99_ms");
        }
        writeln!(file, "{head}").expect("the table can be written");
        Self { file }
    }

    pub(crate) fn add(&mut self, minute: &Minute) {
        let Process { resident, anonymous, descriptors, threads } = minute.process;
        let backup = minute.backup.map_or_else(String::new, |seconds| format!("{seconds:.2}"));
        let mut line = format!(
            "{:.0},{resident},{anonymous},{descriptors},{threads},{},{},{},{:.3},{},{},{:.1},{backup},{:.2}",
            minute.at,
            minute.file,
            minute.log,
            minute.known,
            minute.behind,
            minute.refused,
            minute.broken_off,
            minute.late,
            minute.load,
        );
        for (kind, _) in KINDS {
            let took = minute.took.get(&kind).copied().unwrap_or_default();
            line += &format!(",{},{:.2},{:.2}", took.answers, took.median, took.p99);
        }
        writeln!(self.file, "{line}").expect("the table can be written");
    }
}
