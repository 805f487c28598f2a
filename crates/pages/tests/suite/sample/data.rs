use super::{LONG, NASTY, Pages, inside, moment, page, public, report};
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::data::Show;
use fairtrial_pages::frame::Section;

pub(crate) fn add(pages: &mut Pages) {
    let trials = || inside(Section::Trials);
    let at = moment("2026-11-22T20:15:00Z");
    let (plan, nasty) = (public::plan(None), public::plan(Some(NASTY)));
    let fine = ErrorSummary::default;
    page(pages, "data/show-empty", &Show::new(trials(), plan.protocol(), at, &[], "", fine()));
    let found = report::succeeded().outcomes;
    page(pages, "data/show-typical", &Show::new(trials(), plan.protocol(), at, &found, "", fine()));
    let errors = ErrorSummary { faults: vec![Fault::of_field("purpose", "Say what the records are for.")] };
    let typed = format!("{NASTY} {LONG}");
    page(pages, "data/show-worst", &Show::new(trials(), nasty.protocol(), at, &found, &typed, errors));
}
