//! The parts of a protocol that are about people: what they could lose, what they are told, what happens with their data.

use super::{
    cursor::{Cursor, Object},
    document::{DataPlan, Entitlement, Kaitiaki, PublicComment, Risk, RiskLevel},
    reader::absent_or,
    tags::{Population, Tags, Technique},
};

pub(super) fn risk(at: &Cursor<'_>) -> Option<Risk> {
    const WORDS: &[(&str, RiskLevel)] =
        &[("no", RiskLevel::No), ("low", RiskLevel::Low), ("some", RiskLevel::Some), ("high", RiskLevel::High)];
    const ENTITLEMENTS: &[(&str, Entitlement)] =
        &[("no", Entitlement::No), ("delays", Entitlement::Delays), ("removes", Entitlement::Removes)];
    let o = at.object(&[
        "money",
        "time",
        "right",
        "privacy",
        "dignity",
        "least_able_to_cope",
        "reversible",
        "watch",
        "entitlement",
    ])?;
    let level = |name: &str| o.field(name).and_then(|c| c.word(WORDS));
    let (money, time, right) = (level("money"), level("time"), level("right"));
    let (privacy, dignity) = (level("privacy"), level("dignity"));
    let least_able_to_cope = o.text("least_able_to_cope", 1_000);
    let reversible = o.field("reversible").and_then(|c| c.word(&[("yes", true), ("no", false)]));
    let watch = o.optional("watch").map(|c| c.text(1_000));
    let entitlement = o.optional("entitlement").map_or(Some(Entitlement::No), |c| c.word(ENTITLEMENTS));
    Some(Risk {
        money: money?,
        time: time?,
        right: right?,
        privacy: privacy?,
        dignity: dignity?,
        least_able_to_cope: least_able_to_cope?,
        reversible: reversible?,
        watch: absent_or(watch)?,
        entitlement: entitlement?,
    })
}

pub(super) fn data(at: &Cursor<'_>) -> Option<DataPlan> {
    const NOTICES: &[(&str, &str)] =
        &[("register_only", "register_only"), ("general", "general"), ("individual", "individual"), ("after", "after")];
    let o: Object<'_> = at.object(&[
        "notice",
        "retain_units_days",
        "uses_maori_data",
        "lawful_basis",
        "sources",
        "pia",
        "notice_text",
        "opt_out",
        "hosting",
        "review_on",
        "kaitiaki",
    ])?;
    let notice = o.field("notice").and_then(|c| c.word(NOTICES)).map(str::to_owned);
    let retain = o.field("retain_units_days").and_then(|c| c.integer(0..=3_650));
    let uses_maori_data = o.field("uses_maori_data").and_then(|c| c.flag());
    let lawful_basis = o.text("lawful_basis", 500);
    let sources = o.field("sources").and_then(|c| c.list(0..=20, |c| c.text(200)));
    let words = |name: &str, longest: usize| o.optional(name).map(|c| c.text(longest));
    let (pia, notice_text) = (words("pia", 1_000), words("notice_text", 2_000));
    let (opt_out, hosting) = (words("opt_out", 1_000), words("hosting", 500));
    let review_on = o.optional("review_on").map(|c| c.parsed());
    let kaitiaki = o.optional("kaitiaki").map(|c| kaitiaki(&c));
    Some(DataPlan {
        notice: notice?,
        retain_units_days: u32::try_from(retain?).ok()?,
        uses_maori_data: uses_maori_data?,
        lawful_basis: lawful_basis?,
        sources: sources?,
        pia: absent_or(pia)?,
        notice_text: absent_or(notice_text)?,
        opt_out: absent_or(opt_out)?,
        hosting: absent_or(hosting)?,
        review_on: absent_or(review_on)?,
        kaitiaki: absent_or(kaitiaki)?,
    })
}

fn kaitiaki(at: &Cursor<'_>) -> Option<Kaitiaki> {
    let o = at.object(&["group", "contact", "decision"])?;
    let (group, contact, decision) = (o.text("group", 200), o.text("contact", 200), o.text("decision", 1_000));
    Some(Kaitiaki { group: group?, contact: contact?, decision: decision? })
}

pub(super) fn public_comment(at: &Cursor<'_>) -> Option<PublicComment> {
    let o = at.object(&["from", "until"])?;
    let from = o.field("from").and_then(|c| c.parsed());
    let until = o.field("until").and_then(|c| c.parsed());
    let (from, until) = (from?, until?);
    if from > until {
        at.fault("out_of_range", "the first day must not be after the last");
    }
    Some(PublicComment { from, until })
}

/// Words of the closed lists, each at most once.
pub(super) fn tags(at: &Cursor<'_>) -> Option<Tags> {
    fn once<T: Copy + PartialEq>(at: &Cursor<'_>, name: &str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let found = at.list(0..=5, |c| c.word(words))?;
        if found.iter().enumerate().any(|(place, word)| found.iter().take(place).any(|before| before == word)) {
            at.fault("not_unique", format!("this names a {name} twice"));
        }
        Some(found)
    }
    let o = at.object(&["technique", "people"])?;
    let techniques: Vec<(&str, Technique)> = Technique::ALL.iter().map(|word| (word.as_str(), *word)).collect();
    let people: Vec<(&str, Population)> = Population::ALL.iter().map(|word| (word.as_str(), *word)).collect();
    let technique = o.optional("technique").map_or(Some(Vec::new()), |c| once(&c, "technique", &techniques));
    let population = o.optional("people").map_or(Some(Vec::new()), |c| once(&c, "group of people", &people));
    Some(Tags { technique: technique?, people: population? })
}
