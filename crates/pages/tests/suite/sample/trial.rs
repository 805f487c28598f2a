use super::{LONG, NASTY, Pages, days_after, done, inside, moment, page};
use fairtrial_analysis::{
    monitor::{Arrival, LookDecision, Outlook, SeenArm, SeenOutcome, boundaries_ahead},
    release::{Masked, ReleaseKey},
    report::{GateStatus, HarmBound, HarmFinding, LookArm, LookHeld},
};
use fairtrial_domain::trial::{AmendmentClass, DataSeen, PersonRole, PlanPart, State, Tier, Verb};
use fairtrial_domain::{LockedProtocol, projection::HarmCrossing};
use fairtrial_pages::chart::{EnrolmentPlan, EnrolmentPoint, Lines};
use fairtrial_pages::component::{ErrorSummary, Fault, Pagination, SummaryList};
use fairtrial_pages::frame::{Frame, Section};
use fairtrial_pages::protocol::Part;
use fairtrial_pages::review::Attention;
use fairtrial_pages::trial::{
    Amend, Change, Create, Happening, Lack, List, Look, Looks, Progress, Row, Show, Signature, Version, Versions,
    Watch, Watching,
};
use fairtrial_pages::{home, protocol};

const PROTOCOL_ID: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(crate) fn add(pages: &mut Pages) {
    homes(pages);
    lists(pages);
    shows(pages);
    creates(pages);
    protocols(pages);
    versions(pages);
    looks(pages);
}

fn looks(pages: &mut Pages) {
    let (plan, when) = (sample_plan(), |day: i64| {
        let start: chrono::DateTime<chrono::Utc> = "2026-09-01T00:00:00Z".parse().expect("a time");
        start + chrono::TimeDelta::days(day)
    });
    let plan = plan.protocol();
    let new = plan.arms.iter().find(|arm| !arm.control).expect("a new version").key.clone();
    let measure = plan.outcomes.last().expect("an outcome").key.clone();
    let held = |look, decision, p_value: Option<f64>| LookHeld {
        look,
        held_at: when(30),
        due_at: when(30),
        late: false,
        data_cut: 12_400,
        followed_up: 3_004,
        information: 0.5,
        alpha_spent: 0.0015,
        efficacy_p: 0.0015,
        efficacy_z: Some(2.96),
        futility_z: Some(0.4),
        harm_bounds: vec![HarmBound { outcome: measure.clone(), p_value: 0.03 }],
        arms: vec![LookArm { arm: new.clone(), p_value, z: p_value.map(|_| 1.71) }],
        harms: vec![HarmFinding {
            outcome: measure.clone(),
            arm: new.clone(),
            margin: fairtrial_domain::Decimal::ZERO,
            alpha: 0.03,
            p_value,
            adjusted_p_value: p_value,
            crossed: false,
            not_estimable: None,
        }],
        decision,
        arm: None,
    };
    let expected = |held: &LookHeld| match held.decision {
        LookDecision::KeepGoing => vec![Outlook { arm: new.clone(), as_hoped: 0.83, as_seen: 0.004 }],
        _ => Vec::new(),
    };
    let arrival = |held: &LookHeld| Arrival {
        look: held.look,
        followed_up: held.followed_up,
        arms: vec![(held.followed_up / 2, held.followed_up / 4), (held.followed_up / 2, held.followed_up / 3)],
    };
    let seen: Vec<SeenOutcome> = plan
        .outcomes
        .iter()
        .map(|outcome| SeenOutcome {
            outcome: outcome.key.clone(),
            arms: vec![SeenArm { counted: 1_490, mean: Some(0.2) }, SeenArm { counted: 1_514, mean: None }],
        })
        .collect();
    let masked = Masked::of(plan, &ReleaseKey::new([3; 32]));
    let page_of = |title: &str, held: &[LookHeld], crossings, people: &[u64], masked: Option<&Masked>| Looks {
        frame: framed(Section::Trials),
        key: "fines-letter".into(),
        title: title.into(),
        charts: Looks::charts(
            plan,
            &boundaries_ahead(plan, held).expect("boundaries"),
            &held.iter().map(arrival).collect::<Vec<_>>(),
            held.last(),
            masked,
        ),
        looks: held
            .iter()
            .map(|held| {
                let look = Look::of(plan, held, &seen, masked);
                if masked.is_some() { look } else { look.with_outlook(plan, &expected(held)) }
            })
            .collect(),
        crossings,
        corrections: fairtrial_pages::trial::corrections(plan, people.iter().sum(), 0, people, masked),
        masked: masked.is_some(),
        watching: None,
    };
    page(pages, "trial/looks-empty", &page_of("Overdue fines", &[], vec![], &[], None));
    let first = held(1, LookDecision::KeepGoing, Some(0.0436));
    let typical = page_of("Overdue fines", std::slice::from_ref(&first), vec![], &[3, 4], None);
    page(pages, "trial/looks-typical", &typical);
    let worst = LookHeld { late: true, held_at: when(900), ..held(2, LookDecision::Harmful, None) };
    let crossed = HarmCrossing {
        outcome: measure.clone(),
        arm: new.clone(),
        at: when(20),
        data_cut: 9_000,
        harmed: vec![2, 12],
        among: vec![240, 251],
    };
    let sentences =
        vec![fairtrial_pages::trial::crossing(plan, &crossed, Some(9_001), None), format!("{NASTY} {LONG}")];
    let watching = Watching {
        may_stop: true,
        typed: NASTY.into(),
        errors: ErrorSummary { faults: vec![Fault::of_field("reason-unmask", NASTY)] },
    };
    let said = vec![fairtrial_pages::trial::crossing(plan, &crossed, None, Some(&masked))];
    let shown = page_of("Overdue fines", std::slice::from_ref(&first), said, &[3, 4], Some(&masked));
    page(
        pages,
        "trial/looks-masked",
        &Looks { watching: Some(Watching { may_stop: true, ..Watching::default() }), ..shown.clone() },
    );
    page(pages, "trial/looks-masked-worst", &Looks { watching: Some(watching.clone()), title: NASTY.into(), ..shown });
    let worst = page_of(NASTY, &[first, worst], sentences, &[u64::MAX / 2, 9], None);
    page(
        pages,
        "trial/looks-worst",
        &Looks { watching: Some(Watching { errors: ErrorSummary::default(), ..watching }), ..worst },
    );
}

fn row(title: &str, state: State, assigned: u64) -> Row {
    Row {
        key: "fines-letter".into(),
        title: title.into(),
        agency: "Ministry of Made-up Justice".into(),
        state,
        assigned,
        planned: 6_000,
        changed: moment("2026-11-20T03:00:00Z"),
    }
}

fn rows() -> Vec<Row> {
    vec![
        row("Overdue fines: does a line about what most people do help people pay?", State::Enrolling, 2_411),
        row("A shorter identity check", State::Suspended, 1_140),
        row("Kiosk greeting", State::Draft, 0),
    ]
}

fn sample_text() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    std::fs::read_to_string(file).expect("the sample plan")
}

fn sample_plan() -> LockedProtocol {
    LockedProtocol::from_json(sample_text().as_bytes()).expect("a plan without faults")
}

fn homes(pages: &mut Pages) {
    let show = |waiting, latest, may_create| {
        let attention = Attention::default();
        home::Show { frame: inside(Section::Home), waiting, attention, latest, may_create }
    };
    page(pages, "home/show-empty", &show(vec![], vec![], true));
    let waiting = |what: &str, urgent| home::Waiting {
        what: what.into(),
        why: "A harm limit was crossed on 20 November 2026.".into(),
        address: "/trials/identity-check".into(),
        urgent,
    };
    let typical = vec![
        waiting("Look at the stopped trial \u{2018}A shorter identity check\u{2019}", true),
        waiting("Sign the plan of \u{2018}Kiosk greeting\u{2019}", false),
    ];
    let attention = super::review::attention(&[PersonRole::Designer]);
    page(pages, "home/show-typical", &home::Show { attention, ..show(typical, rows(), true) });
    page(
        pages,
        "home/show-worst",
        &show(vec![waiting(NASTY, true), waiting(LONG, false)], vec![row(LONG, State::FollowUp, u64::MAX)], false),
    );
}

fn lists(pages: &mut Pages) {
    let list = |trials, page: u32, pages: u32, may_create| List {
        frame: inside(Section::Trials),
        trials,
        pagination: Pagination { address: "/trials?state=running".into(), page, pages },
        may_create,
    };
    page(pages, "trial/list-empty", &list(vec![], 1, 1, false));
    page(pages, "trial/list-typical", &list(rows(), 2, 3, true));
    page(pages, "trial/list-worst", &list(vec![row(NASTY, State::Withdrawn, 1); 40], 1, u32::MAX, true));
}

fn framed(section: Section) -> Frame {
    let mut frame = inside(section);
    frame.facts.protocol_id = Some(PROTOCOL_ID.into());
    frame
}

fn enrolment(days: i64, a_day: Option<f64>) -> Option<Lines> {
    let point = |day: i64| EnrolmentPoint {
        at: days_after("2026-09-01T00:00:00Z", day),
        seconds: day.unsigned_abs() * 86_400,
        assigned: day.unsigned_abs() * 29 + (day.unsigned_abs() % 7) * 11,
    };
    let points: Vec<_> = (0..=days).map(point).collect();
    fairtrial_pages::chart::enrolment("enrolment", &points, EnrolmentPlan { most: 6_000, a_day })
}

fn shows(pages: &mut Pages) {
    let signature = |role: PersonRole, signed: bool| Signature {
        role,
        signed: signed.then(|| ("Ann Lee".into(), moment("2026-08-28T03:00:00Z"))),
    };
    let draft = Show {
        frame: framed(Section::Trials),
        key: "fines-letter".into(),
        title: "Overdue fines: does a line about what most people do help people pay?".into(),
        state: State::Draft,
        summary: "Some people with an overdue fine get the usual letter and some get one with an extra sentence."
            .into(),
        plan: protocol::summary(sample_plan().protocol()),
        allocation: SummaryList::default(),
        allocation_files: vec![],
        may_connect: true,
        may_read_data: false,
        may_send: false,
        may_take_files: false,
        effects: State::Draft.effects(false),
        tier: Tier::Zero,
        tier_reasons: vec![],
        lacking: vec![],
        by_steps: false,
        by_document: false,
        waits_for: vec![],
        comments: vec!["2 comments wait for an answer".into()],
        under_review: PROTOCOL_ID.into(),
        signatures: vec![],
        progress: None,
        enrolment: None,
        watch: None,
        has_report: false,
        verbs: vec![Verb::Submit, Verb::Withdraw],
        errors: ErrorSummary::default(),
        history: vec![],
    };
    page(pages, "trial/show-empty", &draft);
    let submitted = Show {
        frame: done(framed(Section::Trials), "Your signature is on the plan."),
        state: State::InReview,
        signatures: vec![signature(PersonRole::Approver, true), signature(PersonRole::Privacy, false)],
        verbs: vec![Verb::Approve, Verb::Return],
        ..draft.clone()
    };
    page(pages, "trial/show-submitted", &submitted);
    let approved = Show {
        frame: framed(Section::Trials),
        state: State::Approved,
        signatures: vec![signature(PersonRole::Approver, true), signature(PersonRole::Privacy, true)],
        verbs: vec![Verb::Start, Verb::Withdraw],
        ..draft.clone()
    };
    page(pages, "trial/show-approved", &approved);
    let running = Show {
        frame: framed(Section::Trials),
        state: State::Enrolling,
        may_connect: true,
        may_read_data: true,
        may_send: true,
        may_take_files: true,
        effects: State::Enrolling.effects(false),
        tier: Tier::One,
        tier_reasons: vec!["somebody could lose time, and it could matter".into()],
        signatures: vec![signature(PersonRole::Approver, true), signature(PersonRole::Privacy, true)],
        progress: Some(Progress { assigned: 2_433, planned: 6_000 }),
        enrolment: enrolment(82, Some(40.0)),
        watch: Some(Watch {
            safety: (GateStatus::Green, "No boundary for harm was crossed.".into()),
            health: vec![("sample_ratio".into(), GateStatus::Green), ("missing_outcomes".into(), GateStatus::Amber)],
            facts: SummaryList::default()
                .row("Followed up in full", "1,204 of 6,000")
                .row("Next look", "Look 1, when 3,000 people have been followed up: about 12 March 2027"),
            may_read_looks: false,
        }),
        has_report: true,
        verbs: vec![Verb::PauseEnrolment, Verb::Suspend, Verb::Amend, Verb::Stop],
        allocation: SummaryList::default()
            .row("Commitment to the secret", &PROTOCOL_ID[7..])
            .row("Monday 1 March 2027", "north, south"),
        allocation_files: vec![("The calendar as a file".into(), "/trials/fines-letter/calendar.ics".into())],
        history: vec![
            Happening {
                at: moment("2026-09-01T00:00:00Z"),
                what: "Started".into(),
                by: Some("Hana Tūhoe".into()),
                reason: None,
            },
            Happening {
                at: moment("2026-08-28T03:00:00Z"),
                what: "Plan signed".into(),
                by: Some("Ann Lee".into()),
                reason: None,
            },
        ],
        ..draft.clone()
    };
    page(pages, "trial/show-typical", &running);
    let worst = Show {
        title: NASTY.into(),
        summary: format!("{NASTY}\n\n{LONG}"),
        state: State::Suspended,
        may_connect: false,
        may_read_data: false,
        may_send: false,
        may_take_files: false,
        effects: State::Suspended.effects(false),
        lacking: vec![
            Lack { text: NASTY.into(), address: Some("/trials/worst/steps/privacy".into()) },
            Lack { text: LONG.into(), address: None },
        ],
        by_steps: true,
        by_document: true,
        comments: vec![NASTY.into(), LONG.into()],
        waits_for: vec![NASTY.into(), "Version 2 of the plan waits for signatures.".into()],
        signatures: vec![signature(PersonRole::MaoriGovernance, true), signature(PersonRole::Ethics, false)],
        progress: Some(Progress { assigned: 1, planned: u64::MAX }),
        enrolment: enrolment(1_000, None),
        watch: Some(Watch {
            safety: (GateStatus::Red, NASTY.into()),
            health: vec![("sample_ratio".into(), GateStatus::Red)],
            facts: SummaryList::default().row("Harm measures", format!("{NASTY}, {LONG}")),
            may_read_looks: true,
        }),
        verbs: vec![Verb::Resume, Verb::ResumeEnrolment, Verb::LockData, Verb::Start, Verb::Stop, Verb::Withdraw],
        errors: ErrorSummary { faults: vec![Fault::of_field("reason-stop", "Say why the trial is stopped.")] },
        history: vec![Happening {
            at: moment("2026-11-20T03:00:00Z"),
            what: "Suspended".into(),
            by: None,
            reason: Some(format!("{NASTY} {LONG}")),
        }],
        ..running
    };
    page(pages, "trial/show-worst", &worst);
    let locked = Show { state: State::DataLocked, verbs: vec![Verb::Decide, Verb::Publish], ..draft };
    page(pages, "trial/show-locked", &locked);
}

fn versions(pages: &mut Pages) {
    let version = |number, standing: &str| Version {
        number,
        standing: standing.into(),
        protocol_id: PROTOCOL_ID.into(),
        proposed: moment("2026-09-01T00:00:00Z"),
        in_force: (standing != "waiting").then(|| moment("2026-09-02T00:00:00Z")),
        amendment: None,
        changes: vec![],
    };
    let amended = |reason: &str, class, seen| Some(("Hana Tūhoe".to_owned(), reason.to_owned(), class, seen));
    let change = |text: &str| Change {
        place: "In two or three sentences for everybody".into(),
        step: Some("What do you want to find out?".into()),
        pointers: vec!["/public_summary".into()],
        list: SummaryList::default().row("Before", "As it was").row("After", text),
    };
    let list = |versions, may_amend| Versions {
        frame: framed(Section::Trials),
        key: "fines-letter".into(),
        title: "Overdue fines".into(),
        versions,
        may_amend,
    };
    page(pages, "trial/versions-empty", &list(vec![version(1, "draft")], false));
    let second = Version {
        amendment: amended("The summary was not plain.", AmendmentClass::Minor, DataSeen::None),
        changes: vec![change("In plain words")],
        ..version(2, "in_force")
    };
    page(pages, "trial/versions-typical", &list(vec![second, version(1, "replaced")], true));
    let worst = Version {
        amendment: amended(&format!("{NASTY} {LONG}"), AmendmentClass::Major, DataSeen::ByArm),
        changes: vec![change(NASTY), change(LONG)],
        ..version(i64::MAX, "waiting")
    };
    page(
        pages,
        "trial/versions-worst",
        &Versions { title: NASTY.into(), ..list(vec![worst, version(2, "returned")], true) },
    );
    let amend = |document: &str, faults| {
        let errors = ErrorSummary { faults };
        Amend::new(framed(Section::Trials), "fines-letter".into(), PROTOCOL_ID.into(), document.into(), errors)
    };
    page(pages, "trial/amend-empty", &amend("{}", vec![]));
    let faults = vec![
        Fault { message: NASTY.into(), field: Some("document".into()), place: Some("/arms/0/ratio".into()) },
        Fault::of_field("reason", "Say why."),
        Fault::of_field("data_seen", "Choose one."),
    ];
    page(pages, "trial/amend-worst", &amend(NASTY, faults));
}

fn creates(pages: &mut Pages) {
    page(pages, "trial/create-empty", &Create::new(inside(Section::Trials), String::new(), vec![]));
    let fault = |place: &str, message: &str| Fault { message: message.into(), field: None, place: Some(place.into()) };
    let faults = vec![
        fault("/arms/1/ratio", "The size of a version must be a whole number from 1 to 1,000."),
        fault("/outcomes/0/smallest_worthwhile_effect", "Say the smallest difference that would change the decision."),
        fault("/data/notice", NASTY),
    ];
    page(
        pages,
        "trial/create-worst",
        &Create::new(inside(Section::Trials), format!("{{\"title\": \"{NASTY}\"}}"), faults),
    );
}

fn protocols(pages: &mut Pages) {
    let part = |heading: &str, value: &str| Part {
        place: PlanPart::People,
        heading: heading.into(),
        sentence: Some("People with one overdue fine under $1,000.".into()),
        list: SummaryList::default().row("In", value).rows_of("Out", vec!["People in crisis".into(), "Minors".into()]),
    };
    let show = |parts, draft, document: &str| protocol::Show {
        frame: framed(Section::Trials),
        key: "fines-letter".into(),
        title: "Overdue fines".into(),
        planning: vec![],
        parts,
        protocol_id: PROTOCOL_ID.into(),
        draft,
        document: document.into(),
    };
    let edit = |document: &str, faults: Vec<Fault>| {
        let by_steps = faults.is_empty();
        protocol::Edit::new(framed(Section::Trials), ("fines-letter", NASTY), by_steps, document.into(), faults)
    };
    let wrong = |place: &str| Fault { message: LONG.into(), field: None, place: Some(place.into()) };
    page(pages, "protocol/edit-typical", &edit("{\"title\": \"Overdue fines\"}", vec![]));
    page(pages, "protocol/edit-worst", &edit(NASTY, vec![wrong("/arms/1/ratio"), wrong("/data")]));
    page(pages, "protocol/show-empty", &show(vec![], true, "{}"));
    let text = sample_text();
    let planned = vec!["With 6,000 people you can see a rise from 20 to 23 in 100.".to_owned()];
    page(
        pages,
        "protocol/show-typical",
        &protocol::Show::of(framed(Section::Trials), &sample_plan(), false, text, planned),
    );
    page(
        pages,
        "protocol/show-worst",
        &show(vec![part(NASTY, LONG)], false, &format!("{{\"x\": \"{NASTY}{LONG}{LONG}\"}}")),
    );
}
