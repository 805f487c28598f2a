//! The public register and the page that a letter's code leads to. Nobody is signed in here: what is sent depends on the
//! address alone, so that anybody may keep and share it.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_app::{
    Trial,
    public::register::{DAYS_TO_PUBLISH, Entry, Registered, Wanted},
    trials::amend::VersionView,
};
use fairtrial_domain::trial::{AmendmentClass, DataSeen, NoticeCode, State as TrialState};
use fairtrial_pages::{
    Moment,
    component::Pagination,
    decision::words,
    frame::Section,
    notice,
    register::{Approval, Feed, FeedEntry, List, PlanChange, Row, Show, Standing, state},
};
use serde_json::{Value, json};

use super::{frame, links::right, page, records::records_kept, versions::told_of};
use crate::{
    problem::Problem,
    server::State,
    transport::{Answer, Call},
};

/// Trials on one page of the register.
const PAGE: usize = 20;

/// For five minutes an answer may be kept by anybody.
const KEEP: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

/// `GET /register`
pub(crate) async fn list(call: Call) -> Answer {
    let text = |name: &str| call.query.get(name).unwrap_or_default();
    let (words, agency, standing) = (text("q"), text("agency"), text("state"));
    let wanted = wanted(&call)?;
    let found = call.state.app.register(&wanted).await?;
    let pages = found.len().div_ceil(PAGE).max(1);
    let number = call.query.get("page").map_or(Ok(1), str::parse::<usize>);
    let number = number.ok().filter(|page| (1..=pages).contains(page)).ok_or_else(Problem::not_found)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let escape = |text: &str| text.bytes().map(escaped).collect::<String>();
    let address = format!("/register?q={}&agency={}&state={}", escape(words), escape(agency), escape(standing));
    let agencies = call.state.app.agencies().into_iter().map(|agency| (agency.key, agency.name)).collect();
    let list = List::new(
        frame::outside(&call.state, ""),
        found.iter().skip((number - 1) * PAGE).take(PAGE).map(row).collect(),
        found.len() as u64,
        Pagination { address, page: count(number), pages: count(pages) },
        agencies,
        (words, agency, standing),
    );
    kept(page(StatusCode::OK, fairtrial_pages::render(&list))?)
}

fn wanted(call: &Call) -> Result<Wanted, Problem> {
    let text = |name: &str| call.query.get(name).filter(|text| !text.is_empty());
    let state = text("state").map(|word| TrialState::from_word(word).ok_or_else(Problem::not_found)).transpose()?;
    Ok(Wanted { words: text("q").unwrap_or_default().to_owned(), agency: text("agency").map(str::to_owned), state })
}

/// A byte of a query.
pub(super) fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

pub(super) fn kept(mut response: HttpResponse) -> Answer {
    response.headers_mut().insert(KEEP.0, header::HeaderValue::from_static(KEEP.1));
    Ok(response)
}

fn row(entry: &Entry) -> Row {
    let (trial, plan) = (&entry.trial, entry.trial.plan.protocol());
    Row {
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        agency: entry.agency.name.clone(),
        summary: plan.public_summary.clone(),
        state: trial.state,
        reverted: trial.reverted,
        changed: Moment::new(entry.changed(), plan.time_zone),
        overdue: entry.overdue_since.is_some(),
    }
}

/// `GET /register/{trial}`
pub(crate) async fn show(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    let (trial, plan) = (&found.entry.trial, found.entry.trial.plan.protocol());
    let moment = |at| Moment::new(at, plan.time_zone);
    let mut frame = frame::outside(&call.state, "");
    frame.section = Section::Outside;
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    frame.facts.as_at = found.results.as_ref().map(|results| moment(results.as_of));
    let standing = standing(&found, public_reason(&found));
    let show =
        Show::of(frame, &trial.plan, &found.entry.agency.name, standing, approvals(&found), found.results.as_ref())
            .decided(decision(&found))
            .changed(changes(&found))
            .linked(linked(&call.state, trial))
            .keeping(records_kept(trial));
    kept(page(StatusCode::OK, fairtrial_pages::render(&show))?)
}

/// Where a trial stands, with the reason for it that is told.
pub(super) fn standing(found: &Registered, reason: Option<String>) -> Standing {
    let trial = &found.entry.trial;
    let moment = |at| Moment::new(at, trial.plan.protocol().time_zone);
    Standing {
        state: trial.state,
        reverted: trial.reverted,
        reason,
        started: trial.started_at.map(moment),
        ended: trial.ended_at.map(moment),
        locked: trial.locked_at.map(moment),
        overdue: found.entry.overdue_since.map(moment),
        commitment: trial.secret_commitment.clone(),
        code: found.entry.code.to_string(),
    }
}

/// In which roles the plan was approved, and when.
pub(super) fn approvals(found: &Registered) -> Vec<Approval> {
    let zone = found.entry.trial.plan.protocol().time_zone;
    found.approved.iter().map(|(role, at)| Approval { role: *role, at: Moment::new(*at, zone) }).collect()
}

/// Which agencies send outcomes, by what right, from when to when.
pub(super) fn linked(state: &State, trial: &Trial) -> Vec<String> {
    let day = |at| Moment::new(at, trial.plan.protocol().time_zone).day();
    let links = state.app.accepted_links(trial);
    let told = links.iter().filter_map(|(link, partner)| {
        let until = link.ended_at.unwrap_or(link.terms.expires_at);
        Some(format!(
            "{partner}, from {} to {}. {}. It learns nothing about who is in the trial.",
            day(link.accepted_at?),
            day(until),
            right(link.terms.authority)
        ))
    });
    told.collect()
}

/// What was decided and what became of it, without names: a sentence and a reason each.
pub(super) fn decision(found: &Registered) -> Vec<String> {
    let Some(decided) = &found.decision else {
        let awaited = found.results.is_some().then(|| "It has not been decided yet what is done now.".to_owned());
        return awaited.into_iter().collect();
    };
    let zone = found.entry.trial.plan.protocol().time_zone;
    let on = |at| Moment::new(at, zone).day();
    let against = if decided.by_the_rule { "" } else { ", against what the rule recommends" };
    let mut told = vec![format!("{}{against}, decided on {}.", words::decided(decided.decision), on(decided.at))];
    told.push(decided.reason.clone());
    for report in &found.became {
        told.push(format!("{}, as reported on {}.", words::became(report.status), on(report.at)));
        told.push(report.reason.clone());
    }
    told.retain(|text| !text.is_empty());
    told
}

/// How the plan was changed after the start. What exactly is told from the day on which the plan itself is public.
pub(super) fn changes(found: &Registered) -> Vec<PlanChange> {
    let trial = &found.entry.trial;
    let open = trial.state.is_locked() || trial.state == TrialState::FollowUp;
    let told = |version: &VersionView| {
        let (amendment, since) = (version.amendment.as_ref()?, version.in_force_from?);
        let class = match amendment.class {
            AmendmentClass::Minor => "Words only.",
            AmendmentClass::Major => "More than words: everybody who signs plans has signed it anew.",
        };
        let seen = match amendment.data_seen {
            DataSeen::None => "Nothing of the outcomes had been seen by then.",
            DataSeen::Pooled => "Numbers of all versions together had been seen by then.",
            DataSeen::ByArm => "Numbers of each version had been seen by then.",
        };
        Some(PlanChange {
            number: version.version,
            since: Moment::new(since, trial.plan.protocol().time_zone),
            kind: format!("{class} {seen}"),
            reason: open.then(|| amendment.reason.clone()),
            places: if open { told_of(version) } else { Vec::new() },
        })
    };
    found.versions.iter().filter_map(told).collect()
}

/// Why a trial does not go on: public, unlike the reasons of every other step.
fn public_reason(found: &Registered) -> Option<String> {
    let trial = &found.entry.trial;
    let ends = matches!(
        trial.state,
        TrialState::Withdrawn | TrialState::Refused | TrialState::Suspended | TrialState::FollowUp
    );
    trial.state_reason.clone().filter(|_| ends)
}

/// `GET /register/{trial}/results.json`
pub(crate) async fn results(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    let results = found.results.ok_or_else(Problem::not_found)?;
    kept(HttpResponse::Ok().json(results))
}

/// `GET /register/{trial}/results.xlsx`
pub(crate) async fn spreadsheet(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    kept(super::report::workbook(&found.results.ok_or_else(Problem::not_found)?)?)
}

/// `GET /register/{trial}/results.csv`
pub(crate) async fn table(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    kept(super::report::released(&found.results.ok_or_else(Problem::not_found)?)?)
}

/// `GET /register/{trial}/transparency.json`
pub(crate) async fn transparency(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    let (entry, plan) = (&found.entry, found.entry.trial.plan.protocol());
    let statement = json!({
        "schema": "fairtrial/transparency/1",
        "trial": plan.key,
        "protocol_id": entry.trial.plan.id(),
        "tier_1": {
            "name": plan.title,
            "description": plan.public_summary,
            "why": plan.hypothesis.because,
            "who_is_affected": plan.hypothesis.who,
            "agency": entry.agency.name,
            "contact": format!("Call or visit {} and say the code {}.", entry.agency.name, entry.code),
            "appeal": "Complain to the agency in the same way; then to the Ombudsman, or about data to the Privacy Commissioner.",
            "choices": ["no more trials", "not this trial from now on", "do not use my data"],
        },
        "tier_2": {
            "owner": plan.owner,
            "how_it_decides": "Chance decides who gets which version, by a published method from a secret whose fingerprint is public. No score is worked out about anybody.",
            "allocation": plan.allocation,
            "commitment": entry.trial.secret_commitment,
            "data": plan.attributes,
            "sources": plan.data.sources,
            "outcomes_from": call.state.app.accepted_links(&entry.trial).iter().map(|(link, partner)| json!({
                "agency": partner, "authority": link.terms.authority, "events": link.terms.events,
                "accepted_at": link.accepted_at, "ended_at": link.ended_at, "expires_at": link.terms.expires_at,
            })).collect::<Vec<Value>>(),
            "lawful_basis": plan.data.lawful_basis,
            "retention_days": plan.data.retain_units_days,
            "records_kept_until": entry.trial.records_due_at(),
            "records_deleted_at": entry.trial.deletion.and_then(|deletion| deletion.finished_at),
            "uses_maori_data": plan.data.uses_maori_data,
            "risks": plan.risk,
            "fairness": plan.equity,
            "human_oversight": {
                "approved_by": found.approved.iter().map(|(role, at)| json!({"role": role, "at": at})).collect::<Vec<Value>>(),
                "stop": "Everybody who works on the trial can stop it at once, without leave from anybody.",
            },
            "notice": plan.data.notice,
        },
    });
    kept(HttpResponse::Ok().json(statement))
}

/// `GET /register.json`
pub(crate) async fn document(call: Call) -> Answer {
    let found = call.state.app.register(&wanted(&call)?).await?;
    let entry = |entry: &Entry| {
        let (trial, plan) = (&entry.trial, entry.trial.plan.protocol());
        json!({
            "trial": plan.key,
            "title": plan.title,
            "summary": plan.public_summary,
            "agency": {"key": entry.agency.key, "name": entry.agency.name},
            "owner": plan.owner,
            "state": trial.state,
            "state_in_words": state(trial.state, trial.reverted),
            "stopped_for_harm": trial.reverted,
            "protocol_id": trial.plan.id(),
            "secret_commitment": trial.secret_commitment,
            "code": entry.code.to_string(),
            "started_at": trial.started_at,
            "enrolment_ended_at": trial.ended_at,
            "data_locked_at": trial.locked_at,
            "records_deleted_at": trial.deletion.and_then(|deletion| deletion.finished_at),
            "results_overdue_since": entry.overdue_since,
            "page": format!("/register/{}", trial.key()),
        })
    };
    let trials: Vec<Value> = found.iter().map(entry).collect();
    kept(HttpResponse::Ok().json(json!({"days_to_publish": DAYS_TO_PUBLISH, "trials": trials})))
}

/// `GET /register.atom`
pub(crate) async fn feed(call: Call) -> Answer {
    let found = call.state.app.register(&Wanted::default()).await?;
    let entries: Vec<FeedEntry> = found
        .iter()
        .map(|entry| {
            let (trial, plan) = (&entry.trial, entry.trial.plan.protocol());
            FeedEntry {
                key: trial.key().to_owned(),
                step: None,
                title: plan.title.clone(),
                agency: entry.agency.name.clone(),
                summary: format!("{}. {}", state(trial.state, trial.reverted), plan.public_summary),
                published: trial.created_at,
                updated: entry.changed(),
            }
        })
        .collect();
    written(&Feed::new(&public_address(&call), &entries))
}

/// `GET /register/{trial}/feed.atom`: its steps, for whoever wants to be told when there is a result.
pub(crate) async fn trial_feed(call: Call) -> Answer {
    let found = call.state.app.registered(call.part("trial")).await?;
    let (trial, plan) = (&found.entry.trial, found.entry.trial.plan.protocol());
    let approved = found.approved.iter().map(|(_, at)| *at).max();
    let result = found.results.as_ref().map(|results| results.verdict.headline.clone());
    let decided = found.decision.as_ref().map(|decided| decided.at);
    let steps = [
        ("approved", "Approved", approved, None),
        ("started", "Started: people enter it", trial.started_at, None),
        ("ended", "Nobody new enters any more; the outcomes are awaited", trial.ended_at, None),
        ("complete", "The data are complete; the result follows within 60 days", trial.locked_at, None),
        ("overdue", "The result is overdue", found.entry.overdue_since, None),
        ("result", "The result is public", trial.published_at, result),
        ("decision", "It is decided what is done now", decided, None),
    ];
    let entries: Vec<FeedEntry> = steps
        .into_iter()
        .filter_map(|(step, title, at, more): (_, _, _, Option<String>)| {
            let at = at?;
            Some(FeedEntry {
                key: trial.key().to_owned(),
                step: Some(step),
                title: title.to_owned(),
                agency: found.entry.agency.name.clone(),
                summary: more.unwrap_or_else(|| format!("{title}. {}", plan.public_summary)),
                published: at,
                updated: at,
            })
        })
        .collect();
    written(&Feed::of_trial(&public_address(&call), trial.key(), &plan.title, &entries))
}

fn written(feed: &Feed) -> Answer {
    let text = fairtrial_pages::render(feed).map_err(|error| {
        tracing::error!(%error, "the feed could not be written");
        Problem::internal()
    })?;
    kept(HttpResponse::Ok().content_type("application/atom+xml; charset=utf-8").body(text))
}

/// The address that people use: the configured one, or the one that this request came to.
pub(super) fn public_address(call: &Call) -> String {
    call.state.public_url.clone().unwrap_or_else(|| {
        let host = call.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    })
}

/// `GET /t/{code}`
pub(crate) async fn notice(call: Call) -> Answer {
    let code = NoticeCode::read(call.part("code")).ok_or_else(Problem::not_found)?;
    let entry = call.state.app.trial_of_code(code).await?;
    let standing = (entry.trial.state, entry.trial.reverted);
    let frame = frame::outside(&call.state, "");
    let plan = entry.trial.plan.protocol();
    let show = notice::Show::of(frame, plan, &entry.agency.name, &code.to_string(), standing)
        .with_partners(linked(&call.state, &entry.trial))
        .keeping(records_kept(&entry.trial));
    kept(page(StatusCode::OK, fairtrial_pages::render(&show))?)
}

/// `GET /trials/{trial}/notice`: the code for those who write the letter.
pub(crate) async fn card(call: Call) -> Answer {
    let trial = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?;
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let plan = trial.plan.protocol();
    let code = NoticeCode::of(&plan.key);
    let address = format!("{}/t/{code}", public_address(&call));
    let registered = call.state.app.trial_of_code(code).await.is_ok();
    let card = notice::Card::new(frame, trial.key(), &plan.title, &code.to_string(), &address, registered);
    page(StatusCode::OK, fairtrial_pages::render(&card))
}
