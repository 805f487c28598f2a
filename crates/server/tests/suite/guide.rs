//! A plan made step by step, by somebody with a browser and without statistics.

use fairtrial_testkit::on_both_databases;

use crate::{
    browser::Browser,
    running::{start_filled, start_filled_on},
};

/// The answers that only the designer has, by their fields. What is not here stays as the pattern filled it in.
pub(crate) const ANSWERS: &[(&str, &str)] = &[
    ("title", "Does a shorter letter help people pay?"),
    ("public_summary", "Some people get the usual version and some a shorter one."),
    ("owner", "fines team"),
    ("change", "half the words"),
    ("because", "people say they do not read it"),
    ("usual", "Usual letter"),
    ("new", "Short letter"),
    ("usual_cost", "1.10"),
    ("who", "people with one overdue fine"),
    ("attributes", "district: north, south (balance)\nage: 0 to 120 (in)\ngroup: a, b (fair)"),
    ("include", "age at least 18"),
    ("least_able_to_cope", "people in hardship are left out"),
    ("lawful_basis", "fines law"),
    ("sources", "fines register"),
    ("ends_on-day", "30"),
    ("ends_on-month", "6"),
    ("ends_on-year", "2028"),
    ("margin_reason", "it costs half as much, and they can still pay the next day"),
    ("harm_margin_reason", "every complaint is answered within a day"),
    ("equity_groups", "district"),
    ("equity_groups", "group"),
    ("equity_margin", "5"),
    ("pia", "PIA 12"),
    ("notice_text", "We are testing two versions of this letter."),
    ("opt_out", "call us"),
    ("hosting", "New Zealand, our own computers"),
    ("review_on-day", "1"),
    ("review_on-month", "9"),
    ("review_on-year", "2028"),
    ("comment_from-day", "1"),
    ("comment_from-month", "12"),
    ("comment_from-year", "2026"),
    ("comment_until-day", "15"),
    ("comment_until-month", "12"),
    ("comment_until-year", "2026"),
    ("kaitiaki_group", "the iwi data group"),
    ("kaitiaki_contact", "kaitiaki@iwi.example"),
    ("kaitiaki_decision", "agreed on 1 November"),
];

/// What a form on a page would send if nothing were typed: its fields in order, each with what stands in it or is chosen.
fn fields_on(text: &str) -> Vec<(String, Vec<String>)> {
    let form = text.split("/steps/").find(|part| part.contains("name=\"protocol_id\"")).unwrap_or_default();
    let form = form.split("</form>").next().unwrap_or_default();
    let plain = |text: &str| {
        let codes = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        codes.iter().fold(text.to_owned(), |text, (code, letter)| text.replace(code, letter))
    };
    let part = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        rest.split('"').next().map(plain)
    };
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for tag in form.split('<').skip(1) {
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let Some(name) = part(tag, "name").filter(|name| name != "csrf") else { continue };
        let chosen = ["radio", "checkbox"].iter().any(|kind| tag.contains(&format!("type=\"{kind}\"")));
        let stands = match tag {
            tag if tag.starts_with("textarea") => Some(plain(after.trim_start_matches('\n'))),
            tag if chosen && !tag.contains(" checked") => None,
            tag => Some(part(tag, "value").unwrap_or_default()),
        };
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.extend(stands),
            None => fields.push((name, stands.into_iter().collect())),
        }
    }
    fields
}

/// Sends the form of a step with these answers in the places that the page has for them.
pub(crate) fn fill_in(browser: &mut Browser, address: &str, answers: &[(&str, &str)]) -> crate::client::Response {
    let shown = browser.get(address);
    assert_eq!(shown.status, 200, "{address}: {}", shown.text());
    let page = fields_on(&shown.text());
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for (name, stands) in &page {
        let typed: Vec<(&str, &str)> = answers.iter().filter(|(known, _)| known == name).copied().collect();
        match typed.as_slice() {
            [] => fields.extend(stands.iter().map(|text| (name.as_str(), text.as_str()))),
            typed => fields.extend(typed),
        }
    }
    browser.post(address, &fields)
}

/// Begins a plan, answers its steps one after the other as the pages lead, and comes back to their list. Returns the steps.
pub(crate) fn walk(
    browser: &mut Browser,
    (pattern, aim): (&str, &str),
    answers: &[(&str, &str)],
) -> (String, Vec<String>) {
    browser.get("/trials/new/steps");
    let made = browser.post("/trials/new/steps", &[("title", "Does it help?"), ("pattern", pattern), ("aim", aim)]);
    let list = made.header("location").expect("it is made").to_owned();
    let mut steps = Vec::new();
    let mut address = format!("{list}/question");
    while address != list {
        steps.push(address.rsplit('/').next().unwrap_or_default().to_owned());
        let saved = fill_in(browser, &address, answers);
        assert_eq!(saved.status, 303, "{pattern} {aim} {address}: {}", saved.text());
        address = saved.header("location").expect("it leads on").to_owned();
    }
    (list, steps)
}

/// The plan that stands on the page.
pub(crate) fn plan_on(text: &str) -> String {
    let rest = text.split("name=\"protocol_id\" value=\"").nth(1).expect("the page names its plan");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn from_a_pattern_to_approval_without_a_document() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    assert!(designer.get("/trials/new").text().contains("/trials/new/steps"));
    designer.get("/trials/new/steps");
    let incomplete = designer.post("/trials/new/steps", &[("title", " "), ("pattern", "")]);
    assert_eq!(incomplete.status, 422);
    for what in ["Write your question", "Choose what you want to change", "Choose what the trial should show"] {
        assert!(incomplete.text().contains(what), "{what}");
    }
    let first = [("title", "Short letters?"), ("pattern", "reminder_letter"), ("aim", "better")];
    let made = designer.post("/trials/new/steps", &first);
    assert_eq!((made.status, made.header("location")), (303, Some("/trials/short-letters/steps")), "{}", made.text());
    designer.get("/trials/new/steps");
    let again = designer.post("/trials/new/steps", &first);
    assert_eq!(again.header("location"), Some("/trials/short-letters-2/steps"), "a key is used once");

    let tasks = designer.get("/trials/short-letters/steps").text();
    assert!(tasks.contains("6 steps are still to be filled in"), "{tasks}");
    let page = designer.get("/trials/short-letters").text();
    assert!(page.contains("Replace what stands in square brackets in"), "{page}");
    assert!(!page.contains("action=\"/trials/short-letters/submit\""), "nothing is sent with gaps in it: {page}");
    let early = designer.get("/trials/short-letters/check");
    assert_eq!(early.header("location"), Some("/trials/short-letters/steps"), "nothing is sent with gaps in it");

    let before = plan_on(&designer.get("/trials/short-letters/steps/question").text());
    let mut next = "/trials/short-letters/steps/question".to_owned();
    while next != "/trials/short-letters/steps" {
        let saved = fill_in(&mut designer, &next, ANSWERS);
        assert_eq!(saved.status, 303, "{next}: {}", saved.text());
        next = saved.header("location").expect("it leads on").to_owned();
    }
    let stale = [("title", "Another"), ("public_summary", "x"), ("owner", "x"), ("protocol_id", &before)];
    designer.get("/trials/short-letters/steps/question");
    assert_eq!(
        designer.post("/trials/short-letters/steps/question", &stale).status,
        409,
        "somebody else saved meanwhile"
    );

    let size = designer.get("/trials/short-letters/steps/size").text();
    assert!(size.contains("you can reliably see a change from 30 to 33 in 100"), "{size}");
    let check = designer.get("/trials/short-letters/check").text();
    for what in ["Short letter", "Did what the letter asks within 28 days", "fines team", "Who must sign", "3 in 100"] {
        assert!(check.contains(what), "{what}");
    }
    for not_asked in ["offices change over", "The offices that take part"] {
        assert!(!check.contains(not_asked), "{not_asked}: {check}");
    }
    // So many severe harms more than with the usual version.
    let harm = "/trials/short-letters/steps/harm";
    for (typed, why) in [("few", "Write a whole number"), ("0", "1 to 1000"), ("1001", "1 to 1000")] {
        let refused = fill_in(&mut designer, harm, &[("severe", typed)]);
        let text = refused.text();
        assert!(refused.status == 422 && text.contains("href=\"#severe\"") && text.contains(why), "{typed}: {text}");
    }
    assert_eq!(fill_in(&mut designer, harm, &[("severe", "3")]).status, 303);
    let document = designer.get("/trials/short-letters/document").text();
    assert!(document.contains("severe_harms_over_control"), "{document}");
    assert_eq!(fill_in(&mut designer, harm, &[("severe", "")]).status, 303);
    assert!(!designer.get("/trials/short-letters/document").text().contains("severe_harms_over_control"));
    assert_eq!(fill_in(&mut designer, harm, &[("severe", "4")]).status, 303);
    let check = designer.get("/trials/short-letters/check").text();
    assert!(check.contains("How many more reports of grave harm"), "{check}");
    let page = designer.get("/trials/short-letters").text();
    assert!(page.contains("action=\"/trials/short-letters/submit\"") && !page.contains("square brackets"), "{page}");
    let sent = designer.post("/trials/short-letters/submit", &[("protocol_id", &plan_on(&check))]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert_eq!(designer.get("/trials/short-letters/steps").status, 409, "a plan that people sign stays as it is");
}

#[test]
fn an_answer_that_does_not_fit_is_told_at_its_field_and_saves_nothing() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    designer.get("/trials/new/steps");
    designer.post("/trials/new/steps", &[("title", "Queues?"), ("pattern", "queue_rule"), ("aim", "not_worse")]);
    let shown = designer.get("/trials/queues/steps/effect").text();
    assert!(shown.contains("largest loss that you could accept"), "a plan to be no worse asks for its limit");
    let plan = plan_on(&shown);
    let typed = [("expected", "120"), ("margin", "few")];
    let refused = fill_in(&mut designer, "/trials/queues/steps/effect", &typed);
    let text = refused.text();
    assert_eq!(refused.status, 422);
    assert!(text.contains("href=\"#margin\"") && text.contains("href=\"#expected\""), "{text}");
    assert!(text.contains("value=\"few\"") && text.contains("value=\"5\""), "what was typed is kept");
    assert_eq!(plan_on(&designer.get("/trials/queues/steps/effect").text()), plan, "nothing was saved");
    let no_day = [("ends_on-day", "31"), ("ends_on-month", "6"), ("ends_on-year", "2027")];
    let refused = fill_in(&mut designer, "/trials/queues/steps/size", &no_day);
    assert!(refused.status == 422 && refused.text().contains("Write a real day"), "{}", refused.text());
    assert!(refused.text().contains("value=\"31\""), "what was typed is kept");
    let half = [("equity_margin", "5")];
    let refused = fill_in(&mut designer, "/trials/queues/steps/fairness", &half);
    assert!(refused.status == 422 && refused.text().contains("href=\"#equity_groups\""), "{}", refused.text());

    let mut stranger = Browser::signed_in(world.address, "designer@health.example");
    assert_eq!(stranger.get("/trials/queues/steps").status, 404);
    assert_eq!(designer.get("/trials/open-door/steps").status, 409, "a trial under way is not changed");
    assert_eq!(designer.get("/trials/queues/steps/nothing").status, 404);
}

pub(crate) const PATTERNS: [&str; 5] =
    ["reminder_letter", "form_wording", "call_script", "queue_rule", "appointment_text"];

/// Answers that make it a plan of tier 2 which uses Māori data.
const MORE_TO_LOSE: [(&str, &str); 2] = [("money", "some"), ("uses_maori_data", "yes")];

on_both_databases! {
    /// Nobody is led to a plan that is then refused.
    fn every_pattern_and_aim_leads_through_its_steps_to_approval(database) {
        let world = start_filled_on(database.url());
        let mut designer = Browser::signed_in(world.address, "designer@justice.example");
        for pattern in PATTERNS {
            for aim in ["better", "not_worse"] {
                for more in [&[][..], &MORE_TO_LOSE] {
                    let answers = [ANSWERS, more].concat();
                    let (list, steps) = walk(&mut designer, (pattern, aim), &answers);
                    let asked = |step: &str| steps.iter().any(|known| known == step);
                    let much = !more.is_empty();
                    assert_eq!((asked("kaitiaki"), asked("comment")), (much, much), "{pattern} {aim}: {steps:?}");
                    assert_eq!(asked("privacy"), much || pattern == "queue_rule", "{pattern} {aim}: {steps:?}");
                    let trial = list.strip_suffix("/steps").unwrap_or_default();
                    let tasks = designer.get(&list).text();
                    assert!(tasks.contains(&format!("href=\"{trial}/check\"")), "{pattern} {aim} {much}: {tasks}");
                    let check = designer.get(&format!("{trial}/check"));
                    assert_eq!(check.status, 200, "{pattern} {aim} {much}");
                    assert_eq!(check.text().contains("ori data governance"), much, "{}", check.text());
                    let sent = designer.post(&format!("{trial}/submit"), &[("protocol_id", &plan_on(&check.text()))]);
                    assert_eq!(sent.status, 303, "{pattern} {aim} {much}: {}", sent.text());
                    assert!(designer.get(trial).text().contains("Waiting for signatures"), "{pattern} {aim} {much}");
                }
            }
        }
    }
}

#[test]
fn what_is_lacking_is_told_in_words_with_the_way_to_mend_it() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let few: Vec<(&str, &str)> = ANSWERS.iter().filter(|(name, _)| !name.starts_with("pia")).copied().collect();
    let (list, _) = walk(&mut designer, ("queue_rule", "better"), &few);
    let trial = list.strip_suffix("/steps").unwrap_or_default();
    let tasks = designer.get(&list).text();
    assert!(tasks.contains("1 step is still to be filled in"), "{tasks}");
    assert!(tasks.contains("Still open: The privacy impact assessment"), "{tasks}");
    assert!(!tasks.contains(&format!("href=\"{trial}/check\"")), "nothing is sent with gaps in it: {tasks}");
    assert_eq!(designer.get(&format!("{trial}/check")).header("location"), Some(list.as_str()));
    let page = designer.get(trial).text();
    assert!(page.contains(&format!("href=\"{trial}/steps/privacy\"")) && !page.contains("/data/pia"), "{page}");
    assert!(page.contains("Go on with the plan step by step"), "{page}");
    // To who may not change the plan the words are told without the way.
    let page = Browser::signed_in(world.address, "approver@justice.example").get(trial).text();
    assert!(page.contains("privacy impact assessment") && !page.contains("/steps"), "{page}");

    // What takes away an entitlement is not run, and the page says so before anybody sends it.
    let saved = fill_in(&mut designer, &format!("{list}/risk"), &[("entitlement", "removes")]);
    assert_eq!(saved.status, 303);
    let page = designer.get(trial).text();
    assert!(page.contains(&format!("href=\"{trial}/steps/risk\"")), "{page}");
    assert_eq!(designer.get(&format!("{list}/comment")).status, 200);
}

#[test]
fn a_draft_is_changed_as_a_document_and_wrong_ones_change_nothing() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let trial = "/trials/fines-letter";
    // It has more outcomes and another shape than the steps ask about.
    let led = designer.get(&format!("{trial}/steps"));
    assert_eq!(led.header("location"), Some("/trials/fines-letter/document"), "{}", led.text());
    let page = designer.get(trial).text();
    assert!(
        page.contains(&format!("href=\"{trial}/document\"")) && !page.contains(&format!("{trial}/steps")),
        "{page}"
    );
    let shown = designer.get(&format!("{trial}/document")).text();
    let plan = plan_on(&shown);
    let document = crate::plan::fines_letter().to_string();

    let broken = document.replacen("\"ratio\":1", "\"ratio\":-1", 1);
    let refused = designer
        .post_parts(&format!("{trial}/document"), &[("protocol_id", &plan), ("file", ""), ("document", &broken)]);
    let text = refused.text();
    assert_eq!(refused.status, 422, "{text}");
    assert!(text.contains("/arms/0/ratio") && text.contains("Nothing was saved") && text.contains("-1"), "{text}");
    let cut = &document[..document.len() / 2];
    let refused =
        designer.post_parts(&format!("{trial}/document"), &[("protocol_id", &plan), ("file", cut), ("document", "")]);
    assert!(refused.status == 422 && refused.text().contains("line 1"), "{}", refused.text());
    let other = document.replace("\"fines-letter\"", "\"other-letter\"");
    let refused = designer
        .post_parts(&format!("{trial}/document"), &[("protocol_id", &plan), ("file", ""), ("document", &other)]);
    assert!(refused.status == 422 && refused.text().contains("must be that of the trial"), "{}", refused.text());
    assert_eq!(plan_on(&designer.get(&format!("{trial}/document")).text()), plan, "nothing was saved");

    let mended = document.replacen("\"owner\":\"", "\"owner\":\"another team and ", 1);
    assert_ne!(mended, document);
    let parts = [("protocol_id", plan.as_str()), ("file", mended.as_str()), ("document", document.as_str())];
    assert_eq!(designer.post_parts(&format!("{trial}/document"), &parts).header("location"), Some(trial));
    let shown = designer.get(&format!("{trial}/document")).text();
    assert!(shown.contains("another team and") && plan_on(&shown) != plan, "the file went first");
    let stale = designer.post_parts(&format!("{trial}/document"), &parts);
    assert_eq!(stale.status, 409, "somebody else saved meanwhile");

    designer.get("/trials/open-door");
    assert_eq!(designer.get("/trials/open-door/document").status, 409, "a trial under way is not changed");
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    assert_eq!(approver.get(&format!("{trial}/document")).status, 403);
    assert!(!approver.get(trial).text().contains("/document"));
}

#[test]
fn answers_are_checked_with_the_way_back_and_against_what_was_sent() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    // So few people and looks that the rehearsal takes a moment.
    let answers = [ANSWERS, &[("max_units", "40"), ("looks", "1")]].concat();
    let (list, steps) = walk(&mut designer, ("reminder_letter", "better"), &answers);
    let trial = list.strip_suffix("/steps").unwrap_or_default();
    let tasks = designer.get(&list).text();
    for what in ["rules", "rehearsal"] {
        assert!(tasks.contains(&format!("href=\"{trial}/{what}\"")), "{what}: {tasks}");
    }
    let check = designer.get(&format!("{trial}/check")).text();
    for step in &steps {
        assert!(check.contains(&format!("href=\"{list}/{step}#")), "{step}: {check}");
    }
    assert!(check.contains("30 June 2028") && check.contains("Rehearse this plan"), "{check}");
    assert!(!check.contains("What has changed since it was sent"), "it was not sent yet: {check}");

    assert!(check.contains(&format!("href=\"{trial}/rehearsal#endings\"")), "{check}");
    let rehearsal = designer.get(&format!("{trial}/rehearsal")).text();
    let told = rehearsal.split_once("What the report will say if").expect("the endings").1;
    for said in [
        "Adopt",
        "Keep current: it does not do enough",
        "Stop: harm",
        "We do not know yet.",
        "This trial cannot be read.",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(designer.post(&format!("{trial}/rehearsal"), &[]).status, 303);
    // It goes on beside the answer; the page says so once it is done.
    let mut tries = 0;
    while !designer.get(&format!("{trial}/check")).text().contains("Yes, this very plan") {
        designer.post(&format!("{trial}/rehearsal"), &[]);
        tries += 1;
        assert!(tries < 60, "the rehearsal ends within a minute");
    }

    let check = designer.get(&format!("{trial}/check")).text();
    assert_eq!(designer.post(&format!("{trial}/submit"), &[("protocol_id", &plan_on(&check))]).status, 303);
    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    let page = approver.get(trial).text();
    let returned = [("protocol_id", plan_on(&page)), ("reason", "Which team?".into())];
    let returned: Vec<(&str, &str)> = returned.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(approver.post(&format!("{trial}/return"), &returned).status, 303);
    assert!(designer.get(&format!("{trial}/check")).text().contains("it is the plan that was sent before"));
    assert_eq!(fill_in(&mut designer, &format!("{list}/question"), &[("owner", "letters team")]).status, 303);
    let check = designer.get(&format!("{trial}/check")).text();
    let changed = check.split("What has changed since it was sent").nth(1).expect("it was sent");
    for what in ["Who answers for it", "fines team", "letters team"] {
        assert!(changed.contains(what), "{what}: {changed}");
    }
    assert!(check.contains("Rehearse this plan"), "what was rehearsed was another plan");
}

#[test]
fn looks_what_is_shown_and_what_must_not_get_worse_are_answered_too() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let (list, _) = walk(&mut designer, ("reminder_letter", "better"), ANSWERS);
    let trial = list.strip_suffix("/steps").unwrap_or_default();
    let save = |designer: &mut Browser, step: &str, answers: &[(&str, &str)]| {
        let saved = fill_in(designer, &format!("{list}/{step}"), answers);
        (saved.status, saved.text())
    };
    let document = |designer: &mut Browser| designer.get(&format!("{trial}/document")).text();

    // It can end early from the first on; with one look it cannot.
    let looks = designer.get(&format!("{list}/looks")).text();
    for what in ["is shown to be better", "Do not adopt", "it ends sooner on average", "stopped for harm when"] {
        assert!(looks.contains(what), "{what}: {looks}");
    }
    assert_eq!(save(&mut designer, "size", &[("units_per_day", "50")]).0, 303);
    let looks = designer.get(&format!("{list}/looks")).text();
    assert!(
        looks.contains("The earliest day on which it can end") && looks.contains("It takes at most about"),
        "{looks}"
    );
    assert!(document(&mut designer).contains("hwang_shih_decani"));
    assert_eq!(save(&mut designer, "looks", &[("looks", "1")]).0, 303);
    let once = document(&mut designer);
    assert!(!once.contains("obrien_fleming") && !once.contains("futility"), "{once}");
    assert_eq!(save(&mut designer, "looks", &[("looks", "5"), ("gives_up", "no")]).0, 303);
    let five = document(&mut designer);
    assert!(five.contains("0.6") && five.contains("obrien_fleming") && !five.contains("futility"), "{five}");
    assert_eq!(save(&mut designer, "looks", &[("looks", "9")]).0, 422);
    let slow = save(&mut designer, "size", &[("units_per_day", "many")]);
    assert!(slow.0 == 422 && slow.1.contains("Write a number such as 25 or 2.5"), "{}", slow.1);

    let shown = [("usual_payload", "heading: Please pay"), ("new_payload", "heading: Pay by 30 June\nshort: yes")];
    assert_eq!(save(&mut designer, "shown", &shown).0, 303);
    let preview = designer.get(&format!("{list}/shown")).text();
    let preview = preview.split("As it is saved now").nth(1).expect("side by side");
    assert!(preview.contains("Please pay") && preview.contains("Pay by 30 June"), "{preview}");
    assert_eq!(save(&mut designer, "shown", &[("new_payload", "{\"colours\": [\"red\"]}")]).0, 303);
    assert_eq!(designer.get(&format!("{trial}/check")).status, 200, "a list is nothing to be replaced");
    let wrong = save(&mut designer, "shown", &[("new_payload", "no name")]);
    assert!(wrong.0 == 422 && wrong.1.contains("href=\"#new_payload\"") && wrong.1.contains("no name"), "{}", wrong.1);
    let many = ["reminder", "plainer_words", "social_norm", "consequence", "personal", "default"];
    let many: Vec<(&str, &str)> = many.iter().map(|word| ("technique", *word)).collect();
    let told = save(&mut designer, "tags", &many);
    assert!(told.0 == 422 && told.1.contains("href=\"#technique\""), "{}", told.1);
    assert_eq!(save(&mut designer, "tags", &many[..2]).0, 303);
    assert!(document(&mut designer).contains("plainer_words"));
    assert_eq!(save(&mut designer, "tags", &[("touchpoint", "")]).0, 303, "it may have none");

    // Half of a guardrail is none, a whole one is in the plan, and it goes again.
    let half = save(&mut designer, "guardrail", &[("guard", "Rang us")]);
    assert!(
        half.0 == 422 && half.1.contains("href=\"#guard_event\"") && half.1.contains("href=\"#guard_better\""),
        "{}",
        half.1
    );
    let nameless = save(&mut designer, "guardrail", &[("guard_event", "call.received")]);
    assert!(nameless.0 == 422 && nameless.1.contains("Say first what must not get worse"), "{}", nameless.1);
    let whole =
        [("guard", "Rang us"), ("guard_event", "call.received"), ("guard_better", "decrease"), ("guard_margin", "2")];
    assert_eq!(save(&mut designer, "guardrail", &whole).0, 303);
    let plan = document(&mut designer);
    assert!(plan.contains("Rang us") && plan.contains("&#34;guardrail&#34;"), "{plan}");
    let check = designer.get(&format!("{trial}/check")).text();
    assert!(check.contains("Rang us") && check.contains("Less of it is good"), "{check}");
    // More to lose: then it must be said why, and the list says where.
    assert_eq!(save(&mut designer, "risk", &[("dignity", "some")]).0, 303);
    let tasks = designer.get(&list).text();
    assert!(
        tasks.contains(&format!("href=\"{list}/guardrail\"")) && !tasks.contains(&format!("href=\"{trial}/check\""))
    );
    let none = ["guard", "guard_event", "guard_margin", "guard_margin_reason"].map(|name| (name, ""));
    let step = format!("{list}/guardrail");
    let seen = plan_on(&designer.get(&step).text());
    let gone = [&none[..], &[("protocol_id", &seen)]].concat();
    assert_eq!(designer.post(&step, &gone).status, 303);
    assert!(!document(&mut designer).contains("Rang us"));
}

on_both_databases! {
    /// What reviewers ask leads the author to the step that asks about it, and stands where they sign until it is resolved.
    fn comments_lead_to_their_steps_and_stand_where_they_are_signed(database) {
        let world = start_filled_on(database.url());
        let mut designer = Browser::signed_in(world.address, "designer@justice.example");
        let mut approver = Browser::signed_in(world.address, "approver@justice.example");
        let (list, _) = walk(&mut designer, ("reminder_letter", "better"), ANSWERS);
        let trial = list.strip_suffix("/steps").unwrap_or_default();
        let sent = plan_on(&designer.get(&format!("{trial}/check")).text());
        assert_eq!(designer.post(&format!("{trial}/submit"), &[("protocol_id", &sent)]).status, 303);
        let review = format!("{trial}/review");
        let form = approver.get(&format!("{review}?part=data")).text();
        let chosen = form.split('<').find(|tag| tag.contains(" selected")).unwrap_or_default();
        assert!(chosen.contains("value=\"data\""), "{form}");
        assert!(form.contains("value=\"versions/shown\"") && !form.contains("data/kaitiaki"), "what such a plan is asked: {form}");
        for wrong in ["", "data/shown", "versions/nothing"] {
            let refused = approver.post(&review, &[("place", wrong), ("remark", "x")]);
            assert!(refused.status == 422 && refused.text().contains("href=\"#place\""), "{wrong}: {}", refused.text());
        }
        for (place, remark) in [("data", "Why so long?"), ("data", "Which law?"), ("versions/shown", "No number to call")] {
            assert_eq!(approver.post(&review, &[("place", place), ("remark", remark)]).status, 303);
        }
        assert!(approver.get(&review).text().contains("Comments of yours that are not resolved"));
        assert!(approver.get(trial).text().contains("3 comments of yours are not resolved"));
        assert!(designer.get(trial).text().contains("3 comments wait for an answer"));
        let back = [("protocol_id", sent.as_str()), ("reason", "see the comments")];
        assert_eq!(approver.post(&format!("{trial}/return"), &back).status, 303);

        let tasks = designer.get(&list).text();
        let hint = |step: &str, words: &str| {
            let task = tasks.split(&format!("{list}/{step}\"")).nth(1).and_then(|rest| rest.split("</li>").next());
            assert!(task.unwrap_or_default().contains(words), "{step}: {tasks}");
        };
        hint("data", "2 comments wait for an answer");
        hint("shown", "1 comment waits for an answer");
        let step = designer.get(&format!("{list}/data")).text();
        assert!(step.contains("Which law?") && step.contains(&format!("{review}#comment-2")), "{step}");
        assert!(designer.get(&format!("{list}/shown")).text().contains("No number to call"));
        assert!(!designer.get(&format!("{list}/versions")).text().contains("No number to call"));
        assert!(designer.get(&review).text().contains("On the question \u{2018}What does each version show?"));
        let empty = designer.post(&format!("{review}/1"), &[("reply", "answer"), ("remark", " ")]);
        assert!(empty.status == 422 && empty.text().contains("href=\"#remark-1\""), "{}", empty.text());
        let answer = [("reply", "answer"), ("remark", "Half a year now")];
        assert_eq!(designer.post(&format!("{review}/1"), &answer).status, 303);
        assert_eq!(designer.post(&format!("{review}/1"), &[("reply", "resolve"), ("remark", "")]).status, 403);
        assert_eq!(designer.post(&format!("{review}/9"), &answer).status, 404);
        assert!(designer.get(&list).text().contains("2 comments wait for an answer"));
        approver.get(&review);
        assert_eq!(approver.post(&format!("{review}/1"), &[("reply", "resolve"), ("remark", "")]).status, 303);
        let told = approver.get(&review).text();
        assert!(told.contains("Half a year now") && told.contains("Marked as resolved by"), "{told}");
        assert_eq!(approver.post(&format!("{review}/1"), &answer).status, 409);
        assert!(approver.get(trial).text().contains("2 comments of yours are not resolved"));
    }
}
