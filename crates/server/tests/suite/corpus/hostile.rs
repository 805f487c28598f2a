//! W9, W10, I13, I14: text that would be something else to a browser, a spreadsheet or a template is text wherever it is shown.

use actix_web::http::Method;
use fairtrial_server::{
    routes,
    transport::{Needs, Row},
};
use serde_json::{Value, json};

use super::{alive, tells_of_the_inside};
use crate::{
    browser::Browser,
    client::Response,
    frontline::call,
    plan,
    running::{World, start_filled},
};

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></textarea><svg><a xlink:href=\"javascript:alert(1)\">x",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "=cmd|'/c calc'!A1",
    "javascript:alert(1)//'`&#x3c;&lt;",
    "]]>--><!--<x>",
];

/// What must not stand anywhere on a page or in a feed.
const ALIVE: [&str; 7] =
    ["<script>alert", "<img src=x", "<svg><a", "href=\"javascript:", "onerror=alert(1)>", "49$", "]]>--><!--"];

fn judge(response: &Response, what: &str, wrong: &mut Vec<String>) {
    let kind = response.header("content-type").unwrap_or_default();
    if kind.starts_with("application/vnd") {
        return;
    }
    let text = response.text();
    if response.status >= 500 || tells_of_the_inside(&text) {
        wrong.push(format!("{what}: {} {}", response.status, text.chars().take(200).collect::<String>()));
    }
    if kind.starts_with("text/html") || kind.contains("xml") || kind.contains("svg") {
        let found = ALIVE.iter().find(|alive| text.contains(**alive));
        if let Some((found, at)) = found.and_then(|found| Some((found, text.find(*found)?))) {
            let from = text.char_indices().map(|(place, _)| place).rfind(|place| *place + 80 < at).unwrap_or(0);
            let around: String = text.get(from..).unwrap_or_default().chars().take(200).collect();
            wrong.push(format!("{what}: {found} is alive: {around}"));
        }
    }
    if kind.starts_with("text/csv") {
        let cells = text.lines().flat_map(|line| line.split(','));
        if let Some(cell) =
            cells.map(|cell| cell.trim_start_matches('"')).find(|cell| cell.starts_with(['=', '@', '\t']))
        {
            wrong.push(format!("{what}: a formula: {cell}"));
        }
    }
}

struct Field {
    name: String,
    value: String,
    /// Whether anything can be typed into it.
    open: bool,
}

struct Form {
    action: String,
    parts: bool,
    fields: Vec<Field>,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let codes = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    Some(codes.iter().fold(value.to_owned(), |text, (code, letter)| text.replace(code, letter)))
}

/// The forms of a page that are sent, with what stands in them.
fn forms_on(text: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for part in text.split("<form ").skip(1) {
        let (head, rest) = part.split_once('>').unwrap_or((part, ""));
        let head = format!(" {head}");
        let Some(action) = attribute(&head, "action").filter(|_| head.contains("method=\"post\"")) else { continue };
        let mut fields: Vec<Field> = Vec::new();
        for tag in rest.split("</form>").next().unwrap_or_default().split('<') {
            let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
            let Some(name) = attribute(tag, "name").filter(|name| name != "csrf") else { continue };
            let chosen = ["radio", "checkbox"].iter().any(|kind| tag.contains(&format!("type=\"{kind}\"")));
            let hidden = tag.contains("type=\"hidden\"");
            if chosen && fields.iter().any(|field| field.name == name) {
                continue;
            }
            let value = if tag.starts_with("textarea") {
                after.trim().to_owned()
            } else {
                attribute(tag, "value").unwrap_or_default()
            };
            fields.push(Field { name, value, open: !chosen && !hidden });
        }
        forms.push(Form { action, parts: head.contains("multipart"), fields });
    }
    forms
}

/// Sends each form of a page once for each field and each hostile text.
fn attack(browser: &mut Browser, page: &str, wrong: &mut Vec<String>) -> usize {
    let shown = browser.get(page);
    assert_eq!(shown.status, 200, "{page}: {}", shown.text());
    let mut sent = 0;
    for form in forms_on(&shown.text()).into_iter().filter(|form| form.action != "/sign-out") {
        for field in form.fields.iter().filter(|field| field.open) {
            for hostile in HOSTILE {
                let fields: Vec<(&str, &str)> = form
                    .fields
                    .iter()
                    .map(|other| {
                        (other.name.as_str(), if other.name == field.name { hostile } else { other.value.as_str() })
                    })
                    .collect();
                let response = if form.parts {
                    browser.post_parts(&form.action, &fields)
                } else {
                    browser.post(&form.action, &fields)
                };
                let what = format!("{} {} = {hostile}", form.action, field.name);
                judge(&response, &what, wrong);
                if response.status == 403 {
                    wrong.push(format!("{what}: refused before it was read"));
                }
                sent += 1;
            }
        }
    }
    sent
}

/// A plan all of whose texts are hostile.
fn hostile_plan() -> Value {
    let mut made = plan::simple("hostile", "justice", "hostile-desk");
    let all = HOSTILE[..6].concat();
    assert!(all.chars().count() <= 200, "it fits into a title");
    for (pointer, text) in [
        ("/title", all.as_str()),
        ("/public_summary", &all),
        ("/owner", HOSTILE[4]),
        ("/hypothesis/change", &all),
        ("/hypothesis/who", &all),
        ("/hypothesis/because", &all),
        ("/arms/0/name", HOSTILE[0]),
        ("/arms/1/name", HOSTILE[4]),
        ("/outcomes/0/name", HOSTILE[1]),
        ("/risk/least_able_to_cope", &all),
        ("/data/lawful_basis", HOSTILE[2]),
        ("/data/sources/0", HOSTILE[0]),
    ] {
        *made.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the plan")) = json!(text);
    }
    made["arms"][0]["payload"] = json!({"line": all, "link": "javascript:alert(1)"});
    made
}

/// Two trials with that plan, one a draft and one under way, with people in it and numbers after its end.
fn prepare(world: &World) {
    for key in ["hostile", "hostile-draft"] {
        let mut document = hostile_plan();
        document["key"] = json!(key);
        document["touchpoint"] = json!(format!("{key}-desk"));
        let made = call(world, "justice", "POST", "/v1/trials", Some(&document));
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let submitted = call(world, "justice", "POST", "/v1/trials/hostile/submit", Some(&json!({})));
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    approver.get("/trials/hostile");
    assert_eq!(approver.post("/trials/hostile/approve", &[]).status, 303);
    let started = call(world, "justice", "POST", "/v1/trials/hostile/start", Some(&json!({})));
    assert_eq!(started.status, 200, "{}", started.text());
    for n in 0..30 {
        let unit = json!({"unit": format!("u-{n}")});
        assert_eq!(call(world, "justice", "POST", "/v1/trials/hostile/assignments", Some(&unit)).status, 200);
    }
}

#[test]
fn hostile_text_in_every_field_of_every_form_stays_text() {
    let world = start_filled();
    prepare(&world);
    let mut wrong = Vec::new();
    let mut sent = 0;
    let code = call(&world, "justice", "GET", "/register.json", None).json();
    let code = code["trials"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|trial| trial["trial"] == "hostile")
        .expect("it is public")["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let mut visitor = Browser::new(world.address);
    sent += attack(&mut visitor, &format!("/t/{code}/ask"), &mut wrong);
    sent += attack(&mut visitor, "/sign-in", &mut wrong);
    for (who, pages) in [
        (
            "designer",
            &[
                "/trials/new/steps",
                "/trials/new",
                "/trials/hostile-draft/document",
                "/trials/hostile/amend",
                "/trials/hostile/links",
                "/trials/hostile/outcome-files",
                "/trials/hostile/notes/harm",
                "/trials/hostile/notes/override",
                "/trials/hostile/notes/delivery",
                "/optouts",
                // These move the trials on.
                "/trials/hostile-draft",
                "/trials/hostile",
            ][..],
        ),
        ("administrator", &["/admin/people/new", "/admin/keys/new", "/names"]),
        ("approver", &["/trials/open-door/batches", "/trials/hostile/review"]),
    ] {
        let mut browser = Browser::signed_in(world.address, &format!("{who}@justice.example"));
        for page in pages {
            sent += attack(&mut browser, page, &mut wrong);
        }
    }
    eprintln!("{sent} inputs");
    assert!(sent > 250, "{sent} were sent");
    // Everything that was taken is shown somewhere: on the pages of everybody.
    let mut seen = 0;
    let addresses = |row: &Row| -> Vec<String> {
        let path = row
            .path
            .replace("{code}", &code)
            .replace("{batch}", "none")
            .replace("{file}", "1")
            .replace("{number}", "1")
            .replace("{what}", "harm")
            .replace("{step}", "question")
            .replace("{token}", "none")
            .replace("{name}", "app.css");
        if !path.contains("{trial}") {
            return vec![path];
        }
        ["open-door", "hostile", "hostile-draft"].iter().map(|trial| path.replace("{trial}", trial)).collect()
    };
    let rows: Vec<Row> = routes::table()
        .into_iter()
        .filter(|row| {
            row.method == Method::GET && !matches!(row.needs, Needs::Scope(_)) && !row.path.contains("stream")
        })
        .collect();
    for who in ["designer", "administrator", "approver", "analyst"] {
        let mut browser = Browser::signed_in(world.address, &format!("{who}@justice.example"));
        for address in rows.iter().flat_map(addresses) {
            let response = browser.get(&address);
            judge(&response, &format!("{who}: GET {address}"), &mut wrong);
            seen += usize::from(response.status == 200);
        }
    }
    assert!(seen > 100, "{seen} pages were seen");
    assert!(wrong.is_empty(), "{} of {sent}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(alive(world.address));
    // The eye that looks for it is not blind.
    let body = b"<html><title><script>alert(1)</script></title></html>".to_vec();
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    judge(&Response { status: 200, headers, body }, "a page", &mut wrong);
    let headers = vec![("content-type".to_owned(), "text/csv".to_owned())];
    judge(&Response { status: 200, headers, body: b"a,\"=1\"\n".to_vec() }, "a table", &mut wrong);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}
