use super::{LONG, NASTY, Pages, inside, moment, outside, page};
use fairtrial_domain::trial::MessageKind;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::message::{Answer, Create, Created, List, Row, Show, Standing};

const AGENCY: &str = "Ministry of Made-up Justice";

pub(crate) fn add(pages: &mut Pages) {
    let nothing = |_: &str| String::new();
    let about = ("0A1B1CD", "Overdue fines", AGENCY);
    page(pages, "message/create-empty", &Create::new(outside(), about, 365, nothing, ErrorSummary::default()));
    let faults = ["kind", "words", "reference"].map(|field| Fault::of_field(field, "Say it once more."));
    let errors = ErrorSummary { faults: faults.to_vec() };
    let typed = |name: &str| if name == "kind" { "complaint".to_owned() } else { NASTY.to_owned() };
    page(pages, "message/create-worst", &Create::new(outside(), ("0A1B1CD", NASTY, LONG), 90, typed, errors));
    let created = Created::new(outside(), ("0A1B1CD", AGENCY), "me-k3f9-x0qz-71ab");
    page(pages, "message/created-typical", &created);
    let answer = |answer: Option<&str>, words: &str| Answer {
        frame: outside(),
        code: "0A1B1CD".into(),
        agency: AGENCY.into(),
        kind: MessageKind::Complaint,
        words: words.into(),
        sent: moment("2026-11-20T00:00:00Z"),
        answer: answer.map(|text| (text.to_owned(), moment("2026-11-22T00:00:00Z"))),
    };
    page(pages, "message/answer-empty", &answer(None, "Why did I get the short letter?"));
    page(pages, "message/answer-typical", &answer(Some("Chance decided."), "Why did I get the short letter?"));
    page(pages, "message/answer-worst", &answer(Some(&format!("{NASTY} {LONG}")), &format!("{LONG} {NASTY}")));
    lists(pages);
}

fn row(standing: Standing, words: &str) -> Row {
    Row {
        key: "fines-letter".into(),
        title: "Overdue fines".into(),
        number: 3,
        kind: MessageKind::Question,
        words: words.into(),
        sent: moment("2026-11-20T00:00:00Z"),
        standing,
    }
}

fn lists(pages: &mut Pages) {
    let list = |rows| List { frame: inside(Section::Messages), kept_days: 365, rows };
    let at = || moment("2026-12-04T00:00:00Z");
    page(pages, "message/list-empty", &list(vec![]));
    page(
        pages,
        "message/list-typical",
        &list(vec![
            row(Standing::Overdue(at()), "Was it me?"),
            row(Standing::Waits(at()), "Why me?"),
            row(Standing::Answered(at()), "Who decides?"),
        ]),
    );
    let worst = Row { title: LONG.into(), number: i64::MAX, ..row(Standing::Overdue(at()), &NASTY.repeat(40)) };
    page(pages, "message/list-worst", &list(vec![worst; 12]));
    let show = |may_answer, answer: Option<&str>| Show {
        frame: inside(Section::Messages),
        errors: ErrorSummary::default(),
        key: "fines-letter".into(),
        title: "Overdue fines".into(),
        number: 3,
        kind: MessageKind::Question,
        words: "Why did I get the short letter?".into(),
        sent: moment("2026-11-20T00:00:00Z"),
        answer: answer.map(|text| (text.to_owned(), "Ann Moana".to_owned(), moment("2026-11-22T00:00:00Z"))),
        may_answer,
        typed: String::new(),
    };
    page(pages, "message/show-typical", &show(true, None));
    page(pages, "message/show-answered", &show(true, Some("Chance decided.")));
    page(pages, "message/show-reader", &show(false, None));
    let errors = ErrorSummary { faults: vec![Fault::of_field("words", "Write something.")] };
    let worst = Show { errors, title: LONG.into(), words: NASTY.into(), typed: NASTY.into(), ..show(true, None) };
    page(pages, "message/show-worst", &worst);
}
