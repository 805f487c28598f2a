//! Trials: the list, a new one, and one with its state, signatures and verbs.

use std::sync::Arc;

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use fairtrial_app::{
    Actor, AppError, Trial,
    frontline::{batch::SENDERS, outcome_file::KEEPERS_OF_FILES, seen::CONNECTORS},
    people::sessions::Session,
    trials::{
        data::READERS as DATA_READERS,
        guide::{Guided, fits},
        life::Move,
        proof::PublishedCalendar,
        rehearsal::planning,
        view::TrialView,
    },
};
use fairtrial_domain::trial::{PersonRole, Verb};
use fairtrial_pages::{
    Moment,
    chart::{EnrolmentPlan, enrolment},
    component::{ErrorSummary, Fault, Pagination, SummaryList},
    frame::Section,
    number::counted,
    protocol,
    trial::{Create, Happening, List, Progress, Row, Show, Signature},
};

use super::{faults_of_form, frame, go_to, page, records::records, report::points};
use crate::{
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call},
};

/// Trials on one page of the list.
const PAGE: usize = 50;

/// `GET /trials`
pub(crate) async fn list(call: Call) -> Answer {
    let session = call.caller.session()?;
    let actor = call.caller.actor()?;
    let mut trials = call.state.app.trials_of(&actor)?;
    trials.sort_by_key(|trial| std::cmp::Reverse(changed(trial)));
    let pages = trials.len().div_ceil(PAGE).max(1);
    let wanted = call.query.get("page").map_or(Ok(1), str::parse::<usize>);
    let wanted = wanted.ok().filter(|page| (1..=pages).contains(page)).ok_or_else(Problem::not_found)?;
    let agency = call.state.app.agency_of(&actor)?.name;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let list = List {
        frame: frame::signed_in(&call.state, session, Section::Trials),
        trials: trials
            .iter()
            .skip((wanted - 1) * PAGE)
            .take(PAGE)
            .map(|trial| row(&call.state, trial, &agency))
            .collect(),
        pagination: Pagination { address: "/trials".into(), page: count(wanted), pages: count(pages) },
        may_create: session.person.has(PersonRole::Designer),
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// One trial in a list.
pub(super) fn row(state: &State, trial: &Trial, agency: &str) -> Row {
    let plan = trial.plan.protocol();
    Row {
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        agency: agency.to_owned(),
        state: trial.state,
        assigned: state.app.people_in(trial),
        planned: plan.monitoring.max_units,
        changed: Moment::new(changed(trial), plan.time_zone),
    }
}

/// When the trial last moved.
pub(super) fn changed(trial: &Trial) -> DateTime<Utc> {
    let moments = [trial.locked_at, trial.ended_at, trial.started_at];
    moments.into_iter().flatten().max().unwrap_or(trial.created_at)
}

/// `GET /trials/new`
pub(crate) async fn new(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    page(StatusCode::OK, fairtrial_pages::render(&Create::new(frame, String::new(), Vec::new())))
}

/// `POST /trials`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, caller) = call.form_with_texts(&["file", "document"]).await?;
    let document = [form.get("file"), form.get("document")].into_iter().find(|text| !text.trim().is_empty());
    let document = document.unwrap_or_default();
    match state.app.create_trial(&caller.actor()?, document.as_bytes()).await {
        Ok(key) => Ok(go_to(&format!("/trials/{key}"))),
        Err(AppError::Invalid(faults)) => {
            let frame = frame::signed_in(&state, caller.session()?, Section::Trials);
            let faults = faults.into_iter().map(Fault::from).collect();
            let again = Create::new(frame, document.to_owned(), faults);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /trials/{trial}`
pub(crate) async fn show(call: Call) -> Answer {
    let view = call.state.app.view_trial(&call.caller.actor()?, call.part("trial")).await?;
    let page_of_trial = shown(&call.state, call.caller.session()?, &view, ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&page_of_trial))
}

async fn shown(state: &State, session: &Session, view: &TrialView, errors: ErrorSummary) -> Result<Show, Problem> {
    let (trial, plan) = (&view.trial, view.trial.plan.protocol());
    let mut frame = frame::signed_in(state, session, Section::Trials);
    let moment = |at| Moment::new(at, plan.time_zone);
    frame.facts.as_at = Some(moment(state.app.ambient().now()));
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let started = trial.state.has_started();
    let actor = Actor::Person(session.person.clone());
    let mut waits_for: Vec<String> = state.app.waits_for_agreement(&actor, trial.key()).await?.into_iter().collect();
    waits_for.extend(view.waiting_version.map(|number| format!("Version {number} of the plan waits for signatures.")));
    let guided = Guided::of_tier(&trial.plan, view.tier);
    let designs = trial.state.is_draft() && session.person.has(PersonRole::Designer);
    let lacking = match trial.state.is_draft() || !view.lacking.is_empty() {
        true => super::guide::lacks(&guided, designs),
        false => Vec::new(),
    };
    // What a pattern left for the designer is not sent to those who sign.
    let sendable = !trial.state.is_draft() || guided.bracketed().is_empty();
    let kept = trial.deletion.is_none();
    let watch = if started && kept { Some(super::looks::watch(state, session, trial).await?) } else { None };
    Ok(Show {
        frame,
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        state: trial.state,
        summary: plan.public_summary.clone(),
        plan: protocol::summary(plan).rows_of("Records of single people", records(trial)),
        allocation: allocation(trial),
        allocation_files: allocation_files(trial),
        may_connect: kept && CONNECTORS.iter().any(|role| session.person.has(*role)),
        may_read_data: kept && DATA_READERS.iter().any(|role| session.person.has(*role)),
        may_send: started && kept && SENDERS.iter().any(|role| session.person.has(*role)),
        may_take_files: started && kept && KEEPERS_OF_FILES.iter().any(|role| session.person.has(*role)),
        effects: trial.state.effects(trial.reverted),
        tier: view.tier,
        tier_reasons: view.tier_reasons.clone(),
        lacking,
        by_steps: designs && fits(plan),
        by_document: designs,
        waits_for: waits_for.into_iter().map(|text| sentence(&text)).collect(),
        comments: comments(state, session, view).await?,
        under_review: view.under_review.to_string(),
        signatures: signatures(view, &moment),
        progress: started.then_some(Progress { assigned: view.people, planned: plan.monitoring.max_units }),
        enrolment: enrolment(
            "enrolment",
            &points(&state.app.enrolment(&actor, trial.key()).await?, plan.time_zone),
            EnrolmentPlan::of(plan),
        ),
        watch,
        has_report: started && may_read_report(trial, session),
        verbs: view.open_verbs(&session.person).into_iter().filter(|verb| *verb != Verb::Submit || sendable).collect(),
        errors,
        history: view
            .history
            .iter()
            .map(|entry| Happening {
                at: moment(entry.at),
                what: happening(&entry.action).to_owned(),
                by: entry.name.clone(),
                reason: entry.reason.clone(),
            })
            .collect(),
    })
}

/// What is open in the comments on the plan: for its author what waits for an answer, for a reviewer their own.
async fn comments(state: &State, session: &Session, view: &TrialView) -> Result<Vec<String>, Problem> {
    if view.trial.state.is_locked() {
        return Ok(Vec::new());
    }
    let known = state.app.comments(&view.trial).await?;
    let own = known.iter().filter(|comment| comment.is_open() && comment.person == session.person.id).count() as u64;
    let waiting = known.iter().filter(|comment| comment.waits).count() as u64;
    let own =
        (own > 0).then(|| format!("{} not resolved", counted(own, "comment of yours is", "comments of yours are")));
    let waiting = (waiting > 0 && session.person.has(PersonRole::Designer))
        .then(|| format!("{} for an answer", counted(waiting, "comment waits", "comments wait")));
    Ok(waiting.into_iter().chain(own).collect())
}

/// Sites that one row of the page names; the file has them all.
const SITES_SHOWN: usize = 30;

/// What was committed to at the start, and the calendar of a stepped wedge.
fn allocation(trial: &Arc<Trial>) -> SummaryList {
    let Some(commitment) = &trial.secret_commitment else { return SummaryList::default() };
    let list = SummaryList::default().rows_of(
        "Commitment to the secret",
        vec![
            commitment.clone(),
            "This is the SHA-256 of the secret that decides who gets which version. The secret itself is published when \
             the data are locked, so that anybody can draw again."
                .into(),
        ],
    );
    let published = PublishedCalendar::of(trial);
    let Some(calendar) = published.as_ref().and_then(PublishedCalendar::calendar) else { return list };
    calendar.steps().iter().enumerate().fold(list, |list, (step, day)| {
        let sites: Vec<&str> = calendar.sites().filter(|(_, at)| at.step == step).map(|(site, _)| site).collect();
        let shown = sites.iter().take(SITES_SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = sites.len().saturating_sub(SITES_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        list.row(format!("New version from {}", day.format("%-d %B %Y")), shown + &more)
    })
}

fn allocation_files(trial: &Arc<Trial>) -> Vec<(String, String)> {
    let file = |label: &str, name: &str| (label.to_owned(), format!("/trials/{}/{name}", trial.key()));
    let calendar = PublishedCalendar::of(trial).map(|_| file("The calendar as a file", "calendar.ics"));
    let bundle = trial
        .locked_at
        .filter(|_| trial.deletion.is_none())
        .map(|_| file("The secret and the list, to draw again", "allocation-bundle"));
    calendar.into_iter().chain(bundle).collect()
}

/// Whether there is anything to read for this person: comparisons are closed to those who run a trial until its data are
/// locked. The use case itself decides; here a link is left out that would lead to a refusal.
fn may_read_report(trial: &Trial, session: &Session) -> bool {
    let readers = [PersonRole::Monitor, PersonRole::Analyst, PersonRole::Manager];
    trial.state.is_locked() || readers.iter().any(|role| session.person.has(*role))
}

pub(super) fn signatures(view: &TrialView, moment: &impl Fn(DateTime<Utc>) -> Moment) -> Vec<Signature> {
    let of_role = |role: &PersonRole| {
        let signed = view.signatures.iter().find(|signature| signature.stands && signature.role == *role);
        let signed = signed.filter(|_| !view.missing.contains(role));
        Signature { role: *role, signed: signed.map(|signature| (signature.name.clone(), moment(signature.at))) }
    };
    view.needed.iter().map(of_role).collect()
}

/// What an entry of the audit says, in words.
fn happening(action: &str) -> &str {
    match action {
        "trial.created" => "Plan written",
        "trial.plan_changed" => "Plan changed",
        "trial.submit" => "Sent for approval",
        "trial.approve" => "Plan signed",
        "trial.return" => "Returned to the author",
        "trial.start" => "Started",
        "trial.pause_enrolment" => "Enrolment paused",
        "trial.resume_enrolment" => "Enrolment resumed",
        "trial.suspend" => "Suspended",
        "trial.resume" => "Resumed",
        "trial.stop" => "Enrolment ended",
        "trial.lock_data" => "Data locked",
        "trial.resume_asked" => "Resuming asked for",
        "trial.decide" => "Decided",
        "trial.decide_asked" => "Decision asked for",
        "trial.commented" => "Commented",
        "trial.comment_answered" => "A comment was answered",
        "trial.comment_resolved" => "A comment was marked as resolved",
        "trial.adoption_reported" => "What became of it reported",
        "verdict.viewed" => "Verdict read",
        "trial.publish" => "Made public",
        "trial.amend" => "Amendment proposed",
        "trial.withdraw" => "Withdrawn",
        "trial.refuse" => "Refused for good",
        "looks.continued" => "The monitor has looked and lets it go on",
        "looks.unmasked" => "A monitor asked for the names of the versions",
        "report.viewed" => "Report read",
        "report.viewed_as_at" => "Report read as the data stood on a day",
        "report.bundled" => "All that the report rests on taken away",
        "batch.uploaded" => "A list for letters came in",
        "batch.committed" => "A list for letters was committed",
        "outcomes.taken_in" => "A file of outcomes was taken in",
        "outcomes.taken_back" => "A file of outcomes was taken back",
        "link.proposed" => "Outcomes from another agency proposed",
        "link.accepted" => "Outcomes from another agency agreed",
        "link.ended" => "Outcomes from another agency ended",
        "records.deletion_begun" => {
            "The time is over for which records of single people are kept: their deletion began"
        }
        "records.deleted" => "Records of single people deleted",
        "look.held" => "A planned look was held",
        "looks.viewed" => "What the looks found was read",
        "harm.reported" => "Harm reported",
        "explore.viewed" => "The data were explored beside the plan",
        "explore.downloaded" => "Exploratory numbers taken away",
        "data.downloaded" => "Records of single people taken away",
        "handling.viewed" => "What was noted on the way was read by version",
        "version.overridden" => "Somebody was given another version for their good",
        "message.sent" => "A question or complaint came in",
        "message.removed" => "Questions and complaints that were answered long ago were removed",
        "message.answered" => "A question or complaint was answered",
        "check.reddened" => "A check of the data turned red",
        "check.mended" => "A check of the data is red no more",
        "harm.boundary_crossed" => "A boundary for harm was crossed",
        "allocation.published" => "Secret and list of the allocation read",
        other => other,
    }
}

/// `GET /trials/{trial}/protocol`
pub(crate) async fn plan(call: Call) -> Answer {
    let session = call.caller.session()?;
    let trial = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?;
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let planning = planning(trial.plan.protocol());
    let document = trial.plan.canonical().to_owned();
    let show = protocol::Show::of(frame, &trial.plan, trial.state.is_draft(), document, planning);
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// `POST /trials/{trial}/{verb}`
pub(crate) async fn act(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let verb = Verb::from_word(call.part("verb")).ok_or_else(Problem::not_found)?;
    let (form, state, caller) = call.form(&["reason", "protocol_id", "because_of_harm", "condition"]).await?;
    let actor = caller.actor()?;
    let mut asked = Move::plain(verb, form.get("reason"));
    asked.because_of_harm = verb == Verb::Stop && form.get("because_of_harm") == "yes";
    asked.condition = Some(form.get("condition").to_owned()).filter(|text| !text.trim().is_empty());
    // What is done is done to the plan that stood on the page, or not at all.
    asked.protocol_id = Some(form.get("protocol_id"))
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|_| Problem::new(Code::InvalidBody, "The form does not name the plan of its page."))?;
    if verb == Verb::Approve {
        // Somebody with several roles signs in the first one whose signature is missing, then in the next.
        let person = &caller.session()?.person;
        let missing = state.app.view_trial(&actor, &key).await?.missing;
        asked.role = missing.into_iter().find(|role| person.has(*role));
    }
    match state.app.move_trial(&actor, &key, &asked).await {
        Ok(_) => Ok(go_to(&format!("/trials/{key}"))),
        Err(error @ AppError::Invalid(_)) => {
            let mut errors = faults_of_form(error)?;
            for fault in &mut errors.faults {
                // The faults of the form stand at its fields; those of the plan have none here.
                fault.field = fault.field.take().and_then(|field| match field.as_str() {
                    "reason" | "condition" => Some(format!("{field}-{}", verb.as_str())),
                    _ => None,
                });
            }
            let view = state.app.view_trial(&actor, &key).await?;
            let again = shown(&state, caller.session()?, &view, errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
