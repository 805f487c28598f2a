use super::writes_markup;
use askama::Template;

/// A table with a caption and a heading for every column; it scrolls in its own box on narrow screens.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "components/table.html")]
pub struct Table {
    /// What the table shows.
    pub caption: String,
    /// Whether the caption is only for those who cannot see the heading above the table.
    pub caption_hidden: bool,
    /// The headings of the columns.
    pub head: Vec<Cell>,
    /// The rows; the first cell of each is its heading.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Whether it is a number, to be set to the right.
    pub number: bool,
}

impl Cell {
    /// A cell of words.
    #[must_use]
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: false }
    }

    /// A cell with a number.
    #[must_use]
    pub fn number(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: true }
    }
}

writes_markup!(Table);
