//! The report page, from numbers to words.

use crate::markup::words;
use crate::sample::{inside, report};
use fairtrial_analysis::Report;
use fairtrial_analysis::report::ClaimStatus;
use fairtrial_pages::frame::Section;
use fairtrial_pages::render;
use fairtrial_pages::report::{Show, csv};

fn text(report: &Report) -> String {
    words(&render(&Show::of(inside(Section::Trials), report, None, vec![])).expect("a page"))
}

fn says(report: &Report, sentences: &[&str]) {
    let text = text(report);
    for sentence in sentences {
        assert!(text.contains(sentence), "does not say {sentence:?} in {text}");
    }
}

#[test]
fn the_verdict_is_said_in_the_words_of_the_analysis() {
    let report = report::succeeded();
    says(&report, &[&format!("Succeeded Adopt {}", report.verdict.headline)]);
}

#[test]
fn what_was_found_and_how_sure_it_is_stand_in_people_per_hundred() {
    says(
        &report::succeeded(),
        &[
            "Paid or on a plan within 28 days: 26 in 100 people with ‘Letter with the extra sentence’, 20 in 100 with \
             ‘Usual letter’.",
            "With ‘Letter with the extra sentence’ the true difference is likely between 2 and 10 more in 100.",
            "Smallest that would matter: 3 in 100",
        ],
    );
    says(&report::undecided(), &["the true difference is likely anything from 2 fewer to 6 more in 100."]);
}

#[test]
fn a_limit_is_kept_crossed_or_open_as_the_plan_tests_it() {
    says(
        &report::harmful(),
        &["Limit crossed Gave up on the form: 9 in 100 people", "Limit kept Calls to the contact"],
    );
    let mut open = report::succeeded();
    open.decision.arms[0].claims[1].status = ClaimStatus::Open;
    says(&open, &["Cannot be told Calls to the contact centre"]);
}

#[test]
fn the_margin_of_a_trial_that_wants_no_loss_is_marked() {
    says(&report::not_worse(), &["Largest acceptable loss: 2.5 in 100"]);
}

#[test]
fn nothing_is_read_from_a_trial_that_cannot_be_read() {
    let text = text(&report::invalid());
    assert!(
        text.contains("they cannot be trusted")
            && text.contains("612 people in one version and 388 in the other, planned 500 each.")
    );
    for absent in ["26 in 100", "How sure are we?", "p-value", "Limit kept", "No decision is on record"] {
        assert_eq!(text.contains(absent), absent == "No decision is on record", "{absent}");
    }
}

#[test]
fn before_the_data_are_locked_nothing_is_compared() {
    let report = report::running();
    let text = text(&report);
    for absent in ["in 100 people", "How sure are we?", "Harm and limits", "p-value", "Limit kept"] {
        assert!(!text.contains(absent), "says {absent:?} while people are still coming in");
    }
    assert!(text.contains("The versions are compared when the data are locked"));
}

#[test]
fn the_numbers_are_there_as_csv_too() {
    let mut report = report::succeeded();
    report.arms[1].name = "=HYPERLINK(\"a\", \"b\")".into();
    let text = String::from_utf8(csv(&report).expect("a table")).expect("text");
    let mut lines = text.split("\r\n");
    assert!(lines.next().is_some_and(|head| head.starts_with("trial,protocol_id,as_of,outcome,role,arm,")));
    assert!(lines.next().is_some_and(|line| line.ends_with("paid-28d,primary,usual,Usual letter,1000,988,0.2,,,,,,")));
    let new = lines.next().expect("the new version");
    assert!(
        new.contains(",norm,\"'=HYPERLINK(\"\"a\"\", \"\"b\"\")\",1024,1012,0.26,difference,0.06,0.02,0.1,0.95,0.0021"),
        "{new}"
    );
}

#[test]
fn csv_compares_no_more_than_the_page() {
    for report in [report::running(), report::invalid()] {
        let text = String::from_utf8(csv(&report).expect("a table")).expect("text");
        assert!(!text.contains("difference") && !text.contains("0.26"), "{text}");
        assert_eq!(text.lines().count(), 1 + report.outcomes.len() * report.arms.len());
    }
}
