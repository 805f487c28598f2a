//! Files of checked records: length and CRC-32 of each, in little-endian, then its bytes.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Extension of files that hold events.
pub(super) const KIND: &str = "events";

const HEAD: usize = 8;

/// A file that grows.
pub(super) struct Segment {
    file: File,
    size: u64,
    counted: u64,
}

impl Segment {
    /// A new file, whose name is on the disk when this returns.
    pub(super) fn create(folder: &Path, number: u64) -> io::Result<Self> {
        let file = private().create_new(true).open(folder.join(format!("{number:012}.{KIND}")))?;
        sync_folder(folder)?;
        Ok(Self { file, size: 0, counted: 0 })
    }

    /// Adds bytes at the end, on the disk when this returns; takes back what it can of a write that fails.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.size;
        let written = self.file.write_all(bytes);
        let outcome = written.and_then(|()| {
            self.size = before + bytes.len() as u64;
            self.file.sync_data()
        });
        if outcome.is_err() {
            // Nobody is told that it is kept. Where even this fails, a reader finds a torn record, or events that were sent
            // once more and are known by their names.
            drop(self.file.set_len(before));
            self.size = self.file.metadata().map_or(before, |data| data.len());
        }
        outcome
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// By how much it has grown since this was asked last.
    pub(super) fn growth(&mut self) -> u64 {
        let more = self.size.saturating_sub(self.counted);
        self.counted = self.size;
        more
    }
}

/// A record as it stands in a file.
pub(super) fn framed(record: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + record.len());
    // A batch is far below 4 GB: its request was limited.
    bytes.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
    bytes.extend_from_slice(record);
    bytes
}

/// What a file holds.
pub(super) struct Contents {
    pub(super) records: Vec<Vec<u8>>,
    /// Something in it was changed after it was written.
    pub(super) is_damaged: bool,
    pub(super) size: u64,
}

/// Reads a file that has been closed. A last record that is cut short was promised to nobody and is passed over.
pub(super) fn read(path: &Path) -> io::Result<Contents> {
    let bytes = fs::read(path)?;
    let (mut records, mut is_damaged) = (Vec::new(), false);
    let mut rest = bytes.as_slice();
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let number =
            |from: usize| head.get(from..from + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
        let (Some(length), Some(checksum)) = (number(0), number(4)) else { break };
        let Some((record, next)) = usize::try_from(length).ok().and_then(|length| after.split_at_checked(length))
        else {
            break;
        };
        if crc32fast::hash(record) == checksum {
            records.push(record.to_vec());
        } else if next.is_empty() {
            // The last one: written in part when the power went.
            break;
        } else {
            is_damaged = true;
        }
        rest = next;
    }
    Ok(Contents { records, is_damaged, size: bytes.len() as u64 })
}

/// Keeps a record that cannot be stored, for somebody to look at.
pub(super) fn put_aside(folder: &Path, record: &[u8]) -> io::Result<()> {
    let mut file = private().create(true).append(true).open(folder.join("refused.records"))?;
    file.write_all(&framed(record))?;
    file.sync_all()
}

/// How files are opened that nobody else on the machine may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Puts the names in a folder on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_cut_short_was_never_promised_and_one_that_was_changed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut segment = Segment::create(folder.path(), 1).unwrap();
        for record in [b"first".as_slice(), b"", b"third"] {
            segment.append(&framed(record)).unwrap();
        }
        let path = folder.path().join("000000000001.events");
        let whole = fs::read(&path).unwrap();
        assert_eq!((segment.growth(), segment.growth()), (whole.len() as u64, 0));
        let read_of = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let read = read(&path).unwrap();
            (read.records, read.is_damaged)
        };
        let all = vec![b"first".to_vec(), b"".to_vec(), b"third".to_vec()];
        assert_eq!(read_of(&whole), (all.clone(), false));
        for cut in 0..whole.len() {
            let (records, is_damaged) = read_of(&whole[..cut]);
            assert!(!is_damaged && records.len() < 3 && all.starts_with(&records), "cut after {cut}");
        }
        let mut changed = whole.clone();
        changed[HEAD] ^= 1;
        assert_eq!(read_of(&changed), (all[1..].to_vec(), true));
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(read_of(&changed), (all[..2].to_vec(), false));
    }
}
