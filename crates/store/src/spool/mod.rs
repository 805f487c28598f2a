//! A place of the server's own for events that come while the database is away: on its disk before they are answered, and in the
//! database as soon as that is back.
//!
//! Events alone can wait: each has a name by which it is known when it comes a second time, and no answer depends on them. Who
//! gets which version is decided in the database and nowhere else.
//!
//! The spool is a folder of files, each a run of checked records. One thread appends: what waits is written together, synced
//! once, and then answered. A file is closed before it is read back, and goes when the database holds all of it; a server that
//! dies in between reads it again, which the names of the events make harmless.

pub(crate) mod entry;
mod file;

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::{sync::oneshot, task::JoinSet};

use self::file::Segment;
use crate::{error::StoreError, writer::RecordRequest};

/// Calls that may wait for the disk.
const QUEUE: usize = 8_192;
/// Calls that are synced together at most.
const TOGETHER: usize = 1_024;
/// Batches that are handed to the database together.
const AT_ONCE: usize = 256;
/// A file is closed when it has grown to this: what a server that dies while it reads one back has to read again.
const CLOSED_AT: u64 = 4 << 20;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

enum Command {
    Keep(Vec<u8>, Answer<()>),
    /// No more goes into the open file; tells the number before which all files are closed.
    Close(Answer<u64>),
}

/// Events that wait on this server's disk for the database. Cloning is cheap.
#[derive(Clone)]
pub struct Spool {
    queue: SyncSender<Command>,
    size: Arc<AtomicU64>,
    folder: Arc<Folder>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("folder", &self.folder.path).field("size", &self.size()).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Held so that no other server reads or writes here.
    _lock: File,
}

impl Spool {
    /// Opens the spool in this folder, which is made when it is missing. It takes so many bytes and no more.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or another server uses it.
    pub fn open(folder: &Path, most: u64) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::Setup(format!("the spool {}: {error}", folder.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = file::private().create(true).open(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let why = format!("the spool {} is in use by another server", folder.display());
                return Err(StoreError::Setup(why));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let waiting = segments(folder).map_err(failed)?;
        let mut size = 0;
        for (_, path) in &waiting {
            size += fs::metadata(path).map_err(failed)?.len();
        }
        let size = Arc::new(AtomicU64::new(size));
        let (queue, commands) = sync_channel(QUEUE);
        let next = waiting.last().map_or(1, |(number, _)| number + 1);
        let keeper = Keeper { folder: folder.to_owned(), next, open: None, size: Arc::clone(&size), most, commands };
        thread::Builder::new().name("spool".into()).spawn(move || keeper.run()).map_err(failed)?;
        Ok(Self { queue, size, folder: Arc::new(Folder { path: folder.to_owned(), _lock: lock }) })
    }

    /// Bytes that wait.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Keeps a batch; when this returns, it survives a loss of power.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much waits for the disk; [`StoreError::Unavailable`] when the spool is full or its disk
    /// fails: then nothing of the batch is kept.
    pub async fn keep(&self, request: &RecordRequest) -> Result<(), StoreError> {
        let record = entry::write(request)?;
        self.ask(|answer| Command::Keep(record, answer)).await
    }

    /// Hands everything that waits to `store`, oldest files first, and forgets it file by file. A batch that the database refuses
    /// for good is put aside, so that it holds up no other one.
    ///
    /// # Errors
    /// Those of `store` that pass: what is not stored yet waits on.
    pub async fn drain<F>(&self, store: impl Fn(RecordRequest) -> F) -> Result<(), StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        if self.size() == 0 {
            return Ok(());
        }
        let open = self.ask(Command::Close).await?;
        // What comes meanwhile goes into a file that still grows: it has its turn when it is closed.
        let segments = segments(&self.folder.path).map_err(unreadable)?;
        for (_, path) in segments.into_iter().filter(|(number, _)| *number < open) {
            let read = file::read(&path).map_err(unreadable)?;
            for some in read.records.chunks(AT_ONCE) {
                self.hand_over(some, &store).await?;
            }
            self.forget(&path, read.is_damaged).map_err(unreadable)?;
            self.size.fetch_sub(read.size, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn hand_over<F>(&self, records: &[Vec<u8>], store: &impl Fn(RecordRequest) -> F) -> Result<(), StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let mut under_way = JoinSet::new();
        for record in records.iter().cloned() {
            let stored = entry::read(&record).map(store);
            under_way.spawn(async move {
                let outcome = match stored {
                    Ok(stored) => stored.await,
                    Err(error) => Err(error),
                };
                (record, outcome)
            });
        }
        while let Some(ended) = under_way.join_next().await {
            match ended.map_err(|_| ended_early())? {
                (_, Ok(())) => {}
                (_, Err(error)) if !error.lasts() => return Err(error),
                (record, Err(error)) => {
                    tracing::error!(error = %error, "a batch in the spool cannot be stored; it is put aside");
                    file::put_aside(&self.folder.path, &record).map_err(unreadable)?;
                }
            }
        }
        Ok(())
    }

    fn forget(&self, path: &Path, is_damaged: bool) -> io::Result<()> {
        if is_damaged {
            tracing::error!(file = %path.display(), "the spool held a damaged record; its file is put aside");
            fs::rename(path, path.with_extension("damaged"))?;
        } else {
            fs::remove_file(path)?;
        }
        file::sync_folder(&self.folder.path)
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        match self.queue.try_send(command(answer)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(ended_early()),
        }
        answered.await.map_err(|_| ended_early())?
    }
}

fn ended_early() -> StoreError {
    StoreError::Unavailable("the spool has ended".into())
}

fn unreadable(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("the spool cannot be read: {error}"))
}

/// Files that hold events, oldest first.
fn segments(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number =
            path.extension().is_some_and(|kind| kind == file::KIND).then(|| path.file_stem()?.to_str()?.parse().ok());
        if let Some(Some(number)) = number {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The thread that appends.
struct Keeper {
    folder: PathBuf,
    /// Number of the next file.
    next: u64,
    open: Option<Segment>,
    size: Arc<AtomicU64>,
    most: u64,
    commands: Receiver<Command>,
}

impl Keeper {
    /// Until every handle is gone.
    fn run(mut self) {
        while let Ok(first) = self.commands.recv() {
            let (mut records, mut closes) = (Vec::new(), Vec::new());
            let more = std::iter::from_fn(|| self.commands.try_recv().ok());
            for command in std::iter::once(first).chain(more).take(TOGETHER) {
                match command {
                    Command::Keep(record, answer) => records.push((record, answer)),
                    Command::Close(answer) => closes.push(answer),
                }
            }
            if !records.is_empty() {
                self.keep(records);
            }
            if !closes.is_empty() {
                self.open = None;
            }
            // Whoever asked may have gone; the file is closed all the same.
            closes.into_iter().for_each(|answer| drop(answer.send(Ok(self.next))));
        }
    }

    fn keep(&mut self, records: Vec<(Vec<u8>, Answer<()>)>) {
        let mut room = self.most.saturating_sub(self.size.load(Ordering::Relaxed));
        let (mut bytes, mut kept) = (Vec::new(), Vec::new());
        for (record, answer) in records {
            let framed = file::framed(&record);
            match room.checked_sub(framed.len() as u64) {
                Some(left) => {
                    room = left;
                    bytes.extend_from_slice(&framed);
                    kept.push(answer);
                }
                None => drop(answer.send(Err(StoreError::Unavailable("the spool is full".into())))),
            }
        }
        let outcome = self.append(&bytes);
        if let Err(error) = &outcome {
            tracing::error!(error = %error, "events could not be kept in the spool");
            // What the file holds is not known any more; what was answered before is in front of it.
            self.open = None;
        }
        let outcome = outcome.map_err(|error| StoreError::Unavailable(format!("the spool cannot be written: {error}")));
        kept.into_iter().for_each(|answer| drop(answer.send(outcome.clone())));
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut segment = match self.open.take() {
            Some(segment) => segment,
            None => {
                // A number that failed is not tried again: its file may be there all the same.
                self.next += 1;
                Segment::create(&self.folder, self.next - 1)?
            }
        };
        let outcome = segment.append(bytes);
        // What a failed write has left counts too: it takes room until the file goes.
        self.size.fetch_add(segment.growth(), Ordering::Relaxed);
        outcome?;
        if segment.size() < CLOSED_AT {
            self.open = Some(segment);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, future, sync::Mutex};

    use super::*;

    fn segments_of(numbers: &[&str]) -> Vec<u64> {
        let folder = tempfile::tempdir().unwrap();
        for name in numbers {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        segments(folder.path()).unwrap().into_iter().map(|(number, _)| number).collect()
    }

    /// A batch that is told from others by what was refused of it.
    fn batch(number: usize) -> RecordRequest {
        let sender = fairtrial_domain::event::Sender::Key(1);
        RecordRequest { agency_id: 1, sender, events: Vec::new(), refused: number, received_at: 0, promised: false }
    }

    fn wait<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn what_comes_while_all_is_handed_over_is_handed_over_too() {
        const BATCHES: usize = 200;
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1 << 20).unwrap();
        let handed_over = Mutex::new(BTreeSet::new());
        let hand_over = || {
            wait(spool.drain(|request| {
                handed_over.lock().unwrap().insert(request.refused);
                future::ready(Ok(()))
            }))
        };
        thread::scope(|scope| {
            let keeping = scope.spawn(|| (0..BATCHES).for_each(|number| wait(spool.keep(&batch(number))).unwrap()));
            while !keeping.is_finished() {
                hand_over().unwrap();
            }
        });
        hand_over().unwrap();
        assert_eq!(handed_over.lock().unwrap().len(), BATCHES);
        assert_eq!((spool.size(), segments(folder.path()).unwrap()), (0, Vec::new()));
    }

    #[test]
    fn files_are_read_oldest_first_and_others_left_alone() {
        assert_eq!(segments_of(&["10.events", "9.events", "lock", "8.damaged", "x.events"]), [9, 10]);
    }
}
