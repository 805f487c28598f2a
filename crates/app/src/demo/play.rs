//! Plays the stories, day by day, all on one calendar.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    LockedProtocol, UnitText,
    eligibility::AttributeKind,
    event::EventId,
    note::{CodeWord, DeliveryStatus},
    protocol::Protocol,
    trial::{
        AssignmentOutcome, Decision, MessageKind, NoticeCode, PersonRole, PlanPart, Tier, Verb, assess, needed_roles,
    },
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use super::{
    cast::Cast,
    clock::DemoClock,
    story::{self, Behaviour, Ending, Story, Value},
};
use crate::{
    error::AppError,
    frontline::{
        assign::AssignCall,
        notes::{HarmCall, NoteCall, OverrideCall},
    },
    state::{
        App,
        actor::{Actor, KeyActor},
    },
    trials::life::{AdoptionPlan, Move},
};

/// Days before its start on which a plan is written, sent for signatures and signed.
const WRITTEN: i64 = 12;
const SUBMITTED: i64 = 9;
const SIGNED: i64 = 6;
/// Days from its start until somebody asks a question.
const ASKED: i64 = 15;
/// Days from the lock of the data until the results are public.
const PUBLISHED: i64 = 10;

/// People of whom something is written down by hand.
const NOTED: u32 = 24;

/// Calls that are under way at once, as from several frontline apps.
const AT_ONCE: usize = 128;

/// A story under way.
struct Course {
    story: &'static Story,
    protocol: Protocol,
    random: ChaCha12Rng,
    people: u32,
    /// How many people of an arm and a cluster have been through each behaviour.
    seen: BTreeMap<(usize, usize, Option<String>), u32>,
    /// The clusters of each arm, in the order in which they turned up.
    clusters: [Vec<String>; 2],
    /// Events that are still to come, by the day on which they are sent.
    to_come: BTreeMap<i64, Vec<Json>>,
}

/// Plays everything up to today.
pub(super) async fn all(
    app: &Arc<App>,
    clock: &DemoClock,
    cast: &Cast,
    today: DateTime<Utc>,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<(), AppError> {
    let mut courses = Vec::new();
    for (number, story) in story::all().iter().enumerate() {
        let plan = LockedProtocol::from_json(story.plan.as_bytes()).map_err(AppError::Invalid)?;
        let random = ChaCha12Rng::seed_from_u64(1_000 + number as u64);
        courses.push(Course {
            story,
            protocol: plan.protocol().clone(),
            random,
            people: 0,
            seen: BTreeMap::new(),
            clusters: Default::default(),
            to_come: BTreeMap::new(),
        });
    }
    let first = story::all().iter().map(|story| story.starts).max().unwrap_or(0) + WRITTEN;
    for day in (0..=first).rev() {
        // The last evening lies an hour back from now.
        let morning = today - Duration::days(day + 1);
        for course in &mut courses {
            course.day(app, clock, cast, day, morning).await?;
        }
        progress((first - day) as f64 / first as f64);
    }
    Ok(())
}

impl Course {
    /// One day; `morning` is its first moment, `day` counts backwards from today.
    async fn day(
        &mut self,
        app: &Arc<App>,
        clock: &DemoClock,
        cast: &Cast,
        day: i64,
        morning: DateTime<Utc>,
    ) -> Result<(), AppError> {
        let story = self.story;
        let at = |hour: i64| morning + Duration::hours(hour);
        self.wait_until(app, clock, at(9)).await?;
        self.paperwork(app, cast, day).await?;
        if matches!(story.ending, Ending::WaitsForSignatures | Ending::Withdrawn) {
            return Ok(());
        }
        let enrolling = day <= story.starts && day > story.starts - story.enrols_for;
        if enrolling {
            for hour in [10, 12, 14, 16] {
                self.wait_until(app, clock, at(hour)).await?;
                self.people_arrive(app, cast, day, at(hour)).await?;
            }
        }
        self.wait_until(app, clock, at(23)).await?;
        self.events_arrive(app, cast, day).await?;
        self.watch(app).await
    }

    /// Lets time pass. A running server holds a look within a second; here the clock stops at the moment at which it is due.
    async fn wait_until(&self, app: &Arc<App>, clock: &DemoClock, to: DateTime<Utc>) -> Result<(), AppError> {
        let due = app.directory.load().trials.get(self.story.key).and_then(|trial| app.next_look_at(trial));
        if let Some(due) = due.filter(|due| *due <= to) {
            clock.set(due);
            self.watch(app).await?;
        }
        clock.set(to);
        Ok(())
    }

    /// What a running server does by itself after every commit.
    async fn watch(&self, app: &Arc<App>) -> Result<(), AppError> {
        app.catch_up().await?;
        let trial = app.directory.load().trials.get(self.story.key).cloned();
        match trial {
            Some(trial) => app.watch_over(&trial).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Plans, signatures, and the verbs that begin and end a trial.
    async fn paperwork(&mut self, app: &Arc<App>, cast: &Cast, day: i64) -> Result<(), AppError> {
        let story = self.story;
        let designer = cast.actor(story.agency, PersonRole::Designer)?;
        let done = |verb: Verb, reason: &str| Move::plain(verb, reason);
        if day == story.starts + WRITTEN {
            app.create_trial(designer, story.plan.as_bytes()).await?;
        }
        if day == story.starts + SUBMITTED {
            app.move_trial(designer, story.key, &done(Verb::Submit, "ready for review")).await?;
        }
        if day == story.starts + SIGNED {
            self.sign(app, cast).await?;
        }
        if day == story.starts {
            match story.ending {
                Ending::WaitsForSignatures => {}
                Ending::Withdrawn => {
                    let reason = "the telephone system cannot keep fixed times before next year";
                    app.move_trial(designer, story.key, &done(Verb::Withdraw, reason)).await?;
                }
                _ => {
                    app.move_trial(designer, story.key, &done(Verb::Start, "")).await?;
                }
            }
        }
        if day == story.starts - ASKED && story.ending == Ending::Running {
            self.people_ask(app, cast).await?;
        }
        let ended = story.starts - story.enrols_for;
        match story.ending {
            Ending::Finished if day == ended => {
                app.move_trial(designer, story.key, &done(Verb::Stop, "the planned number of people is in")).await?;
            }
            Ending::StoppedForHarm if day == ended => {
                let monitor = cast.actor(story.agency, PersonRole::Monitor)?;
                let reason = "the boundary for harm was crossed: people on the shorter check are turned away by mistake far more often";
                let stop = Move { because_of_harm: true, ..done(Verb::Stop, reason) };
                app.move_trial(monitor, story.key, &stop).await?;
            }
            _ => {}
        }
        if matches!(story.ending, Ending::Finished | Ending::StoppedForHarm) {
            let locked = ended - story.locks_after;
            if day == locked {
                let analyst = cast.actor(story.agency, PersonRole::Analyst)?;
                app.move_trial(analyst, story.key, &done(Verb::LockData, "everybody’s follow-up is over")).await?;
            }
            if day == locked - PUBLISHED {
                let manager = cast.actor(story.agency, PersonRole::Manager)?;
                app.move_trial(manager, story.key, &done(Verb::Publish, "")).await?;
            }
            if let Some(decided) = &story.decided {
                self.what_follows(app, cast, decided, locked - PUBLISHED - decided.after - day).await?;
            }
        }
        Ok(())
    }

    /// Somebody asks, and somebody complains; the first is answered.
    async fn people_ask(&self, app: &Arc<App>, cast: &Cast) -> Result<(), AppError> {
        let code = NoticeCode::of(&self.protocol.key);
        let question = "My neighbour got another version than I did. Who decides that?";
        app.send_message(code, MessageKind::Question, question).await?;
        let centre = cast.actor(self.story.agency, PersonRole::ContactCentre)?;
        let answer =
            "Chance decides, for everybody alike. It says nothing about you, and you can leave the trial at any time.";
        app.answer_message(centre, self.story.key, 1, answer).await?;
        let complaint = "I do not like that things are tried out on people without asking them first.";
        app.send_message(code, MessageKind::Complaint, complaint).await?;
        self.people_are_noted(app, cast).await
    }

    /// What the contact centre writes down of the first people: most versions arrived, one person needed the other one, and one
    /// was annoyed.
    async fn people_are_noted(&self, app: &Arc<App>, cast: &Cast) -> Result<(), AppError> {
        let Actor::Person(centre) = cast.actor(self.story.agency, PersonRole::ContactCentre)? else { return Ok(()) };
        let now = app.ambient().now();
        let word = |text: &str| CodeWord::new(text).map_err(|error| AppError::Internal(error.to_string()));
        for number in 1..=NOTED {
            let name = format!("{}-person-{number:05}", self.story.key);
            let unit = UnitText::new(&name).map_err(|error| AppError::Internal(error.to_string()))?;
            let event_id = EventId::new(&format!("by-hand-{name}"));
            let event_id = event_id.ok_or_else(|| AppError::Internal("an id of the demonstration".into()))?;
            let note = NoteCall { event_id, unit };
            let done = match number {
                3 => {
                    let to_arm = self.protocol.arms.first().map(|arm| arm.key.to_string()).unwrap_or_default();
                    let care = OverrideCall { note, to_arm, reason_code: word("language")?, remark: None };
                    app.override_version(centre, self.story.key, &care).await
                }
                9 => {
                    let harm = HarmCall { note, severity: 1, kind: word("annoyance")?, at: now };
                    app.report_harm(centre, self.story.key, &harm).await
                }
                _ => {
                    let status = if number % 8 == 0 { DeliveryStatus::Returned } else { DeliveryStatus::Delivered };
                    app.note_delivery(centre, self.story.key, &note, status, now).await
                }
            };
            // Some of the first who came were turned away at the door.
            match done {
                Ok(_) | Err(AppError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The decision and what becomes of it; `since` are the days from the decision on.
    async fn what_follows(
        &self,
        app: &Arc<App>,
        cast: &Cast,
        decided: &story::Decided,
        since: i64,
    ) -> Result<(), AppError> {
        let manager = cast.actor(self.story.agency, PersonRole::Manager)?;
        if since == 0 {
            let due_on = (app.ambient().now() + Duration::days(120)).date_naive();
            let adoption = AdoptionPlan { owner: decided.owner.into(), due_on };
            let decide = Move {
                decision: Some(decided.decision),
                adoption: (decided.decision == Decision::Adopt).then_some(adoption),
                ..Move::plain(Verb::Decide, decided.reason)
            };
            app.move_trial(manager, self.story.key, &decide).await?;
            if decided.published {
                app.move_trial(manager, self.story.key, &Move::plain(Verb::Publish, "")).await?;
            }
        }
        if let Some((_, status, reason)) = decided.became.filter(|(days, ..)| *days == since) {
            app.report_adoption(manager, self.story.key, status, reason).await?;
        }
        Ok(())
    }

    async fn sign(&self, app: &Arc<App>, cast: &Cast) -> Result<(), AppError> {
        let waits = self.story.ending == Ending::WaitsForSignatures;
        let tier = assess(&self.protocol, Tier::Zero).tier;
        for role in needed_roles(&self.protocol, tier) {
            // The trial that waits has the owner's signature and lacks the others.
            if waits && role != PersonRole::Approver {
                let asked = "Why are the data kept for so long after the final report? Half a year would do.";
                app.comment(cast.actor(self.story.agency, role)?, self.story.key, PlanPart::Data, asked).await?;
                continue;
            }
            let sign = Move { role: Some(role), ..Move::plain(Verb::Approve, "read and agreed") };
            app.move_trial(cast.actor(self.story.agency, role)?, self.story.key, &sign).await?;
        }
        Ok(())
    }

    /// A quarter of the day's people ask for their version, and their futures are drawn.
    async fn people_arrive(
        &mut self,
        app: &Arc<App>,
        cast: &Cast,
        day: i64,
        now: DateTime<Utc>,
    ) -> Result<(), AppError> {
        let key = cast.frontline(self.story.agency)?;
        let calls: Vec<(String, AssignCall)> =
            (0..self.story.people_a_day / 4).map(|_| self.caller()).collect::<Result<_, _>>()?;
        for some in calls.chunks(AT_ONCE) {
            for ((name, call), (outcome, arm)) in some.iter().zip(ask(app, key, self.story.key, some).await?) {
                if outcome == AssignmentOutcome::Assigned {
                    self.draw_future(name, arm.min(1), call.cluster.clone(), day, now);
                }
            }
        }
        Ok(())
    }

    fn caller(&mut self) -> Result<(String, AssignCall), AppError> {
        self.people += 1;
        let name = format!("{}-person-{:05}", self.story.key, self.people);
        let mut attributes = Map::new();
        let outside = self.random.random_bool(self.story.turned_away);
        for attribute in &self.protocol.attributes {
            let value = match &attribute.kind {
                AttributeKind::Category { values } => {
                    let place = self.random.random_range(0..values.len());
                    json!(values.get(place))
                }
                AttributeKind::Integer { .. } => json!(if outside { 1_400 } else { self.random.random_range(80..990) }),
                AttributeKind::Boolean => json!(false),
                AttributeKind::Decimal { minimum, .. } => json!(minimum.to_string()),
            };
            attributes.insert(attribute.name.clone(), value);
        }
        let cluster = match self.protocol.allocation.roster() {
            [] => None,
            roster => roster.get(self.random.random_range(0..roster.len())).map(|c| c.as_str().to_owned()),
        };
        let unit = UnitText::new(&name).map_err(|error| AppError::Internal(error.to_string()))?;
        Ok((name, AssignCall { unit, cluster, attributes, dry_run: false }))
    }

    fn draw_future(&mut self, name: &str, arm: usize, cluster: Option<String>, day: i64, now: DateTime<Utc>) {
        let offset = self.cluster_offset(arm, cluster.as_deref());
        for (number, behaviour) in self.story.behaviours.iter().enumerate() {
            let chance = behaviour.chance.get(arm).copied().unwrap_or(0.0) + if number == 0 { offset } else { 0.0 };
            // Every so-manieth person, not each by chance: the demonstration shows the same story each time it is played,
            // whatever versions the secrets of the day give to whom.
            let seen = self.seen.entry((number, arm, cluster.clone())).or_default();
            let before = (f64::from(*seen) * chance).floor();
            *seen += 1;
            if (f64::from(*seen) * chance).floor() <= before {
                continue;
            }
            let after = Duration::minutes(self.random.random_range(60..i64::from(behaviour.within_days) * 24 * 60));
            let occurred_at = now + after;
            // It is sent on the evening of the day on which it happens, or the next when it happens late.
            let sent = day - (after + Duration::hours(18)).num_days().max(1);
            let mut event = json!({
                "event_id": format!("{name}-{number}"),
                "unit": name,
                "event": behaviour.event,
                "occurred_at": occurred_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            });
            if let (Some(value), Some(fields)) = (self.value(behaviour, arm), event.as_object_mut()) {
                fields.insert("value".into(), value);
            }
            if sent >= 0 {
                self.to_come.entry(sent).or_default().push(event);
            }
        }
    }

    /// How an office differs from the others of its arm.
    fn cluster_offset(&mut self, arm: usize, cluster: Option<&str>) -> f64 {
        const OFFSETS: [f64; 6] = [-0.12, 0.07, -0.03, 0.11, -0.08, 0.05];
        let (Some(cluster), Some(known)) = (cluster, self.clusters.get_mut(arm)) else { return 0.0 };
        let place = known.iter().position(|name| name == cluster).unwrap_or_else(|| {
            known.push(cluster.to_owned());
            known.len() - 1
        });
        OFFSETS.get(place % OFFSETS.len()).copied().unwrap_or(0.0)
    }

    fn value(&mut self, behaviour: &Behaviour, arm: usize) -> Option<Json> {
        match behaviour.value {
            Value::Nothing => None,
            Value::Whole { from, to, shift } => {
                Some(json!(self.random.random_range(from..=to) + if arm == 0 { 0 } else { shift }))
            }
            Value::Cents { from, to } => Some(json!(self.random.random_range(from..=to) as f64 / 100.0)),
        }
    }

    async fn events_arrive(&mut self, app: &Arc<App>, cast: &Cast, day: i64) -> Result<(), AppError> {
        let key = cast.frontline(self.story.agency)?;
        for batch in self.to_come.remove(&day).unwrap_or_default().chunks(500) {
            let receipt = app.record(key, batch, false).await?;
            if receipt.accepted != batch.len() {
                return Err(AppError::Internal(format!(
                    "an event of the demonstration was refused: {:?}",
                    receipt.results.first()
                )));
            }
        }
        Ok(())
    }
}

/// Asks for many people at once; returns outcome and position of the arm, in the order asked.
async fn ask(
    app: &Arc<App>,
    key: &KeyActor,
    trial: &'static str,
    calls: &[(String, AssignCall)],
) -> Result<Vec<(AssignmentOutcome, usize)>, AppError> {
    let mut tasks = JoinSet::new();
    for (place, (_, call)) in calls.iter().cloned().enumerate() {
        let (app, key) = (Arc::clone(app), key.clone());
        tasks.spawn(async move { app.assign(&key, trial, &call).await.map(|answer| (place, answer)) });
    }
    let mut answers = Vec::with_capacity(calls.len());
    while let Some(joined) = tasks.join_next().await {
        let (place, answer) = joined.map_err(|error| AppError::Internal(error.to_string()))??;
        let arm = app.directory.load().trials.get(trial).and_then(|trial| {
            let key = answer.arm.as_ref()?;
            trial.plan.protocol().arms.iter().position(|arm| arm.key == *key)
        });
        answers.push((place, answer.outcome, arm.unwrap_or(0)));
    }
    answers.sort_by_key(|(place, ..)| *place);
    Ok(answers.into_iter().map(|(_, outcome, arm)| (outcome, arm)).collect())
}
