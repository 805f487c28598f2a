//! A disk that loses its power: a file system in an image. A cut drops what the operating system holds and has not been told
//! to sync, and lets nothing more through, as `FS_IOC_SHUTDOWN` does with the log not flushed (ext4 and XFS).

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    faults::{
        house::House,
        stories::{self, Outcome, Size, SmallDisk},
    },
    said,
};

/// `FS_IOC_SHUTDOWN` with `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`, which only root may call.
const CUT: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

const CHECK: &str = "import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
print(c.execute('PRAGMA integrity_check').fetchall(), c.execute('PRAGMA foreign_key_check').fetchall())";

/// The disk.
pub(super) struct Disk {
    image: String,
    mount: PathBuf,
    cuts: AtomicU32,
    lost: AtomicU32,
}

impl Disk {
    pub(super) fn new(image: &str, mount: &str) -> Self {
        Self { image: image.to_owned(), mount: mount.into(), cuts: AtomicU32::new(0), lost: AtomicU32::new(0) }
    }

    /// Two witnesses: one is synced and must stay, the other is not and shows what a cut takes.
    fn witnesses(&self) -> [PathBuf; 2] {
        let cut = self.cuts.load(Ordering::SeqCst);
        ["synced", "not-synced"].map(|name| self.mount.join(format!("witness-{cut}-{name}")))
    }

    pub(super) fn cut(&self) {
        let [synced, not_synced] = self.witnesses();
        let mut file = File::create(synced).expect("a witness");
        file.write_all(b"here").expect("it can be written");
        file.sync_all().expect("it can be synced");
        File::open(&self.mount).and_then(|folder| folder.sync_all()).expect("its folder can be synced");
        fs::write(not_synced, "here").expect("a witness");
        said("python3", &["-c", CUT, &self.mount.to_string_lossy()]).expect("the power can be cut");
    }

    /// After everybody who used the disk has ended.
    pub(super) fn mount_again(&self) {
        let mount = self.mount.to_string_lossy();
        while said("umount", &[&mount]).is_none() {
            std::thread::yield_now();
        }
        said("mount", &["-o", "loop", &self.image, &mount]).expect("the disk is read again");
        let [synced, not_synced] = self.witnesses();
        assert_eq!(fs::read(synced).ok().as_deref(), Some(&b"here"[..]), "what is synced stays");
        if fs::read(not_synced).map_or(true, |text| text.is_empty()) {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }

    /// How many cuts lost the witness that was not synced.
    pub(super) fn lost(&self) -> u32 {
        self.lost.load(Ordering::SeqCst)
    }
}

const TOLD: &str = "import sqlite3, sys
c = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
print(c.execute(\"SELECT COUNT(*) FROM audit WHERE action = 'storage.full'\").fetchone()[0])";

/// The story of a disk that fills up. Database and server have it for themselves, mounted where the database is.
pub(super) fn fills(url: &str, program: &Path, size: Size, limits: &str) -> Outcome {
    let file = url.strip_prefix("sqlite:").expect("a file");
    let mount = Path::new(file).parent().expect("a folder");
    let mut house = House::build(url, program, size.most);
    house.room = mount.join("servers");
    let mount = mount.to_string_lossy();
    let number = |said: Option<String>| said.and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let disk = SmallDisk {
        free: &|| number(said("stat", &["--file-system", "--format", "%a", &mount])) * 4096,
        told: &|| u32::try_from(number(said("python3", &["-c", TOLD, file]))).expect("few"),
        enlarge: &|time| {
            let size = format!("remount,size={}", ["32m", "1g"][time as usize]);
            assert!(said("mount", &["-o", &size, &mount]).is_some(), "it can be made larger");
        },
    };
    stories::full_disk(&house, size, limits, &disk)
}

/// Whether SQLite's own checks find nothing, in a copy: the server is the first to open the file itself.
pub(super) fn check_database(url: &str) {
    let file = url.strip_prefix("sqlite:").expect("a file");
    let copies = tempfile::tempdir().expect("a folder");
    for end in ["", "-wal"] {
        let from = format!("{file}{end}");
        if Path::new(&from).exists() {
            fs::copy(from, copies.path().join(format!("copy.db{end}"))).expect("it can be copied");
        }
    }
    let found = said("python3", &["-c", CHECK, &copies.path().join("copy.db").to_string_lossy()]);
    assert_eq!(found.as_deref(), Some("[('ok',)] []"), "the database is damaged");
}
