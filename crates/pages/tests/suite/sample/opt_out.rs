use super::{LONG, NASTY, Pages, inside, page};
use fairtrial_domain::note::OptOutKind;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::identity::Part;
use fairtrial_pages::opt_out::{Create, Created};

pub(crate) fn add(pages: &mut Pages) {
    let inside = || inside(Section::OptOuts);
    let nothing = |_: &str| String::new();
    page(pages, "opt_out/create-empty", &Create::new(inside(), vec![], nothing, ErrorSummary::default()));
    let trials = vec![("open-door".to_owned(), "Open door".to_owned()), ("x".to_owned(), NASTY.to_owned())];
    let faults = ["what", "unit", "kind", "channel"].map(|field| Fault::of_field(field, LONG));
    let errors = ErrorSummary { faults: faults.to_vec() };
    let given = |name: &str| if name == "trial" { "x".to_owned() } else { "data".to_owned() };
    page(pages, "opt_out/create-worst", &Create::new(inside(), trials, given, errors));
    let part = |reason: &str, errors| Part::new(inside(), reason, errors);
    page(pages, "identity/part-empty", &part("", ErrorSummary::default()));
    let faults = ["unit", "same_as", "reason"].map(|field| Fault::of_field(field, LONG));
    page(pages, "identity/part-worst", &part("other", ErrorSummary { faults: faults.to_vec() }));
    page(pages, "identity/part-done", &Part::parted(inside(), vec![]));
    page(pages, "identity/part-left-out", &Part::parted(inside(), vec!["fines-letter".into(), LONG.into()]));
    page(
        pages,
        "opt_out/create-names",
        &Create::new(inside(), vec![], nothing, ErrorSummary::default()).with_names(true),
    );
    page(pages, "opt_out/created-typical", &Created::new(inside(), "oo-4k7m-9x2p-q8ra", false, OptOutKind::All));
    page(pages, "opt_out/created-data", &Created::new(inside(), "oo-4k7m-9x2p-q8ra", false, OptOutKind::Data));
    page(pages, "opt_out/created-withdrawn", &Created::new(inside(), "oo-4k7m-9x2p-q8ra", true, OptOutKind::Trial));
}
