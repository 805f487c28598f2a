use super::{LONG, NASTY, Pages, inside, moment, page};
use fairtrial_analysis::pooling::{Effect, PooledEffect};
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::trial::{Adoption, Decision, PersonRole, State};
use fairtrial_pages::chart::Life;
use fairtrial_pages::component::{ErrorSummary, Fault, Pagination};
use fairtrial_pages::decision::{self, Entry, Opening, Record};
use fairtrial_pages::frame::Section;
use fairtrial_pages::library::{Card, List, Looked};
use fairtrial_pages::portfolio;
use fairtrial_pages::report::Band;
use fairtrial_pages::review::Attention;

pub(crate) fn add(pages: &mut Pages) {
    libraries(pages);
    portfolios(pages);
    decisions(pages);
}

fn card(title: &str, finding: Option<(VerdictKind, String, Option<u64>)>) -> Card {
    Card {
        key: "fines-letter".into(),
        title: title.into(),
        agency: "Ministry of Made-up Justice".into(),
        summary: "Some people with an overdue fine get the usual letter and some get one with an extra sentence."
            .into(),
        state: State::Reported,
        reverted: false,
        ended: Some(moment("2026-08-20T03:00:00Z")),
        finding,
        unit: "person".into(),
        overdue: false,
        decision: None,
        adoption: None,
        reused: 0,
        tags: vec![
            ("A reminder".into(), "/library?technique=reminder".into()),
            ("counter".into(), "/library?q=counter".into()),
            ("Paid in 28 days".into(), "/library?q=Paid%20in%2028%20days".into()),
        ],
    }
}

fn libraries(pages: &mut Pages) {
    let pagination = |page, pages| Pagination { address: "/library?q=letter".into(), page, pages };
    let agencies = || vec![("justice".to_owned(), "Ministry of Made-up Justice".to_owned())];
    let list = |cards: Vec<Card>, found, pagination, looked, may_use| {
        List::new(inside(Section::Library), cards, found, pagination, agencies(), looked, may_use)
    };
    page(pages, "library/list-empty", &list(vec![], 0, pagination(1, 1), Looked::default(), true));
    let found = |kind, sentence: &str| Some((kind, sentence.to_owned(), Some(4_803)));
    let cards = vec![
        Card {
            state: State::Archived,
            decision: Some((Decision::Adopt, false)),
            adoption: Some((Adoption::Adapted, "The printer could not fill in the district.".into())),
            reused: 1,
            ..card("Overdue fines", found(VerdictKind::Succeeded, "26 in 100 people paid, 20 in 100 before."))
        },
        card("A plainer form", found(VerdictKind::Failed, "The plainer form did not do enough.")),
        Card {
            reverted: true,
            state: State::Archived,
            decision: Some((Decision::Adopt, true)),
            ..card("A shorter identity check", found(VerdictKind::Harmful, "Stopped for harm."))
        },
        card("A call script", found(VerdictKind::Undecided, "We do not know yet.")),
        card("Queue tickets", found(VerdictKind::Invalid, "This trial cannot be read.")),
        Card { state: State::FollowUp, ..card("Kiosk greeting", None) },
        Card { state: State::DataLocked, ..card("Call-back slots", None) },
        Card { state: State::DataLocked, overdue: true, ..card("Rates rebate", None) },
    ];
    let effect = |estimate: f64| Effect { estimate, lower: estimate - 2.0, upper: estimate + 2.0 };
    let pooled = PooledEffect {
        mean: effect(2.4),
        next: (-1.5, 6.3),
        i_squared: 41.0,
        trials: vec![Some(effect(6.0)), Some(effect(0.4)), None, Some(effect(1.1))],
        sentences: vec![
            "3 trials together: on average 2.4 more in 100 for the better.".into(),
            "In a next trial more.".into(),
        ],
    };
    let titles: Vec<String> = ["Overdue fines", "A plainer form", "Queue tickets", NASTY].map(str::to_owned).to_vec();
    let looked = Looked { words: "letter", ..Looked::default() };
    let together = list(cards.clone(), 28, pagination(1, 2), looked, true).with_pooled(&pooled, &titles);
    page(pages, "library/list-together", &together);
    let few = list(cards.clone(), 28, pagination(1, 2), looked, true);
    page(pages, "library/list-few", &few.without_pooled("Fewer than three of these can be put together."));
    page(pages, "library/list-typical", &list(cards, 28, pagination(1, 2), Looked::default(), true));
    let looked = Looked {
        words: NASTY,
        agency: "justice",
        verdict: "failed",
        decision: "stop",
        technique: "reminder",
        people: "applicants",
    };
    page(pages, "library/list-none", &list(vec![], 0, pagination(1, 1), looked, false));
    let worst = Card {
        agency: LONG.into(),
        summary: NASTY.into(),
        state: State::Archived,
        unit: LONG.into(),
        decision: Some((Decision::RunAgain, true)),
        adoption: Some((Adoption::Blocked, format!("{NASTY} {LONG}"))),
        reused: u64::MAX,
        ..card(NASTY, Some((VerdictKind::Succeeded, format!("{NASTY} {LONG}"), Some(u64::MAX))))
    };
    page(pages, "library/list-worst", &list(vec![worst; 20], u64::MAX, pagination(7, 99), looked, true));
}

fn line(title: &str, state: State) -> portfolio::Line {
    portfolio::Line {
        key: "fines-letter".into(),
        title: title.into(),
        state,
        people: 4_803,
        started: true,
        verdict: None,
        days: None,
        decision: None,
        adoption: None,
        awaited: None,
        life: Life {
            title: title.into(),
            drafted: moment("2026-01-10T03:00:00Z"),
            started: Some(moment("2026-03-01T03:00:00Z")),
            ended: None,
            answered: None,
        },
        cost: None,
        extra: None,
    }
}

fn now() -> fairtrial_pages::Moment {
    moment("2026-11-22T20:15:00Z")
}

fn portfolios(pages: &mut Pages) {
    let show = |lines| {
        portfolio::Show::new(
            inside(Section::Portfolio),
            "Ministry of Made-up Justice",
            lines,
            Attention::default(),
            now(),
        )
    };
    page(pages, "portfolio/show-empty", &show(vec![]));
    let answered = |title: &str, verdict, days, decision| portfolio::Line {
        verdict: Some(verdict),
        days: Some(days),
        decision,
        life: Life {
            title: title.to_owned(),
            drafted: moment("2026-02-10T03:00:00Z"),
            started: Some(moment("2026-04-01T03:00:00Z")),
            ended: Some(moment("2026-06-30T03:00:00Z")),
            answered: Some(moment("2026-08-20T03:00:00Z")),
        },
        cost: Some(4_210.5),
        extra: Some(120.0),
        ..line(title, State::Archived)
    };
    let lines = vec![
        portfolio::Line {
            started: false,
            people: 0,
            life: Life { started: None, ..line("Rates rebate", State::Draft).life },
            ..line("Rates rebate", State::Draft)
        },
        line("Appointment texts", State::Enrolling),
        portfolio::Line {
            adoption: Some(Adoption::Adapted),
            awaited: Some(moment("2026-11-20T03:00:00Z")),
            ..answered("Overdue fines", VerdictKind::Succeeded, 167, Some(Decision::Adopt))
        },
        answered("Kiosk greeting", VerdictKind::Succeeded, 80, Some(Decision::Adopt)),
        answered("A plainer form", VerdictKind::Failed, 92, Some(Decision::KeepCurrent)),
        portfolio::Line { state: State::Reported, ..answered("A call script", VerdictKind::Undecided, 82, None) },
    ];
    let attention = super::review::attention(&[PersonRole::Manager]);
    let typical =
        portfolio::Show::new(inside(Section::Portfolio), "Ministry of Made-up Justice", lines, attention, now());
    page(pages, "portfolio/show-typical", &typical);
    let worst = portfolio::Line {
        people: 1 << 50,
        adoption: Some(Adoption::Blocked),
        awaited: Some(moment("2026-11-20T03:00:00Z")),
        ..answered(NASTY, VerdictKind::Invalid, 1 << 40, Some(Decision::RunAgain))
    };
    let long = portfolio::Line { title: LONG.into(), ..line(LONG, State::Suspended) };
    let mut worst = vec![worst; 3];
    worst.push(long);
    page(
        pages,
        "portfolio/show-worst",
        &portfolio::Show::new(inside(Section::Portfolio), NASTY, worst, Attention::default(), now()),
    );
}

fn opening(title: &str, kind: VerdictKind, recommended: &[Decision]) -> Opening {
    Opening {
        key: "fines-letter".into(),
        title: title.into(),
        band: Band { kind, action: kind.action().into(), sentence: "26 in 100 people paid, 20 in 100 before.".into() },
        recommended: recommended.to_vec(),
        waits_for: None,
    }
}

fn decisions(pages: &mut Pages) {
    let inside = || inside(Section::Trials);
    let nothing = |_: &str| String::new();
    let good = || opening("Overdue fines", VerdictKind::Succeeded, &[Decision::Adopt]);
    let open = decision::Show::to_decide(inside(), good(), true, nothing, ErrorSummary::default());
    page(pages, "decision/show-typical", &open);
    let reader = decision::Show::to_decide(inside(), good(), false, nothing, ErrorSummary::default());
    page(pages, "decision/show-reader", &reader);
    let faults = [("decision", "Must be one of these."), ("reason", "Say why."), ("owner", NASTY), ("due_on", LONG)];
    let errors = || ErrorSummary { faults: faults.iter().map(|(field, text)| Fault::of_field(field, text)).collect() };
    let typed = |name: &str| if name == "decision" { "stop".to_owned() } else { NASTY.to_owned() };
    let waiting = Opening {
        waits_for: Some(format!("{NASTY} has asked for the decision \"adopt\": a second person must agree.")),
        ..opening(NASTY, VerdictKind::Undecided, &[Decision::RunAgain, Decision::KeepCurrent, Decision::Stop])
    };
    page(pages, "decision/show-worst", &decision::Show::to_decide(inside(), waiting, true, typed, errors()));
    let record = |by_the_rule| Record {
        decision: Decision::Adopt,
        by_the_rule,
        reason: "The sentence costs nothing.".into(),
        by: "Una Fraser".into(),
        second: (!by_the_rule).then(|| "Bill Harper".into()),
        at: moment("2026-09-01T00:00:00Z"),
        adoption: Some(("Letters team".into(), chrono::NaiveDate::from_ymd_opt(2027, 1, 31).expect("a day"))),
        reports: vec![],
        due: None,
    };
    let decided = decision::Show::of_record(inside(), good(), record(true), true, nothing, ErrorSummary::default());
    page(pages, "decision/show-decided", &decided);
    let entry = |status, reason: &str, at| Entry { status, reason: reason.into(), by: "Una Fraser".into(), at };
    let followed = Record {
        due: Some(moment("2026-11-20T00:00:00Z")),
        reports: vec![
            entry(Adoption::Blocked, NASTY, moment("2026-11-01T00:00:00Z")),
            entry(Adoption::Adopted, "", moment("2026-10-01T00:00:00Z")),
        ],
        ..record(false)
    };
    let errors = ErrorSummary { faults: vec![Fault::of_field("status", "Choose what became of it.")] };
    let followed = decision::Show::of_record(inside(), good(), followed, true, nothing, errors);
    page(pages, "decision/show-followed", &followed);
    let kept = Record { decision: Decision::KeepCurrent, adoption: None, ..record(true) };
    page(
        pages,
        "decision/show-kept",
        &decision::Show::of_record(inside(), good(), kept, true, nothing, ErrorSummary::default()),
    );
}
