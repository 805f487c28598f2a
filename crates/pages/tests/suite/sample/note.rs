use super::{LONG, NASTY, Pages, inside, page};
use fairtrial_domain::projection::ArmHandling;
use fairtrial_pages::component::{ErrorSummary, Fault};
use fairtrial_pages::frame::Section;
use fairtrial_pages::note::{ByVersion, Create, Show, What};

pub(crate) fn add(pages: &mut Pages) {
    let counts = ArmHandling {
        delivered: 1_204,
        seen: 310,
        failed: 12,
        returned: 41,
        overridden: 3,
        opted_out: 7,
        data_withdrawn: 1,
        harms: [4, 1, 0, 0],
        ..ArmHandling::default()
    };
    let trials = || inside(Section::Trials);
    let about = ("fines-letter", "Overdue fines", "person");
    let nothing = ArmHandling::default();
    page(pages, "note/show-empty", &Show::new(trials(), about, 0, &nothing, (false, false)));
    page(pages, "note/show-typical", &Show::new(trials(), about, 1_250, &counts, (true, true)).noted(What::Harm));
    let most = ArmHandling { delivered: u64::MAX, harms: [u64::MAX; 4], ..counts };
    let worst = Show::new(trials(), ("fines-letter", NASTY, LONG), u64::MAX, &most, (true, true));
    page(pages, "note/show-worst", &worst);
    let version = |name: &str| (name.to_owned(), 625, counts);
    let two = [version("Usual letter"), version("New letter")];
    page(pages, "note/by_version-typical", &ByVersion::new(trials(), ("fines-letter", "Overdue fines"), &two));
    let six: Vec<_> = [NASTY, LONG, "c", "d", "e", "f"].map(version).to_vec();
    page(pages, "note/by_version-worst", &ByVersion::new(trials(), ("fines-letter", NASTY), &six));
    forms(pages);
}

fn forms(pages: &mut Pages) {
    let versions = [("usual".to_owned(), "Usual letter".to_owned()), ("new".to_owned(), NASTY.to_owned())];
    let open = |what, given: &dyn Fn(&str) -> String, errors| {
        Create::new(
            inside(Section::Trials),
            ("fines-letter", "Overdue fines"),
            what,
            &versions,
            "by-hand-1",
            given,
            errors,
        )
    };
    let nothing = |_: &str| String::new();
    for what in What::ALL {
        let name = format!("note/create-{}", what.word());
        page(pages, &name, &open(what, &nothing, ErrorSummary::default()));
    }
    let fields = ["unit", "to_arm", "reason_code", "note"];
    let errors = ErrorSummary { faults: fields.map(|field| Fault::of_field(field, "Say it once more.")).to_vec() };
    let typed = |name: &str| if name == "to_arm" { "new".to_owned() } else { NASTY.to_owned() };
    page(pages, "note/create-worst", &open(What::Override, &typed, errors));
    let fields = ["unit", "severity", "kind", "at"];
    let errors = ErrorSummary { faults: fields.map(|field| Fault::of_field(field, "Say it once more.")).to_vec() };
    page(pages, "note/create-harm-worst", &open(What::Harm, &typed, errors));
}
