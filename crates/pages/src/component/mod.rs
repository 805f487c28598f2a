//! The parts that pages are made of, in the markup of the design system. Each is an option struct with its own template
//! in `web/templates/components`; written into a page, it escapes its own values.

mod button;
mod choice;
mod date;
mod field;
mod list;
mod navigation;
mod notice;
mod select;
mod table;

pub use button::{Button, ButtonStyle, Tag, TagColour};
pub use choice::{Choice, ChoiceOption, Choices};
pub use date::DateInput;
pub use field::{Area, FieldKind, TextField, Upload, show_at_fields};
pub use list::{SummaryList, SummaryRow, Task, TaskList};
pub use navigation::{Breadcrumbs, Crumb, Pagination};
pub use notice::{ErrorSummary, Fault, Notice, NoticeKind, Panel};
pub use select::{GroupedSelect, Select};
pub use table::{Cell, Table};

/// Marks templates whose output is markup that has escaped its own values.
macro_rules! writes_markup {
    ($($name:ty),+ $(,)?) => { $(impl askama::filters::HtmlSafe for $name {})+ };
}
pub(crate) use writes_markup;
