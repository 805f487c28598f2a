use super::{LONG, NASTY, Pages, inside, moment, page, public, report};
use fairtrial_analysis::explore::Explored;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::data::Show;
use fairtrial_pages::explore;
use fairtrial_pages::frame::Section;
use fairtrial_pages::privacy::{self, Checklist, Facts};
use fairtrial_pages::trial::corrections;

pub(crate) fn add(pages: &mut Pages) {
    let trials = || inside(Section::Trials);
    let at = moment("2026-11-22T20:15:00Z");
    let (plan, nasty) = (public::plan(None), public::plan(Some(NASTY)));
    let fine = ErrorSummary::default;
    page(pages, "data/show-empty", &Show::new(trials(), plan.protocol(), at, &[], "", fine()));
    let found = report::succeeded().outcomes;
    let sentences = corrections(plan.protocol(), 17, 2, &[9, 8], None);
    page(
        pages,
        "data/show-typical",
        &Show::new(trials(), plan.protocol(), at, &found, "", fine())
            .with_corrections(sentences, 0)
            .with_files(&[(at, "Aroha Bennett".into(), 1_200, None), (at, "Bill Harper".into(), 1, Some(at))]),
    );
    let errors = ErrorSummary { faults: vec![Fault::of_field("purpose", "Say what the records are for.")] };
    let typed = format!("{NASTY} {LONG}");
    let sentences = corrections(nasty.protocol(), u64::MAX, u64::MAX, &[u64::MAX, u64::MAX], None);
    let worst = Show::new(trials(), nasty.protocol(), at, &found, &typed, errors);
    page(
        pages,
        "data/show-worst",
        &worst.with_corrections(sentences, u64::MAX).with_files(&vec![(at, NASTY.into(), u64::MAX, Some(at)); 20]),
    );
    explored(pages);
    privacy(pages);
}

fn explored(pages: &mut Pages) {
    let at = moment("2026-11-22T20:15:00Z");
    let plan = public::plan(None);
    let report = report::succeeded();
    let attribute = plan.protocol().attributes.first().expect("an attribute").name.clone();
    let outcome = &report.outcomes[0];
    let of = |group: &str, adjusted: Option<f64>| Explored {
        attribute: attribute.clone(),
        group: group.to_owned(),
        merged: if group.len() > 20 { vec![NASTY.into(), LONG.into()] } else { Vec::new() },
        outcome: outcome.outcome.clone(),
        arms: outcome.arms.iter().map(|arm| (arm.arm.clone(), arm.analysed, arm.events)).collect(),
        comparison: outcome.comparisons[0].clone(),
        p_value: adjusted.map(|p| p / 3.0),
        adjusted,
    };
    let show = |found: &[Explored], typed: &str, errors| {
        explore::Show::new(inside(Section::Trials), plan.protocol(), at, found, typed, errors)
    };
    page(pages, "explore/show-empty", &show(&[], "", ErrorSummary::default()));
    let typical = [of("north", Some(0.00002)), of("south", Some(0.3)), of("west", None)];
    page(pages, "explore/show-typical", &show(&typical, "", ErrorSummary::default()));
    let errors = ErrorSummary { faults: vec![Fault::of_field("purpose", "Say what it is for.")] };
    page(pages, "explore/show-worst", &show(&[of(LONG, None), of(NASTY, Some(1.0))], NASTY, errors));
}

fn privacy(pages: &mut Pages) {
    let show = |words: Option<&str>, facts: &Facts| {
        privacy::Show::new(inside(Section::Reviews), Checklist::of(&public::plan(words), facts))
    };
    let facts = Facts { agency: "Ministry of Made-up Justice".into(), partners: vec![], release: (3, 6, 20) };
    page(pages, "privacy/show-typical", &show(None, &facts));
    let worst = Facts { agency: NASTY.into(), partners: vec![NASTY.into(), LONG.into()], release: (10, 30, 1_000) };
    page(pages, "privacy/show-worst", &show(Some(NASTY), &worst));
}
