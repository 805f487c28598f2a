use super::public::plan;
use super::{LONG, NASTY, Pages, inside, page};
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::Frame;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::guide::{Check, Given, Shape, Start, StepPage, TaskState, Tasks};

const PATTERNS: [&str; 5] = ["reminder_letter", "form_wording", "call_script", "queue_rule", "appointment_text"];

/// A field's name, and how it is typed: one line, several, or one of these.
type Field = (&'static str, &'static [&'static str]);

/// Every step with its fields, as the use case asks them.
const STEPS: [(&str, &[Field]); 9] = [
    ("question", &[("title", &[]), ("public_summary", &["lines"]), ("owner", &[])]),
    ("idea", &[("change", &["lines"]), ("because", &["lines"])]),
    ("versions", &[("usual", &[]), ("new", &[]), ("usual_cost", &[]), ("new_cost", &[])]),
    ("people", &[("who", &["lines"]), ("least_able_to_cope", &["lines"])]),
    (
        "outcome",
        &[
            ("outcome", &[]),
            ("event", &[]),
            ("better", &["increase", "decrease"]),
            ("follow_up_days", &[]),
            ("expected", &[]),
            ("smallest", &[]),
            ("margin", &[]),
        ],
    ),
    ("harm", &[("harm", &[]), ("harm_event", &[]), ("harm_margin", &[])]),
    ("size", &[("max_units", &[]), ("ends_on", &[])]),
    (
        "risk",
        &[
            ("money", &["no", "low", "some", "high"]),
            ("time", &["no", "low", "some", "high"]),
            ("right", &["no", "low", "some", "high"]),
            ("privacy", &["no", "low", "some", "high"]),
            ("dignity", &["no", "low", "some", "high"]),
            ("reversible", &["yes", "no"]),
        ],
    ),
    (
        "data",
        &[
            ("notice", &["individual", "general", "after", "register_only"]),
            ("lawful_basis", &[]),
            ("sources", &["lines"]),
            ("retain_units_days", &[]),
            ("uses_maori_data", &["yes", "no"]),
        ],
    ),
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
        steps.map(|(place, (step, _))| TaskState { step: (*step).to_owned(), open: open(place) }).collect()
    };
    let tasks = |title: &str, open| Tasks::new(framed(), "fines-letter", title, &states(open));
    page(pages, "guide/tasks-empty", &tasks(title, |_| true));
    page(pages, "guide/tasks-typical", &tasks(title, |place| place > 3));
    page(pages, "guide/tasks-worst", &tasks(&format!("{NASTY} {LONG}"), |_| false));

    let sentence = "If it happens for 20 in 100 people today, about 2,900 people are needed for a chance of 80 in 100 to \
                    show a difference of 3 in 100.";
    for (step, fields) in STEPS {
        let given = fields.iter().map(|field| given(*field, "[what is different]")).collect();
        let sentences = if step == "size" { vec![sentence.to_owned()] } else { vec![] };
        let shown = StepPage::new(framed(), ("fines-letter", title), step, given, sentences, ErrorSummary::default());
        page(pages, &format!("guide/step-{step}"), &shown);
    }
    let (step, fields) = STEPS[4];
    let faults = fields.iter().map(|(name, _)| Fault::of_field(name, &format!("{NASTY} {LONG}"))).collect();
    let given = fields.iter().map(|field| given(*field, NASTY)).collect();
    let shown =
        StepPage::new(framed(), ("fines-letter", NASTY), step, given, vec![LONG.into()], ErrorSummary { faults });
    page(pages, "guide/step-worst", &shown);

    let signers = [PersonRole::Approver, PersonRole::Privacy];
    page(pages, "guide/check-typical", &Check::of(framed(), &plan(None), vec![sentence.to_owned()], &signers));
    page(pages, "guide/check-worst", &Check::of(framed(), &plan(Some(NASTY)), vec![LONG.into()], &signers));
}
