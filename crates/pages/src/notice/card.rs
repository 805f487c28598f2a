use crate::Frame;
use crate::component::{Breadcrumbs, Crumb};
use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

/// The code for the letter, in letters and as a square that a telephone reads.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/notice/card.html")]
pub struct Card {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    code: String,
    address: String,
    registered: bool,
    square: Option<Square>,
}

#[derive(Debug, Clone)]
struct Square {
    size: usize,
    path: String,
}

impl Card {
    /// The page; `address` is the whole address of the notice page, and `registered` whether it can be opened yet.
    #[must_use]
    pub fn new(frame: Frame, key: &str, title: &str, code: &str, address: &str, registered: bool) -> Self {
        Self {
            frame,
            key: key.into(),
            title: title.into(),
            code: code.into(),
            address: address.into(),
            registered,
            square: square(address),
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}

/// The dark fields as one path, each row's runs as rectangles, with the quiet zone of four fields that readers need.
/// Nothing when the text is too long for a code.
fn square(text: &str) -> Option<Square> {
    const QUIET: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let fields = code.into_colors();
    let mut path = String::new();
    for (y, row) in fields.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                let wide = run.len();
                path.push_str(&format!("M{} {}h{wide}v1h-{wide}z", x + QUIET, y + QUIET));
            }
            x += run.len();
        }
    }
    Some(Square { size: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::square;

    #[test]
    fn the_square_has_its_three_corners_and_its_quiet_zone() {
        let found = square("https://trials.example.govt.nz/t/0A1B1CD").unwrap();
        assert!((21 + 8..=45).contains(&found.size));
        // The upper left corner: seven dark fields in a row, four from each edge.
        assert!(found.path.starts_with("M4 4h7v1h-7z"), "{}", found.path);
        let end = found.size - 4 - 7;
        assert!(found.path.contains(&format!("M{end} 4h7v1h-7z")) && found.path.contains(&format!("M4 {end}h7v1h-7z")));
        assert!(square(&"x".repeat(5_000)).is_none());
    }
}
