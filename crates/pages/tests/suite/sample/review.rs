use super::{LONG, NASTY, Pages, inside, moment, page, public, report};
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::protocol::Role;
use fairtrial_domain::trial::{PersonRole, PlanPart, State, Tier, Verb};
use fairtrial_pages::component::{ErrorSummary, Fault, SummaryList};
use fairtrial_pages::frame::Section;
use fairtrial_pages::review::{
    Attention, Burden, Comment, CommentAnswer, HarmRules, List, Matter, Review, Row, Show, Similar, Since,
    harm_sentence, red_checks,
};
use fairtrial_pages::trial::Change;

pub(crate) fn add(pages: &mut Pages) {
    lists(pages);
    shows(pages);
}

fn row(title: &str, mine: Option<PersonRole>) -> Row {
    Row {
        key: "fines-letter".into(),
        title: title.into(),
        amendment: None,
        tier: Tier::One,
        mine,
        on_condition: false,
        missing: vec![PersonRole::Approver, PersonRole::Privacy],
        since: moment("2026-11-20T00:00:00Z"),
    }
}

pub(super) fn since(matter: Matter, sentence: &str, roles: &[PersonRole]) -> Since {
    Since {
        address: "/trials/fines-letter".into(),
        title: "Overdue fines".into(),
        matter,
        sentence: sentence.into(),
        since: moment("2026-11-21T00:00:00Z"),
        what_to_do: matter.what_to_do(roles),
    }
}

/// One of each kind, for somebody with these roles.
pub(super) fn attention(roles: &[PersonRole]) -> Attention {
    let red = red_checks(&["sample_ratio".into(), "contamination".into()]);
    let events = vec![
        since(Matter::Harm, "A boundary for harm was crossed.", roles),
        since(Matter::Suspended, "The trial is suspended. Two people rang in.", roles),
        since(Matter::Checks, &red, roles),
        since(
            Matter::PastEnd,
            "Enrolment was to end on 20 November 2026, and has not been ended. Nobody new enters.",
            roles,
        ),
        since(Matter::Overdue, "The results should have been public by now.", roles),
    ];
    Attention { events }
}

fn lists(pages: &mut Pages) {
    let list = |mine, others| List { frame: inside(Section::Reviews), mine, others, since: Attention::default() };
    page(pages, "review/list-empty", &list(vec![], vec![]));
    let mine = vec![
        row("Overdue fines", Some(PersonRole::Privacy)),
        Row { amendment: Some(3), on_condition: true, ..row("Kiosk greeting", Some(PersonRole::Privacy)) },
    ];
    let mut events = attention(&[PersonRole::Privacy]).events;
    events.push(since(Matter::Message, "2 messages wait for an answer.", &[PersonRole::Privacy]));
    let typical = List { since: Attention { events }, ..list(mine, vec![row("Rates rebate", None)]) };
    page(pages, "review/list-typical", &typical);
    let worst =
        Row { missing: PersonRole::ALL.to_vec(), amendment: Some(i64::MAX), ..row(NASTY, Some(PersonRole::Ethics)) };
    let nasty = Since { title: LONG.into(), ..since(Matter::Harm, NASTY, &[PersonRole::Monitor]) };
    let worst = List { since: Attention { events: vec![nasty; 8] }, ..list(vec![worst; 20], vec![row(LONG, None)]) };
    page(pages, "review/list-worst", &worst);
}

fn review(plan: &LockedProtocol) -> Review<'_> {
    Review {
        plan,
        amendment: None,
        tier: Tier::One,
        tier_reasons: vec!["Somebody could be upset a little.".into()],
        changes: None,
        signatures: vec![
            (PersonRole::Approver, Some(("Bill Harper".into(), moment("2026-11-20T00:00:00Z")))),
            (PersonRole::Privacy, None),
        ],
        comments: vec![],
        questions: vec![(PlanPart::Idea, "question"), (PlanPart::Data, "data"), (PlanPart::Data, "privacy")],
        rules: HarmRules::NotRehearsed,
        burden: Burden::default(),
        similar: vec![],
        verbs: vec![Verb::Approve, Verb::Return, Verb::Refuse, Verb::Suspend],
        may_comment: true,
    }
}

/// A trial that is over, with its harm measures in released numbers.
fn similar(title: &str, found: &fairtrial_analysis::Report) -> Similar {
    let released = public::released(found);
    let names: Vec<_> = released.arms.iter().map(|arm| (arm.arm.clone(), arm.name.clone())).collect();
    let harms = released.outcomes.iter().filter(|outcome| outcome.role == Role::Harm);
    Similar {
        key: "reminders".into(),
        title: title.into(),
        agency: "Ministry of Made-up Justice".into(),
        standing: (State::Archived, released.verdict.kind == VerdictKind::Harmful),
        finding: Some((released.verdict.kind, released.verdict.headline.clone())),
        harms: harms.filter_map(|harm| harm_sentence(harm, &names)).collect(),
    }
}

fn comment(number: i64, place: PlanPart, remark: &str) -> Comment {
    Comment {
        number,
        place,
        question: None,
        remark: remark.into(),
        by: "Ana Tuisamoa".into(),
        at: moment("2026-11-21T00:00:00Z"),
        current: true,
        answers: vec![],
        open: true,
        waits: true,
        own: true,
        may_answer: true,
        may_resolve: true,
    }
}

fn comment_answer(remark: &str, resolves: bool) -> CommentAnswer {
    CommentAnswer { remark: remark.into(), by: "Mere Ngata".into(), at: moment("2026-11-22T00:00:00Z"), resolves }
}

fn worst_comment((number, place): (i64, PlanPart)) -> Comment {
    Comment {
        by: NASTY.into(),
        current: number % 2 == 0,
        answers: vec![CommentAnswer { by: NASTY.into(), ..comment_answer(LONG, false) }; 3],
        may_resolve: number % 3 == 0,
        ..comment(number, place, &format!("{NASTY} {LONG}"))
    }
}

/// Comments that wait, that were answered, and that are resolved.
fn talked() -> Vec<Comment> {
    let answered = comment_answer("It is 180 days now.", false);
    vec![
        comment(1, PlanPart::Data, "Why are the data kept for so long?"),
        Comment {
            waits: false,
            own: false,
            may_resolve: false,
            answers: vec![answered.clone()],
            ..comment(2, PlanPart::Data, "Half a year would do.")
        },
        Comment { question: Some("privacy"), ..comment(4, PlanPart::Data, "In which country?") },
        Comment {
            waits: false,
            open: false,
            answers: vec![answered, comment_answer("", true)],
            ..comment(3, PlanPart::Versions, "The new letter has no phone number.")
        },
    ]
}

fn shows(pages: &mut Pages) {
    let nothing = |_: &str| String::new();
    let inside = || inside(Section::Reviews);
    let plan = public::plan(None);
    page(pages, "review/show-typical", &Show::of(inside(), review(&plan), nothing, ErrorSummary::default()));
    let told = Review {
        rules: HarmRules::Found(
            400,
            vec![
                "Complaint: if it harms 1 in 50 more than now, we will stop after about 140 people: half of the trials by then, 93 of 100 in all.".into(),
                "If it harms nobody more than now, 4 of 100 such trials would be stopped by mistake.".into(),
            ],
        ),
        burden: Burden { limit: Some((2, 365)), beside: vec![("Kiosk greeting".into(), true), ("Rates rebate".into(), false)] },
        similar: vec![similar("Reminder letters", &report::succeeded()), similar("Shorter form", &report::harmful())],
        ..review(&plan)
    };
    page(pages, "review/show-told", &Show::of(inside(), told, nothing, ErrorSummary::default()));
    let talked_about = Review { comments: talked(), ..review(&plan) };
    page(pages, "review/show-comments", &Show::of(inside(), talked_about, nothing, ErrorSummary::default()));
    let reader = Review {
        rules: HarmRules::Amendment,
        verbs: vec![],
        may_comment: false,
        changes: Some(vec![]),
        ..review(&plan)
    };
    page(pages, "review/show-reader", &Show::of(inside(), reader, nothing, ErrorSummary::default()));
    let nasty = public::plan(Some(NASTY));
    let change = Change {
        place: LONG.into(),
        step: None,
        pointers: vec![format!("/arms/0/{LONG}")],
        list: SummaryList::default().row("Before", NASTY).row("After", LONG),
    };
    let worst = Review {
        rules: HarmRules::Found(u64::MAX, vec![NASTY.into(), LONG.into()]),
        burden: Burden { limit: Some((u64::MAX, u64::MAX)), beside: vec![(NASTY.into(), true), (LONG.into(), false)] },
        similar: vec![Similar { harms: vec![NASTY.into(); 3], ..similar(LONG, &report::succeeded()) }; 5],
        amendment: Some(12),
        tier: Tier::Two,
        tier_reasons: vec![NASTY.into(); 8],
        changes: Some(vec![change; 12]),
        comments: (1..).zip(PlanPart::ALL.iter().flat_map(|place| [*place; 2])).map(worst_comment).collect(),
        ..review(&nasty)
    };
    let errors = ErrorSummary {
        faults: ["place", "remark", "remark-1"].map(|field| Fault::of_field(field, "Say something.")).to_vec(),
    };
    let typed = |name: &str| if name == "place" { "data".to_owned() } else { NASTY.to_owned() };
    page(pages, "review/show-worst", &Show::of(inside(), worst, typed, errors));
}
