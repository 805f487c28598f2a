//! Files in one file: the tape archive of POSIX.1-1988 (`ustar`), which every system unpacks.
//!
//! Only what a bundle needs: plain files with short names, one after the other.

use std::fmt::Write as _;

const BLOCK: usize = 512;
/// Where the numbers of a header stand: offset and length of size, time of change, and sum of the header's bytes.
const SIZE: (usize, usize) = (124, 12);
const CHANGED: (usize, usize) = (136, 12);
const SUM: (usize, usize) = (148, 8);
const NAME: usize = 100;

/// Packs files under their names, all with one time of change, in seconds since 1970. The same files give the same bytes.
pub(super) fn pack<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>, changed: u64) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> = files.into_iter().collect();
    // At once: an archive that grew would be in memory twice.
    let blocks = |(_, content): &(&str, &[u8])| BLOCK + content.len().next_multiple_of(BLOCK);
    let mut out = Vec::with_capacity(files.iter().map(blocks).sum::<usize>() + 2 * BLOCK);
    for (name, content) in files {
        out.extend(header(name, content.len() as u64, changed));
        out.extend(content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

/// Unpacks an archive of plain files.
///
/// # Errors
/// A sentence saying what is wrong with it.
pub(super) fn unpack(archive: &[u8]) -> Result<Vec<(String, &[u8])>, String> {
    let mut files = Vec::new();
    let mut rest = archive;
    loop {
        let header = rest.get(..BLOCK).ok_or("it ends before its last file does")?;
        rest = rest.get(BLOCK..).unwrap_or_default();
        if header.iter().all(|byte| *byte == 0) {
            // What comes behind the last file is nothing.
            return if rest.iter().all(|byte| *byte == 0) {
                Ok(files)
            } else {
                Err("something follows its end".into())
            };
        }
        let stated = number(header, SUM).ok_or("a header in it has no checksum")?;
        if stated != sum(header) {
            return Err("a header in it was changed: its checksum is another".into());
        }
        let name = header.get(..NAME).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = std::str::from_utf8(name).map_err(|_| "the name of a file in it cannot be read")?.to_owned();
        if !matches!(header.get(156), Some(b'0' | 0)) {
            return Err(format!("\"{name}\" in it is no plain file"));
        }
        let size = number(header, SIZE).and_then(|size| usize::try_from(size).ok());
        let cut = || format!("\"{name}\" in it is cut off");
        let size = size.ok_or_else(cut)?;
        let (content, behind) = rest.split_at_checked(size).ok_or_else(cut)?;
        let filling = size.next_multiple_of(BLOCK) - size;
        let (filling, behind) = behind.split_at_checked(filling).ok_or_else(cut)?;
        if filling.iter().any(|byte| *byte != 0) {
            return Err(format!("something follows \"{name}\" in it"));
        }
        files.push((name, content));
        rest = behind;
    }
}

fn header(name: &str, size: u64, changed: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = header.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes().get(..name.len().min(NAME)).unwrap_or_default());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(SIZE.0, octal(size, SIZE.1).as_bytes());
    put(CHANGED.0, octal(changed, CHANGED.1).as_bytes());
    // The checksum is made as if spaces stood in its place.
    put(SUM.0, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let total = sum(&header);
    let mut text = octal(total, 7);
    text.push(' ');
    if let Some(place) = header.get_mut(SUM.0..SUM.0 + text.len()) {
        place.copy_from_slice(text.as_bytes());
    }
    header
}

/// A whole number as octal digits with a NUL at the end.
fn octal(value: u64, length: usize) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write!(text, "{value:0width$o}\0", width = length - 1);
    text
}

fn number(header: &[u8], (at, length): (usize, usize)) -> Option<u64> {
    let text = std::str::from_utf8(header.get(at..at + length)?).ok()?;
    u64::from_str_radix(text.trim_matches([' ', '\0']), 8).ok()
}

fn sum(header: &[u8]) -> u64 {
    let in_sum = |at: usize| (SUM.0..SUM.0 + SUM.1).contains(&at);
    header.iter().enumerate().map(|(at, byte)| u64::from(if in_sum(at) { b' ' } else { *byte })).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let long = vec![7; 1_000];
        let files: [(&str, &[u8]); 4] = [("a.json", b"{}"), ("b", b""), ("c", &[1; 512]), ("d", &long)];
        let packed = pack(files, 1_700_000_000);
        assert_eq!(packed.len() % 512, 0);
        let out = unpack(&packed).unwrap();
        assert!(out.iter().map(|(name, content)| (name.as_str(), *content)).eq(files));
        assert_eq!(pack(files, 1_700_000_000), packed);
    }

    #[test]
    fn an_archive_that_is_cut_or_changed_is_refused() {
        let packed = pack([("a.json", b"{}".as_slice())], 0);
        for length in [0, 511, 512, 513, 1_023] {
            assert!(unpack(&packed[..length]).is_err(), "{length} bytes of it");
        }
        for place in [0, 130, 140, 256, 520, 1_100] {
            let mut changed = packed.clone();
            changed[place] ^= 1;
            assert!(unpack(&changed).is_err(), "the byte at {place}");
        }
        assert!(unpack(b"not an archive").is_err());
    }
}
