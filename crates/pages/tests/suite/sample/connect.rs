use super::{LONG, NASTY, Pages, days_after, inside, moment, page, public};
use fairtrial_analysis::preview::preview;
use fairtrial_analysis::rehearse::Rehearsal;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::State;
use fairtrial_pages::batch::{Balance, Committed, List, May, Row, Show};
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::eligibility;
use fairtrial_pages::frame::Section;
use fairtrial_pages::integration::{self, LastCall, Seen};
use fairtrial_pages::link::{self, Proposal};
use fairtrial_pages::outcome_file;
use fairtrial_pages::rehearsal;

pub(crate) fn add(pages: &mut Pages) {
    batches(pages);
    outcome_files(pages);
    integrations(pages);
    rehearsals(pages);
    rules(pages);
    links(pages);
}

fn links(pages: &mut Pages) {
    let inside = || inside(Section::Trials);
    let agencies =
        || vec![("health".to_owned(), "Ministry of Health".to_owned()), ("housing".to_owned(), "Housing".to_owned())];
    let events = [("fine.settled".to_owned(), "fine.settled: Paid within 28 days".to_owned())];
    let rights = [("statute", "A law says so"), ("consent", "The people concerned have agreed")];
    let form = || Proposal::new(agencies(), &events, &rights);
    let none = ErrorSummary::default;
    let of_trial =
        |title: &str, rows, form, errors| link::List::of_trial(inside(), ("fines-letter", title), rows, form, errors);
    page(pages, "link/list-empty", &of_trial("Overdue fines", vec![], form(), none()));
    let row = |id: &str, standing: &str, text: &str| link::Row {
        id: id.into(),
        title: text.into(),
        owner: "Ministry of Justice".into(),
        partner: text.into(),
        standing: standing.into(),
        events: vec!["fine.settled".into(), text.into()],
        authority: "A law says so".into(),
        reference: text.into(),
        expires: days_after("2026-11-20T02:00:00Z", 90),
        may_accept: standing == "proposed",
        may_end: standing != "ended",
    };
    let rows = vec![
        row("link-0707070707070707", "proposed", "Overdue fines"),
        row("link-0707070707070708", "in_force", "Quit line"),
        row("link-0707070707070709", "ended", "Court dates"),
    ];
    page(pages, "link/list-typical", &link::List::of_agency(inside(), rows));
    let faults = ["events", "authority", "reference", "expires_at"].map(|field| Fault::of_field(field, NASTY));
    let errors = ErrorSummary { faults: faults.into() };
    let typed =
        form().map(|form| form.typed("housing", &["fine.settled".to_owned()], "consent", NASTY, ["31", "2", NASTY]));
    let rows = vec![row("link-0707070707070707", "proposed", NASTY), row("link-0707070707070708", "expired", LONG)];
    page(pages, "link/list-worst", &of_trial(NASTY, rows, typed, errors));
}

fn batches(pages: &mut Pages) {
    let inside = || inside(Section::Trials);
    let none = ErrorSummary::default;
    let list = |title: &str, rows, open, errors| List::new(inside(), ("fines-letter", title), rows, open, errors);
    page(pages, "batch/list-empty", &list("Overdue fines", vec![], true, none()));
    let row = |id: &str, by: &str, committed| Row {
        id: id.into(),
        uploaded: moment("2026-11-20T02:00:00Z"),
        by: by.into(),
        people: 1_200,
        committed,
    };
    let rows = || {
        vec![
            row("0123456789abcdef0123456789abcdef", "Aroha Bennett", None),
            row("fedcba9876543210fedcba9876543210", "a program", Some(days_after("2026-11-20T02:00:00Z", 1))),
        ]
    };
    page(pages, "batch/list-typical", &list("Overdue fines", rows(), false, none()));
    let errors = ErrorSummary { faults: vec![Fault::of_field("file", NASTY)] };
    page(pages, "batch/list-worst", &list(NASTY, vec![row(LONG, LONG, None); 20], true, errors));

    let balance = |names: [&str; 2]| Balance {
        expected: true,
        arms: vec!["Usual letter".into(), "Letter with the extra sentence".into()],
        strata: names.iter().map(|name| ((*name).to_owned(), vec![301, 299], Some(-0.013))).collect(),
        all: vec![602, 598],
    };
    let show = |may, balance: &Balance, refused: &[(u64, String)], committed| {
        let sent = (1_200, moment("2026-11-20T02:00:00Z"), "Aroha Bennett");
        Show::new(
            inside(),
            ("fines-letter", "Overdue fines", "0123456789abcdef"),
            sent,
            balance,
            refused,
            may,
            committed,
        )
    };
    let may = May { commit: true, own: false };
    page(
        pages,
        "batch/show-typical",
        &show(may, &balance(["north", "south"]), &[(4, "This line has no unit.".into())], None),
    );
    let own = May { commit: false, own: true };
    page(pages, "batch/show-own", &show(own, &balance(["north", "south"]), &[], None));
    let done = Committed {
        at: moment("2026-11-21T02:00:00Z"),
        by: "Bill Harper".into(),
        checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
    };
    let drawn = Balance { expected: false, ..balance(["north", "south"]) };
    page(pages, "batch/show-committed", &show(may, &drawn, &[], Some(done)));
    let refused: Vec<(u64, String)> = (1..=150).map(|line| (line, NASTY.to_owned())).collect();
    let worst =
        Balance { strata: vec![(LONG.into(), vec![u64::MAX, 0], Some(f64::NAN)); 12], ..balance([NASTY, LONG]) };
    page(pages, "batch/show-worst", &show(may, &worst, &refused, None));
}

fn outcome_files(pages: &mut Pages) {
    let trials = || inside(Section::Trials);
    let none = ErrorSummary::default;
    let kinds = || vec![("fine.settled".to_owned(), "fine.settled: Paid within 28 days".to_owned())];
    let typed = |words: &str| outcome_file::Typed {
        unit: words.into(),
        event: "fine.settled".into(),
        occurred_at: words.into(),
        ..outcome_file::Typed::default()
    };
    let each = |words: &str| outcome_file::Typed {
        event: String::new(),
        event_column: words.into(),
        value: words.into(),
        source: words.into(),
        day_first: true,
        sheet: words.into(),
        ..typed(words)
    };
    let at = moment("2026-11-20T02:00:00Z");
    let row = |by: &str, new, back| outcome_file::Row { id: 7, taken: at, by: by.into(), new, back };
    let list = |title: &str, rows, form, errors| {
        outcome_file::List::new(trials(), ("fines-letter", title), rows, form, errors)
    };
    let form = |kinds, typed| Some(outcome_file::Blank { kinds, typed, most: 20_000 });
    page(pages, "outcome_file/list-empty", &list("Overdue fines", vec![], form(kinds(), typed("unit")), none()));
    let rows =
        vec![row("Aroha Bennett", 1_200, None), row("Bill Harper", 1, Some(days_after("2026-11-20T02:00:00Z", 1)))];
    page(pages, "outcome_file/list-typical", &list("Overdue fines", rows, None, none()));
    let faults = ["file", "unit", "event_column", "occurred_at", "value", "source", "sheet"]
        .map(|field| Fault::of_field(field, NASTY));
    let many = vec![(LONG.to_owned(), LONG.to_owned()), (NASTY.to_owned(), NASTY.to_owned())];
    let rows = vec![row(LONG, u64::MAX, None); 20];
    page(
        pages,
        "outcome_file/list-worst",
        &list(NASTY, rows, form(many, each(LONG)), ErrorSummary { faults: faults.into() }),
    );

    let found = |new, refused: Vec<(u64, String)>| outcome_file::Found {
        digest: "9f86d081".repeat(8),
        new,
        known: 3,
        others: 12_345,
        refused,
    };
    let check = |title: &str, typed: &outcome_file::Typed, found, asked| {
        outcome_file::Check::new(trials(), ("fines-letter", title), typed, &found, asked)
    };
    page(pages, "outcome_file/check-empty", &check("Overdue fines", &typed("code"), found(0, vec![]), false));
    page(pages, "outcome_file/check-clean", &check("Overdue fines", &typed("code"), found(1_200, vec![]), false));
    let bad = vec![(4, "Value is a number.".to_owned())];
    page(
        pages,
        "outcome_file/check-typical",
        &check("Overdue fines", &typed("code"), found(1_199, bad.clone()), false),
    );
    page(pages, "outcome_file/check-asked", &check("Overdue fines", &typed("code"), found(1_199, bad.clone()), true));
    page(pages, "outcome_file/check-nothing", &check("Overdue fines", &typed("code"), found(0, bad), false));
    let refused: Vec<(u64, String)> = (1..=150).map(|line| (line, NASTY.to_owned())).collect();
    page(pages, "outcome_file/check-worst", &check(NASTY, &each(NASTY), found(u64::MAX, refused), true));

    let kept = |words: &str, back| outcome_file::Kept {
        id: 7,
        at,
        by: words.into(),
        digest: "9f86d081".repeat(8),
        read_as: each(words),
        rows: [1_200, 3, 12_345, 1],
        back,
    };
    let show = |title: &str, kept, open| outcome_file::Show::new(trials(), ("fines-letter", title), &kept, open);
    page(pages, "outcome_file/show-typical", &show("Overdue fines", kept("Aroha Bennett", None), true));
    page(pages, "outcome_file/show-locked", &show("Overdue fines", kept("Aroha Bennett", None), false));
    let back = |by: &str, corrected| Some(outcome_file::Back { at, by: by.into(), events: 1_199, corrected });
    page(pages, "outcome_file/show-back", &show("Overdue fines", kept("Aroha Bennett", back("Bill Harper", 1)), true));
    page(pages, "outcome_file/show-worst", &show(NASTY, kept(LONG, back(NASTY, 2)), true));
}

fn integrations(pages: &mut Pages) {
    let seen = |yes: bool| Seen {
        test_key_used: yes.then(|| moment("2026-11-20T02:00:00Z")),
        live_key_used: yes.then(|| moment("2026-11-21T02:00:00Z")),
        assigned: yes,
        delivered: false,
        outcomes: vec![("Paid or on a plan".into(), yes), (NASTY.into(), false)],
        strangers: yes,
        opted_out: false,
        repeated: yes,
    };
    let show = |words: Option<&str>, state, seen, may| {
        let plan = public::plan(words);
        let address = "https://trials.example.govt.nz";
        integration::Show::new(inside(Section::Trials), plan.protocol(), state, address, seen, may)
    };
    page(pages, "integration/show-empty", &show(None, State::Draft, seen(false), false));
    let call = |text: &str, live, status| LastCall {
        at: moment("2026-11-21T02:00:00Z"),
        key: text.into(),
        live,
        what: "Which version?".into(),
        verdict: text.into(),
        status,
    };
    let calls = vec![call("existing", true, 200), call("", false, 503)];
    page(pages, "integration/show-typical", &show(None, State::Enrolling, seen(true), true).with_calls(calls));
    let calls = vec![call(NASTY, true, 200), call(LONG, false, 422)];
    page(pages, "integration/show-worst", &show(Some(NASTY), State::Archived, seen(true), true).with_calls(calls));
}

fn rehearsals(pages: &mut Pages) {
    let plan = public::plan(None);
    let planning =
        || vec!["With 6,000 people you would see a rise from 20 to 23 in 100 in 83 of 100 trials.".to_owned()];
    let show = |title: &str, planning, report, cannot| {
        let plan = public::plan((title == NASTY).then_some(NASTY));
        let endings = preview(&plan);
        rehearsal::Show::new(inside(Section::Trials), ("fines-letter", title), planning, report, "person", cannot)
            .with_endings(endings.as_deref(), plan.protocol())
    };
    page(pages, "rehearsal/show-empty", &show("Overdue fines", planning(), None, None));
    let rehearsed = Rehearsal::new(&plan, 8).expect("a plan that can be rehearsed");
    let report = rehearsed.report(&rehearsed.run(0..8, 1), 8, 1);
    page(pages, "rehearsal/show-typical", &show("Overdue fines", planning(), Some((&report, true)), None));
    page(pages, "rehearsal/show-running", &show("Overdue fines", planning(), Some((&report, false)), None));
    let problem = preview(&without_deviation()).expect_err("a plan that does not say enough");
    let vague = show("Overdue fines", planning(), None, None).with_endings(Err(&problem), plan.protocol());
    page(pages, "rehearsal/show-vague", &vague);
    let cannot = Some(format!("{NASTY} {LONG}"));
    page(pages, "rehearsal/show-worst", &show(NASTY, vec![NASTY.into(); 9], None, cannot));
}

/// The sample plan with a main outcome of which nobody says how much people vary.
fn without_deviation() -> LockedProtocol {
    let plan = public::plan(None);
    let text = plan.canonical().replacen("\"kind\":\"binary\"", "\"kind\":\"duration\"", 1);
    LockedProtocol::from_json(text.as_bytes()).expect("a plan")
}

fn rules(pages: &mut Pages) {
    let show = |words: Option<&str>, people, answer, errors| {
        let typed = ["north".to_owned(), NASTY.to_owned(), "10".to_owned(), String::new()];
        eligibility::Show::new(inside(Section::Trials), public::plan(words).protocol(), people, &typed, answer, errors)
    };
    let person = |out: Option<&str>| eligibility::Person {
        values: ["north", "50+", "999", "no"].map(str::to_owned).to_vec(),
        out: out.map(str::to_owned),
    };
    let people = vec![person(None), person(Some("Fine_dollars is 1000, and must be below 1000."))];
    page(pages, "eligibility/show-typical", &show(None, people, None, ErrorSummary::default()));
    let worst = vec![eligibility::Person { values: vec![LONG.into(), NASTY.into()], out: Some(NASTY.into()) }; 12];
    let errors = ErrorSummary { faults: vec![Fault::of_field("a2", NASTY)] };
    page(pages, "eligibility/show-worst", &show(Some(NASTY), worst, Some(person(Some(LONG))), errors));
}
