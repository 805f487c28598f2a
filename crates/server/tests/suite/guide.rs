//! A plan made step by step, by somebody with a browser and without statistics.

use crate::{browser::Browser, running::start_filled};

/// The answers that only the designer has, and those that a pattern has filled in.
const ANSWERS: [(&str, &[(&str, &str)]); 9] = [
    (
        "question",
        &[
            ("title", "Does a shorter letter help people pay?"),
            ("public_summary", "Some people get the usual letter and some a shorter one."),
            ("owner", "fines team"),
        ],
    ),
    ("idea", &[("change", "half the words"), ("because", "people say they do not read it")]),
    ("versions", &[("usual", "Usual letter"), ("new", "Short letter"), ("usual_cost", "1.10"), ("new_cost", "")]),
    (
        "people",
        &[
            ("who", "people with one overdue fine"),
            ("attributes", "district: north, south (balance)\nage: 0 to 120 (in)"),
            ("include", "age at least 18"),
            ("exclude", ""),
            ("least_able_to_cope", "people in hardship are left out"),
        ],
    ),
    (
        "outcome",
        &[
            ("outcome", "Paid within 28 days"),
            ("event", "fine.settled"),
            ("better", "increase"),
            ("follow_up_days", "28"),
            ("expected", "20"),
            ("smallest", "3"),
        ],
    ),
    ("harm", &[("harm", "Complained"), ("harm_event", "harm.reported"), ("harm_margin", "2")]),
    ("size", &[("max_units", "6,000"), ("ends_on", "2028-06-30")]),
    (
        "risk",
        &[
            ("money", "no"),
            ("time", "no"),
            ("right", "no"),
            ("privacy", "no"),
            ("dignity", "low"),
            ("reversible", "yes"),
        ],
    ),
    (
        "data",
        &[
            ("notice", "individual"),
            ("lawful_basis", "fines law"),
            ("sources", "fines register"),
            ("retain_units_days", "365"),
            ("uses_maori_data", "no"),
        ],
    ),
];

/// The plan that stands on the page.
fn plan_on(text: &str) -> String {
    let rest = text.split("name=\"protocol_id\" value=\"").nth(1).expect("the page names its plan");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn from_a_pattern_to_approval_without_a_document() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    assert!(designer.get("/trials/new").text().contains("/trials/new/steps"));
    designer.get("/trials/new/steps");
    let incomplete = designer.post("/trials/new/steps", &[("title", " "), ("pattern", "")]);
    assert_eq!(incomplete.status, 422);
    for what in ["Write your question", "Choose what you want to change", "Choose what the trial should show"] {
        assert!(incomplete.text().contains(what), "{what}");
    }
    let first = [("title", "Short letters?"), ("pattern", "reminder_letter"), ("aim", "better")];
    let made = designer.post("/trials/new/steps", &first);
    assert_eq!((made.status, made.header("location")), (303, Some("/trials/short-letters/steps")), "{}", made.text());
    designer.get("/trials/new/steps");
    let again = designer.post("/trials/new/steps", &first);
    assert_eq!(again.header("location"), Some("/trials/short-letters-2/steps"), "a key is used once");

    let tasks = designer.get("/trials/short-letters/steps").text();
    assert!(tasks.contains("5 steps are still to be filled in"), "{tasks}");
    let early = designer.get("/trials/short-letters/check");
    assert_eq!(early.header("location"), Some("/trials/short-letters/steps"), "nothing is sent with gaps in it");

    let mut before = String::new();
    for (place, (step, answers)) in ANSWERS.into_iter().enumerate() {
        let address = format!("/trials/short-letters/steps/{step}");
        let shown = designer.get(&address).text();
        let plan = plan_on(&shown);
        let mut fields = answers.to_vec();
        fields.push(("protocol_id", &plan));
        let saved = designer.post(&address, &fields);
        let next = match ANSWERS.get(place + 1) {
            Some((next, _)) => format!("/trials/short-letters/steps/{next}"),
            None => "/trials/short-letters/steps".to_owned(),
        };
        assert_eq!((saved.status, saved.header("location")), (303, Some(next.as_str())), "{step}: {}", saved.text());
        before = plan;
    }
    let mut stale = ANSWERS[0].1.to_vec();
    stale.push(("protocol_id", &before));
    designer.get("/trials/short-letters/steps/question");
    assert_eq!(
        designer.post("/trials/short-letters/steps/question", &stale).status,
        409,
        "somebody else saved meanwhile"
    );

    let size = designer.get("/trials/short-letters/steps/size").text();
    assert!(size.contains("so it can answer the question"), "{size}");
    let check = designer.get("/trials/short-letters/check").text();
    for what in ["Short letter", "Paid within 28 days", "fines team", "Who must sign", "3 in 100"] {
        assert!(check.contains(what), "{what}");
    }
    let sent = designer.post("/trials/short-letters/submit", &[("protocol_id", &plan_on(&check))]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert_eq!(designer.get("/trials/short-letters/steps").status, 409, "a plan that people sign stays as it is");
}

#[test]
fn an_answer_that_does_not_fit_is_told_at_its_field_and_saves_nothing() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    designer.get("/trials/new/steps");
    designer.post("/trials/new/steps", &[("title", "Queues?"), ("pattern", "queue_rule"), ("aim", "not_worse")]);
    let shown = designer.get("/trials/queues/steps/outcome").text();
    assert!(shown.contains("largest loss that you could accept"), "a plan to be no worse asks for its limit");
    let plan = plan_on(&shown);
    let fields = [
        ("outcome", "Served in time"),
        ("event", "queue.served"),
        ("better", "increase"),
        ("follow_up_days", "soon"),
        ("expected", "120"),
        ("smallest", "3"),
        ("margin", "5"),
        ("protocol_id", &plan),
    ];
    let refused = designer.post("/trials/queues/steps/outcome", &fields);
    let text = refused.text();
    assert_eq!(refused.status, 422);
    assert!(text.contains("href=\"#follow_up_days\"") && text.contains("href=\"#expected\""), "{text}");
    assert!(text.contains("value=\"soon\"") && text.contains("Served in time"), "what was typed is kept");
    assert_eq!(plan_on(&designer.get("/trials/queues/steps/outcome").text()), plan, "nothing was saved");

    let mut stranger = Browser::signed_in(world.address, "designer@health.example");
    assert_eq!(stranger.get("/trials/queues/steps").status, 404);
    assert_eq!(designer.get("/trials/open-door/steps").status, 409, "a trial under way is not changed");
    assert_eq!(designer.get("/trials/queues/steps/nothing").status, 404);
}
