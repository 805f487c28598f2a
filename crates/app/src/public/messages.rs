//! Questions and complaints about a trial. Anybody may send one, and nobody is asked who they are: a reference, drawn by chance, is
//! all that leads to the answer.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    trial::{MessageKind, NoticeCode, PersonRole},
    visible,
};
use fairtrial_store::{
    StoreError,
    audit::{self, NewEntry},
    messages::{self, AnswerRow, MessageRow},
    people,
};
use serde_json::json;

use crate::{
    error::AppError,
    frontline::{names_somebody, reference},
    state::{
        App,
        actor::Actor,
        directory::{Trial, instant},
    },
};

/// Most letters of a message, and of an answer.
const MOST_LETTERS: usize = 2_000;

/// Messages about one trial that may wait: whoever sends more is asked to call instead.
const MOST_WAITING: i64 = 500;

/// Days within which a message is to be answered.
pub const DAYS_TO_ANSWER: i64 = 14;

/// Messages that are listed.
const MOST_LISTED: i64 = 500;

/// Who reads what people ask and complain about.
pub const READERS: &[PersonRole] = &[
    PersonRole::ContactCentre,
    PersonRole::Designer,
    PersonRole::Manager,
    PersonRole::Approver,
    PersonRole::Privacy,
    PersonRole::Ethics,
    PersonRole::MaoriGovernance,
    PersonRole::Monitor,
];

/// Who answers.
pub const ANSWERERS: &[PersonRole] =
    &[PersonRole::ContactCentre, PersonRole::Designer, PersonRole::Manager, PersonRole::Privacy];

/// A message about a trial, as those of the agency read it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The trial.
    pub trial: Arc<Trial>,
    /// Its number among the messages about that trial.
    pub number: i64,
    /// Question or complaint.
    pub kind: MessageKind,
    /// What was said.
    pub words: String,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// The answer, once there is one.
    pub answer: Option<MessageAnswer>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAnswer {
    /// What is answered.
    pub words: String,
    /// Who answered.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Message {
    /// Until when it is to be answered; nothing once it is.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.answer.is_none().then(|| self.sent_at + Duration::days(DAYS_TO_ANSWER))
    }
}

impl App {
    /// Takes in a question or a complaint about the trial of a letter's code. Returns the reference by which the answer is found.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no trial of the register has this code; [`AppError::Invalid`] for an empty or overlong text and
    /// one that names somebody; [`AppError::Busy`] when too many wait already.
    pub async fn send_message(&self, code: NoticeCode, kind: MessageKind, words: &str) -> Result<String, AppError> {
        let trial = self.trial_of_code(code).await?.trial;
        let words = checked(words)?;
        let reference = reference("me", self.ambient.bytes());
        let (id, at) = (trial.id, self.ambient.now_micros());
        let entry = NewEntry {
            at,
            agency_id: Some(trial.agency_id),
            person_id: None,
            key_id: None,
            action: "message.sent".into(),
            subject: trial.key().to_owned(),
            detail: json!({"kind": kind}).to_string(),
        };
        let message = MessageRow {
            trial_id: id,
            number: 0,
            reference: reference.clone(),
            kind: kind.as_str().to_owned(),
            words,
            sent_at: at,
        };
        let kept = self
            .store
            .write(move |c| {
                if messages::waiting(c, id)? >= MOST_WAITING {
                    return Ok(false);
                }
                messages::add(c, &message)?;
                audit::append(c, &entry)?;
                Ok(true)
            })
            .await?;
        if kept { Ok(reference) } else { Err(AppError::Busy) }
    }

    /// The message about the trial of a code that has a reference, for whoever knows it. The name of who answered is left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none; it looks the same for a wrong reference and for one of another trial.
    pub async fn message_of(&self, code: NoticeCode, reference: &str) -> Result<Message, AppError> {
        let trial = self.trial_of_code(code).await?.trial;
        let wanted = reference.trim().to_lowercase();
        let found = self.store.read(move |c| messages::by_reference(c, &wanted)).await?;
        let (row, answer) = found.filter(|(row, _)| row.trial_id == trial.id).ok_or(AppError::NotFound("message"))?;
        read(&trial, row, answer, |_| String::new())
    }

    /// What people ask and complain about: what waits first, the longest first, then what is answered, the newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for people who are not [`READERS`]; when the database fails.
    pub async fn messages(&self, actor: &Actor) -> Result<Vec<Message>, AppError> {
        actor.person()?.needs_one_of(READERS)?;
        let trials = self.trials_of(actor)?;
        let (ids, agency_id): (Vec<i64>, i64) = (trials.iter().map(|trial| trial.id).collect(), actor.agency_id());
        let (rows, people) = self
            .store
            .read(move |c| Ok((messages::of_trials(c, &ids, MOST_LISTED)?, people::of_agency(c, agency_id)?)))
            .await?;
        let name = |id: i64| people.iter().find(|person| person.id == id).map(|person| person.name.clone());
        let mut found = Vec::new();
        for (row, answer) in rows {
            let Some(trial) = trials.iter().find(|trial| trial.id == row.trial_id) else { continue };
            found.push(read(trial, row, answer, |id| name(id).unwrap_or_else(|| "somebody who has left".into()))?);
        }
        let place = |message: &Message| match &message.answer {
            None => (false, message.sent_at.timestamp_micros(), message.number),
            Some(_) => (true, -message.sent_at.timestamp_micros(), -message.number),
        };
        found.sort_by_key(place);
        Ok(found)
    }

    /// One message about a trial of the actor's agency.
    ///
    /// # Errors
    /// As [`App::messages`]; [`AppError::NotFound`].
    pub async fn message(&self, actor: &Actor, key: &str, number: i64) -> Result<Message, AppError> {
        let trial = self.trial_of(actor, key)?;
        actor.person()?.needs_one_of(READERS)?;
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (found, people) = self
            .store
            .read(move |c| Ok((messages::by_number(c, id, number)?, people::of_agency(c, agency_id)?)))
            .await?;
        let (row, answer) = found.ok_or(AppError::NotFound("message"))?;
        let name = |id: i64| people.iter().find(|person| person.id == id).map(|person| person.name.clone());
        read(&trial, row, answer, |id| name(id).unwrap_or_else(|| "somebody who has left".into()))
    }

    /// Answers a message, once.
    ///
    /// # Errors
    /// As [`App::message`]; [`AppError::Forbidden`] for people who are not [`ANSWERERS`]; [`AppError::Invalid`] for an empty or
    /// overlong text; [`AppError::Conflict`] when it was answered before.
    pub async fn answer_message(&self, actor: &Actor, key: &str, number: i64, words: &str) -> Result<(), AppError> {
        let message = self.message(actor, key, number).await?;
        let person = actor.person()?;
        person.needs_one_of(ANSWERERS)?;
        let words = checked(words)?;
        let entry = self.entry(actor, person, "message.answered", key, json!({"number": number}));
        let answer = AnswerRow {
            trial_id: message.trial.id,
            number,
            words,
            person_id: person.id,
            answered_at: self.ambient.now_micros(),
        };
        let kept = self.store.write(move |c| {
            messages::answer(c, &answer)?;
            audit::append(c, &entry)
        });
        match kept.await {
            Ok(_) => Ok(()),
            Err(StoreError::Exists) => {
                let detail = "somebody else has answered it in the meantime; their answer stands";
                Err(AppError::conflict("answered", detail))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn read(
    trial: &Arc<Trial>,
    row: MessageRow,
    answer: Option<AnswerRow>,
    name: impl Fn(i64) -> String,
) -> Result<Message, AppError> {
    let damaged = || AppError::Internal(format!("message {} of trial {}", row.number, trial.key()));
    Ok(Message {
        trial: Arc::clone(trial),
        number: row.number,
        kind: MessageKind::from_word(&row.kind).ok_or_else(damaged)?,
        words: row.words,
        sent_at: instant(row.sent_at),
        answer: answer.map(|answer| MessageAnswer {
            name: name(answer.person_id),
            words: answer.words,
            at: instant(answer.answered_at),
        }),
    })
}

/// A text that says something and names nobody, as far as that can be seen.
fn checked(words: &str) -> Result<String, AppError> {
    let words = words.trim();
    if visible::is_blank(words) || words.chars().count() > MOST_LETTERS || words.contains('\0') {
        return Err(AppError::invalid("/words", "missing_field", "write something, in at most 2,000 characters"));
    }
    if names_somebody(words) {
        let detail = "it seems to hold a number or an address of a person; leave it out: nobody needs to know who asks";
        return Err(AppError::invalid("/words", "names_a_person", detail));
    }
    Ok(words.to_owned())
}
