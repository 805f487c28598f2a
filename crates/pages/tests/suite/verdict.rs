//! The sentence of each verdict, from numbers to words.

use crate::markup::words;
use crate::sample::{inside, report};
use fairtrial_analysis::Report;
use fairtrial_pages::frame::Section;
use fairtrial_pages::render;
use fairtrial_pages::report::Show;

fn says(report: &Report, sentence: &str) {
    let page = render(&Show::of(inside(Section::Trials), report, None, vec![])).expect("a page");
    let band = page.split("ft-verdict__sentence\">").nth(1).and_then(|rest| rest.split("</p>").next());
    assert_eq!(words(band.unwrap_or_default()), sentence);
}

#[test]
fn succeeded_says_both_levels_and_what_the_gain_is_likely_to_be() {
    says(
        &report::succeeded(),
        "Paid or on a plan within 28 days: 26 in 100 people with ‘Letter with the extra sentence’, 20 in 100 with ‘Usual \
         letter’. The true gain is likely between 2 and 10 more in 100.",
    );
}

#[test]
fn not_worse_says_which_loss_can_be_ruled_out() {
    says(
        &report::not_worse(),
        "Paid or on a plan within 28 days: 19.8 in 100 people with ‘Letter with the extra sentence’, 20.0 in 100 with \
         ‘Usual letter’. A loss of more than 2.5 in 100, the largest that is acceptable, can be ruled out.",
    );
}

#[test]
fn failed_says_which_difference_can_be_ruled_out() {
    says(
        &report::failed(),
        "‘Letter with the extra sentence’ did not do enough. Paid or on a plan within 28 days: 31.0 in 100 people with \
         ‘Letter with the extra sentence’, 30.0 in 100 with ‘Usual letter’. A difference of 3 in 100, the smallest that \
         would matter, can be ruled out.",
    );
}

#[test]
fn harmful_says_the_harm_and_what_stays() {
    says(
        &report::harmful(),
        "‘Letter with the extra sentence’ does harm. Gave up on the form: 9 in 100 people with ‘Letter with the extra \
         sentence’, 4 in 100 with ‘Usual letter’. ‘Usual letter’ stays.",
    );
}

#[test]
fn undecided_says_what_fits_and_how_many_more_would_settle_it() {
    says(
        &report::undecided(),
        "We do not know yet. The data fit anything from 2 fewer to 6 more in 100. About 900 more people would settle it.",
    );
}

#[test]
fn invalid_says_what_is_broken() {
    says(
        &report::invalid(),
        "This trial cannot be read. Far more people were recorded with ‘Letter with the extra sentence’ (612) than planned \
         for (500). Find out why before running it again.",
    );
}

#[test]
fn before_the_data_are_locked_nothing_is_compared() {
    let report = report::running();
    let page = render(&Show::of(inside(Section::Trials), &report, None, vec![])).expect("a page");
    let text = words(&page);
    for absent in ["in 100 people", "How sure are we?", "Harm and limits", "p-value", "Limit kept"] {
        assert!(!text.contains(absent), "says {absent:?} while people are still coming in");
    }
    assert!(text.contains("The versions are compared when the data are locked"));
}
