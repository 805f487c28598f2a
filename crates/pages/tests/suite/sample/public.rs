use super::{LONG, NASTY, Pages, inside, moment, outside, page, report};
use chrono::NaiveDate;
use fairtrial_analysis::Report;
use fairtrial_analysis::release::{Policy, ReleaseKey, ReleasedReport, View, release};
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::{PersonRole, State};
use fairtrial_pages::component::{Pagination, SummaryList};
use fairtrial_pages::frame::Section;
use fairtrial_pages::notice;
use fairtrial_pages::records::Records;
use fairtrial_pages::register::{Approval, List, PlanChange, Row, Show, Standing};
use fairtrial_pages::trial::Change;

pub(crate) fn add(pages: &mut Pages) {
    lists(pages);
    shows(pages);
    notices(pages);
}

fn row(title: &str, state: State, reverted: bool, overdue: bool) -> Row {
    Row {
        key: "fines-letter".into(),
        title: title.into(),
        agency: "Ministry of Made-up Justice".into(),
        summary: "Some people with an overdue fine get the usual letter and some get one with an extra sentence."
            .into(),
        state,
        reverted,
        changed: moment("2026-11-20T03:00:00Z"),
        overdue,
    }
}

fn lists(pages: &mut Pages) {
    let pagination = |page, pages| Pagination { address: "/register?q=letter&agency=&state=".into(), page, pages };
    let agencies = || vec![("justice".to_owned(), "Ministry of Made-up Justice".to_owned())];
    let nothing = ("", "", "");
    page(pages, "register/list-empty", &List::new(outside(), vec![], 0, pagination(1, 1), agencies(), nothing));
    let rows = vec![
        row("Overdue fines: does a line about what most people do help people pay?", State::DataLocked, false, true),
        row("A shorter identity check", State::DataLocked, true, false),
        row("Kiosk greeting", State::Enrolling, false, false),
        row("Call-back slots", State::Withdrawn, false, false),
    ];
    page(pages, "register/list-typical", &List::new(outside(), rows, 24, pagination(1, 2), agencies(), nothing));
    let looked = (NASTY, "justice", "suspended");
    page(pages, "register/list-none", &List::new(outside(), vec![], 0, pagination(1, 1), agencies(), looked));
    let worst =
        vec![Row { agency: LONG.into(), summary: NASTY.into(), ..row(NASTY, State::Suspended, false, true) }; 20];
    let agencies = vec![(NASTY.to_owned(), NASTY.to_owned()), (LONG.to_owned(), LONG.to_owned())];
    page(pages, "register/list-worst", &List::new(outside(), worst, u64::MAX, pagination(7, 99), agencies, looked));
}

/// The sample plan with the outcomes that the sample report has, and its words replaced.
pub(crate) fn plan(words: Option<&str>) -> LockedProtocol {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    let mut text = std::fs::read_to_string(file).expect("the sample plan");
    if let Some(words) = words {
        let written = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        for old in ["people tend to do what most people around them do", "fines-service-design", "contact centre"] {
            text = text.replace(&format!("\"{old}\""), &format!("\"{}\"", written(words)));
        }
    }
    let end = text.find(r#"{"key": "dollars-90d""#).expect("the fourth outcome");
    let after = text[end..].find(']').expect("the end of the outcomes") + end;
    let text = format!("{}{}", text[..end].trim_end().trim_end_matches(','), &text[after..]);
    LockedProtocol::from_json(text.as_bytes()).expect("a plan without faults")
}

pub(crate) fn released(report: &Report) -> ReleasedReport {
    let key = ReleaseKey::new([3; 32]);
    release(plan(None).protocol(), report, View::Public, Policy::STANDARD, &key).expect("a locked report")
}

pub(crate) fn standing(state: State) -> Standing {
    let started = state.has_started();
    let locked = state == State::DataLocked;
    Standing {
        state,
        reverted: false,
        reason: None,
        started: started.then(|| moment("2026-08-01T00:00:00Z")),
        ended: (locked || state == State::FollowUp).then(|| moment("2026-10-01T00:00:00Z")),
        locked: locked.then(|| moment("2026-11-10T00:00:00Z")),
        overdue: None,
        commitment: started.then(|| "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
        code: "0A1B1CD".into(),
    }
}

fn shows(pages: &mut Pages) {
    let agency = "Ministry of Made-up Justice";
    let approvals = || vec![Approval { role: PersonRole::Approver, at: moment("2026-07-20T00:00:00Z") }];
    let show = |standing: Standing, results: Option<&ReleasedReport>| {
        Show::of(outside(), &plan(None), agency, standing, approvals(), results)
    };
    let empty = Show::of(outside(), &plan(None), agency, standing(State::Approved), vec![], None);
    page(pages, "register/show-empty", &empty);
    page(pages, "register/show-running", &show(standing(State::Enrolling), None));
    page(pages, "register/show-typical", &show(standing(State::DataLocked), Some(&released(&report::succeeded()))));
    page(pages, "register/show-failed", &show(standing(State::DataLocked), Some(&released(&report::failed()))));
    page(pages, "register/show-invalid", &show(standing(State::DataLocked), Some(&released(&report::invalid()))));
    let harmed = Standing { reverted: true, ..standing(State::DataLocked) };
    page(pages, "register/show-harmful", &show(harmed, Some(&released(&report::harmful()))));
    let withdrawn = Standing {
        reason: Some("The telephone system cannot keep fixed times before next year.".into()),
        ..standing(State::Withdrawn)
    };
    page(pages, "register/show-withdrawn", &show(withdrawn, None));
    let refused = Standing {
        reason: Some("People behind with their rent would lose money that nobody could give back in time.".into()),
        started: None,
        ended: None,
        locked: None,
        commitment: None,
        ..standing(State::Refused)
    };
    page(pages, "register/show-refused", &Show::of(outside(), &plan(None), agency, refused, vec![], None));
    let mut few = report::succeeded();
    for arm in &mut few.arms {
        (arm.assigned, arm.analysed, arm.missing) = (14, 14, 0);
    }
    for arm in few.outcomes.iter_mut().flat_map(|outcome| &mut outcome.arms) {
        (arm.assigned, arm.analysed, arm.missing, arm.events) = (14, 14, 0, Some(3));
    }
    page(pages, "register/show-few", &show(standing(State::DataLocked), Some(&released(&few))));
    let worst = Standing {
        reason: Some(format!("{NASTY} {LONG}")),
        overdue: Some(moment("2026-11-20T00:00:00Z")),
        ..standing(State::DataLocked)
    };
    let results = released(&report::undecided());
    let change = PlanChange {
        number: 2,
        since: moment("2026-09-20T00:00:00Z"),
        kind: "Words only. Nothing of the outcomes had been seen by then.".into(),
        reason: Some(NASTY.into()),
        places: vec![
            Change {
                place: NASTY.into(),
                step: Some(LONG.into()),
                pointers: vec![format!("/arms/0/{LONG}")],
                list: SummaryList::default().row("Before", NASTY).row("After", LONG),
            };
            3
        ],
    };
    let hidden = PlanChange { number: 3, reason: None, places: vec![], ..change.clone() };
    let worst = Show::of(outside(), &plan(Some(NASTY)), LONG, worst, vec![approvals().remove(0); 6], Some(&results))
        .decided(vec![NASTY.into(), LONG.into()])
        .changed(vec![change, hidden])
        .keeping(Records::Gone(day()));
    page(pages, "register/show-worst", &worst);
}

/// Some day.
fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 3, 1).expect("a day")
}

fn notices(pages: &mut Pages) {
    let show = |words: Option<&str>, agency: &str, state| {
        notice::Show::of(outside(), plan(words).protocol(), agency, "0A1B1CD", (state, false))
    };
    let partner = "Made-up Courts, from 3 December 2026 to 3 March 2027. By an information sharing agreement. It learns nothing about who is in the trial.";
    let typical = show(None, "Ministry of Made-up Justice", State::Enrolling);
    page(pages, "notice/show-typical", &typical.clone().with_partners(vec![partner.into()]));
    for (name, records) in
        [("kept", Records::KeptUntil(day())), ("going", Records::Going(day())), ("gone", Records::Gone(day()))]
    {
        page(pages, &format!("notice/show-{name}"), &typical.clone().keeping(records));
    }
    page(pages, "notice/show-alone", &show(None, "Ministry of Made-up Justice", State::FollowUp));
    page(
        pages,
        "notice/show-worst",
        &show(Some(NASTY), LONG, State::Suspended).with_partners(vec![NASTY.into(), LONG.into()]),
    );
    let address = "https://trials.example.govt.nz/t/0A1B1CD";
    let card = |title: &str, address: &str, open| {
        notice::Card::new(inside(Section::Trials), "fines-letter", title, "0A1B1CD", address, open)
    };
    let by = || "30 April 2027".to_owned();
    for (name, due) in [
        ("by", notice::Due::By(by())),
        ("overdue", notice::Due::Overdue(by())),
        ("longer", notice::Due::Longer(by())),
        ("never", notice::Due::Never),
        ("worst", notice::Due::Public(by(), format!("{NASTY} {LONG}"))),
    ] {
        let plan = plan(Some(NASTY));
        let agency = if name == "worst" { NASTY } else { "Ministry of Made-up Justice" };
        let show = notice::ShowResult::new(outside(), plan.protocol(), agency, "0A1B1CD", due);
        page(pages, &format!("notice/result-{name}"), &show);
    }
    page(pages, "notice/card-typical", &card("Overdue fines", address, true));
    page(pages, "notice/card-worst", &card(NASTY, &format!("https://{LONG}.example/t/0A1B1CD"), false));
}
