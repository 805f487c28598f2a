//! Room on the disk of a SQLite file that is set aside, so that a few last things can be written when there is no other.
//!
//! A file beside the database takes the room while all is well. When a write finds the disk full, the file is emptied, and from then on
//! the writer does nothing but what is urgent: the entry that tells of it, somebody who signs in to stop a trial, what a server writes
//! when it ends. So what apps send does not take that room too. Once there is twice as much room again, the file is made again, and the
//! writer does everything.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::error::StoreError;

/// Of the room that a disk has, no more than one part in so many is set aside.
const SHARE: u64 = 8;

/// Less than this, in bytes, is not worth it.
const LEAST: u64 = 1 << 20;

/// How often a full disk is looked at, and any other.
const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

type Measure = dyn Fn() -> io::Result<u64> + Send + Sync;

/// Room that is set aside beside a SQLite file. Cloning is cheap.
#[derive(Clone)]
pub struct Ballast {
    shared: Arc<Shared>,
    /// Wakes the thread that looks at the disk, where there is one; it ends when nobody is left who could.
    wake: Option<SyncSender<()>>,
}

struct Shared {
    path: PathBuf,
    wanted: u64,
    free: Box<Measure>,
    room: Mutex<Room>,
}

#[derive(Debug, Default)]
struct Room {
    /// Bytes that are set aside.
    held: u64,
    /// Since the disk was found full, the bytes that were set aside then.
    released: Option<u64>,
    /// How often it was found full.
    times: u64,
    /// Whether the process is about to end.
    ending: bool,
    /// Whether it was told that no room can be set aside, so that it is not told again at each look.
    told: bool,
}

/// How things stand with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// Bytes that are set aside.
    pub set_aside: u64,
    /// Whether it was found full and there is not enough room yet.
    pub is_full: bool,
    /// How often it was found full since the start.
    pub times_full: u64,
}

impl std::fmt::Debug for Ballast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ballast").field("path", &self.shared.path).field("room", &self.room()).finish_non_exhaustive()
    }
}

impl Ballast {
    /// Sets so many bytes aside beside this database, or as many as the disk can spare, on a thread of its own. With 0, what an
    /// earlier start has set aside is given back.
    ///
    /// # Errors
    /// When the thread cannot be started. A disk that has no room is no error: it is looked at again.
    pub fn beside(database: &Path, wanted: u64) -> Result<Self, StoreError> {
        let measured = database.to_owned();
        let mut ballast = Self::with_measure(database, wanted, move || free_beside(&measured));
        let (wake, woken) = sync_channel(1);
        let looking = Arc::clone(&ballast.shared);
        thread::Builder::new()
            .name("ballast".into())
            .spawn(move || looking.keep(&woken))
            .map_err(|error| StoreError::Setup(format!("the thread that sets room aside could not start: {error}")))?;
        ballast.wake = Some(wake);
        Ok(ballast)
    }

    /// The same with another way to tell how many bytes the disk has free, and without a thread: the disk is looked at by
    /// [`Ballast::look`] alone.
    #[must_use]
    pub fn with_measure(
        database: &Path,
        wanted: u64,
        free: impl Fn() -> io::Result<u64> + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared { path: place(database), wanted, free: Box::new(free), room: Mutex::default() };
        Self { shared: Arc::new(shared), wake: None }
    }

    /// Where the file stands for a database.
    #[must_use]
    pub fn place(database: &Path) -> PathBuf {
        place(database)
    }

    /// Bytes that a file of this kind really takes on the disk: one that was copied may only look as if it did. 0 when there is none.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn taken_by(path: &Path) -> io::Result<u64> {
        taken_by(path)
    }

    /// How things stand.
    #[must_use]
    pub fn room(&self) -> DiskRoom {
        let room = self.shared.room();
        DiskRoom { set_aside: room.held, is_full: room.released.is_some(), times_full: room.times }
    }

    /// Looks at the disk now: sets room aside where none is and the disk has enough.
    pub fn look(&self) {
        self.shared.look();
    }

    /// Whether only what is urgent may be written.
    pub(crate) fn is_closed(&self) -> bool {
        let room = self.shared.room();
        room.released.is_some() && !room.ending
    }

    /// Gives the room back, because the disk is full.
    pub(crate) fn release(&self) {
        self.shared.release();
        if let Some(wake) = &self.wake {
            // When somebody has woken it already, it looks.
            let _ = wake.try_send(());
        }
    }

    /// From now on anything may use what was set aside.
    pub(crate) fn end(&self) {
        self.shared.room().ending = true;
    }
}

impl Shared {
    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until nobody can wake it any more.
    fn keep(&self, woken: &Receiver<()>) {
        loop {
            self.look();
            let pause = if self.room().released.is_some() { LOOKS.0 } else { LOOKS.1 };
            if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    fn look(&self) {
        let mut room = self.room();
        if room.ending {
            return;
        }
        let outcome = match room.released {
            Some(released) => self.take_back(&mut room, released),
            None => self.set_aside(&mut room),
        };
        match outcome {
            Ok(()) => room.told = false,
            Err(error) if !room.told => {
                room.told = true;
                tracing::warn!(path = %self.path.display(), %error, "no room is set aside for a full disk");
            }
            Err(_) => {}
        }
    }

    /// Makes the file as large as is wanted and the disk can spare. One that is there and would only become a little larger stays.
    fn set_aside(&self, room: &mut Room) -> io::Result<()> {
        let taken = taken_by(&self.path)?;
        if self.wanted == 0 {
            return if self.path.exists() { fs::remove_file(&self.path) } else { Ok(()) };
        }
        if taken > self.wanted {
            self.file()?.set_len(self.wanted)?;
        }
        room.held = taken.min(self.wanted);
        let size = self.wanted.min(((self.free)()? + room.held) / SHARE);
        if size == self.wanted && room.held < size || size >= LEAST.max(2 * room.held) {
            self.allocate(room.held, size)?;
            room.held = size;
            tracing::info!(path = %self.path.display(), bytes = size, "room is set aside for a full disk");
        } else if room.held == 0 {
            return Err(io::Error::other("the disk has too little to spare"));
        }
        Ok(())
    }

    fn take_back(&self, room: &mut Room, released: u64) -> io::Result<()> {
        if (self.free)()? < 2 * released {
            return Ok(());
        }
        self.allocate(0, released)?;
        (room.held, room.released) = (released, None);
        tracing::warn!(path = %self.path.display(), bytes = released, "the disk has room again: everything is written again");
        Ok(())
    }

    fn file(&self) -> io::Result<File> {
        fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path)
    }

    /// Takes blocks of the disk for all of it: a length alone takes none. What could not be had whole is given back.
    fn allocate(&self, before: u64, size: u64) -> io::Result<()> {
        let file = self.file()?;
        fallocate(&file, FallocateFlags::empty(), 0, size).map_err(|error| {
            // The error that counts is the first.
            drop(file.set_len(before));
            error.into()
        })
    }

    fn release(&self) {
        let mut room = self.room();
        if room.held == 0 || room.released.is_some() {
            return;
        }
        // Cut off, not removed: whoever reads it just then would hold what is removed.
        if let Err(error) = self.file().and_then(|file| file.set_len(0)) {
            tracing::error!(path = %self.path.display(), %error, "the room that is set aside cannot be used");
        }
        let bytes = room.held;
        *room = Room { held: 0, released: Some(bytes), times: room.times + 1, ..*room };
        tracing::error!(
            path = %self.path.display(),
            bytes,
            "the disk is full: nothing but what is urgent is written until twice what was set aside is free"
        );
    }
}

fn place(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-ballast");
    name.into()
}

/// Bytes that whoever is not root may still use on the disk of a file.
fn free_beside(file: &Path) -> io::Result<u64> {
    let disk = statvfs(file)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn taken_by(path: &Path) -> io::Result<u64> {
    /// The unit in which a file says how much it takes, whatever the disk's own blocks are.
    const BLOCK: u64 = 512;
    match fs::metadata(path) {
        Ok(found) => Ok(found.len().min(found.blocks() * BLOCK)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}
