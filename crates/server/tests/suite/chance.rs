//! How chance decides, chosen in the steps of a plan.

use fairtrial_testkit::on_both_databases;

use crate::{
    browser::Browser,
    guide::{ANSWERS, PATTERNS, fill_in, plan_on, walk},
    running::{start_filled, start_filled_on},
};

on_both_databases! {
    /// Where versions could leak, whole offices are assigned, and the plan is sent all the same.
    fn offices_are_assigned_where_versions_could_leak(database) {
        let world = start_filled_on(database.url());
        let mut designer = Browser::signed_in(world.address, "designer@justice.example");
        let (list, _) = walk(&mut designer, ("call_script", "better"), ANSWERS);
        let trial = list.strip_suffix("/steps").unwrap_or_default();
        let step = format!("{list}/unit");
        let told = designer.get(&step).text();
        assert!(told.contains("in small balanced groups of people, separately by district"), "{told}");
        for (roster, why) in [("north", "Name at least two offices"), ("north\nSouth Street", "1 to 64 characters")] {
            let refused = fill_in(&mut designer, &step, &[("leaks", "yes"), ("roster", roster)]);
            let text = refused.text();
            assert!(refused.status == 422 && text.contains("href=\"#roster\"") && text.contains(why), "{text}");
        }
        let offices: Vec<String> = (1..=40).map(|number| format!("office-{number}")).collect();
        let roster = offices.join("\n");
        assert_eq!(fill_in(&mut designer, &step, &[("leaks", "yes"), ("roster", &roster)]).status, 303);
        assert!(designer.get(&step).text().contains("chance decides for 40 offices at once"));
        let unknown = designer.get(&format!("{list}/size")).text();
        assert!(unknown.contains("say how alike"), "{unknown}");
        assert_eq!(fill_in(&mut designer, &format!("{list}/size"), &[("alike", "0.01")]).status, 303);
        let known = designer.get(&format!("{list}/size")).text();
        assert!(known.contains("within a cluster are alike"), "{known}");
        // Whoever changes what is known of people has no strata to keep.
        assert_eq!(fill_in(&mut designer, &format!("{list}/rules"), &[]).status, 303);
        let check = designer.get(&format!("{trial}/check")).text();
        assert!(check.contains("office-40"), "{check}");
        let sent = designer.post(&format!("{trial}/submit"), &[("protocol_id", &plan_on(&check))]);
        assert_eq!(sent.status, 303, "{}", sent.text());
    }
}

on_both_databases! {
    /// Minimisation, and offices that change over one after the other: to a trial that runs.
    fn every_pattern_and_aim_leads_to_a_start_by_minimisation_and_in_turn(database) {
        let world = start_filled_on(database.url());
        let mut designer = Browser::signed_in(world.address, "designer@justice.example");
        let offices: String = (1..=8).map(|number| format!("office-{number}\n")).collect();
        let levels = [("balanced", "levels")];
        let in_turn = [
            ("leaks", "in_turn"),
            ("roster", offices.as_str()),
            ("steps", "1 2 2027\n1 3 2027\n1 4 2027\n1 5 2027"),
            ("transition", "7"),
        ];
        for pattern in PATTERNS {
            for aim in ["better", "not_worse"] {
                for (more, method) in [(&levels[..], "minimisation"), (&in_turn, "stepped_wedge")] {
                    let answers = [ANSWERS, more].concat();
                    let (list, _) = walk(&mut designer, (pattern, aim), &answers);
                    let trial = list.strip_suffix("/steps").unwrap_or_default();
                    let document = designer.get(&format!("{trial}/document")).text();
                    assert!(document.contains(method), "{pattern} {aim}: {document}");
                    let check = designer.get(&format!("{trial}/check"));
                    assert_eq!(check.status, 200, "{pattern} {aim} {method}: {}", designer.get(&list).text());
                    let wedge = method == "stepped_wedge";
                    assert_eq!(check.text().contains("The days on which offices change over"), wedge, "{method}");
                    assert_eq!(check.text().contains("How are the versions kept alike"), !wedge, "{method}");
                    let sent = designer.post(&format!("{trial}/submit"), &[("protocol_id", &plan_on(&check.text()))]);
                    assert_eq!(sent.status, 303, "{pattern} {aim} {method}: {}", sent.text());
                }
            }
        }
        // One of each is signed and started.
        let mut approver = Browser::signed_in(world.address, "approver@justice.example");
        for (more, told) in [(&levels[..], "leaves district best balanced"), (&in_turn, "8 sites cross in 4 steps")] {
            let (list, _) = walk(&mut designer, ("reminder_letter", "better"), &[ANSWERS, more].concat());
            let trial = list.strip_suffix("/steps").unwrap_or_default();
            let sent = plan_on(&designer.get(&format!("{trial}/check")).text());
            assert_eq!(designer.post(&format!("{trial}/submit"), &[("protocol_id", &sent)]).status, 303);
            let review = approver.get(&format!("{trial}/review")).text();
            assert!(review.contains(told), "{told}: {review}");
            assert_eq!(approver.post(&format!("{trial}/approve"), &[("protocol_id", &sent)]).status, 303);
            designer.get(trial);
            let started = designer.post(&format!("{trial}/start"), &[("protocol_id", &sent)]);
            assert_eq!(started.status, 303, "{told}: {}", started.text());
            assert!(designer.get(trial).text().contains("People are being assigned."), "{told}");
        }
    }
}

#[test]
fn what_does_not_fit_how_chance_decides_is_told_at_its_field() {
    let world = start_filled();
    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    let without: Vec<(&str, &str)> = ANSWERS.iter().filter(|(name, _)| *name != "attributes").copied().collect();
    let without = [&without[..], &[("attributes", ""), ("include", "")]].concat();
    let (list, _) = walk(&mut designer, ("reminder_letter", "better"), &without);
    let step = format!("{list}/unit");
    let offices = ("roster", "north\nsouth");
    let turns = ("leaks", "in_turn");
    for (answers, field, why) in [
        (vec![("balanced", "levels")], "balanced", "Say first, where you say who is in"),
        (vec![turns, offices, ("steps", "1 2 2027")], "steps", "Name at least two days"),
        (vec![turns, offices, ("steps", "1 2 2027\nlater")], "steps", "this one is different: later"),
        (vec![turns, offices, ("steps", "1 3 2027\n1 2 2027")], "steps", "must come after the one before"),
        (vec![turns, offices, ("steps", "1 2 2027\n1 2 2099")], "steps", "must be over by the last day"),
        (vec![turns, ("roster", "north"), ("steps", "1 2 2027\n1 3 2027")], "roster", "Name at least two offices"),
        (
            vec![turns, offices, ("steps", "1 2 2027\n1 3 2027"), ("transition", "soon")],
            "transition",
            "Write a whole number",
        ),
    ] {
        let refused = fill_in(&mut designer, &step, &answers);
        let text = refused.text();
        assert_eq!(refused.status, 422, "{answers:?}: {text}");
        assert!(text.contains(&format!("href=\"#{field}\"")) && text.contains(why), "{answers:?}: {text}");
    }
    // What the versions are kept alike in cannot go.
    assert_eq!(
        fill_in(&mut designer, &format!("{list}/rules"), &[("attributes", "channel: post, text (balance)")]).status,
        303
    );
    assert_eq!(fill_in(&mut designer, &step, &[("balanced", "levels")]).status, 303);
    let refused = fill_in(&mut designer, &format!("{list}/rules"), &[("attributes", "")]);
    assert!(refused.status == 422 && refused.text().contains("leave at least one"), "{}", refused.text());
    assert!(designer.get(&step).text().contains("leaves channel best balanced"));
}
