//! The report of a trial: numbers of `fairtrial_analysis` in words and pictures. Nothing is computed here but roundings
//! and places; a number that is absent, or not finite, is never written.

mod band;
mod basis;
mod beside;
mod csv;
mod finding;
mod limit;
mod reading;
mod released;
mod released_csv;
mod results;
mod show;
mod words;
mod workbook;
mod working;

pub use self::csv::csv;
pub(crate) use self::csv::text as plain_text;
pub(crate) use band::reasons;
pub use band::{Band, Light, Mark};
pub(crate) use basis::gate_name as check_name;
pub use released::ShowReleased;
pub use released_csv::released_csv;
pub(crate) use results::Results;
pub use show::{Decided, Download, Show};
pub(crate) use words::{came_to, quoted, sentence};
pub use workbook::workbook;
