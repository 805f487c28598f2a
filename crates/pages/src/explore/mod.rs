//! What analysts look at beside the plan: never a verdict, and marked as none.

mod released;
mod show;

pub use released::explored_csv;
pub use show::Show;
