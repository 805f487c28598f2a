//! What people are told: the page that a letter's code leads to, and the code itself for those who write the letter.

mod card;
mod result;
mod show;

pub use card::Card;
pub use result::{Due, ShowResult};
pub use show::Show;
