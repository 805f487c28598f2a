//! What waits for signatures, and the page on which a reviewer reads and signs.

use std::sync::Arc;

use actix_web::http::StatusCode;
use fairtrial_app::{
    Actor, AppError,
    learned::library::Card,
    people::sessions::Session,
    trials::{
        comments::{self, About, Comment as Known, Reply},
        guide::{self, Guided},
        inbox::{Event, Matter},
        reviews::{HarmTold, REVIEWERS, Waiting},
    },
};
use fairtrial_domain::{
    LockedProtocol,
    trial::{PersonRole, PlanPart, Tier},
};
use fairtrial_pages::{
    Moment,
    component::{ErrorSummary, Fault},
    frame::Section,
    number::counted,
    review::{
        self as pages, Attention, Burden, Comment, CommentAnswer, HarmRules, List, Review, Row, Show, Similar, Since,
        harm_sentence,
    },
};

use super::{faults_of_form, frame, go_to, page, trials::signatures, versions::told};
use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call},
};

/// `GET /reviews`
pub(crate) async fn list(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let found = call.state.app.reviews(&actor).await?;
    let (mine, others): (Vec<Row>, Vec<Row>) = found.iter().map(row).partition(|row| row.mine.is_some());
    let since = attention(session, &call.state.app.after_start(&actor).await?);
    let list = List { frame: frame::signed_in(&call.state, session, Section::Reviews), mine, others, since };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// What happened after a start, in words, for whoever is signed in.
pub(super) fn attention(session: &Session, events: &[Event]) -> Attention {
    Attention { events: events.iter().map(|event| since(event, &session.person.roles)).collect() }
}

fn since(event: &Event, roles: &[PersonRole]) -> Since {
    let plan = event.trial.plan.protocol();
    let mut address = format!("/trials/{}", event.trial.key());
    let with_reason = |sentence: &str, reason: &Option<String>| {
        let reason = reason.as_ref().map(|reason| format!(" {}", crate::problem::sentence(reason)));
        format!("{sentence}{}", reason.unwrap_or_default())
    };
    let (matter, sentence) = match &event.matter {
        Matter::Harm(sentence, reason) => (pages::Matter::Harm, with_reason(sentence, reason)),
        Matter::Suspended(reason) => (pages::Matter::Suspended, with_reason("The trial is suspended.", reason)),
        Matter::Checks(names) => (pages::Matter::Checks, pages::red_checks(names)),
        Matter::Messages(waiting) => {
            address = "/messages".to_owned();
            let words = counted(*waiting, "message waits", "messages wait");
            (pages::Matter::Message, format!("{words} for an answer."))
        }
        Matter::PastEnd(last) => {
            let day = last.format("%-d %B %Y");
            (
                pages::Matter::PastEnd,
                format!("Enrolment was to end on {day}, and has not been ended. Nobody new enters."),
            )
        }
        Matter::Overdue => (pages::Matter::Overdue, "The results should have been public by now.".to_owned()),
    };
    let since = Moment::new(event.since, plan.time_zone);
    let what_to_do = matter.what_to_do(roles);
    Since { address, title: plan.title.clone(), matter, sentence, since, what_to_do }
}

/// A trial of the library that resembles the plan, in released numbers.
fn similar(card: &Card) -> Similar {
    let (trial, plan) = (&card.entry.trial, card.entry.trial.plan.protocol());
    let harms =
        card.finding.iter().flat_map(|found| found.harms.iter().filter_map(|harm| harm_sentence(harm, &found.arms)));
    Similar {
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        agency: card.entry.agency.name.clone(),
        standing: (trial.state, trial.reverted),
        finding: card.finding.as_ref().map(|found| (found.verdict, found.headline.clone())),
        harms: harms.collect(),
    }
}

fn rules(told: &HarmTold) -> HarmRules {
    match told {
        HarmTold::NotRehearsed { can_be: true } => HarmRules::NotRehearsed,
        HarmTold::NotRehearsed { can_be: false } => HarmRules::Amendment,
        HarmTold::Nothing => HarmRules::Nothing,
        HarmTold::Found(found) => HarmRules::Found(found.trials, found.sentences.clone()),
    }
}

fn row(found: &Waiting) -> Row {
    let plan = found.trial.plan.protocol();
    Row {
        key: found.trial.key().to_owned(),
        title: plan.title.clone(),
        amendment: found.amendment,
        tier: found.tier,
        mine: found.mine,
        on_condition: found.on_condition,
        missing: found.missing.clone(),
        since: Moment::new(found.since, plan.time_zone),
    }
}

/// `GET /trials/{trial}/review`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let key = call.part("trial");
    // A link beside a part leads to the form with that part chosen.
    let part = call.query.get("part").filter(|word| About::from_word(word).is_some()).unwrap_or_default();
    let given = |name: &str| if name == "place" { part.to_owned() } else { String::new() };
    let show = shown(&call.state, session, &actor, key, given, ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

async fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    key: &str,
    given: impl Fn(&str) -> String,
    errors: ErrorSummary,
) -> Result<Show, Problem> {
    let found = state.app.review(actor, key).await?;
    let (view, plan) = (&found.view, found.plan.protocol());
    let moment = |at| Moment::new(at, plan.time_zone);
    let mut frame = frame::signed_in(state, session, Section::Reviews);
    frame.facts.protocol_id = Some(found.plan.id().to_string());
    let may_comment = !view.trial.state.is_locked()
        && REVIEWERS.iter().chain(&[PersonRole::Designer]).any(|role| session.person.has(*role));
    let review = Review {
        plan: &found.plan,
        amendment: view.waiting_version,
        tier: view.tier,
        tier_reasons: view.tier_reasons.clone(),
        changes: found.changes.as_ref().map(|changes| told(&changes.before, &found.plan)),
        signatures: signatures(view, &moment).into_iter().map(|known| (known.role, known.signed)).collect(),
        comments: found
            .comments
            .iter()
            .map(|known| comment_of(known, session, &view.authors, may_comment, moment))
            .collect(),
        questions: questions(&found.plan, view.tier),
        rules: rules(&found.harm),
        burden: Burden {
            limit: found.burden_cap.map(|cap| (u64::from(cap.trials), u64::from(cap.days))),
            beside: view
                .overlaps
                .iter()
                .map(|overlap| (overlap.trial.plan.protocol().title.clone(), overlap.same_touchpoint))
                .collect(),
        },
        similar: found.similar.iter().map(similar).collect(),
        verbs: view.open_verbs(&session.person),
        may_comment,
    };
    Ok(Show::of(frame, review, given, errors))
}

/// What the steps ask of a plan, by the part in which its answer stands; nothing of a plan of another shape.
fn questions(plan: &Arc<LockedProtocol>, tier: Tier) -> Vec<(PlanPart, &'static str)> {
    match guide::fits(plan.protocol()) {
        true => Guided::of_tier(plan, tier).steps().map(|step| (step.part(), step.name)).collect(),
        false => Vec::new(),
    }
}

/// A comment with what this person may do about it.
fn comment_of(
    known: &Known,
    session: &Session,
    authors: &[i64],
    may_comment: bool,
    moment: impl Fn(chrono::DateTime<chrono::Utc>) -> Moment,
) -> Comment {
    let answer = |answer: &comments::CommentAnswer| CommentAnswer {
        remark: answer.remark.clone(),
        by: answer.name.clone(),
        at: moment(answer.at),
        resolves: answer.resolves,
    };
    Comment {
        number: known.number,
        place: known.place,
        question: known.question.map(|step| step.name),
        remark: known.remark.clone(),
        by: known.name.clone(),
        at: moment(known.at),
        current: known.current,
        answers: known.answers.iter().map(answer).collect(),
        open: known.is_open(),
        waits: known.waits,
        own: known.person == session.person.id,
        may_answer: may_comment,
        may_resolve: may_comment && comments::may_resolve(&session.person, known.person, authors),
    }
}

/// `POST /trials/{trial}/review`
pub(crate) async fn comment(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&["place", "remark"]).await?;
    let actor = caller.actor()?;
    let done = match About::from_word(form.get("place")) {
        Some(about) => state.app.comment(&actor, &key, about, form.get("remark")).await,
        None => Err(AppError::invalid("/place", "missing_field", "choose which part your comment is about")),
    };
    match done {
        Ok(()) => Ok(go_to(&format!("/trials/{key}/review"))),
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let given = |name: &str| match name {
                "place" | "remark" => form.get(name).to_owned(),
                _ => String::new(),
            };
            let again = shown(&state, caller.session()?, &actor, &key, given, errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /trials/{trial}/review/{number}`
pub(crate) async fn reply(call: Call) -> Answer {
    let (key, part) = (call.part("trial").to_owned(), call.part("number").to_owned());
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let number: i64 = part.parse().ok().filter(|number| *number > 0).ok_or_else(Problem::not_found)?;
    let (form, state, caller) = call.form(&["reply", "remark"]).await?;
    let actor = caller.actor()?;
    let reply = match form.get("reply") {
        "answer" => Reply::Answer,
        "resolve" => Reply::Resolve,
        _ => return Err(Problem::new(Code::InvalidBody, "The form does not say whether it answers or resolves.")),
    };
    match state.app.reply_to_comment(&actor, &key, number, (reply, form.get("remark"))).await {
        Ok(()) => Ok(go_to(&format!("/trials/{key}/review#comment-{number}"))),
        Err(AppError::Invalid(faults)) => {
            let id = format!("remark-{number}");
            let at_answer =
                |fault: fairtrial_domain::Fault| Fault::of_field(&id, &crate::problem::sentence(&fault.detail));
            let errors = ErrorSummary { faults: faults.into_iter().map(at_answer).collect() };
            let given = |name: &str| if name == id { form.get("remark").to_owned() } else { String::new() };
            let again = shown(&state, caller.session()?, &actor, &key, given, errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
