//! Every state of a trial, what each verb does in it, and what people are told who come to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fairtrial_app::{
    Actor, Ambient, App, MasterKey,
    frontline::{assign::AssignCall, opt_out::OptOutCall},
    trials::life::Move,
};
use fairtrial_domain::{
    UnitText,
    note::{CodeWord, OptOutKind},
    trial::{AssignmentOutcome, DataSeen, Decision, PersonRole, State, Verb},
};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::{database::TestDatabase, on_both_databases, size::times};
use serde_json::json;

use crate::{
    life::code,
    stage::{Company, Seeded, StandingClock, adoption, call, hire, open, plan, run},
};

/// What each verb leads to, state by state; a verb that is not named is refused there. It stands beside the program's own table, not in
/// it: `decide` leads on when somebody decides by the rule, `resume` when a second person agrees, and an amendment is signed or returned
/// where the trial stands.
const TABLE: [(&str, &[(&str, &str)]); 13] = [
    ("draft", &[("submit", "in_review"), ("withdraw", "withdrawn")]),
    ("in_review", &[("approve", "approved"), ("return", "draft"), ("refuse", "refused"), ("withdraw", "withdrawn")]),
    ("approved", &[("return", "draft"), ("refuse", "refused"), ("start", "enrolling"), ("withdraw", "withdrawn")]),
    (
        "enrolling",
        &[
            ("pause_enrolment", "enrolment_paused"),
            ("suspend", "suspended"),
            ("stop", "follow_up"),
            ("amend", "enrolling"),
            ("approve", "enrolling"),
            ("return", "enrolling"),
        ],
    ),
    (
        "enrolment_paused",
        &[
            ("resume_enrolment", "enrolling"),
            ("suspend", "suspended"),
            ("stop", "follow_up"),
            ("amend", "enrolment_paused"),
            ("approve", "enrolment_paused"),
            ("return", "enrolment_paused"),
        ],
    ),
    (
        "suspended",
        &[
            ("resume", "enrolment_paused"),
            ("stop", "follow_up"),
            ("amend", "suspended"),
            ("approve", "suspended"),
            ("return", "suspended"),
        ],
    ),
    (
        "follow_up",
        &[("lock_data", "data_locked"), ("amend", "follow_up"), ("approve", "follow_up"), ("return", "follow_up")],
    ),
    ("data_locked", &[("publish", "reported"), ("decide", "decided")]),
    ("reported", &[("decide", "decided")]),
    ("decided", &[("publish", "archived")]),
    ("archived", &[]),
    ("withdrawn", &[]),
    ("refused", &[]),
];

/// Trials of one design in one installation.
const CLONES: usize = 25;

/// The verbs by which a trial comes to a state.
fn way_to(state: State) -> &'static [Verb] {
    use Verb::*;
    match state {
        State::Draft => &[],
        State::InReview => &[Submit],
        State::Approved => &[Submit, Approve],
        State::Enrolling => &[Submit, Approve, Start],
        State::EnrolmentPaused => &[Submit, Approve, Start, PauseEnrolment],
        State::Suspended => &[Submit, Approve, Start, Suspend],
        State::FollowUp => &[Submit, Approve, Start, Stop],
        State::DataLocked => &[Submit, Approve, Start, Stop, LockData],
        State::Reported => &[Submit, Approve, Start, Stop, LockData, Publish],
        State::Decided => &[Submit, Approve, Start, Stop, LockData, Decide],
        State::Archived => &[Submit, Approve, Start, Stop, LockData, Decide, Publish],
        State::Withdrawn => &[Withdraw],
        State::Refused => &[Submit, Refuse],
    }
}

/// People of one agency, and who of them does what.
struct Office {
    company: Company,
    manager: Actor,
}

impl Office {
    async fn open(app: &App) -> Self {
        let company = Company::hire(app, "justice").await;
        Self { company, manager: hire(app, "justice", PersonRole::Manager).await }
    }

    fn who(&self, verb: Verb) -> &Actor {
        match verb {
            Verb::Approve | Verb::Return | Verb::Refuse => &self.company.approver,
            Verb::LockData => &self.company.analyst,
            Verb::Decide => &self.manager,
            _ => &self.company.designer,
        }
    }

    /// What somebody asks who does it right.
    fn ask(&self, key: &str, verb: Verb) -> Move {
        let amended = || plan(key, "justice", &json!({"title": "A plainer title"}));
        Move {
            decision: Some(Decision::RunAgain),
            adoption: Some(adoption("letters team", "2029-12-31")),
            document: (verb == Verb::Amend).then(amended),
            data_seen: Some(DataSeen::None),
            ..Move::plain(verb, "as the table says")
        }
    }

    async fn bring(&self, app: &App, key: &str, state: State) {
        app.create_trial(&self.company.designer, &plan(key, "justice", &json!({}))).await.unwrap();
        for verb in way_to(state) {
            app.move_trial(self.who(*verb), key, &self.ask(key, *verb)).await.unwrap();
        }
        assert_eq!(app.trial_of(&self.company.designer, key).unwrap().state, state);
    }
}

fn wanted(state: State, verb: Verb) -> Option<State> {
    let row = TABLE.iter().find(|(from, _)| *from == state.as_str()).expect("every state has a row");
    row.1.iter().find(|(word, _)| *word == verb.as_str()).and_then(|(_, to)| State::from_word(to))
}

async fn entries(app: &App) -> i64 {
    app.head_of_audit().await.unwrap().checkpoint.size
}

on_both_databases! {
    fn every_verb_in_every_state_does_what_the_table_says(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let office = Office::open(&app).await;
            let mut number = 0;
            for state in State::ALL {
                number += 1;
                let resting = format!("resting-{number}");
                office.bring(&app, &resting, *state).await;
                for verb in Verb::ALL {
                    let Some(next) = wanted(*state, *verb) else {
                        // Refused with its reason, by whoever may do it where it fits; nothing is changed or written.
                        let before = (entries(&app).await, app.trial_of(&office.company.designer, &resting).unwrap());
                        let refused = app.move_trial(office.who(*verb), &resting, &office.ask(&resting, *verb)).await;
                        assert_eq!(refused.map_err(code), Err("wrong_state"), "{state:?} {verb:?}");
                        let after = (entries(&app).await, app.trial_of(&office.company.designer, &resting).unwrap());
                        assert_eq!((after.0, after.1.state, after.1.plan.id()), (before.0, *state, before.1.plan.id()));
                        continue;
                    };
                    number += 1;
                    let key = format!("moving-{number}");
                    office.bring(&app, &key, *state).await;
                    if state.has_started() && matches!(verb, Verb::Approve | Verb::Return) {
                        app.move_trial(office.who(Verb::Amend), &key, &office.ask(&key, Verb::Amend)).await.unwrap();
                    }
                    let before = entries(&app).await;
                    let mut done = app.move_trial(office.who(*verb), &key, &office.ask(&key, *verb)).await;
                    let mut steps = 1;
                    if *verb == Verb::Resume {
                        assert_eq!(done, Ok(*state), "one person alone resumes nothing");
                        done = app.move_trial(&office.company.monitor, &key, &office.ask(&key, *verb)).await;
                        steps = 2;
                    }
                    assert_eq!(done, Ok(next), "{state:?} {verb:?}");
                    assert_eq!(entries(&app).await - before, steps, "one entry for each step: {state:?} {verb:?}");
                }
            }
            // What was changed is what another server reads, and what the audit's chain holds.
            let again = open(database, StandingClock::new()).await;
            for trial in app.trials_of(&office.company.designer).unwrap() {
                assert_eq!(again.trial_of(&office.company.designer, trial.key()).unwrap().state, trial.state);
            }
            assert_eq!(app.check_audit(None).await.unwrap().found, 0);
        });
    }

    fn every_start_has_a_secret_of_its_own(database) {
        run(async {
            let batches = times(4);
            let mut commitments = BTreeSet::new();
            for batch in 0..batches {
                // In installations of their own, as each move of a trial reads all of them.
                let fresh = TestDatabase::fresh(database.kind()).unwrap();
                let url = fresh.url().parse().unwrap();
                Store::migrate(&url).unwrap();
                let store = Store::open(&url, WriterSettings::default()).unwrap();
                let ambient = Ambient::new(StandingClock::new(), Seeded::new(batch as u64));
                let app = App::load(store, MasterKey::new(&[5; 32]), ambient).await.unwrap();
                let office = Office::open(&app).await;
                for n in 0..CLONES {
                    // The same design once more, but for its key.
                    let key = format!("clone-{n}");
                    office.bring(&app, &key, State::Enrolling).await;
                    commitments.extend(app.trial_of(&office.company.designer, &key).unwrap().secret_commitment.clone());
                }
            }
            assert_eq!(commitments.len(), batches * CLONES, "no two trials draw from one secret");
        });
    }

    fn in_every_state_people_are_told_what_the_table_says(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            let office = Office::open(&app).await;
            let attributes = json!([{"name": "dollars", "type": "integer", "minimum": 0, "maximum": 5000, "purpose": "eligibility"}]);
            let rules = json!({"include": {"all": [{"attribute": "dollars", "at_most": 100}]}, "exclude": {"any": []}});
            let document = |key: &str| plan(key, "justice", &json!({"attributes": attributes, "eligibility": rules}));
            let people = times(10);
            use AssignmentOutcome as O;
            // In the order of a trial's life: the verb that leads there, and what five kinds of people are told. Who is in the trial,
            // who was in it and then opted out, who is new, who opted out before, and whom the plan does not include.
            let begun = [(Verb::Start, [O::Existing, O::OptedOut, O::Assigned, O::OptedOut, O::NotEligible])];
            let paused = [O::Existing, O::OptedOut, O::EnrolmentPaused, O::EnrolmentPaused, O::EnrolmentPaused];
            let (held, ended) = ([O::Suspended; 5], [O::Existing, O::OptedOut, O::Ended, O::Ended, O::Ended]);
            let not_yet = [O::NotStarted; 5];
            let life: Vec<(Option<Verb>, [O; 5])> = [
                vec![(None, not_yet), (Some(Verb::Submit), not_yet), (Some(Verb::Approve), not_yet)],
                begun.map(|(verb, told)| (Some(verb), told)).into(),
                vec![
                    (Some(Verb::PauseEnrolment), paused),
                    (Some(Verb::ResumeEnrolment), begun[0].1),
                    (Some(Verb::Suspend), held),
                    (Some(Verb::Resume), paused),
                    (Some(Verb::Stop), ended),
                    (Some(Verb::LockData), [O::Ended; 5]),
                    (Some(Verb::Publish), [O::Ended; 5]),
                    (Some(Verb::Decide), [O::Ended; 5]),
                    (Some(Verb::Publish), [O::Ended; 5]),
                ],
            ]
            .concat();
            app.create_trial(&office.company.designer, &document("grid")).await.unwrap();
            let mut first: BTreeMap<String, fairtrial_app::frontline::assign::Assignment> = BTreeMap::new();
            for (step, (verb, told)) in life.iter().enumerate() {
                if let Some(verb) = verb {
                    app.move_trial(office.who(*verb), "grid", &office.ask("grid", *verb)).await.unwrap();
                    if *verb == Verb::Resume {
                        app.move_trial(&office.company.monitor, "grid", &office.ask("grid", *verb)).await.unwrap();
                    }
                    if *verb == Verb::Start {
                        first = enter(&app, &office, people).await;
                    }
                }
                for (kind, outcome) in KINDS.iter().zip(told) {
                    for n in 0..people {
                        // Whoever is new is new at each step.
                        let unit = if *kind == "new" { format!("person-new-{step}-{n}") } else { format!("person-{kind}-{n}") };
                        let answer = app.assign(&office.company.key, "grid", &comes(&unit, kind)).await.unwrap();
                        assert_eq!(answer.outcome, *outcome, "{verb:?} {unit}");
                        let again = app.assign(&office.company.key, "grid", &comes(&unit, kind)).await.unwrap();
                        let repeated = if *outcome == O::Assigned { O::Existing } else { *outcome };
                        assert_eq!((again.outcome, &again.arm, &again.payload), (repeated, &answer.arm, &answer.payload), "stable");
                        if outcome.is_enrolled() {
                            assert!(answer.arm.is_some());
                            if let Some(before) = first.get(&unit) {
                                assert_eq!((&answer.arm, &answer.assignment_id), (&before.arm, &before.assignment_id), "{unit}");
                            }
                        } else {
                            // The usual version, no arm, and a reason in words.
                            assert_eq!((&answer.arm, &answer.assignment_id), (&None, &None), "{verb:?} {unit}");
                            assert_eq!(answer.payload["letter"], "a");
                            assert!(answer.reason.is_some_and(|reason| !reason.is_empty()));
                        }
                    }
                }
            }
            // Who was in it and opted out is in it still: the row is kept, and counted.
            let report = serde_json::to_value(app.report(&office.company.analyst, "grid").await.unwrap().1).unwrap();
            let flow = &report["flow"];
            let in_grid = people * 4;
            assert_eq!(flow["assigned"].as_u64(), Some(in_grid as u64), "{flow}");
            let turned_away: u64 = flow["not_enrolled"].as_array().unwrap().iter().filter_map(|row| row["count"].as_u64()).sum();
            assert!(turned_away > 0, "why people were not enrolled is on record: {flow}");
            // A trial that was given up takes nobody in either.
            for (key, state) in [("given-up", State::Withdrawn), ("refused", State::Refused)] {
                office.bring(&app, key, state).await;
                for n in 0..people {
                    let answer = app.assign(&office.company.key, key, &call(&format!("u-{n}"))).await.unwrap();
                    assert_eq!((answer.outcome, answer.arm), (O::Ended, None));
                }
            }
        });
    }
}

const KINDS: [&str; 5] = ["in", "left", "new", "out", "rich"];

/// How somebody comes to the trial: the plan includes those with few dollars.
fn comes(unit: &str, kind: &str) -> AssignCall {
    let dollars = if kind == "rich" { 4_000 } else { 50 };
    let attributes = json!({"dollars": dollars}).as_object().cloned().unwrap();
    AssignCall { attributes, ..call(unit) }
}

/// Those who are in the trial from its start, some of whom leave it at once, and those who never wanted to be in it.
async fn enter(
    app: &Arc<App>,
    office: &Office,
    people: usize,
) -> BTreeMap<String, fairtrial_app::frontline::assign::Assignment> {
    let desk = Actor::Key(office.company.key.clone());
    let mut first = BTreeMap::new();
    for kind in ["in", "left"] {
        for n in 0..people {
            let unit = format!("person-{kind}-{n}");
            let answer = app.assign(&office.company.key, "grid", &comes(&unit, kind)).await.unwrap();
            assert_eq!(answer.outcome, AssignmentOutcome::Assigned);
            first.insert(unit, answer);
        }
    }
    for kind in ["left", "out"] {
        for n in 0..people {
            let unit = UnitText::new(&format!("person-{kind}-{n}")).unwrap();
            let channel = CodeWord::new("phone").unwrap();
            app.opt_out(&desk, &OptOutCall { unit, kind: OptOutKind::All, trial: None, channel }).await.unwrap();
        }
    }
    first
}
