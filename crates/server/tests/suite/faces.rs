//! The pages for people who write opt-outs down, send lists, review, decide and look for what was learned.

use serde_json::json;

use crate::{browser::Browser, client::Response, frontline::call, plan, running::start_filled};

fn done(response: &Response, what: &str) {
    assert_eq!(response.status, 303, "{what}: {}", response.text());
}

#[test]
fn an_opt_out_is_written_down_and_its_code_never_shown() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let fields = |unit: &'static str, what: &'static str, kind: &'static str| {
        [("what", what), ("unit", unit), ("kind", kind), ("trial", ""), ("channel", "phone")]
    };
    assert_eq!(designer.get("/optouts").status, 200);
    let written = designer.post("/optouts", &fields("visitor-77", "begin", "all"));
    assert_eq!(written.status, 201, "{}", written.text());
    assert!(written.text().contains("Number oo-") && !written.text().contains("visitor-77"));
    let number = |text: &str| text.split("Number ").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    designer.get("/optouts");
    let again = designer.post("/optouts", &fields("visitor-77", "begin", "all"));
    assert_eq!(number(&again.text()), number(&written.text()), "a repeat has the same number");
    designer.get("/optouts");
    let back = designer.post("/optouts", &fields("visitor-77", "withdraw", "all"));
    assert!(back.status == 201 && back.text().contains("Taken back"), "{}", back.text());
    for (unit, what, kind) in [
        ("visitor-78", "withdraw", "all"),
        ("mere@example.com", "begin", "all"),
        ("", "begin", "all"),
        ("visitor-78", "begin", "trial"),
        ("visitor-78", "", "all"),
        ("visitor-78", "begin", "everything"),
    ] {
        designer.get("/optouts");
        let refused = designer.post("/optouts", &fields(unit, what, kind));
        assert_eq!(refused.status, 422, "{unit} {what} {kind}");
        assert!(refused.text().contains("Error:") && (unit.is_empty() || !refused.text().contains(unit)), "{unit}");
    }
}

#[test]
fn a_list_is_sent_by_one_and_committed_by_another() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    designer.get("/trials/open-door/batches");
    let empty = designer.post_parts("/trials/open-door/batches", &[("file", " ")]);
    assert!(empty.status == 422 && empty.text().contains("Choose a file"), "{}", empty.text());
    let wrong = designer.post_parts("/trials/open-door/batches", &[("file", "unit,name\nv-1,Mere\n")]);
    assert!(wrong.status == 422 && wrong.text().contains("nown columns"), "{}", wrong.text());
    let sent = designer.post_parts("/trials/open-door/batches", &[("file", "unit\nv-1\nv-2\nmere@example.com\n")]);
    done(&sent, "send");
    let list = sent.header("location").expect("where it is").to_owned();
    let shown = designer.get(&list).text();
    assert!(shown.contains("somebody else must commit it") && shown.contains("Line 4") && !shown.contains("mere@"));
    assert_eq!(designer.post(&format!("{list}/commit"), &[]).status, 403);
    assert_eq!(designer.get(&format!("{list}/letters.csv")).status, 409);
    assert!(approver.get(&list).text().contains("Commit the list"));
    done(&approver.post(&format!("{list}/commit"), &[]), "commit");
    let file = designer.get(&format!("{list}/letters.csv"));
    assert!(file.status == 200 && file.text().starts_with("line,arm,outcome,assignment_id"), "{}", file.text());
    assert_eq!(file.text().lines().count(), 3);
    assert!(designer.get("/trials/open-door/integration").text().contains("curl"));

    // The draft asks for attributes: somebody is made up.
    assert!(designer.get("/trials/fines-letter/rules").text().contains("999"));
    let of = |district: &'static str, dollars: &'static str| {
        [("a1", district), ("a2", "50+"), ("a3", dollars), ("a4", "no")]
    };
    assert!(designer.post("/trials/fines-letter/rules", &of("north", "10")).text().contains("<strong>In.</strong>"));
    assert!(designer.post("/trials/fines-letter/rules", &of("north", "1000")).text().contains("<strong>Out.</strong>"));
    assert_eq!(designer.post("/trials/fines-letter/rules", &of("west", "10")).status, 422);
}

#[test]
fn a_plan_is_reviewed_decided_and_its_design_used_again() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    let mut analyst = Browser::signed_in(world.address, "analyst@justice.example");
    let mut elsewhere = Browser::signed_in(world.address, "designer@health.example");
    let document = plan::simple("new-letter", "justice", "letters");
    designer.get("/trials/new");
    done(&designer.post_parts("/trials", &[("file", ""), ("document", &document.to_string())]), "create");
    designer.get("/trials/new-letter");
    done(&designer.post("/trials/new-letter/submit", &[]), "submit");
    assert!(approver.get("/reviews").text().contains("/trials/new-letter/review"));
    approver.get("/trials/new-letter/review");
    assert_eq!(approver.post("/trials/new-letter/review", &[("place", ""), ("remark", "x")]).status, 422);
    done(&approver.post("/trials/new-letter/review", &[("place", "data"), ("remark", "Why so long?")]), "comment");
    assert!(designer.get("/trials/new-letter/review").text().contains("Why so long?"));
    done(&approver.post("/trials/new-letter/approve", &[]), "approve");
    assert!(approver.get("/reviews").text().contains("Nothing waits for your signature"));
    designer.get("/trials/new-letter");
    done(&designer.post("/trials/new-letter/start", &[]), "start");
    assert_eq!(approver.get("/trials/new-letter/decision").status, 409, "nothing to decide yet");
    done(&designer.post("/trials/new-letter/stop", &[("reason", "It is over")]), "stop");
    done(&analyst.post("/trials/new-letter/lock_data", &[("reason", "all is in")]), "lock");

    assert!(approver.get("/").text().contains("/trials/new-letter/decision"), "it waits for a decision");
    assert!(analyst.get("/trials/new-letter/decision").text().contains("Managers and service owners decide"));
    approver.get("/trials/new-letter/decision");
    let decide = "/trials/new-letter/decide";
    let half = [
        ("decision", "adopt"),
        ("reason", "I like it"),
        ("owner", "Letters"),
        ("due_on-day", "31"),
        ("due_on-month", "2"),
        ("due_on-year", "2027"),
    ];
    let refused = approver.post(decide, &half);
    assert!(refused.status == 422 && refused.text().contains("real day") && refused.text().contains("I like it"));
    assert_eq!(approver.post(decide, &half[..3]).status, 422, "by when?");
    assert_eq!(approver.post(decide, &[("decision", ""), ("reason", "")]).status, 422);
    done(&approver.post(decide, &[("decision", "run_again")]), "decide by the rule");
    assert!(approver.get("/trials/new-letter/decision").text().contains("The question is asked again"));
    assert_eq!(approver.post("/trials/new-letter/adoption", &[("status", "adopted"), ("reason", "")]).status, 409);
    assert!(analyst.get("/trials/new-letter/report").text().contains("The question is asked again"));
    let portfolio = approver.get("/portfolio");
    assert!(portfolio.status == 200 && portfolio.text().contains("Not enough information"));

    assert!(elsewhere.get("/library?q=new&agency=justice").text().contains("not public yet"));
    assert_eq!(elsewhere.get("/library?verdict=lovely").status, 404);
    elsewhere.get("/library");
    assert_eq!(elsewhere.post("/library/open-door/use", &[]).status, 404, "it still runs");
    let made = elsewhere.post("/library/new-letter/use", &[]);
    done(&made, "use the design");
    let draft = made.header("location").expect("the draft").trim_end_matches("/steps").to_owned();
    assert!(elsewhere.get(&draft).text().contains("Plan written"));
    assert_eq!(designer.get(&draft).status, 404, "it belongs to the other agency");
}

#[test]
fn a_link_is_proposed_by_one_agency_accepted_by_the_other_and_told_to_everybody() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut partner = Browser::signed_in(world.address, "administrator@health.example");
    let form = designer.get("/trials/open-door/links");
    assert!(form.status == 200 && form.text().contains("Propose the link"), "{}", form.text());
    let fields = |authority: &'static str, year: &'static str| {
        [
            ("partner", "health"),
            ("events", "door.opened"),
            ("authority", authority),
            ("reference", "Made-up Act 2020, section 7"),
            ("expires_at-day", "24"),
            ("expires_at-month", "12"),
            ("expires_at-year", year),
        ]
    };
    for (authority, year) in [("", "2026"), ("statute", "soon"), ("statute", "2020")] {
        designer.get("/trials/open-door/links");
        let refused = designer.post("/trials/open-door/links", &fields(authority, year));
        assert!(refused.status == 422 && refused.text().contains("Error:"), "{}", refused.text());
        assert!(refused.text().contains("Made-up Act 2020"), "what was typed stays");
    }
    designer.get("/trials/open-door/links");
    done(&designer.post("/trials/open-door/links", &fields("statute", "2026")), "propose");
    let waits = designer.get("/trials/open-door/links").text();
    assert!(waits.contains("Waits to be accepted") && waits.contains("Withdraw") && !waits.contains("/accept"));
    let register = || call(&world, "justice", "GET", "/register/open-door/transparency.json", None).json();
    assert_eq!(register()["tier_2"]["outcomes_from"], serde_json::json!([]), "nobody has accepted");

    let theirs = partner.get("/links").text();
    let id = theirs.split("/links/").nth(1).and_then(|rest| rest.split('/').next()).expect("a button").to_owned();
    done(&partner.post(&format!("/links/{id}/accept"), &[]), "accept");
    assert!(partner.get("/links").text().contains("In force"));
    let told = register();
    assert_eq!(told["tier_2"]["outcomes_from"][0]["authority"], "statute");
    let page = Browser::new(world.address).get("/register/open-door").text();
    assert!(page.contains("Outcomes also come from") && page.contains("A law says so"), "{page}");

    designer.get("/trials/open-door/links");
    done(&designer.post(&format!("/links/{id}/end"), &[]), "end");
    let ended = designer.get("/trials/open-door/links").text();
    assert!(ended.contains("Ended") && !ended.contains(&format!("/links/{id}/")), "nothing is left to do");
    assert_eq!(designer.post(&format!("/links/{id}/end"), &[]).status, 409);
}

#[test]
fn those_who_connect_an_app_see_its_last_calls_while_they_look() {
    let world = start_filled();
    let ask = |unit: &str| {
        let asked = json!({"unit": unit});
        call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&asked)).status
    };
    assert_eq!(ask("before-anybody-looked"), 200);
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut others = Browser::signed_in(world.address, "designer@health.example");
    let page = designer.get("/trials/open-door/integration").text();
    assert!(page.contains("No call has come since somebody looked"), "{page}");
    others.get("/trials/quit-line/integration");
    assert_eq!((ask("unit-of-a-person"), ask("unit-of-a-person")), (200, 200));
    let wrong = json!({"unit": "unit-of-a-person", "colour": "red"});
    assert_eq!(call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&wrong)).status, 400);
    let event = json!({"events": [{"event_id": "e-1", "unit": "unit-of-a-person", "event": "door.opened",
        "occurred_at": "2026-11-22T12:00:00Z"}]});
    for _ in 0..2 {
        assert_eq!(call(&world, "justice", "POST", "/v1/events", Some(&event)).status, 200);
    }
    let page = designer.get("/trials/open-door/integration").text();
    let table = page.split("id=\"calls\"").nth(1).expect("the last calls");
    let told =
        ["1 new, 0 repeated", "0 new, 1 repeated", "(live)", ">assigned<", ">existing<", ">invalid_body<", ">400<"];
    for told in told {
        assert!(table.contains(told), "{told}: {table}");
    }
    assert!(!page.contains("unit-of-a-person") && !table.contains("red"), "nobody is named, and no body is kept");
    let repeated = page.split("comes again counts once").nth(1).expect("the checklist");
    assert!(repeated.find("Seen").is_some_and(|at| at < 600), "{repeated}");
    let page = others.get("/trials/quit-line/integration").text();
    assert!(page.contains("No call has come since somebody looked"), "another agency sees nothing of it");
}

#[test]
fn a_suspended_trial_calls_for_attention_until_somebody_acts() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    let mut analyst = Browser::signed_in(world.address, "analyst@justice.example");
    assert!(!designer.get("/").text().contains("Attention"));
    designer.get("/trials/open-door");
    done(&designer.post("/trials/open-door/suspend", &[("reason", "Two people rang in upset.")]), "suspend");
    let told = |browser: &mut Browser, address: &str, what_to_do: &str| {
        let page = browser.get(address).text();
        assert!(page.contains("The trial is suspended. Two people rang in upset."), "{page}");
        assert!(page.contains(what_to_do), "{page}");
    };
    told(&mut designer, "/", "Find out with the front line");
    told(&mut analyst, "/", "Ask whoever runs the trial");
    for address in ["/", "/portfolio", "/reviews"] {
        told(&mut approver, address, "Decide with a monitor how it goes on.");
    }
    assert_eq!(
        Browser::signed_in(world.address, "designer@health.example").get("/").text().matches("upset").count(),
        0
    );
    designer.get("/trials/open-door");
    done(&designer.post("/trials/open-door/stop", &[("reason", "We begin anew.")]), "stop");
    assert!(!designer.get("/").text().contains("Attention"));
}
