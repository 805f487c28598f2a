use super::{LONG, NASTY, Pages, done, inside, moment, outside, page};
use fairtrial_domain::trial::{AlertKind, AlertMatter, PersonRole, Scope};
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::fault::Reason;
use fairtrial_pages::frame::Section;
use fairtrial_pages::session::{Refused, SignIn};
use fairtrial_pages::{account, administrator, audit, fault, interface, key, person, receiver};

pub(crate) fn add(pages: &mut Pages) {
    sessions(pages);
    faults(pages);
    keys(pages);
    receivers(pages);
    people(pages);
}

fn sessions(pages: &mut Pages) {
    page(pages, "session/sign_in-empty", &SignIn::new(outside(), "", None, None));
    let refused = SignIn::new(outside(), "hana@example.govt.nz", Some(Refused::NoMatch), Some("/trials".into()));
    page(pages, "session/sign_in-typical", &refused);
    let locked = SignIn::new(outside(), NASTY, Some(Refused::TooMany(15)), Some(NASTY.into()));
    page(pages, "session/sign_in-worst", &locked);

    page(pages, "administrator/create-empty", &administrator::Create::new(outside(), "token".into()));
    let mut form = administrator::Create::new(outside(), NASTY.into());
    form.agency.value = NASTY.into();
    form.email.value = "not an address".into();
    let faults = vec![
        Fault::of_field("name", "Enter your name."),
        Fault::of_field("email", "Enter an e-mail address in the right form, like name@example.govt.nz."),
        Fault::of_field("password", "Choose a password of at least 12 characters."),
    ];
    page(pages, "administrator/create-worst", &form.refused(ErrorSummary { faults }));
}

fn faults(pages: &mut Pages) {
    let show = |reason: Reason, reference: Option<&str>| fault::Show {
        frame: inside(Section::Outside),
        reason,
        reference: reference.map(Into::into),
    };
    page(pages, "fault/show-not-found", &show(Reason::NotFound, None));
    page(pages, "fault/show-not-allowed", &show(Reason::NotAllowed("a signature as privacy officer".into()), None));
    page(pages, "fault/show-stale", &show(Reason::Stale, None));
    page(pages, "fault/show-conflict", &show(Reason::Conflict("The trial has been stopped since.".into()), None));
    page(pages, "fault/show-not-understood-worst", &show(Reason::NotUnderstood(NASTY.into()), None));
    page(pages, "fault/show-broken", &show(Reason::Broken, Some("01998b1c-7f3a-7aa2-9d1e-0c5b1f0a4e11")));
    page(pages, "fault/show-unavailable", &show(Reason::Unavailable, None));
}

fn keys(pages: &mut Pages) {
    let row = |name: &str, live: bool, used: bool, revoked: bool| key::Row {
        id: "0c5b1f".into(),
        name: name.into(),
        live,
        scopes: vec![Scope::Assign, Scope::EventsWrite],
        created: moment("2026-06-01T01:00:00Z"),
        used: used.then(|| moment("2026-11-22T20:14:00Z")),
        revoked: revoked.then(|| moment("2026-09-30T03:00:00Z")),
    };
    let list = |keys: Vec<key::Row>| key::List { frame: inside(Section::Keys), keys };
    page(pages, "key/list-empty", &list(vec![]));
    let typical = vec![
        row("Fines letters, production", true, true, false),
        row("Fines letters, trying out", false, false, false),
        row("Old kiosk", true, true, true),
    ];
    page(pages, "key/list-typical", &list(typical));
    page(pages, "key/list-worst", &list(vec![row(NASTY, true, true, false), row(LONG, false, false, true)]));

    let form = || key::Create::new(inside(Section::Keys));
    page(pages, "key/create-empty", &form());
    let faults = vec![
        Fault::of_field("name", "Enter a name."),
        Fault::of_field("environment", "Choose where the key will be used."),
        Fault::of_field("scope", "Choose at least one thing that the key may do."),
    ];
    let mut worst = form();
    worst.name.value = NASTY.into();
    page(pages, "key/create-worst", &worst.refused(ErrorSummary { faults }));
    let created = |name: &str| key::Created {
        frame: inside(Section::Keys),
        name: name.into(),
        token: "ft_live_0c5b1f0a4e11_c2VjcmV0LW9mLXRoaXMta2V5LW5ldmVyLXNob3duLWFnYWlu".into(),
    };
    page(pages, "key/created-typical", &created("Fines letters, production"));
    page(pages, "key/created-worst", &created(NASTY));
}

fn receivers(pages: &mut Pages) {
    use receiver::Standing;
    let row = |name: &str, kinds: &[AlertKind], standing: Standing| receiver::Row {
        id: "rc-0c5b1f".into(),
        name: name.into(),
        origin: "https://alerts.example.govt.nz".into(),
        kinds: kinds.to_vec(),
        made: moment("2026-06-01T01:00:00Z"),
        standing,
    };
    let list =
        |is_on: bool, receivers: Vec<receiver::Row>| receiver::List { frame: inside(Section::Keys), is_on, receivers };
    let at = || moment("2026-11-22T20:14:00Z");
    page(pages, "receiver/list-empty", &list(false, vec![]));
    let urgent = [AlertKind::Harm, AlertKind::Check];
    let typical = vec![
        row("Pager of the duty officer", &urgent, Standing::Works(at())),
        row("Room of the letters team", AlertKind::ALL, Standing::Untried),
        row("Case system", &urgent, Standing::Fails(at())),
        row("Case system, new", &urgent, Standing::TriedAgain(3)),
        row("Old pager", &urgent, Standing::Closed(at())),
    ];
    page(pages, "receiver/list-typical", &list(true, typical));
    let worst = vec![row(NASTY, AlertKind::ALL, Standing::NotAllowed), row(LONG, &urgent, Standing::Fails(at()))];
    page(pages, "receiver/list-worst", &list(true, worst));

    let form = || receiver::Create::new(inside(Section::Keys));
    page(pages, "receiver/create-empty", &form());
    let faults = vec![
        Fault::of_field("name", "Enter a name."),
        Fault::of_field("address", "Enter an address such as https://alerts.agency.govt.nz/fairtrial."),
        Fault::of_field("kind", "Choose at least one thing to be told of."),
    ];
    let worst = form().given(NASTY.into(), NASTY.into(), &urgent).refused(ErrorSummary { faults });
    page(pages, "receiver/create-worst", &worst);
    let created = |name: &str| receiver::Created {
        frame: inside(Section::Keys),
        name: name.into(),
        id: "rc-0c5b1f".into(),
        secret: "whsec_c2VjcmV0LW9mLXRoaXMtcmVjZWl2ZXItbmV2ZXItc2hvd24tYWdhaW4=".into(),
    };
    page(pages, "receiver/created-typical", &created("Pager of the duty officer"));
    page(pages, "receiver/created-worst", &created(NASTY));

    let sending = |matter: AlertMatter, tries: i64, last: Option<&str>| receiver::Sending {
        what: matter.sentence(),
        trial: matter.is_about_a_trial().then(|| "fine-reminder".to_owned()),
        at: moment("2026-11-22T20:14:00Z"),
        id: "msg_0c5b1f0a4e110c5b1f0a4e110c5b1f0a".into(),
        waits: last.is_none_or(|answer| answer.contains("503")),
        given_up: tries > 10,
        tries,
        last: last.map(|answer| (moment("2026-11-22T20:15:00Z"), answer.to_owned())),
        next: last.is_none_or(|answer| answer.contains("503")).then(|| moment("2026-11-22T20:20:00Z")),
    };
    let show = |receiver: receiver::Row, sendings: Vec<receiver::Sending>, given_up: u64| receiver::Show {
        frame: inside(Section::Keys),
        receiver,
        sendings,
        given_up,
    };
    page(pages, "receiver/show-empty", &show(row("Pager", &urgent, Standing::Untried), vec![], 0));
    let typical = vec![
        sending(AlertMatter::Test, 0, None),
        sending(AlertMatter::HarmBoundary, 2, Some("It answered 503, which is not yes (200 to 299).")),
        sending(AlertMatter::PlanWaits, 11, Some("It did not answer within 3 seconds.")),
        sending(AlertMatter::CheckRed, 1, Some("It answered 200.")),
    ];
    page(pages, "receiver/show-typical", &show(row("Pager", &urgent, Standing::Fails(at())), typical, 1));
    let all = AlertMatter::ALL.iter().map(|matter| sending(*matter, 11, Some(NASTY))).collect();
    page(pages, "receiver/show-worst", &show(row(LONG, AlertKind::ALL, Standing::Fails(at())), all, 4_321));
    page(pages, "receiver/show-closed", &show(row(NASTY, &urgent, Standing::Closed(at())), vec![], 3));
}

fn people(pages: &mut Pages) {
    let row = |name: &str, own: bool, closed: bool| person::Row {
        id: "7aa29d".into(),
        name: name.into(),
        email: "hana@example.govt.nz".into(),
        roles: vec![PersonRole::Designer, PersonRole::Manager],
        seen: (!closed).then(|| moment("2026-11-22T20:14:00Z")),
        closed,
        own,
    };
    let list = |people: Vec<person::Row>| person::List { frame: inside(Section::People), people };
    page(pages, "person/list-empty", &list(vec![]));
    let typical = vec![row("Hana Tūhoe", true, false), row("Wiremu Pōtae", false, false), row("Ann Lee", false, true)];
    page(pages, "person/list-typical", &list(typical));
    page(pages, "person/list-worst", &list(vec![row(NASTY, false, false), row(LONG, false, true)]));

    let form = || person::Create::new(inside(Section::People));
    page(pages, "person/create-empty", &form());
    let mut worst = form();
    worst.email.value = NASTY.into();
    let faults = vec![
        Fault::of_field("email", "Somebody has this e-mail address already."),
        Fault::of_field("role", "Choose at least one role."),
    ];
    page(pages, "person/create-worst", &worst.refused(ErrorSummary { faults }));
    let created = person::Created {
        frame: inside(Section::People),
        name: "Wiremu Pōtae".into(),
        email: "wiremu@example.govt.nz".into(),
        password: "tūī-rātā-moana-2741".into(),
    };
    page(pages, "person/created-typical", &created);

    let own = |name: &str, frame| {
        account::Show::of(
            frame,
            name.into(),
            "hana@example.govt.nz".into(),
            "Ministry of Made-up Justice".into(),
            vec![PersonRole::Designer, PersonRole::Manager],
            moment("2026-10-01T02:00:00Z"),
        )
    };
    let changed = done(inside(Section::Account), "Your password is changed.");
    page(pages, "account/show-typical", &own("Hana Tūhoe", changed));
    let faults =
        vec![Fault::of_field("current", "This is not your password."), Fault::of_field("new", "Choose a longer one.")];
    page(pages, "account/show-worst", &own(NASTY, inside(Section::Account)).refused(ErrorSummary { faults }));
    records(pages);
}

fn records(pages: &mut Pages) {
    let root = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let origin = "fairtrial/audit/0d1f5c2a9b3e4f60";
    let head = |size| audit::Show {
        frame: inside(Section::Account),
        size,
        root: root.into(),
        checkpoint: format!("{origin}\n{size}\n{root}\n\n— {origin} {root}\n"),
    };
    page(pages, "audit/show-typical", &head(10_421));
    page(pages, "audit/show-empty", &head(0));
    let call = |method: &str, path: &str, summary: &str| interface::Call {
        method: method.into(),
        path: path.into(),
        summary: summary.into(),
    };
    let calls = vec![
        call("POST", "/v1/trials/{trial}/assignments", "Which version a unit gets; repeated, the same"),
        call("GET", "/v1/reconcile", "What was kept on a day of what each key sent"),
    ];
    let shown = |calls| interface::Show {
        frame: outside(),
        groups: vec![interface::Group { name: "Frontline".into(), calls }],
    };
    page(pages, "interface/show-typical", &shown(calls));
    page(pages, "interface/show-worst", &shown(vec![call("PUT", LONG, NASTY)]));
    page(pages, "audit/show-worst", &audit::Show { checkpoint: format!("{NASTY}\n{LONG}"), ..head(u64::MAX) });
}
