use super::public::plan;
use super::{LONG, NASTY, Pages, inside, page};
use fairtrial_domain::trial::{PersonRole, Tier};
use fairtrial_pages::Frame;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::guide::{Answered, Asked, Check, Given, Shape, Start, StepPage, TaskState, Tasks};
use fairtrial_pages::trial::Change;

const PATTERNS: [&str; 5] = ["reminder_letter", "form_wording", "call_script", "queue_rule", "appointment_text"];

/// A field's name, and how it is typed: one line, several, a day, any of these, or one of these.
type Field = (&'static str, &'static [&'static str]);

/// Every step with its fields, as the use case asks them.
const STEPS: [(&str, &[Field]); 23] = [
    ("question", &[("title", &[]), ("public_summary", &["lines"]), ("owner", &[])]),
    ("idea", &[("change", &["lines"]), ("because", &["lines"])]),
    ("versions", &[("usual", &[]), ("new", &[]), ("usual_cost", &[]), ("new_cost", &[])]),
    ("shown", &[("usual_payload", &["lines"]), ("new_payload", &["lines"])]),
    ("people", &[("who", &["lines"])]),
    ("rules", &[("attributes", &["lines"]), ("include", &["lines"]), ("exclude", &["lines"])]),
    (
        "unit",
        &[
            ("leaks", &["no", "yes", "in_turn"]),
            ("balanced", &["blocks", "levels"]),
            ("roster", &["lines"]),
            ("steps", &["lines"]),
            ("transition", &[]),
        ],
    ),
    (
        "risk",
        &[
            ("entitlement", &["no", "delays", "removes"]),
            ("money", &["no", "low", "some", "high"]),
            ("time", &["no", "low", "some", "high"]),
            ("right", &["no", "low", "some", "high"]),
            ("privacy", &["no", "low", "some", "high"]),
            ("dignity", &["no", "low", "some", "high"]),
            ("reversible", &["yes", "no"]),
        ],
    ),
    ("protection", &[("least_able_to_cope", &["lines"])]),
    ("maori_data", &[("uses_maori_data", &["yes", "no"])]),
    ("kaitiaki", &[("kaitiaki_group", &[]), ("kaitiaki_contact", &[]), ("kaitiaki_decision", &["lines"])]),
    ("outcome", &[("outcome", &[]), ("event", &[]), ("better", &["increase", "decrease"]), ("follow_up_days", &[])]),
    ("effect", &[("expected", &[]), ("smallest", &[]), ("margin", &[]), ("margin_reason", &["lines"])]),
    (
        "harm",
        &[
            ("harm", &[]),
            ("harm_event", &[]),
            ("harm_margin", &[]),
            ("harm_margin_reason", &["lines"]),
            ("severe", &[]),
        ],
    ),
    (
        "guardrail",
        &[
            ("guard", &[]),
            ("guard_event", &[]),
            ("guard_better", &["increase", "decrease"]),
            ("guard_margin", &[]),
            ("guard_margin_reason", &["lines"]),
        ],
    ),
    ("fairness", &[("equity_groups", &["any", "district", "age_group"]), ("equity_margin", &[])]),
    ("size", &[("max_units", &[]), ("alike", &[]), ("units_per_day", &[]), ("ends_on", &["day"])]),
    ("looks", &[("looks", &["1", "2", "3", "4", "5", "as_planned"]), ("gives_up", &["yes", "no"])]),
    (
        "notice",
        &[
            ("notice", &["individual", "general", "after", "register_only"]),
            ("notice_text", &["lines"]),
            ("opt_out", &["lines"]),
        ],
    ),
    ("data", &[("lawful_basis", &[]), ("sources", &["lines"]), ("retain_units_days", &[])]),
    ("privacy", &[("pia", &["lines"]), ("hosting", &[]), ("review_on", &["day"])]),
    (
        "tags",
        &[
            ("touchpoint", &[]),
            ("technique", &["any", "reminder", "plainer_words"]),
            ("people_are", &["any", "everybody", "staff"]),
        ],
    ),
    ("comment", &[("comment_from", &["day"]), ("comment_until", &["day"])]),
];

fn framed() -> Frame {
    let mut frame = inside(Section::Trials);
    frame.facts.protocol_id = Some("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into());
    frame
}

fn given((name, shape): (&str, &[&str]), text: &str) -> Given {
    let (shape, text) = match shape {
        [] => (Shape::Line, text.to_owned()),
        ["lines"] => (Shape::Lines, text.to_owned()),
        ["day"] => (Shape::Day, "2027-6-30".to_owned()),
        ["any", values @ ..] => (Shape::AnyOf(values.iter().map(|word| (*word).to_owned()).collect()), values.concat()),
        [first, ..] => (Shape::OneOf(shape.iter().map(|word| (*word).to_owned()).collect()), (*first).to_owned()),
    };
    Given { name: name.to_owned(), shape, text }
}

pub(crate) fn add(pages: &mut Pages) {
    let title = "Does a shorter letter help people pay?";
    let start = |answers, faults| Start::new(inside(Section::Trials), &PATTERNS, answers, ErrorSummary { faults });
    page(pages, "guide/start-empty", &start(("", "", ""), vec![]));
    let wrong = vec![
        Fault::of_field("pattern", "Choose what you want to change"),
        Fault::of_field("aim", "Choose what the trial should show"),
    ];
    page(pages, "guide/start-worst", &start((NASTY, "", ""), wrong));

    let states = |open: fn(usize) -> bool| -> Vec<TaskState> {
        let steps = STEPS.iter().enumerate();
        let names = |fields: &[Field]| fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        let open = |place, fields: &[Field]| if open(place) { names(fields) } else { vec![] };
        let state = |(place, (step, fields)): (usize, &(&str, &[Field]))| TaskState {
            step: (*step).to_owned(),
            open: open(place, fields),
            comments: u64::from(place % 5 == 4),
        };
        steps.map(state).collect()
    };
    let tasks = |title: &str, open, elsewhere| {
        let ready = elsewhere == Vec::<String>::new();
        Tasks::new(framed(), ("fines-letter", title), &states(open), elsewhere, (ready, if ready { 4 } else { 0 }))
    };
    page(pages, "guide/tasks-empty", &tasks(title, |_| true, vec![]));
    page(pages, "guide/tasks-typical", &tasks(title, |place| place > 3, vec![]));
    page(pages, "guide/tasks-ready", &tasks(title, |_| false, vec![]));
    page(pages, "guide/tasks-worst", &tasks(&format!("{NASTY} {LONG}"), |_| false, vec![NASTY.into(), LONG.into()]));

    let sentence = "If it happens for 20 in 100 people today, about 2,900 people are needed for a chance of 80 in 100 to \
                    show a difference of 3 in 100.";
    let asked = |remark: &str, by: &str| Asked { number: 3, remark: remark.into(), by: by.into() };
    for (step, fields) in STEPS {
        let given = fields.iter().map(|field| given(*field, "[what is different]")).collect();
        let sentences = if step == "size" { vec![sentence.to_owned()] } else { vec![] };
        let shown = StepPage::new(framed(), ("fines-letter", title), step, given, sentences, ErrorSummary::default());
        let shown = match step {
            "shown" => shown.with_preview(plan(None).protocol()),
            "looks" => shown.with_rule(plan(None).protocol()),
            "data" => shown.with_comments(vec![asked("Why so long?", "Ana Tuisamoa")]),
            _ => shown,
        };
        page(pages, &format!("guide/step-{step}"), &shown);
    }
    let (step, fields) = STEPS[11];
    let faults = fields.iter().map(|(name, _)| Fault::of_field(name, &format!("{NASTY} {LONG}"))).collect();
    let typed = fields.iter().map(|field| given(*field, NASTY)).collect();
    let shown =
        StepPage::new(framed(), ("fines-letter", NASTY), step, typed, vec![LONG.into()], ErrorSummary { faults });
    let shown = shown.with_comments(vec![asked(NASTY, NASTY), asked(LONG, LONG)]);
    page(pages, "guide/step-worst", &shown);

    let signers = [PersonRole::Approver, PersonRole::Privacy];
    let answers = |text: &str| -> Vec<(String, Vec<Given>)> {
        let steps = STEPS.iter();
        steps
            .map(|(step, fields)| ((*step).to_owned(), fields.iter().map(|field| given(*field, text)).collect()))
            .collect()
    };
    let answered = |plan, text: &str, changes| Answered {
        plan,
        steps: answers(text),
        sentences: vec![sentence.to_owned()],
        rehearsed: text.is_empty(),
        changes,
        tier: Tier::One,
        signers: &signers,
    };
    let (typical, worst) = (plan(None), plan(Some(NASTY)));
    page(pages, "guide/check-empty", &Check::of(framed(), answered(&typical, "", None)));
    page(pages, "guide/check-typical", &Check::of(framed(), answered(&typical, "Usual letter", Some(vec![]))));
    let asked = |pointer: &str| (pointer == "/title").then_some(("question", "title"));
    let changes = Change::between(&typical, &worst, asked);
    page(pages, "guide/check-worst", &Check::of(framed(), answered(&worst, NASTY, Some(changes))));
}
