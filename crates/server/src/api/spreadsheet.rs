//! A sheet of an Excel workbook (XLSX) as a table of texts. What is unpacked is bounded before anything reads it.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetType, Xlsx};
use chrono::{Datelike, NaiveDateTime, NaiveTime, Timelike};
use fairtrial_app::frontline::outcome_file::{Columns, DayOrder, MOST_ROWS, Table};
use fairtrial_domain::canonical;

/// Most bytes that a workbook may hold once it is unpacked. The sentence below says it too.
const MOST_UNPACKED: u64 = 16_000_000;
/// Most files in it.
const MOST_FILES: usize = 1_000;
/// Most columns that are looked at. The sentence below says it too.
const MOST_COLUMNS: usize = 200;

pub(crate) const BROKEN: &str = "This is no spreadsheet that can be read: it is broken, or of another kind. Save it as an Excel workbook (.xlsx) or as \
                      \u{2018}CSV UTF-8\u{2019}.";

/// Whether these bytes are a workbook, a packed file by the letters that it begins with.
pub(crate) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether these bytes are a spreadsheet of the old kind, or one behind a password, which is packed in the same way.
pub(crate) fn is_locked_or_old(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// The sheet that was named, or the first one. Its first row that is not empty holds the names of the columns; a column without a
/// name is not read. Formulas have the value that was kept with them; dates are written in the order that days have in this file.
///
/// # Errors
/// What is wrong with the file, in a sentence.
pub(crate) fn outcomes(bytes: &[u8], columns: &Columns) -> Result<Table, String> {
    bounded(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| BROKEN.to_owned())?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    let found = match columns.sheet.as_str() {
        "" => names.first(),
        wanted => names.iter().find(|name| *name == wanted),
    };
    let Some(name) = found else {
        return Err(match names.is_empty() {
            true => BROKEN.to_owned(),
            false => "The file has no sheet of that name. Write it as it stands on its tab, or leave it empty for the first one.".to_owned(),
        });
    };
    let mut cells = book.worksheet_cells_reader(name).map_err(|_| BROKEN.to_owned())?;
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|_| BROKEN.to_owned())? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value(), columns.days);
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS {
            return Err("The sheet has more than 200 columns: leave out what is not needed.".to_owned());
        }
        let line = u64::from(row) + 1;
        match rows.last_mut() {
            Some((last, cells)) if *last == line => put(cells, column, text),
            Some((last, _)) if *last > line => return Err(BROKEN.to_owned()),
            _ => {
                // One more than may be, so that it is told with the same sentence as of a table.
                if rows.len() > MOST_ROWS + 1 {
                    break;
                }
                let mut cells = Vec::new();
                put(&mut cells, column, text);
                rows.push((line, cells));
            }
        }
    }
    table(rows, canonical::sha256_hex_of(bytes))
}

fn put(cells: &mut Vec<String>, column: usize, text: String) {
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    if let Some(cell) = cells.get_mut(column) {
        *cell = text;
    }
}

/// The table without columns that have no name, and with as many cells in each row as there are names.
fn table(rows: Vec<(u64, Vec<String>)>, digest: String) -> Result<Table, String> {
    let mut rows = rows.into_iter();
    let Some((_, first)) = rows.next() else { return Err("The sheet is empty.".to_owned()) };
    let named: Vec<usize> = first.iter().enumerate().filter(|(_, name)| !name.is_empty()).map(|(at, _)| at).collect();
    let pick = |cells: &[String]| named.iter().map(|at| cells.get(*at).cloned().unwrap_or_default()).collect();
    let header: Vec<String> = pick(&first);
    let mut seen = std::collections::BTreeSet::new();
    if header.iter().any(|name| !seen.insert(name)) {
        return Err("A column stands twice in the first row of the sheet.".to_owned());
    }
    let rows = rows.map(|(line, cells)| (line, pick(&cells))).collect();
    Ok(Table { header, rows, digest })
}

/// Unpacks the whole file once into nothing, so that no small file that becomes a huge one is read any further.
fn bounded(bytes: &[u8]) -> Result<(), String> {
    let mut packed = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| BROKEN.to_owned())?;
    if packed.len() > MOST_FILES {
        return Err(BROKEN.to_owned());
    }
    let mut left = MOST_UNPACKED;
    for place in 0..packed.len() {
        let file = packed.by_index(place).map_err(|_| BROKEN.to_owned())?;
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(|_| BROKEN.to_owned())?;
        left = left
            .checked_sub(read)
            .ok_or("The spreadsheet is too large: unpacked it may hold 16 MB at most. Send it in parts.")?;
    }
    Ok(())
}

/// A cell as a table would have it.
fn text(value: &DataRef<'_>, days: DayOrder) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(serial) => match serial.as_datetime().filter(|_| serial.is_datetime()) {
            Some(at) => written(at, days),
            None => serial.as_f64().to_string(),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A date, and its time where it has one, to the second.
fn written(at: NaiveDateTime, days: DayOrder) -> String {
    // A serial number is a fraction of a day and misses its second by a little.
    let at = at + chrono::TimeDelta::milliseconds(500);
    let day = match days {
        DayOrder::YearFirst => at.date().format("%Y-%m-%d").to_string(),
        DayOrder::DayFirst => format!("{:02}/{:02}/{:04}", at.day(), at.month(), at.year()),
    };
    match at.time().with_nanosecond(0) {
        Some(NaiveTime::MIN) | None => day,
        Some(time) => format!("{day} {}", time.format("%H:%M:%S")),
    }
}
