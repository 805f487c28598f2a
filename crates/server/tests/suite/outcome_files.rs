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
