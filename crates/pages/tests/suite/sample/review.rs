use super::{LONG, NASTY, Pages, inside, moment, page, public};
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::{PersonRole, PlanPart, Tier, Verb};
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::review::{Comment, List, Review, Row, Show};
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

fn lists(pages: &mut Pages) {
    let list = |mine, others| List { frame: inside(Section::Reviews), mine, others };
    page(pages, "review/list-empty", &list(vec![], vec![]));
    let mine = vec![
        row("Overdue fines", Some(PersonRole::Privacy)),
        Row { amendment: Some(3), on_condition: true, ..row("Kiosk greeting", Some(PersonRole::Privacy)) },
    ];
    page(pages, "review/list-typical", &list(mine, vec![row("Rates rebate", None)]));
    let worst =
        Row { missing: PersonRole::ALL.to_vec(), amendment: Some(i64::MAX), ..row(NASTY, Some(PersonRole::Ethics)) };
    page(pages, "review/list-worst", &list(vec![worst; 20], vec![row(LONG, None)]));
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
        verbs: vec![Verb::Approve, Verb::Return, Verb::Refuse, Verb::Suspend],
        may_comment: true,
    }
}

fn shows(pages: &mut Pages) {
    let nothing = |_: &str| String::new();
    let inside = || inside(Section::Reviews);
    let plan = public::plan(None);
    page(pages, "review/show-typical", &Show::of(inside(), review(&plan), nothing, ErrorSummary::default()));
    let reader = Review { verbs: vec![], may_comment: false, changes: Some(vec![]), ..review(&plan) };
    page(pages, "review/show-reader", &Show::of(inside(), reader, nothing, ErrorSummary::default()));
    let nasty = public::plan(Some(NASTY));
    let comment = |place, current| Comment {
        place,
        remark: format!("{NASTY} {LONG}"),
        by: NASTY.into(),
        at: moment("2026-11-21T00:00:00Z"),
        current,
    };
    let change = Change { pointer: format!("/arms/0/{LONG}"), before: NASTY.into(), after: "(nothing)".into() };
    let worst = Review {
        amendment: Some(12),
        tier: Tier::Two,
        tier_reasons: vec![NASTY.into(); 8],
        changes: Some(vec![change; 12]),
        comments: PlanPart::ALL.iter().flat_map(|place| [comment(*place, true), comment(*place, false)]).collect(),
        ..review(&nasty)
    };
    let errors =
        ErrorSummary { faults: ["place", "remark"].map(|field| Fault::of_field(field, "Say something.")).to_vec() };
    let typed = |name: &str| if name == "place" { "data".to_owned() } else { NASTY.to_owned() };
    page(pages, "review/show-worst", &Show::of(inside(), worst, typed, errors));
}
