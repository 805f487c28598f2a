//! The samples: names are `<noun>/<verb>-<case>`.

mod access;
pub(crate) mod checklist;
mod connect;
mod data;
mod guide;
mod learned;
mod looked_at;
mod message;
mod note;
mod opt_out;
mod others;
pub(crate) mod public;
pub(crate) mod report;
mod review;
mod trial;

use chrono::{DateTime, Utc};
use fairtrial_pages::component::Notice;
use fairtrial_pages::frame::{Facts, Section, SignedIn};
use fairtrial_pages::{Frame, Moment, render};

/// Every sample of every page.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    access::add(&mut pages);
    trial::add(&mut pages);
    report::add(&mut pages);
    public::add(&mut pages);
    data::add(&mut pages);
    guide::add(&mut pages);
    learned::add(&mut pages);
    message::add(&mut pages);
    note::add(&mut pages);
    opt_out::add(&mut pages);
    connect::add(&mut pages);
    checklist::add(&mut pages);
    review::add(&mut pages);
    pages
}

pub(crate) type Pages = Vec<(String, String)>;

pub(crate) fn page(pages: &mut Pages, name: &str, page: &impl askama::Template) {
    pages.push((name.to_owned(), render(page).expect("a page")));
}

/// Data that try to break out of their place.
pub(crate) const NASTY: &str = "<b>Ngā kōrero</b> \"&amp;' </textarea><script>alert(1)</script>";

/// A word that is far too long for its place.
pub(crate) const LONG: &str = "Taumatawhakatangihangakoauauotamateaturipukakapikimaungahoronukupokaiwhenuakitanatahu";

pub(crate) fn moment(text: &str) -> Moment {
    let at: DateTime<Utc> = text.parse().expect("a time in RFC 3339");
    Moment::new(at, chrono_tz::Pacific::Auckland)
}

pub(crate) fn days_after(text: &str, days: i64) -> Moment {
    let at: DateTime<Utc> = text.parse().expect("a time in RFC 3339");
    Moment::new(at + chrono::TimeDelta::days(days), chrono_tz::Pacific::Auckland)
}

pub(crate) fn outside() -> Frame {
    Frame {
        signed_in: None,
        csrf: "token-of-this-page".into(),
        section: Section::Outside,
        demonstration: false,
        notice: None,
        facts: Facts { as_at: None, protocol_id: None, engine: "0.1.0".into() },
    }
}

pub(crate) fn inside(section: Section) -> Frame {
    Frame {
        signed_in: Some(SignedIn {
            name: "Hana Tūhoe".into(),
            agency: "Ministry of Made-up Justice".into(),
            menu: vec![
                Section::Home,
                Section::Trials,
                Section::Library,
                Section::Reviews,
                Section::Portfolio,
                Section::Messages,
                Section::OptOuts,
                Section::Keys,
                Section::People,
                Section::Account,
            ],
        }),
        section,
        demonstration: true,
        facts: Facts { as_at: Some(moment("2026-11-22T20:15:00Z")), protocol_id: None, engine: "0.1.0".into() },
        ..outside()
    }
}

pub(crate) fn done(frame: Frame, heading: &str) -> Frame {
    Frame { notice: Some(Notice::done(heading, None)), ..frame }
}
