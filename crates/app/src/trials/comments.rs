//! What reviewers and authors say to each other about the parts of a plan. Nothing of it is changed or removed.

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    ProtocolId,
    trial::{PersonRole, PlanPart},
};
use fairtrial_store::{
    DbConnection, StoreError, audit,
    comments::{self, CommentAnswerRow, CommentRow},
    people, trials,
};
use serde_json::json;

use super::{guide::Step, life::SIGNING, review::UnderReview};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant},
    },
};

/// What a comment is about: a part of the plan, or one question of the steps whose answer stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The part.
    pub part: PlanPart,
    /// The step that asks the question.
    pub question: Option<&'static Step>,
}

impl From<PlanPart> for About {
    fn from(part: PlanPart) -> Self {
        Self { part, question: None }
    }
}

impl About {
    /// Reads it as forms send it: `data`, or `data/privacy`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (part, question) = word.split_once('/').map_or((word, None), |(part, name)| (part, Some(name)));
        let part = PlanPart::from_word(part)?;
        let Some(name) = question else { return Some(part.into()) };
        Step::named(name).filter(|step| step.part() == part).map(|step| Self { part, question: Some(step) })
    }
}

/// A comment on a part of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its number among those of the trial.
    pub number: i64,
    /// Which part.
    pub place: PlanPart,
    /// Which question in it, where it names one that the steps still ask.
    pub question: Option<&'static Step>,
    /// What is said.
    pub remark: String,
    /// Who says it, as the number of their account.
    pub person: i64,
    /// Who says it.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was said about the content of now.
    pub current: bool,
    /// What was said to it, the oldest first.
    pub answers: Vec<CommentAnswer>,
    /// Whether it waits for somebody who writes the plan: it is open, and the last word is not one of theirs.
    pub waits: bool,
}

/// What was said to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentAnswer {
    /// What; may be empty where it resolves.
    pub remark: String,
    /// Who says it.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it says that the comment is resolved.
    pub resolves: bool,
}

impl Comment {
    /// Whether nobody has said yet that it is resolved.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.answers.iter().any(|answer| answer.resolves)
    }
}

/// What is done with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Something is said to it.
    Answer,
    /// It is said that it is resolved.
    Resolve,
}

/// Most letters of a comment, and of an answer.
const MOST_LETTERS: usize = 2_000;

/// Whether a person has a say about a plan: whoever signs plans, or writes them.
fn has_a_say(person: &Person) -> Result<(), AppError> {
    let mut roles = SIGNING.to_vec();
    roles.push(PersonRole::Designer);
    person.needs_one_of(&roles)
}

/// Whether a person may say that a comment is resolved: who made it, or a reviewer who did not write the plan.
#[must_use]
pub fn may_resolve(person: &Person, maker: i64, authors: &[i64]) -> bool {
    person.id == maker || (!authors.contains(&person.id) && SIGNING.iter().any(|role| person.has(*role)))
}

fn still_matters(trial: &Trial) -> Result<(), AppError> {
    if trial.state.is_locked() {
        let detail = "the plan has served its purpose: nothing in it changes any more";
        return Err(AppError::conflict("locked", detail));
    }
    Ok(())
}

fn said(remark: &str, at_least: usize) -> Result<String, AppError> {
    let remark = remark.trim();
    if !(at_least..=MOST_LETTERS).contains(&remark.chars().count()) || remark.contains('\0') {
        return Err(AppError::invalid("/remark", "missing_field", "say something, in at most 2,000 characters"));
    }
    Ok(remark.to_owned())
}

/// The comments on a trial's plan, the oldest first.
pub(super) fn read(c: &mut DbConnection, trial: (i64, i64), content: &ProtocolId) -> Result<Vec<Comment>, StoreError> {
    let (trial_id, agency_id) = trial;
    let (people, authors) = (people::of_agency(c, agency_id)?, trials::authors(c, trial_id)?);
    let name = |id: i64| {
        let known = people.iter().find(|person| person.id == id).map(|person| person.name.clone());
        known.unwrap_or_else(|| "somebody who has left".into())
    };
    let replies = comments::answers(c, trial_id)?;
    let told = |row: CommentRow| {
        let damaged = || StoreError::Damaged(format!("comment {}", row.number));
        let to_it = || replies.iter().filter(|reply| reply.number == row.number);
        let last = to_it().next_back().map_or(row.person_id, |reply| reply.person_id);
        let open = !to_it().any(|reply| reply.resolves);
        Ok(Comment {
            number: row.number,
            place: PlanPart::from_word(&row.place).ok_or_else(damaged)?,
            question: row.question.as_deref().and_then(Step::named),
            person: row.person_id,
            name: name(row.person_id),
            at: instant(row.made_at),
            current: row.protocol_id == content.as_str(),
            answers: to_it()
                .map(|reply| CommentAnswer {
                    remark: reply.remark.clone(),
                    name: name(reply.person_id),
                    at: instant(reply.made_at),
                    resolves: reply.resolves,
                })
                .collect(),
            waits: open && !authors.contains(&last),
            remark: row.remark,
        })
    };
    comments::of_trial(c, trial_id)?.into_iter().map(told).collect()
}

impl App {
    /// What was said about a trial's plan, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn comments(&self, trial: &Trial) -> Result<Vec<Comment>, AppError> {
        let ids = (trial.id, trial.agency_id);
        Ok(self
            .store
            .read(move |c| {
                let content = UnderReview::read(c, ids.0)?.plan.id().clone();
                read(c, ids, &content)
            })
            .await?)
    }

    /// Keeps what somebody says about a part of the plan: whoever signs plans, or writes them.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`]; [`AppError::Invalid`] for an empty or overlong text;
    /// [`AppError::Conflict`] once the data are locked.
    pub async fn comment(
        &self,
        actor: &Actor,
        key: &str,
        about: impl Into<About>,
        remark: &str,
    ) -> Result<(), AppError> {
        let About { part, question } = about.into();
        let question = question.map(|step| step.name);
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        has_a_say(person)?;
        still_matters(&trial)?;
        let entry = self.entry(actor, person, "trial.commented", key, json!({"place": part, "question": question}));
        let comment = CommentRow {
            trial_id: trial.id,
            number: 0,
            protocol_id: String::new(),
            place: part.as_str().to_owned(),
            question: question.map(str::to_owned),
            remark: said(remark, 1)?,
            person_id: person.id,
            made_at: self.ambient.now_micros(),
        };
        self.store
            .write(move |c| {
                let content = UnderReview::read(c, comment.trial_id)?.plan.id().to_string();
                comments::add(c, &CommentRow { protocol_id: content, ..comment })?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }

    /// Answers a comment, or says that it is resolved: the latter by who made it, or by a reviewer who did not write the plan.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for a comment that is not there, [`AppError::Forbidden`]; [`AppError::Invalid`] for an
    /// answer that is empty or overlong; [`AppError::Conflict`] once it is resolved, or the data are locked.
    pub async fn reply_to_comment(
        &self,
        actor: &Actor,
        key: &str,
        number: i64,
        (reply, remark): (Reply, &str),
    ) -> Result<(), AppError> {
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        has_a_say(person)?;
        still_matters(&trial)?;
        let resolves = reply == Reply::Resolve;
        let remark = said(remark, usize::from(!resolves))?;
        let action = if resolves { "trial.comment_resolved" } else { "trial.comment_answered" };
        let entry = self.entry(actor, person, action, key, json!({"comment": number}));
        let answer = CommentAnswerRow {
            trial_id: trial.id,
            number,
            step: 0,
            resolves,
            remark,
            person_id: person.id,
            made_at: self.ambient.now_micros(),
        };
        let person = person.clone();
        self.store
            .write(move |c| {
                let known = comments::of_trial(c, answer.trial_id)?.into_iter().find(|known| known.number == number);
                let Some(comment) = known else { return Ok(Err(AppError::NotFound("comment"))) };
                let replies = comments::answers(c, answer.trial_id)?;
                if replies.iter().any(|known| known.number == number && known.resolves) {
                    let detail = "this comment is resolved; make another one where something is still to be said";
                    return Ok(Err(AppError::conflict("comment_resolved", detail)));
                }
                let authors = trials::authors(c, answer.trial_id)?;
                if resolves && !may_resolve(&person, comment.person_id, &authors) {
                    return Ok(Err(AppError::Forbidden(
                        "whoever made a comment says that it is resolved, or another reviewer who did not write the plan"
                            .into(),
                    )));
                }
                comments::answer(c, &answer)?;
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }
}
