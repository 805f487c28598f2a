//! A plan made step by step.

use super::{faults_of_form, frame, go_to, page, versions::told};
use crate::{
    access::Caller,
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call, Form},
};
use actix_web::http::StatusCode;
use fairtrial_app::{
    AppError, Trial,
    trials::{
        comments::Comment,
        guide::{self, Guided, Kind, NewPlan, Pattern, Step},
        rehearsal::planning,
    },
};
use fairtrial_domain::{
    protocol::{Aim, Allocation, Population, Protocol, Technique},
    trial::PlanPart,
};
use fairtrial_pages::{
    Frame,
    component::{ErrorSummary, Fault},
    frame::Section,
    guide::{Answered, Asked, Check, Given, Shape, Start, StepPage, TaskState, Tasks, step_title},
    number::counted,
    trial::Lack,
};

fn patterns() -> Vec<&'static str> {
    Pattern::ALL.iter().map(|pattern| pattern.as_str()).collect()
}

/// `GET /trials/new/steps`
pub(crate) async fn start(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    let start = Start::new(frame, &patterns(), ("", "", ""), ErrorSummary::default());
    page(StatusCode::OK, fairtrial_pages::render(&start))
}

/// `POST /trials/new/steps`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["title", "pattern", "aim"]).await?;
    let (title, pattern, aim) = (form.get("title"), form.get("pattern"), form.get("aim"));
    let chosen_aim = match aim {
        "better" => Some(Aim::Better),
        "not_worse" => Some(Aim::NotWorse),
        _ => None,
    };
    let mut faults = Vec::new();
    if title.trim().is_empty() {
        faults.push(Fault::of_field("title", "Write your question"));
    }
    let chosen_pattern = Pattern::from_word(pattern);
    if chosen_pattern.is_none() {
        faults.push(Fault::of_field("pattern", "Choose what you want to change"));
    }
    if chosen_aim.is_none() {
        faults.push(Fault::of_field("aim", "Choose what the trial should show"));
    }
    let again = |errors: ErrorSummary| {
        let frame = frame::signed_in(&state, caller.session()?, Section::Trials);
        let again = Start::new(frame, &patterns(), (title, pattern, aim), errors);
        page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
    };
    let (Some(pattern), Some(aim), true) = (chosen_pattern, chosen_aim, faults.is_empty()) else {
        return again(ErrorSummary { faults });
    };
    let new = NewPlan { pattern, aim, title: title.to_owned() };
    match state.app.create_from_pattern(&caller.actor()?, &new).await {
        Ok(key) => Ok(go_to(&format!("/trials/{key}/steps"))),
        Err(error @ AppError::Invalid(_)) => again(faults_of_form(error)?),
        Err(error) => Err(error.into()),
    }
}

/// The draft whose steps are asked for.
fn draft(state: &State, caller: &Caller, key: &str) -> Result<std::sync::Arc<Trial>, Problem> {
    let trial = state.app.trial_of(&caller.actor()?, key)?;
    if !trial.state.is_draft() {
        return Err(Problem::new(Code::Conflict, "Only a draft can be changed. Ask for it to be returned first."));
    }
    if !guide::fits(trial.plan.protocol()) {
        let detail = "This plan has another shape than the steps ask about. Change it as a document.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    Ok(trial)
}

fn framed(state: &State, caller: &Caller, trial: &Trial) -> Result<Frame, Problem> {
    let mut frame = frame::signed_in(state, caller.session()?, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    Ok(frame)
}

/// `GET /trials/{trial}/steps`
pub(crate) async fn tasks(call: Call) -> Answer {
    let asked_for = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?;
    if asked_for.state.is_draft() && !guide::fits(asked_for.plan.protocol()) {
        return Ok(go_to(&format!("/trials/{}/document", asked_for.key())));
    }
    let trial = draft(&call.state, &call.caller, call.part("trial"))?;
    let guided = call.state.app.guided(&trial).await?;
    let open = |step: &Step| guided.answers(step).into_iter().filter(|answer| answer.open).map(name_of).collect();
    let waiting = waiting(&call.state, &trial).await?;
    let comments = |step: &Step| waiting.iter().filter(|comment| asks(&guided, comment) == step.name).count() as u64;
    let task = |step: &Step| TaskState { step: step.name.to_owned(), open: open(step), comments: comments(step) };
    let steps: Vec<TaskState> = guided.steps().map(task).collect();
    let elsewhere = guided.lacking.iter().filter(|fault| guided.mended_in(fault).is_none());
    let elsewhere = elsewhere.map(|fault| lack(trial.plan.protocol(), fault)).collect();
    let frame = framed(&call.state, &call.caller, &trial)?;
    let rehearsed = is_rehearsed(&call.state, &call.caller, trial.key())?;
    let told = (rehearsed, waiting.len() as u64);
    let tasks = Tasks::new(frame, (trial.key(), &trial.plan.protocol().title), &steps, elsewhere, told);
    page(StatusCode::OK, fairtrial_pages::render(&tasks))
}

/// The comments that wait for an answer of whoever writes the plan.
async fn waiting(state: &State, trial: &Trial) -> Result<Vec<Comment>, Problem> {
    Ok(state.app.comments(trial).await?.into_iter().filter(|comment| comment.waits).collect())
}

/// The step on which a comment waits: the one that it names, as long as that asks something of such a plan.
fn asks(guided: &Guided, comment: &Comment) -> &'static str {
    let named = comment.question.filter(|named| guided.steps().any(|step| step == *named));
    named.map_or_else(|| step_of(comment.place), |step| step.name)
}

/// The step that asks what stands in a part of the plan. How it is worked out no step asks.
fn step_of(part: PlanPart) -> &'static str {
    match part {
        PlanPart::Idea => "idea",
        PlanPart::Versions => "versions",
        PlanPart::People => "people",
        PlanPart::Outcomes => "outcome",
        PlanPart::Size => "size",
        PlanPart::Rule | PlanPart::Analysis => "looks",
        PlanPart::Risk => "risk",
        PlanPart::Data => "data",
    }
}

fn name_of(answer: guide::Answer) -> String {
    answer.field.name.to_owned()
}

/// What a plan lacks, in words, and where it is mended: a step, or the document where no step asks it.
pub(super) fn lacks(guided: &Guided, may_change: bool) -> Vec<Lack> {
    let plan = guided.plan.protocol();
    let address = |fault: &fairtrial_domain::Fault| {
        let step = guided.mended_in(fault);
        Some(match step {
            Some(step) => format!("/trials/{}/steps/{}", plan.key, step.name),
            None => format!("/trials/{}/document", plan.key),
        })
    };
    let told = |fault: &fairtrial_domain::Fault| Lack {
        text: lack(plan, fault),
        address: if may_change { address(fault) } else { None },
    };
    let bracketed = guided.bracketed();
    let in_brackets = bracketed.iter().map(|step| Lack {
        text: format!("Replace what stands in square brackets in \u{201c}{}\u{201d}", step_title(step.name)),
        address: may_change.then(|| format!("/trials/{}/steps/{}", plan.key, step.name)),
    });
    in_brackets.chain(guided.lacking.iter().map(told)).collect()
}

/// What is lacking, in words; where it is about an outcome, that is named.
fn lack(plan: &Protocol, fault: &fairtrial_domain::Fault) -> String {
    let place = fault.pointer.strip_prefix("/outcomes/").and_then(|rest| rest.split('/').next()?.parse().ok());
    match place.and_then(|place: usize| plan.outcomes.get(place)) {
        Some(outcome) => sentence(&format!("\u{201c}{}\u{201d}: {}", outcome.name, fault.detail)),
        None => sentence(&fault.detail),
    }
}

/// `GET /trials/{trial}/steps/{step}`
pub(crate) async fn step(call: Call) -> Answer {
    let trial = draft(&call.state, &call.caller, call.part("trial"))?;
    let step = Step::named(call.part("step")).ok_or_else(Problem::not_found)?;
    let guided = call.state.app.guided(&trial).await?;
    if !guided.steps().any(|asked| asked == step) {
        // What it asks does not matter for such a plan, or not any more.
        return Ok(go_to(&format!("/trials/{}/steps", trial.key())));
    }
    let frame = framed(&call.state, &call.caller, &trial)?;
    let waiting = waiting(&call.state, &trial).await?.into_iter().filter(|known| asks(&guided, known) == step.name);
    let asked = waiting.map(|known| Asked { number: known.number, remark: known.remark, by: known.name }).collect();
    let shown = shown(&call.state, frame, &guided, step, None, ErrorSummary::default()).with_comments(asked);
    page(StatusCode::OK, fairtrial_pages::render(&shown))
}

fn shown(
    state: &State,
    frame: Frame,
    guided: &Guided,
    step: &Step,
    typed: Option<&[(&str, String)]>,
    errors: ErrorSummary,
) -> StepPage {
    let plan = guided.plan.protocol();
    let sentences = match step.name {
        "size" => [planning(plan), state.app.forecast(plan)].concat(),
        "looks" => planning(plan),
        "unit" => vec![drawn(&plan.allocation)],
        _ => Vec::new(),
    };
    let given = given(guided, guided.answers(step), typed);
    let shown = StepPage::new(frame, (plan.key.as_str(), &plan.title), step.name, given, sentences, errors);
    match step.name {
        "shown" => shown.with_preview(plan),
        "looks" => shown.with_rule(plan),
        _ => shown,
    }
}

/// The answers of a step; where somebody has typed others, those.
fn given(guided: &Guided, answers: Vec<guide::Answer>, typed: Option<&[(&str, String)]>) -> Vec<Given> {
    let given = answers.into_iter().map(|answer| {
        let again = typed.and_then(|typed| typed.iter().find(|(name, _)| *name == answer.field.name));
        Given {
            name: answer.field.name.to_owned(),
            shape: shape(guided, answer.field.kind),
            text: again.map_or(answer.text, |(_, text)| text.clone()),
        }
    });
    given.collect()
}

/// How chance decides as the plan stands, and why so.
fn drawn(allocation: &Allocation) -> String {
    match allocation {
        Allocation::Cluster { roster } => format!(
            "As it is saved now, chance decides for {} at once, so that everybody in one gets the same version.",
            counted(roster.len() as u64, "office", "offices")
        ),
        Allocation::PermutedBlocks { strata, .. } if !strata.is_empty() => format!(
            "As it is saved now, chance decides in small balanced groups of people, separately by {}: so both versions have as \
             many people from each, at every time.",
            strata.join(" and ")
        ),
        Allocation::PermutedBlocks { .. } => {
            "As it is saved now, chance decides in small balanced groups of people: so both versions have as many people at \
             every time, also when the trial ends early."
                .to_owned()
        }
        Allocation::Minimisation { factors, .. } => {
            format!("As it is saved now, each person goes to the version that leaves {} best balanced.", factors.join(" and "))
        }
        Allocation::Simple => "As it is saved now, chance alone decides for every person.".to_owned(),
        Allocation::SteppedWedge { sites, steps, .. } => format!(
            "As it is saved now, {} get the new version one after the other, on {}. Chance decides in which order, and those who have \
             it are compared with those who do not have it yet.",
            counted(sites.len() as u64, "office", "offices"),
            counted(steps.len() as u64, "day", "days")
        ),
    }
}

/// Whether it is known that this very plan was rehearsed: rehearsals are kept until the server ends.
fn is_rehearsed(state: &State, caller: &Caller, key: &str) -> Result<bool, Problem> {
    Ok(state.app.rehearsed(&caller.actor()?, key)?.is_some_and(|found| found.finished))
}

fn shape(guided: &Guided, kind: Kind) -> Shape {
    match kind {
        Kind::Text
        | Kind::Payload
        | Kind::Roster
        | Kind::Steps
        | Kind::List
        | Kind::Attributes
        | Kind::Conditions(_) => Shape::Lines,
        Kind::Choice(words) => Shape::OneOf(words.iter().map(|word| (*word).to_owned()).collect()),
        Kind::Flag | Kind::GivesUp => Shape::OneOf(vec!["yes".into(), "no".into()]),
        Kind::Leaks => Shape::OneOf(Guided::chance().0.iter().map(|word| (*word).to_owned()).collect()),
        Kind::Balanced => Shape::OneOf(Guided::chance().1.iter().map(|word| (*word).to_owned()).collect()),
        Kind::Looks => Shape::OneOf(guided.looks().into_iter().map(str::to_owned).collect()),
        Kind::Techniques => Shape::AnyOf(Technique::ALL.iter().map(|word| word.as_str().to_owned()).collect()),
        Kind::Populations => Shape::AnyOf(Population::ALL.iter().map(|word| word.as_str().to_owned()).collect()),
        Kind::Groups => Shape::AnyOf(guided.groups().into_iter().map(str::to_owned).collect()),
        Kind::Day(_) => Shape::Day,
        Kind::Line
        | Kind::Guardrail
        | Kind::InHundred
        | Kind::Whole
        | Kind::Transition
        | Kind::Money
        | Kind::Number => Shape::Line,
    }
}

/// What was typed into a field: several boxes as lines, the parts of a day as one.
fn typed(form: &Form, field: &guide::Field) -> String {
    match field.kind {
        Kind::Groups | Kind::Techniques | Kind::Populations => form.all(field.name).join("\n"),
        Kind::Day([day, month, year]) => {
            let parts = [year, month, day].map(|name| form.get(name).trim());
            if parts.iter().all(|part| part.is_empty()) { String::new() } else { parts.join("-") }
        }
        _ => form.get(field.name).to_owned(),
    }
}

/// `POST /trials/{trial}/steps/{step}`
pub(crate) async fn answer(call: Call) -> Answer {
    let step = Step::named(call.part("step")).ok_or_else(Problem::not_found)?;
    let key = call.part("trial").to_owned();
    let names = [step.names(), vec!["protocol_id"]].concat();
    let (form, state, caller) = call.form(&names).await?;
    let trial = draft(&state, &caller, &key)?;
    let seen = form.get("protocol_id").parse();
    let seen = seen.map_err(|_| Problem::new(Code::InvalidBody, "The form does not name the plan of its page."))?;
    let typed: Vec<(&'static str, String)> =
        step.fields.iter().map(|field| (field.name, typed(&form, field))).collect();
    match state.app.answer_step(&caller.actor()?, &key, step, &seen, &typed).await {
        Ok(()) => {
            let saved = state.app.trial_of(&caller.actor()?, &key)?;
            Ok(go_to(&match state.app.guided(&saved).await?.after(step) {
                Some(next) => format!("/trials/{key}/steps/{}", next.name),
                None => format!("/trials/{key}/steps"),
            }))
        }
        Err(error @ AppError::Invalid(_)) => {
            let guided = state.app.guided(&trial).await?;
            let frame = framed(&state, &caller, &trial)?;
            let again = shown(&state, frame, &guided, step, Some(&typed), faults_of_form(error)?);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /trials/{trial}/check`
pub(crate) async fn check(call: Call) -> Answer {
    let trial = draft(&call.state, &call.caller, call.part("trial"))?;
    let guided = call.state.app.guided(&trial).await?;
    if guided.is_open() {
        return Ok(go_to(&format!("/trials/{}/steps", trial.key())));
    }
    let frame = framed(&call.state, &call.caller, &trial)?;
    let steps = guided.steps().map(|step| (step.name.to_owned(), given(&guided, guided.told(step), None)));
    let steps = steps.filter(|(_, given)| !given.is_empty()).collect();
    let sent = call.state.app.sent_last(&trial).await?;
    let answered = Answered {
        plan: &trial.plan,
        steps,
        sentences: [planning(trial.plan.protocol()), call.state.app.forecast(trial.plan.protocol())].concat(),
        rehearsed: is_rehearsed(&call.state, &call.caller, trial.key())?,
        changes: sent.map(|sent| told(&sent, &trial.plan)),
        tier: guided.tier,
        signers: &guided.signers,
    };
    let check = Check::of(frame, answered);
    page(StatusCode::OK, fairtrial_pages::render(&check))
}
