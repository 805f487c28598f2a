//! The single table of routes: method, path, needed right, handler. The server has no other.

use actix_web::http::Method;
use fairtrial_app::{
    frontline::{
        batch::SENDERS, notes::NOTERS, opt_out::WRITERS, outcome_file::KEEPERS_OF_FILES, same_person::KEEPERS_OF_NAMES,
        seen::CONNECTORS,
    },
    learned::portfolio::READERS,
    public::messages::{ANSWERERS, READERS as MESSAGES},
    trials::link::{OWNERS, PARTNERS},
};
use fairtrial_domain::trial::{PersonRole, Scope};

use crate::{
    api, pages,
    transport::{Needs, Row},
};

/// All rows.
#[must_use]
pub fn table() -> Vec<Row> {
    [open(), register(), frontline(), management(), screens(), steps(), administration()].concat()
}

/// For anybody.
fn open() -> Vec<Row> {
    let get = Method::GET;
    vec![
        Row::program(get.clone(), "/healthz", Needs::Nothing, api::health::alive),
        Row::program(get.clone(), "/readyz", Needs::Nothing, api::health::ready),
        Row::program(get.clone(), "/openapi.json", Needs::Nothing, api::description::openapi),
        Row::page(get.clone(), "/docs", Needs::Nothing, pages::docs::show),
        Row::page(get, "/assets/{name}", Needs::Nothing, pages::assets::show).with_query(&["v"]),
    ]
}

/// For everybody, without signing in.
fn register() -> Vec<Row> {
    let get = || Method::GET;
    let nothing = Needs::Nothing;
    let narrow = &["q", "agency", "state"];
    vec![
        Row::page(get(), "/register", nothing, pages::register::list).with_query(&["q", "agency", "state", "page"]),
        Row::program(get(), "/register.json", nothing, pages::register::document).with_query(narrow),
        Row::program(get(), "/register.atom", nothing, pages::register::feed),
        Row::page(get(), "/register/{trial}", nothing, pages::register::show),
        Row::program(get(), "/register/{trial}/results.json", nothing, pages::register::results),
        Row::program(get(), "/register/{trial}/feed.atom", nothing, pages::register::trial_feed),
        Row::page(get(), "/register/{trial}/results.xlsx", nothing, pages::register::spreadsheet),
        Row::page(get(), "/register/{trial}/results.csv", nothing, pages::register::table),
        Row::page(get(), "/register/{trial}/checklist", nothing, pages::checklist::public),
        Row::page(get(), "/register/{trial}/checklist.csv", nothing, pages::checklist::public_table),
        Row::program(get(), "/register/{trial}/transparency.json", nothing, pages::register::transparency),
        Row::page(get(), "/t/{code}", nothing, pages::register::notice),
        Row::page(get(), "/t/{code}/result", nothing, pages::result::show),
        Row::page(get(), "/t/{code}/result.ics", nothing, pages::result::calendar),
        Row::page(get(), "/t/{code}/ask", Needs::Visitor, pages::messages::form),
        Row::page(Method::POST, "/t/{code}/ask", Needs::Visitor, pages::messages::send),
        Row::page(Method::POST, "/t/{code}/answer", Needs::Visitor, pages::messages::look),
    ]
}

/// For frontline apps.
fn frontline() -> Vec<Row> {
    let (assign, events, lists) =
        (Needs::Scope(Scope::Assign), Needs::Scope(Scope::EventsWrite), Needs::Scope(Scope::BatchesWrite));
    vec![
        Row::program(Method::POST, "/v1/trials/{trial}/assignments", assign, api::assignments::assign),
        Row::program(Method::POST, "/v1/trials/{trial}/assignments/lookup", assign, api::assignments::look_up),
        Row::program(
            Method::POST,
            "/v1/touchpoints/{touchpoint}/assignments",
            assign,
            api::assignments::assign_at_touchpoint,
        ),
        Row::program(Method::POST, "/v1/trials/{trial}/batches", lists, api::batches::upload),
        Row::program(Method::GET, "/v1/trials/{trial}/batches/{batch}", lists, api::batches::show),
        Row::program(Method::POST, "/v1/trials/{trial}/batches/{batch}/commit", lists, api::batches::commit),
        Row::program(Method::GET, "/v1/trials/{trial}/calendar", assign, api::calendar::show).with_query(&["format"]),
        Row::program(Method::POST, "/v1/trials/{trial}/delivery", events, api::notes::deliver),
        Row::program(Method::POST, "/v1/trials/{trial}/override", assign, api::notes::give_another),
        Row::program(Method::POST, "/v1/trials/{trial}/harms", events, api::notes::report_harm),
        Row::program(Method::POST, "/v1/optouts", assign, api::opt_outs::begin),
        Row::program(Method::POST, "/v1/optouts/withdraw", assign, api::opt_outs::withdraw),
        Row::program(Method::POST, "/v1/identities", assign, api::identities::link),
        Row::program(Method::POST, "/v1/identities/withdraw", assign, api::identities::part),
        Row::program(Method::POST, "/v1/events", events, api::events::record).with_query(&["dry_run"]),
        Row::program(Method::GET, "/v1/reconcile", events, api::reconcile::show).with_query(&["day"]),
        Row::program(Method::POST, "/v1/reconcile", events, api::reconcile::declare),
        Row::program(Method::POST, "/v1/links/{link}/events", events, api::links::record).with_query(&["dry_run"]),
        Row::program(Method::POST, "/ofrep/v1/evaluate/flags/{key}", assign, api::ofrep::evaluate),
        Row::program(Method::POST, "/ofrep/v1/evaluate/flags", assign, api::ofrep::evaluate_all)
            .with_query(&["flagConfigEtag", "flagConfigLastModified"]),
        Row::program(Method::GET, "/ofrep/v1/stream", Needs::Nothing, api::flag_stream::open).with_query(&["pass"]),
    ]
}

/// For programs that manage trials.
fn management() -> Vec<Row> {
    let (read, write) = (Needs::Scope(Scope::TrialsRead), Needs::Scope(Scope::TrialsWrite));
    let results = Needs::Scope(Scope::ResultsRead);
    vec![
        Row::program(Method::PUT, "/v1/burden-cap", write, api::opt_outs::limit),
        Row::program(Method::GET, "/v1/trials", read, api::trials::list),
        Row::program(Method::POST, "/v1/trials", write, api::trials::create),
        Row::program(Method::GET, "/v1/trials/{trial}", read, api::trials::show),
        Row::program(Method::GET, "/v1/trials/{trial}/protocol", read, api::trials::plan).with_query(&["version"]),
        Row::program(Method::GET, "/v1/trials/{trial}/versions", read, api::trials::versions),
        Row::program(Method::PUT, "/v1/trials/{trial}/protocol", write, api::trials::replace_plan),
        Row::program(Method::GET, "/v1/trials/{trial}/report", results, api::report::show).with_query(&["as_at"]),
        Row::program(Method::GET, "/v1/trials/{trial}/allocation-bundle", read, api::bundle::show),
        Row::program(Method::GET, "/v1/trials/{trial}/report-bundle", results, api::bundle::report)
            .with_query(&["purpose"]),
        Row::program(Method::GET, "/v1/audit/head", read, api::audit::head),
        Row::program(Method::GET, "/v1/links", read, api::links::list),
        Row::program(Method::POST, "/v1/links/{link}/accept", write, api::links::accept),
        Row::program(Method::POST, "/v1/links/{link}/end", write, api::links::end),
        Row::program(Method::POST, "/v1/trials/{trial}/links", write, api::links::propose),
        Row::program(Method::POST, "/v1/trials/{trial}/{verb}", write, api::trials::act),
    ]
}

/// For people.
fn screens() -> Vec<Row> {
    let person = Needs::Person(&[]);
    let monitor = Needs::Person(&[PersonRole::Monitor]);
    let designer = Needs::Person(&[PersonRole::Designer]);
    let (readers, writers) = (Needs::Person(READERS), Needs::Person(WRITERS));
    let (messages, noters) = (Needs::Person(MESSAGES), Needs::Person(NOTERS));
    let (keepers_of_names, keepers_of_files) = (Needs::Person(KEEPERS_OF_NAMES), Needs::Person(KEEPERS_OF_FILES));
    let (connectors, senders) = (Needs::Person(CONNECTORS), Needs::Person(SENDERS));
    vec![
        Row::page(Method::GET, "/", Needs::Visitor, pages::home::show),
        Row::page(Method::GET, "/sign-in", Needs::Visitor, pages::session::form).with_query(&["next"]),
        Row::page(Method::POST, "/sign-in", Needs::Visitor, pages::session::sign_in),
        Row::page(Method::POST, "/sign-out", person, pages::session::sign_out),
        Row::page(Method::GET, "/setup/{token}", Needs::Visitor, pages::setup::form),
        Row::page(Method::POST, "/setup", Needs::Visitor, pages::setup::create),
        Row::page(Method::GET, "/account", person, pages::account::show),
        Row::page(Method::POST, "/account/password", person, pages::account::change_password),
        Row::page(Method::GET, "/audit", person, pages::audit::show),
        Row::page(Method::GET, "/library", person, pages::library::list).with_query(&[
            "q",
            "agency",
            "verdict",
            "decision",
            "technique",
            "people",
            "page",
        ]),
        Row::page(Method::POST, "/library/{trial}/use", designer, pages::library::use_design),
        Row::page(Method::GET, "/links", person, pages::links::list),
        Row::page(Method::POST, "/links/{link}/accept", Needs::Person(&PARTNERS), pages::links::accept),
        Row::page(Method::POST, "/links/{link}/end", Needs::Person(&OWNERS), pages::links::end),
        Row::page(Method::GET, "/messages", messages, pages::messages::list),
        Row::page(Method::GET, "/trials/{trial}/messages/{number}", messages, pages::messages::show),
        Row::page(Method::POST, "/trials/{trial}/messages/{number}", Needs::Person(ANSWERERS), pages::messages::answer),
        Row::page(Method::GET, "/names", keepers_of_names, pages::identities::form),
        Row::page(Method::POST, "/names", keepers_of_names, pages::identities::part),
        Row::page(Method::GET, "/optouts", writers, pages::opt_outs::form),
        Row::page(Method::POST, "/optouts", writers, pages::opt_outs::record),
        Row::page(Method::GET, "/portfolio", readers, pages::portfolio::show),
        Row::page(Method::GET, "/trials", person, pages::trials::list).with_query(&["page"]),
        Row::page(Method::POST, "/trials", designer, pages::trials::create),
        Row::page(Method::GET, "/trials/new", designer, pages::trials::new),
        Row::page(Method::GET, "/trials/{trial}", person, pages::trials::show),
        Row::page(Method::GET, "/trials/{trial}/protocol", person, pages::trials::plan),
        Row::page(Method::GET, "/trials/{trial}/document", designer, pages::document::form),
        Row::page(Method::POST, "/trials/{trial}/document", designer, pages::document::replace),
        Row::page(Method::GET, "/trials/{trial}/notice", person, pages::register::card),
        Row::page(Method::GET, "/trials/{trial}/links", person, pages::links::of_trial),
        Row::page(Method::POST, "/trials/{trial}/links", Needs::Person(&OWNERS), pages::links::propose),
        Row::page(Method::GET, "/trials/{trial}/notes", person, pages::notes::show),
        Row::page(Method::GET, "/trials/{trial}/notes/by-version", person, pages::notes::by_version),
        Row::page(Method::GET, "/trials/{trial}/notes/{what}", noters, pages::notes::form),
        Row::page(Method::POST, "/trials/{trial}/notes/{what}", noters, pages::notes::record),
        Row::page(Method::GET, "/trials/{trial}/looks", person, pages::looks::show),
        Row::page(Method::POST, "/trials/{trial}/looks/unmask", monitor, pages::looks::unmask),
        Row::page(Method::POST, "/trials/{trial}/looks/continue", monitor, pages::looks::let_go_on),
        Row::page(Method::GET, "/trials/{trial}/versions", person, pages::versions::list),
        Row::page(Method::GET, "/trials/{trial}/amend", designer, pages::versions::form),
        Row::page(Method::POST, "/trials/{trial}/amend", designer, pages::versions::amend),
        Row::page(Method::GET, "/trials/{trial}/report", person, pages::report::show).with_query(&["as_at", "view"]),
        Row::page(Method::GET, "/trials/{trial}/report.csv", person, pages::report::table),
        Row::page(Method::GET, "/trials/{trial}/released.csv", person, pages::report::released_table),
        Row::page(Method::GET, "/trials/{trial}/checklist", person, pages::checklist::show),
        Row::page(Method::GET, "/trials/{trial}/checklist.csv", person, pages::checklist::table),
        Row::page(Method::GET, "/trials/{trial}/data", person, pages::data::show),
        Row::page(Method::POST, "/trials/{trial}/data", person, pages::data::download),
        Row::page(Method::GET, "/trials/{trial}/explore", person, pages::explore::show),
        Row::page(Method::POST, "/trials/{trial}/explore", person, pages::explore::download),
        Row::page(Method::GET, "/trials/{trial}/report.xlsx", person, pages::report::spreadsheet),
        Row::page(Method::GET, "/trials/{trial}/report.json", person, pages::report::document),
        Row::page(Method::GET, "/trials/{trial}/allocation-bundle", person, api::bundle::show),
        Row::page(Method::POST, "/trials/{trial}/report-bundle", person, api::bundle::take_report),
        Row::page(Method::GET, "/trials/{trial}/calendar.ics", person, api::calendar::download),
        Row::page(Method::GET, "/reviews", person, pages::reviews::list),
        Row::page(Method::GET, "/trials/{trial}/review", person, pages::reviews::show).with_query(&["part"]),
        Row::page(Method::POST, "/trials/{trial}/review", person, pages::reviews::comment),
        Row::page(Method::POST, "/trials/{trial}/review/{number}", person, pages::reviews::reply),
        Row::page(Method::GET, "/trials/{trial}/privacy", person, pages::privacy::show),
        Row::page(Method::GET, "/trials/{trial}/privacy.md", person, pages::privacy::document),
        Row::page(Method::GET, "/trials/{trial}/decision", person, pages::decision::show),
        Row::page(Method::POST, "/trials/{trial}/decide", person, pages::decision::decide),
        Row::page(Method::POST, "/trials/{trial}/adoption", person, pages::decision::report),
        Row::page(Method::GET, "/trials/{trial}/integration", connectors, pages::integration::show),
        Row::page(Method::GET, "/trials/{trial}/rules", person, pages::rules::show),
        Row::page(Method::POST, "/trials/{trial}/rules", person, pages::rules::answer),
        Row::page(Method::GET, "/trials/{trial}/rehearsal", person, pages::rehearsal::show),
        Row::page(Method::POST, "/trials/{trial}/rehearsal", person, pages::rehearsal::run),
        Row::page(Method::GET, "/trials/{trial}/batches", senders, pages::batches::list),
        Row::page(Method::POST, "/trials/{trial}/batches", senders, pages::batches::upload),
        Row::page(Method::GET, "/trials/{trial}/batches/{batch}", senders, pages::batches::show),
        Row::page(Method::POST, "/trials/{trial}/batches/{batch}/commit", senders, pages::batches::commit),
        Row::page(Method::GET, "/trials/{trial}/batches/{batch}/letters.csv", senders, pages::batches::letters),
        Row::page(Method::GET, "/trials/{trial}/outcome-files", keepers_of_files, pages::outcome_files::list)
            .with_query(&pages::outcome_files::FIELDS),
        Row::page(Method::POST, "/trials/{trial}/outcome-files", keepers_of_files, pages::outcome_files::check),
        Row::page(
            Method::POST,
            "/trials/{trial}/outcome-files/take-in",
            keepers_of_files,
            pages::outcome_files::take_in,
        ),
        Row::page(Method::GET, "/trials/{trial}/outcome-files/{file}", keepers_of_files, pages::outcome_files::show),
        Row::page(
            Method::POST,
            "/trials/{trial}/outcome-files/{file}/take-back",
            keepers_of_files,
            pages::outcome_files::take_back,
        ),
        Row::page(Method::POST, "/trials/{trial}/{verb}", person, pages::trials::act),
    ]
}

/// For designers who make a plan step by step.
fn steps() -> Vec<Row> {
    let designer = Needs::Person(&[PersonRole::Designer]);
    let (get, post) = (|| Method::GET, || Method::POST);
    vec![
        Row::page(get(), "/trials/new/steps", designer, pages::guide::start),
        Row::page(post(), "/trials/new/steps", designer, pages::guide::create),
        Row::page(get(), "/trials/{trial}/steps", designer, pages::guide::tasks),
        Row::page(get(), "/trials/{trial}/steps/{step}", designer, pages::guide::step),
        Row::page(post(), "/trials/{trial}/steps/{step}", designer, pages::guide::answer),
        Row::page(get(), "/trials/{trial}/check", designer, pages::guide::check),
    ]
}

/// For administrators.
fn administration() -> Vec<Row> {
    let administrator = Needs::Person(&[PersonRole::Administrator]);
    vec![
        Row::page(Method::GET, "/admin/keys", administrator, pages::keys::list),
        Row::page(Method::POST, "/admin/keys", administrator, pages::keys::create),
        Row::page(Method::GET, "/admin/keys/new", administrator, pages::keys::new),
        Row::page(Method::POST, "/admin/keys/{key}/revoke", administrator, pages::keys::revoke),
        Row::page(Method::GET, "/admin/receivers", administrator, pages::receivers::list),
        Row::page(Method::POST, "/admin/receivers", administrator, pages::receivers::create),
        Row::page(Method::GET, "/admin/receivers/new", administrator, pages::receivers::new),
        Row::page(Method::GET, "/admin/receivers/{receiver}", administrator, pages::receivers::show),
        Row::page(Method::POST, "/admin/receivers/{receiver}/test", administrator, pages::receivers::test),
        Row::page(Method::POST, "/admin/receivers/{receiver}/again", administrator, pages::receivers::again),
        Row::page(Method::POST, "/admin/receivers/{receiver}/close", administrator, pages::receivers::close),
        Row::page(Method::GET, "/admin/people", administrator, pages::people::list),
        Row::page(Method::POST, "/admin/people", administrator, pages::people::create),
        Row::page(Method::GET, "/admin/people/new", administrator, pages::people::new),
        Row::page(Method::POST, "/admin/people/{person}/close", administrator, pages::people::close),
    ]
}
