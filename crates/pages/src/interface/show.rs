use askama::Template;

use crate::{Frame, assets};

/// One call that a program may make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST` or `PUT`.
    pub method: String,
    /// Its path, with the open parts in braces.
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
}

/// Calls that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// The calls.
    pub calls: Vec<Call>,
}

/// The calls as a list; the optional script puts a viewer in its place in which they can be tried.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/interface/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// All calls.
    pub groups: Vec<Group>,
}

impl Show {
    fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}
