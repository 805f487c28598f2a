//! The style sheet, the small optional script and the icon, embedded in the binary from `web/dist`.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// What a server says, in its log and on `/assets/…`, when it was built without the files.
pub const MISSING: &str = "This program was built without its style sheet. Run scripts/web (it needs Node 20 or newer), \
                           then build again.";

/// One embedded file, ready to be sent.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The bytes.
    pub bytes: std::borrow::Cow<'static, [u8]>,
    /// The media type, with its character set for text.
    pub media_type: &'static str,
    /// A strong entity tag, in its quotes.
    pub etag: String,
}

/// The file of that name (`app.css`, `app.js`, …), or nothing when there is none.
#[must_use]
pub fn get(name: &str) -> Option<Asset> {
    // The place holder that keeps the folder in the tree is not for the public.
    let file = Dist::get(name).filter(|_| !name.starts_with('.'))?;
    let media_type = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    Some(Asset { bytes: file.data, media_type, etag })
}

/// Whether the program was built before `scripts/web` was run; then [`MISSING`] says what to do.
#[must_use]
pub fn missing() -> bool {
    Dist::get("app.css").is_none()
}

/// The address of a file under `/assets`, with the start of its hash, so that it may be kept for ever by browsers.
#[must_use]
pub fn address(name: &str) -> String {
    match Dist::get(name) {
        Some(file) => format!("/assets/{name}?v={}", &hex(&file.metadata.sha256_hash())[..12]),
        None => format!("/assets/{name}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_given_out() {
        for name in ["", ".gitkeep", "../package.json", "app.css/", "nothing.css"] {
            assert!(get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn an_address_carries_the_hash_of_what_is_embedded() {
        match get("app.css") {
            Some(asset) => {
                let hash = asset.etag.trim_matches('"').to_owned();
                assert_eq!(address("app.css"), format!("/assets/app.css?v={}", &hash[..12]));
                assert_eq!(asset.media_type, "text/css; charset=utf-8");
                assert!(!missing());
            }
            None => assert!(missing() && address("app.css") == "/assets/app.css" && MISSING.contains("scripts/web")),
        }
    }
}
