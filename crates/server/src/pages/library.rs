//! The library of trials that are over, and a new draft from one of them.

use actix_web::http::StatusCode;
use fairtrial_app::learned::library::{Card as Found, Sought, Together, together};
use fairtrial_domain::{
    protocol::{Population, Protocol, Technique},
    trial::{Decision, PersonRole},
};
use fairtrial_pages::{
    Moment,
    component::Pagination,
    frame::Section,
    library::{Card, List, Looked, VERDICTS, tag},
};

use super::{frame, go_to, page, register::escaped};
use crate::{
    problem::Problem,
    transport::{Answer, Call},
};

/// Trials on one page of the library.
const PAGE: usize = 20;

/// `GET /library`
pub(crate) async fn list(call: Call) -> Answer {
    let session = call.caller.session()?;
    let text = |name: &str| call.query.get(name).unwrap_or_default();
    let looked = Looked {
        words: text("q"),
        agency: text("agency"),
        verdict: text("verdict"),
        decision: text("decision"),
        technique: text("technique"),
        people: text("people"),
    };
    let wanted = sought(looked)?;
    let found = call.state.app.library(&wanted).await?;
    let pages = found.len().div_ceil(PAGE).max(1);
    let number = call.query.get("page").map_or(Ok(1), str::parse::<usize>);
    let number = number.ok().filter(|page| (1..=pages).contains(page)).ok_or_else(Problem::not_found)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let escape = |text: &str| text.bytes().map(escaped).collect::<String>();
    let address = format!(
        "/library?q={}&agency={}&verdict={}&decision={}&technique={}&people={}",
        escape(looked.words),
        escape(looked.agency),
        escape(looked.verdict),
        escape(looked.decision),
        escape(looked.technique),
        escape(looked.people)
    );
    let list = List::new(
        frame::signed_in(&call.state, session, Section::Library),
        found.iter().skip((number - 1) * PAGE).take(PAGE).map(card).collect(),
        found.len() as u64,
        Pagination { address, page: count(number), pages: count(pages) },
        call.state.app.agencies().into_iter().map(|agency| (agency.key, agency.name)).collect(),
        looked,
        session.person.has(PersonRole::Designer),
    );
    let list = match together(&wanted, &found) {
        Together::NotAsked => list,
        Together::TooFew(_) if found.len() < 2 => list,
        Together::TooFew(_) => list.without_pooled(
            "Fewer than three of these have public results that can be put together, so that nothing is said of all of them.",
        ),
        Together::Found(effect, trials) => {
            let titles: Vec<String> = trials.into_iter().map(|(_, title)| title).collect();
            list.with_pooled(&effect, &titles)
        }
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

fn sought(looked: Looked<'_>) -> Result<Sought, Problem> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let verdict = given(looked.verdict).map(|word| {
        VERDICTS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind).ok_or_else(Problem::not_found)
    });
    let decision =
        given(looked.decision).map(|word| Decision::from_word(&word).ok_or_else(Problem::not_found)).transpose()?;
    let technique =
        given(looked.technique).map(|word| Technique::from_word(&word).ok_or_else(Problem::not_found)).transpose()?;
    let people =
        given(looked.people).map(|word| Population::from_word(&word).ok_or_else(Problem::not_found)).transpose()?;
    Ok(Sought {
        words: looked.words.to_owned(),
        agency: given(looked.agency),
        verdict: verdict.transpose()?,
        decision,
        technique,
        people,
    })
}

fn card(found: &Found) -> Card {
    let (trial, plan) = (&found.entry.trial, found.entry.trial.plan.protocol());
    Card {
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        agency: found.entry.agency.name.clone(),
        summary: plan.public_summary.clone(),
        state: trial.state,
        reverted: trial.reverted,
        ended: trial.ended_at.map(|at| Moment::new(at, plan.time_zone)),
        finding: found.finding.as_ref().map(|found| (found.verdict, found.headline.clone(), found.people)),
        unit: plan.unit.clone(),
        overdue: found.entry.overdue_since.is_some(),
        decision: found.decision.as_ref().map(|decided| (decided.decision, !decided.by_the_rule)),
        adoption: found.adoption.last().map(|report| (report.status, report.reason.clone())),
        reused: found.reused as u64,
        tags: tags(plan),
    }
}

/// What a trial is about, each with the address that finds others like it.
fn tags(plan: &Protocol) -> Vec<(String, String)> {
    let technique = plan
        .tags
        .technique
        .iter()
        .map(|word| (tag::technique(*word).to_owned(), format!("/library?technique={}", word.as_str())));
    let people = plan
        .tags
        .people
        .iter()
        .map(|word| (tag::population(*word).to_owned(), format!("/library?people={}", word.as_str())));
    let words = plan
        .touchpoint
        .iter()
        .map(|place| place.as_str().to_owned())
        .chain(plan.primary().map(|outcome| outcome.name.clone()))
        .map(|tag| {
            let address = format!("/library?q={}", tag.bytes().map(escaped).collect::<String>());
            (tag, address)
        });
    technique.chain(people).chain(words).collect()
}

/// `POST /library/{trial}/use`
pub(crate) async fn use_design(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    let actor = caller.actor()?;
    let draft = state.app.use_design(&actor, &key).await?;
    let steps = fairtrial_app::trials::guide::fits(state.app.trial_of(&actor, &draft)?.plan.protocol());
    Ok(go_to(&format!("/trials/{draft}{}", if steps { "/steps" } else { "" })))
}
