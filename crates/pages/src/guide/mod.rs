//! A plan made step by step: a list of tasks, one question on each page, and a page to check all answers.

mod check;
mod start;
mod step;
mod tasks;
mod words;

pub use check::{Answered, Check};
pub use start::Start;
pub use step::{Asked, Given, Shape, Show as StepPage};
pub use tasks::{TaskState, Tasks};
pub(crate) use words::question;
pub use words::step_title;
