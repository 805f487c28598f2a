//! Outcomes from files, on pages: what people see, what hostile files do, and who may.

use fairtrial_store::{DatabaseUrl, DbConnection, backup::Contents};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::json;

use crate::{
    audited::Watch,
    browser::Browser,
    client::{Response, request, send},
    frontline::call,
    running::{World, start_filled_on},
};

const FILES: &str = "/trials/open-door/outcome-files";
const GOOD: [(&str, &str); 6] = [
    ("unit", "code"),
    ("event", "door.opened"),
    ("event_column", ""),
    ("value", ""),
    ("occurred_at", "day"),
    ("source", ""),
];

fn rows(database: &TestDatabase) -> std::collections::BTreeMap<String, i64> {
    let url: DatabaseUrl = database.url().parse().expect("an address");
    let mut c = DbConnection::open(&url).expect("the database");
    let mut rows = c.write_transaction(Contents::of).expect("its contents").rows;
    rows.retain(|name, _| !["touches", "sessions", "logs"].contains(&name.as_str()));
    rows
}

fn begin(database: &TestDatabase) -> (World, Browser) {
    let world = start_filled_on(database.url());
    for n in 0..4 {
        let unit = json!({"unit": format!("v-{n}")});
        assert_eq!(call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&unit)).status, 200);
    }
    let designer = Browser::signed_in(world.address, "designer@justice.example");
    (world, designer)
}

/// Sends a file of any bytes with the form that checks it or, with `more`, takes it in.
fn send_file(
    browser: &mut Browser,
    path: &str,
    fields: &[(&str, &str)],
    more: &[(&str, &str)],
    file: &[u8],
) -> Response {
    browser.get(FILES);
    let csrf = browser.csrf().to_owned();
    let mut body = Vec::new();
    for (name, value) in fields.iter().chain(more).chain(&[("csrf", csrf.as_str())]) {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(b"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x.csv\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--cut--\r\n");
    let cookie = format!("fairtrial={}", browser.cookie("fairtrial").expect("a session"));
    let headers = [("Content-Type", "multipart/form-data; boundary=cut"), ("Cookie", cookie.as_str())];
    send(browser.address(), &request("POST", path, &headers, &body)).expect("an answer")
}

fn check(browser: &mut Browser, file: &[u8]) -> Response {
    send_file(browser, FILES, &GOOD, &[], file)
}

fn take(browser: &mut Browser, file: &[u8], digest: &str, leave_out: bool) -> Response {
    let mut more = vec![("digest", digest)];
    if leave_out {
        more.push(("leave_out", "yes"));
    }
    send_file(browser, &format!("{FILES}/take-in"), &GOOD, &more, file)
}

fn digest_on(page: &Response) -> String {
    let text = page.text();
    let found = text.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or_else(|| panic!("the page can take a file in: {text}")).to_owned()
}

/// A file checked, taken in and taken back while somebody looks on. `v-3` is in the trial.
pub(crate) fn on_record(watch: &mut Watch<'_>, designer: &mut Browser) {
    let (files, file) = ("/trials/open-door/outcome-files", "unit,day\nv-3,2026-11-22\n");
    let parts = [("unit", "unit"), ("event", "door.opened"), ("occurred_at", "day"), ("file", file)];
    designer.get(files);
    let checked = watch.route("POST", "/trials/{trial}/outcome-files", || designer.post_parts(files, &parts)).text();
    let digest =
        checked.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("it fits");
    let parts: Vec<(&str, &str)> = parts.into_iter().chain([("digest", digest)]).collect();
    let take_in = format!("{files}/take-in");
    let taken = watch.route("POST", "/trials/{trial}/outcome-files/take-in", || designer.post_parts(&take_in, &parts));
    let place = taken.header("location").expect("where it is").to_owned();
    let back = "/trials/{trial}/outcome-files/{file}/take-back";
    watch.form(designer, &place, back, &format!("{place}/take-back"), &[]);
}

on_both_databases! {
    fn a_file_is_checked_taken_in_shown_and_taken_back(database) {
        let (_world, mut designer) = begin(database);
        assert!(designer.get("/trials/open-door").text().contains(FILES));
        let first = designer.get(FILES).text();
        assert!(first.contains("No file has been taken in yet") && first.contains("door.opened: Door opened"), "{first}");
        // The server's clock stands on the 23rd at 13 o'clock.
        let file = b"code,day,name\nv-0,2026-11-22,Mere\nv-1,2026-11-22 10:00,Ann\nmere@example.com,2026-11-22,x\nu-9,2026-11-22,\n";
        let before = rows(database);
        let checked = check(&mut designer, file);
        let text = checked.text();
        assert_eq!(checked.status, 200, "{text}");
        assert!(text.contains("2 rows can be taken in, and 1 is refused") && text.contains("Line 4"), "{text}");
        assert!(!text.contains("mere@") && !text.contains("v-0") && !text.contains("Mere"), "nobody is shown: {text}");
        assert_eq!(rows(database), before, "nothing is kept");
        let digest = digest_on(&checked);

        let refused = take(&mut designer, file, &digest, false);
        assert!(refused.status == 422 && refused.text().contains("Nothing was taken in"), "{}", refused.text());
        let another = take(&mut designer, b"code,day\nv-2,2026-11-22\n", &digest, true);
        assert!(another.status == 422 && another.text().contains("another file than the one that was checked"), "{}", another.text());
        assert!(another.text().contains("value=\"code\""), "what was typed stands there again");
        assert_eq!(rows(database), before, "nothing is kept");

        let taken = take(&mut designer, file, &digest, true);
        assert_eq!(taken.status, 303, "{}", taken.text());
        let place = taken.header("location").expect("where it is").to_owned();
        let after = rows(database);
        let more = |table: &str| after[table] - before[table];
        assert_eq!((more("events"), more("outcome_files"), more("audit"), more("receipts")), (2, 1, 1, 0));
        let again = take(&mut designer, file, &digest, true);
        assert!(again.status == 422 && again.text().contains("Nothing in this file is new"), "{}", again.text());
        let none = check(&mut designer, b"code;day\r\nv-1;2026-11-22 10:00\r\n");
        assert!(none.text().contains("Nothing in this file is new") && !none.text().contains("name=\"digest\""), "{}", none.text());

        let mut analyst = Browser::signed_in(designer.address(), "analyst@justice.example");
        let data = analyst.get("/trials/open-door/data").text();
        assert!(data.contains("2 outcomes came with the file that was taken in on"), "{data}");
        let page = analyst.get(&place).text();
        assert!(page.contains(&digest) && page.contains("designer of justice") && page.contains("Take the file back"), "{page}");
        let back = analyst.post(&format!("{place}/take-back"), &[]);
        assert_eq!((back.status, back.header("location")), (303, Some(place.as_str())), "{}", back.text());
        let page = analyst.get(&place).text();
        assert!(page.contains("2 outcomes count no more") && !page.contains("Take the file back"), "{page}");
        assert_eq!(rows(database)["corrections"] - before["corrections"], 2);
        analyst.get(FILES);
        assert_eq!(analyst.post(&format!("{place}/take-back"), &[]).status, 409);
        for wrong in ["0", "999", "-1", "x", "99999999999999999999"] {
            assert_eq!(analyst.get(&format!("{FILES}/{wrong}")).status, 404, "{wrong}");
        }
        let history = designer.get("/trials/open-door").text();
        assert!(history.contains("A file of outcomes was taken in") && history.contains("A file of outcomes was taken back"));

        // Once the data are locked, nothing comes and nothing goes.
        let checked = check(&mut designer, b"code,day\nv-3,2026-11-22\n");
        let late = digest_on(&checked);
        let taken = take(&mut designer, b"code,day\nv-3,2026-11-22\n", &late, false);
        let place = taken.header("location").expect("where it is").to_owned();
        designer.get("/trials/open-door");
        assert_eq!(designer.post("/trials/open-door/stop", &[("reason", "It is over")]).status, 303);
        analyst.get("/trials/open-door");
        assert_eq!(analyst.post("/trials/open-door/lock_data", &[("reason", "all is in")]).status, 303);
        let locked = rows(database);
        analyst.get(FILES);
        assert_eq!(analyst.post(&format!("{place}/take-back"), &[]).status, 409, "after the lock");
        assert_eq!(check(&mut designer, b"code,day\nv-2,2026-11-22\n").status, 409);
        let page = designer.get(&place).text();
        assert!(!page.contains("Take the file back") && designer.get(FILES).text().contains("until its data are locked"));
        assert_eq!(rows(database), locked);
    }

    fn hostile_files_are_refused_in_a_sentence_and_keep_nothing(database) {
        let (_world, mut designer) = begin(database);
        let before = rows(database);
        let large_cell = [b"code,day\nv-0,".to_vec(), vec![b'9'; 1_000_000], b"\n".to_vec()].concat();
        let too_large = [b"code,day\n".to_vec(), b"v-0,2026-11-22\n".repeat(80_000)].concat();
        let too_many = [b"code,day\n".to_vec(), b"v-0,2026-11-22\n".repeat(20_001)].concat();
        let wide: Vec<u8> = "code,day\nv-0,2026-11-22\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, file, status, said) in [
            ("formulas", &b"code,day\n=cmd|'/c calc'!A1,2026-11-22\n@SUM(1),2026-11-22\nv-0,=TODAY()\n"[..], 200, "3 rows are refused"),
            ("a formula as a code", b"code,day\n=1+1,2026-11-22\n", 200, "Nothing in this file is new"),
            ("NUL", b"code,day\nv-0\0,2026-11-22\n", 422, "NUL"),
            ("a cell of 1 MB", &large_cell, 200, "1 row is refused"),
            ("more than 1 MB", &too_large, 413, "at most"),
            ("too many rows", &too_many, 422, "at most 20,000 rows"),
            ("UTF-16", &wide, 422, "CSV UTF-8"),
            ("Latin 1", b"code,day\nM\xe4re,2026-11-22\n", 422, "CSV UTF-8"),
            ("an open quote", b"code,day\n\"v-0,2026-11-22\n", 422, "cannot be read at line"),
            ("a row too short", b"code,day\nv-0\n", 422, "cannot be read at line 2"),
            ("a row too long", b"code,day\nv-0,2026-11-22,x\n", 422, "cannot be read at line 2"),
            ("a column twice", b"code,day,code\nv-0,2026-11-22,v-1\n", 422, "twice"),
            ("no header", b"v-0,2026-11-22\n", 422, "has no column"),
            ("a header alone", b"code,day\n", 422, "no rows"),
            ("nothing", b"", 422, "Choose a file"),
            ("blank", b" \r\n \n", 422, "Choose a file"),
            ("a spreadsheet", b"PK\x03\x04\x00\x00", 422, "CSV UTF-8"),
        ] {
            let answer = check(&mut designer, file);
            let text = answer.text();
            assert!(answer.status == status && text.contains(said), "{name}: {} {text}", answer.status);
            assert!(!text.contains("calc") && !text.contains("v-0"), "{name}: {text}");
            assert_eq!(rows(database), before, "{name}");
        }
        for (name, file) in [
            ("BOM and semicolons", &b"\xef\xbb\xbfcode;day\r\nv-0;2026-11-22\r\n"[..]),
            ("quotes and spaces", b"\"code\",\"day\"\n\"v-0\" , 2026-11-22 \n"),
            ("capitals", b"CODE,Day\nv-0,2026-11-22\n"),
            ("lines in a cell", b"code,day,remark\nv-0,2026-11-22,\"one\ntwo\"\n"),
        ] {
            let answer = check(&mut designer, file);
            assert!(answer.status == 200 && answer.text().contains("1 row can be taken in"), "{name}: {}", answer.text());
        }
        // A file of many lines in cells: the line that is named is the one of the file.
        let lines = check(&mut designer, b"code,day,remark\nv-0,2026-11-22,\"one\r\ntwo\"\r\nv-1,then,x\n").text();
        assert!(lines.contains("Line 4"), "{lines}");
        // What the form does not have, and what another page's form brings.
        let path = format!("{FILES}/take-in");
        assert_eq!(send_file(&mut designer, FILES, &GOOD, &[("trial", "x")], b"code,day\nv-0,2026-11-22\n").status, 400);
        assert_eq!(send_file(&mut designer, &path, &GOOD, &[], b"code,day\nv-0,2026-11-22\n").status, 422, "without a digest");
        assert_eq!(rows(database), before);
    }

    fn files_are_taken_in_by_those_who_may_and_of_no_other_agency(database) {
        let (_world, mut designer) = begin(database);
        let file = b"code,day\nv-0,2026-11-22\n";
        let digest = digest_on(&check(&mut designer, file));
        assert_eq!(take(&mut designer, file, &digest, false).status, 303);
        let without_signing_in = || {
            let mut rows = rows(database);
            rows.remove("audit");
            rows
        };
        let (shown, before) = (designer.get(FILES).text(), without_signing_in());
        let place = shown.split("/outcome-files/").nth(1).and_then(|rest| rest.split('"').next()).expect("one file").to_owned();
        for (who, status) in [("approver@justice.example", 403), ("administrator@justice.example", 403), ("designer@health.example", 404)] {
            let mut other = Browser::signed_in(designer.address(), who);
            other.get("/trials");
            assert_eq!(other.get(FILES).status, status, "{who}");
            assert_eq!(other.get(&format!("{FILES}/{place}")).status, status, "{who}");
            assert_eq!(other.post_parts(FILES, &[("file", "code,day\nv-1,2026-11-22\n")]).status, status, "{who}");
            assert_eq!(other.post_parts(&format!("{FILES}/take-in"), &[("file", "x")]).status, status, "{who}");
            assert_eq!(other.post(&format!("{FILES}/{place}/take-back"), &[]).status, status, "{who}");
        }
        let mut nobody = Browser::new(designer.address());
        assert_eq!(nobody.get(FILES).status, 401, "nobody is signed in");
        assert_eq!(without_signing_in(), before);
    }
}

/// A workbook with one sheet of texts, numbers, dates and a formula, and another one of the same shape.
fn workbook() -> Vec<u8> {
    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
    let mut book = Workbook::new();
    let (day, time) = (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
    let at = |text: &str| ExcelDateTime::parse_from_str(text).expect("a date");
    let sheet = book.add_worksheet();
    sheet.set_name("Doors").expect("a name");
    for (column, name) in (0_u16..).zip(["code", "day", "remark"]) {
        sheet.write_string(0, column, name).expect("a cell");
    }
    sheet.write_string(1, 0, "v-0").expect("a cell");
    sheet.write_datetime_with_format(1, 1, at("2026-11-22"), &day).expect("a cell");
    sheet.write_formula(2, 0, Formula::new("=\"v-\"&1").set_result("v-1")).expect("a cell");
    sheet.write_datetime_with_format(2, 1, at("2026-11-22 10:00"), &time).expect("a cell");
    // A number that is no date by its format, and a day as a text.
    sheet.write_string(4, 0, "v-2").expect("a cell").write_number(4, 1, 46_348.0).expect("a cell");
    sheet.write_string(5, 0, "v-3").expect("a cell").write_string(5, 1, "2026-11-21").expect("a cell");
    let other = book.add_worksheet();
    other.set_name("More").expect("a name");
    other.write_string(0, 0, "code").expect("a cell").write_string(0, 1, "day").expect("a cell");
    other.write_string(1, 0, "v-3").expect("a cell").write_string(1, 1, "21/11/2026 08:15").expect("a cell");
    book.save_to_buffer().expect("a workbook")
}

/// The same packed anew, with one of its files changed.
fn repacked(book: &[u8], name: &str, change: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut from = zip::ZipArchive::new(Cursor::new(book)).expect("a packed file");
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut seen = false;
    for place in 0..from.len() {
        let mut file = from.by_index(place).expect("a file");
        let (own, mut text) = (file.name().expect("a name").into_owned(), Vec::new());
        file.read_to_end(&mut text).expect("its text");
        to.start_file(&own, zip::write::SimpleFileOptions::default()).expect("a file");
        let changed = own == name;
        seen |= changed;
        let text = if changed { change(String::from_utf8(text).expect("a text")) } else { text };
        to.write_all(&text).expect("it is written");
    }
    assert!(seen, "{name}");
    to.finish().expect("a packed file").into_inner()
}

on_both_databases! {
    fn a_workbook_is_read_by_sheet_and_by_the_days_that_were_said(database) {
        let (_world, mut designer) = begin(database);
        let before = rows(database);
        let book = workbook();
        let said = |days: &'static str, sheet: &'static str| [("days", days), ("sheet", sheet)];
        let mut look = |file: &[u8], more: &[(&str, &str)]| {
            let answer = send_file(&mut designer, FILES, &GOOD, more, file);
            (answer.status, answer.text(), answer)
        };
        let (status, text, checked) = look(&book, &said("year_first", ""));
        assert!(status == 200 && text.contains("3 rows can be taken in, and 1 is refused"), "{text}");
        // The line is the row of the sheet, though an empty one stands before it.
        assert!(text.contains("Line 5") && text.contains("days written as 2026-11-23; a day alone counts as 23:59:59"), "{text}");
        for field in ["name=\"unit\" value=\"code\"", "name=\"days\" value=\"year_first\""] {
            assert!(text.contains(field), "{field}: {text}");
        }
        let next = format!("{FILES}?unit=code&#38;event=door%2Eopened&#38;event_column=&#38;value=&#38;occurred_at=day&#38;source=&#38;days=year%5Ffirst&#38;sheet=");
        assert!(text.contains(&next), "the next file is read in the same way: {text}");
        // Dates are dates in whichever way texts are written; the one day that is a text does not fit then.
        let (_, text, _) = look(&book, &said("day_first", "Doors"));
        assert!(text.contains("2 rows can be taken in, and 2 are refused") && text.contains("such as 23/11/2026"), "{text}");
        let (_, text, _) = look(&book, &said("day_first", "More"));
        assert!(text.contains("1 row can be taken in.") && text.contains("<dd class=\"govuk-summary-list__value\">"), "{text}");
        let (_, text, _) = look(&book, &said("year_first", "More"));
        assert!(text.contains("No row of this file can be taken in"), "{text}");
        let (status, text, _) = look(&book, &said("year_first", "Elsewhere"));
        assert!(status == 422 && text.contains("no sheet of that name"), "{text}");
        assert_eq!(look(&book, &said("month_first", "")).0, 400);
        let (_, text, _) = look(b"code,day\nv-0,22/11/2026\nv-1,2026-11-22\n", &said("day_first", ""));
        assert!(text.contains("1 row can be taken in, and 1 is refused") && text.contains("Line 3"), "{text}");
        // The other calendar of Excel counts 1,462 days less for the same day.
        let other = repacked(&book, "xl/workbook.xml", |text| text.replace("<workbookPr", "<workbookPr date1904=\"1\"").into_bytes());
        let other = repacked(&other, "xl/worksheets/sheet1.xml", |text| text.replace("<v>46348</v>", "<v>44886</v>").replace("<v>46348.4", "<v>44886.4").into_bytes());
        let (_, of_other, _) = look(&other, &said("year_first", ""));
        assert!(of_other.contains("3 rows can be taken in, and 1 is refused"), "{of_other}");
        assert_eq!(rows(database), before, "nothing is kept");

        let digest = digest_on(&checked);
        let more = [("days", "year_first"), ("sheet", ""), ("digest", digest.as_str()), ("leave_out", "yes")];
        let taken = send_file(&mut designer, &format!("{FILES}/take-in"), &GOOD, &more, &book);
        assert_eq!(taken.status, 303, "{}", taken.text());
        let place = taken.header("location").expect("where it is").to_owned();
        assert!(designer.get(&place).text().contains(&fairtrial_domain::canonical::sha256_hex_of(&book)), "the file as it was sent");
        assert_eq!(rows(database)["events"] - before["events"], 3);
        // The same rows as a table, and by the other calendar, are the same events.
        for same in [&b"code,day\nv-0,2026-11-22\nv-1,2026-11-22 10:00\n"[..], &other] {
            let again = send_file(&mut designer, FILES, &GOOD, &said("year_first", ""), same).text();
            assert!(again.contains("nothing else is new") || again.contains("Nothing in this file is new"), "{again}");
        }
        // The next file is read in the same way, when asked for from the page of a check.
        let next = designer.get(&format!("{FILES}?unit=person&occurred_at=on&event=&event_column=what&days=day_first&sheet=More")).text();
        for kept in ["value=\"person\"", "value=\"what\"", "value=\"More\"", "<option value=\"day_first\" selected>"] {
            assert!(next.contains(kept), "{kept}: {next}");
        }
    }

    fn hostile_workbooks_are_refused_in_a_sentence(database) {
        let (_world, mut designer) = begin(database);
        let before = rows(database);
        let book = workbook();
        let sheet = "xl/worksheets/sheet1.xml";
        let cell = |place: &str| format!("<row><c r=\"{place}\" t=\"inlineStr\"><is><t>x</t></is></c></row></sheetData>");
        let with = |more: String| repacked(&book, sheet, move |text| text.replace("</sheetData>", &more).into_bytes());
        let entity = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
        for (name, file, said) in [
            ("a bomb", repacked(&book, "docProps/app.xml", |_| vec![b' '; 17_000_000]), "unpacked it may hold 16 MB"),
            ("a bomb of cells", with(format!("{}</sheetData>", "<row><c><v>1</v></c></row>".repeat(700_000))), "unpacked it may hold 16 MB"),
            ("too many rows", with(format!("{}</sheetData>", "<row><c><v>1</v></c></row>".repeat(20_002))), "at most 20,000 rows"),
            ("a cell far away", with(cell("XFD9")), "more than 200 columns"),
            ("a row that is none", with(cell("A0")), "no spreadsheet that can be read"),
            ("rows that go back", with(cell("A2")), "no spreadsheet that can be read"),
            ("half of it", book[..book.len() / 2].to_vec(), "no spreadsheet that can be read"),
            ("no workbook in it", repacked(&book, "xl/workbook.xml", |_| b"<x/>".to_vec()), "no spreadsheet that can be read"),
            ("a sheet that breaks off", repacked(&book, sheet, |text| text.as_bytes()[..text.len() / 2].to_vec()), "no spreadsheet that can be read"),
            ("an old or locked one", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more".to_vec(), "locked by a password"),
            ("a packed file of another kind", b"PK\x03\x04\x00\x00".to_vec(), "CSV UTF-8"),
        ] {
            let answer = check(&mut designer, &file);
            let text = answer.text();
            assert!(answer.status == 422 && text.contains(said), "{name}: {} {text}", answer.status);
            assert!(text.contains("value=\"code\""), "{name}: what was typed stands there again");
            assert_eq!(rows(database), before, "{name}");
        }
        // What a document declares for itself stands for nothing: the row has no day.
        let entities = repacked(&book, sheet, |text| {
            text.replace("<worksheet", &format!("{entity}<worksheet")).replace(">46348<", ">&b;<").into_bytes()
        });
        let answer = check(&mut designer, &entities);
        let text = answer.text();
        assert!(answer.status == 200 && text.contains("2 are refused") && !text.contains("aaaa"), "{text}");
        assert_eq!(rows(database), before, "entities");
    }
}
