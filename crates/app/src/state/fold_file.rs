//! What is folded, in a file, so that a start reads only the end of the logs.
//!
//! The logs are the truth and this is a copy of what follows from them: whatever is wrong with it, it is left aside and
//! everything is folded anew. It stands in sections, each with a proof by a key of the installation over itself and the proof
//! before it, so that a file that is damaged, cut off, put together from two, or from elsewhere is told from a good one.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Names the form of the file and of the fold. Another number for another way to fold: an older file is then left aside.
const FORM: &[u8; 16] = b"fairtrial/fold/9";

/// A section that is longer than this is damaged: no trial has so many people.
const LONGEST: u64 = 1 << 36;

/// Key of the proofs.
#[derive(Clone)]
pub(crate) struct FoldKey(Hmac<Sha256>);

impl FoldKey {
    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(bytes);
        Self(Hmac::new(&block.into()))
    }

    fn proof(&self, before: &[u8], section: &[u8]) -> [u8; 32] {
        let mut proof = self.begin(before);
        proof.update(section);
        proof.finalize().into_bytes().into()
    }

    /// A proof of a section behind another one, of which nothing is known yet.
    fn begin(&self, before: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(before)
    }
}

/// Where the file stands and what vouches for it.
pub(crate) struct FoldFile {
    path: PathBuf,
    key: FoldKey,
}

impl FoldFile {
    pub(crate) fn in_folder(folder: &Path, key: FoldKey) -> Self {
        Self { path: folder.join("kept.fold"), key }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes sections beside the old file and puts them in its place when they are on the disk. What could not be written whole takes
    /// no room.
    pub(crate) fn write(&self, sections: impl FnOnce(&mut Written) -> io::Result<()>) -> io::Result<()> {
        let part = self.path.with_extension("part");
        self.write_by(&part, sections).inspect_err(|_| {
            // The error that counts is the first.
            drop(fs::remove_file(&part));
        })
    }

    fn write_by(&self, part: &Path, sections: impl FnOnce(&mut Written) -> io::Result<()>) -> io::Result<()> {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(part)?;
        let mut written = Written { file: BufWriter::new(file), key: self.key.clone(), proof: [0; 32] };
        written.file.write_all(FORM)?;
        sections(&mut written)?;
        written.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(part, &self.path)?;
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Removes the file; nothing when there is none.
    pub(crate) fn remove(&self) -> io::Result<()> {
        for path in [self.path.clone(), self.path.with_extension("part")] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens the file; none when there is none.
    pub(crate) fn open(&self) -> io::Result<Option<Sections>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut sections = Sections { file: BufReader::new(file), key: self.key.clone(), proof: [0; 32] };
        let mut form = [0; 16];
        sections.file.read_exact(&mut form)?;
        if form != *FORM {
            return Err(damaged("it has another form"));
        }
        Ok(Some(sections))
    }
}

/// A file that is being written.
pub(crate) struct Written {
    file: BufWriter<File>,
    key: FoldKey,
    proof: [u8; 32],
}

impl Written {
    /// Writes one section, which comes in pieces: one of a large trial is not in memory as a whole, where it would be given back to
    /// nobody.
    pub(crate) fn section(&mut self, make: impl FnOnce(&mut dyn FnMut(&[u8]))) -> io::Result<()> {
        let begins = self.file.stream_position()?;
        self.file.write_all(&[0; 8])?;
        let (mut length, mut proof, mut result) = (0_u64, self.key.begin(&self.proof), Ok(()));
        make(&mut |piece| {
            length += piece.len() as u64;
            proof.update(piece);
            if result.is_ok() {
                result = self.file.write_all(piece);
            }
        });
        result?;
        self.proof = proof.finalize().into_bytes().into();
        self.file.write_all(&self.proof)?;
        self.file.seek(SeekFrom::Start(begins))?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

/// The sections, each handed out once its proof is seen to be right.
pub(crate) struct Sections {
    file: BufReader<File>,
    key: FoldKey,
    proof: [u8; 32],
}

impl Sections {
    pub(crate) fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 8];
        self.file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST {
            return Err(damaged("a section is too long"));
        }
        let mut section = Vec::new();
        // Grows as it reads, so that a wrong length does not ask for memory that no file fills.
        (&mut self.file).take(length).read_to_end(&mut section)?;
        let mut proof = [0; 32];
        self.file.read_exact(&mut proof)?;
        if section.len() as u64 != length || self.key.proof(&self.proof, &section) != proof {
            return Err(damaged("it is damaged, or of another installation"));
        }
        self.proof = proof;
        Ok(section)
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
