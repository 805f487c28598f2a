//! The only askama: typed pages over `web/templates`.
//!
//! A page is a plain struct: fill its fields, give it to [`render`], send the text. Every value is escaped where it is
//! written; only a [`component`] or a [`chart`], which are templates themselves, may stand in a page as markup. A page
//! decides nothing: who may see what, and which verbs are open, is worked out before it is filled.
//!
//! Where the files are: `src/<noun>/<verb>.rs` here and `web/templates/pages/<noun>/<verb>.html` there.

pub mod account;
pub mod administrator;
pub mod assets;
pub mod audit;
pub mod batch;
pub mod chart;
pub mod checklist;
pub mod component;
pub mod data;
pub mod decision;
pub mod eligibility;
pub mod explore;
pub mod fault;
pub mod frame;
pub mod guide;
pub mod home;
pub mod identity;
pub mod integration;
pub mod interface;
pub mod key;
pub mod language;
pub mod library;
pub mod link;
pub mod message;
pub mod moment;
pub mod note;
pub mod notice;
pub mod number;
pub mod opt_out;
pub mod outcome_file;
pub mod person;
pub mod portfolio;
pub mod privacy;
pub mod protocol;
pub mod quantity;
pub mod receiver;
pub mod records;
pub mod register;
pub mod rehearsal;
pub mod report;
pub mod review;
pub mod session;
pub mod trial;

pub use frame::Frame;
pub use moment::Moment;

/// The finished page as HTML.
///
/// # Errors
/// When a value refuses to be written. None of the pages here holds such a value, so a server may answer 500.
pub fn render(page: &impl askama::Template) -> Result<String, askama::Error> {
    page.render()
}
