//! A random walk of several people through the real use cases: nothing starts unsigned, each change has one entry.

use std::sync::Arc;

use chrono::Duration;
use fairtrial_app::{Actor, App, trials::life::Move};
use fairtrial_domain::trial::{Decision, PersonRole, SignatureKind, State, Verb};
use fairtrial_testkit::{on_both_databases, size::times};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::json;

use crate::{
    stage::{StandingClock, adoption, hire, open, plan, run},
    together::tier_one,
};

const ROLES: [PersonRole; 8] = [
    PersonRole::Designer,
    PersonRole::Approver,
    PersonRole::Privacy,
    PersonRole::Ethics,
    PersonRole::Monitor,
    PersonRole::Manager,
    PersonRole::Analyst,
    PersonRole::MaoriGovernance,
];

fn steps() -> usize {
    times(1_500)
}

/// How many entries the audit has.
async fn entries(app: &App) -> i64 {
    app.head_of_audit().await.unwrap().checkpoint.size
}

async fn walk(app: &Arc<App>, clock: &StandingClock, seed: u64) -> (usize, usize) {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    app.create_agency("justice", "Justice").await.unwrap();
    let mut people: Vec<Actor> = Vec::new();
    for role in ROLES {
        people.push(hire(app, "justice", role).await);
    }
    let administrator = hire(app, "justice", PersonRole::Administrator).await;
    let plans = |key: &str| {
        let mut other = tier_one();
        other["title"] = json!("Another title");
        [json!({}), json!({"title": "Another title"}), tier_one(), other].map(|changes| plan(key, "justice", &changes))
    };
    let (mut number, mut started, mut done) = (0, 0, 0);
    let mut key = String::new();
    for step in 0..steps() {
        if step % 60 == 0 {
            number += 1;
            key = format!("trial-{number}");
            app.create_trial(&people[0], &plans(&key)[random.random_range(0..4)]).await.unwrap();
        }
        clock.advance(Duration::seconds(random.random_range(1..60)));
        let place = random.random_range(0..people.len());
        let before = (app.trial_of(&people[0], &key).unwrap(), entries(app).await);
        let changed = match random.random_range(0..12) {
            0 => app.replace_plan(&people[place], &key, &plans(&key)[random.random_range(0..4)]).await.is_ok(),
            1 if place > 0 => {
                // Somebody loses the role, or gets two.
                let roles = match random.random_range(0..3) {
                    0 => vec![ROLES[random.random_range(1..ROLES.len())]],
                    1 => vec![ROLES[place], PersonRole::Designer],
                    _ => vec![ROLES[place]],
                };
                let Actor::Person(person) = &mut people[place] else { unreachable!() };
                app.change_account(&administrator, person.id, &roles, false).await.unwrap();
                person.roles = roles;
                true
            }
            2..=5 => {
                // What leads on, so that some trials get far.
                let verb = match before.0.state {
                    State::Draft => Verb::Submit,
                    State::InReview => Verb::Approve,
                    State::Approved => Verb::Start,
                    _ => Verb::Suspend,
                };
                app.move_trial(&people[place], &key, &Move::plain(verb, "on")).await.is_ok()
            }
            _ => {
                let verb = Verb::ALL[random.random_range(0..Verb::ALL.len())];
                let decision = Some(Decision::ALL[random.random_range(0..4)]);
                let adoption = Some(adoption("letters team", "2029-12-31"));
                let asked = Move { decision, adoption, ..Move::plain(verb, "by chance") };
                app.move_trial(&people[place], &key, &asked).await.is_ok()
            }
        };
        done += usize::from(changed);
        let after = app.trial_of(&people[0], &key).unwrap();
        assert_eq!(entries(app).await - before.1, i64::from(changed), "one change, one entry");
        if before.0.state != after.state {
            let edge = Verb::ALL.iter().any(|verb| before.0.state.after(*verb) == Ok(after.state));
            // The last signature leads on by itself.
            assert!(
                edge || (before.0.state, after.state) == (State::InReview, State::Approved),
                "{before:?} {after:?}"
            );
        }
        if !before.0.state.has_started() && after.state.has_started() {
            started += 1;
            let view = app.view_trial(&people[0], &key).await.unwrap();
            assert!(view.missing.is_empty());
            let signers: Vec<_> =
                view.signatures.iter().filter(|s| s.stands && s.kind == SignatureKind::Signed).collect();
            for role in &view.needed {
                assert!(
                    signers.iter().any(|s| s.role == *role && s.protocol_id == *after.plan.id()),
                    "{role:?} of {key}"
                );
            }
        }
    }
    (done, started)
}

on_both_databases! {
    fn nothing_starts_unsigned_whatever_people_do(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let (done, started) = walk(&app, &clock, 7).await;
            assert!(done > steps() / 10 && started > 1, "{done} steps were allowed and {started} trials started: the walk shows little");
            assert_eq!(app.check_audit(None).await.unwrap().found, 0);
        });
    }
}
