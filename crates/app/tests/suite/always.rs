//! What a person was told stays true: asked over and over, through restarts and an amendment, and across the trials of a layer.

use std::sync::Arc;

use fairtrial_app::{App, frontline::several::Answered, trials::life::Move};
use fairtrial_domain::trial::{AssignmentOutcome, DataSeen, Verb};
use fairtrial_testkit::{on_both_databases, size::times};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::{Company, StandingClock, call, open, plan, run};

/// Calls under way at once.
const AT_ONCE: usize = 64;
/// How often everybody asks.
const ASKED: usize = 3;
/// How often the server is stopped and started meanwhile.
const RESTARTS: usize = 5;

fn monitoring(max_units: usize) -> Value {
    json!({"alpha": "0.025", "power": "0.80", "sides": "one", "max_units": max_units, "ends_on": "2030-01-01"})
}

/// What some people are told who ask at the same time: the outcome, and the arm.
async fn told(
    app: &Arc<App>,
    company: &Company,
    trial: &str,
    people: &[usize],
) -> Vec<(usize, AssignmentOutcome, String)> {
    let mut asking = JoinSet::new();
    for &person in people {
        let (app, key, trial) = (Arc::clone(app), company.key.clone(), trial.to_owned());
        asking.spawn(async move {
            let answer = app.assign(&key, &trial, &call(&format!("person-{person}"))).await.unwrap();
            (person, answer.outcome, answer.arm.unwrap().to_string())
        });
    }
    asking.join_all().await
}

on_both_databases! {
    fn nobody_flips_however_often_they_ask(database) {
        run(async {
            let people = times(300);
            let clock = StandingClock::new();
            let mut app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let changed = |title: &str| {
                let changes = json!({"title": title, "monitoring": monitoring(people), "allocation": {"method": "permuted_blocks"}});
                plan("letter", "justice", &changes)
            };
            let trial = company.start(&app, &changed("A plan for a test")).await;
            let mut asks: Vec<usize> = (0..people * ASKED).map(|n| n % people).collect();
            asks.shuffle(&mut ChaCha12Rng::seed_from_u64(20_261_127));
            let mut first: Vec<Option<String>> = vec![None; people];
            let (mut placed, mut counted) = (0, [0_usize; 2]);
            for (session, asks) in asks.chunks(asks.len().div_ceil(RESTARTS + 1)).enumerate() {
                if session > 0 {
                    app = open(database, clock.clone()).await;
                }
                if session == RESTARTS / 2 {
                    let amended = Move {
                        document: Some(changed("A plainer title")),
                        data_seen: Some(DataSeen::None),
                        ..Move::plain(Verb::Amend, "to be plain")
                    };
                    app.move_trial(&company.designer, &trial, &amended).await.unwrap();
                    app.move_trial(&company.approver, &trial, &Move::plain(Verb::Approve, "read")).await.unwrap();
                }
                for asks in asks.chunks(AT_ONCE) {
                    for (person, outcome, arm) in told(&app, &company, &trial, asks).await {
                        assert!(matches!(outcome, AssignmentOutcome::Assigned | AssignmentOutcome::Existing), "{outcome:?}");
                        if outcome == AssignmentOutcome::Assigned {
                            placed += 1;
                            counted[usize::from(arm == "new")] += 1;
                        }
                        let before = first[person].get_or_insert_with(|| arm.clone());
                        assert_eq!(*before, arm, "person-{person} in session {session}");
                    }
                }
            }
            assert_eq!(placed, people, "everybody was placed once");
            assert!(counted[0].abs_diff(counted[1]) <= 4, "blocks keep the arms even through restarts: {counted:?}");
            assert_eq!(open(database, clock).await.known_units(), people);
        });
    }

    fn a_layer_shares_people_out_and_nobody_is_in_two_of_its_trials(database) {
        run(async {
            // Many trials of one layer at one touchpoint; a larger run has more of both.
            let (trials, people) = (times(5).min(50), times(500));
            let app = open(database, StandingClock::new()).await;
            let company = Company::hire(&app, "justice").await;
            let layered = json!({"layer": "counter", "monitoring": monitoring(people)});
            for n in 0..trials {
                company.start(&app, &plan(&format!("letter-{n}"), "justice", &layered)).await;
            }
            let mut shares = vec![0_u32; trials];
            let everybody: Vec<usize> = (0..people).collect();
            for some in everybody.chunks(AT_ONCE) {
                let mut asking = JoinSet::new();
                for &person in some {
                    let (app, key) = (Arc::clone(&app), company.key.clone());
                    asking.spawn(async move {
                        let unit = call(&format!("person-{person}"));
                        let arm = |(trial, answer): Answered| {
                            Some((trial.key().to_owned(), answer.unwrap().assignment(&trial).arm?))
                        };
                        let ask = async || -> Vec<_> {
                            let places = app.assign_at_touchpoint(&key, "counter", &unit).await;
                            places.unwrap().into_iter().filter_map(arm).collect()
                        };
                        let within = ask().await;
                        assert_eq!(within, ask().await);
                        within
                    });
                }
                for places in asking.join_all().await {
                    assert_eq!(places.len(), 1, "{places:?}");
                    let number: usize = places[0].0.trim_start_matches("letter-").parse().unwrap();
                    shares[number] += 1;
                }
            }
            // Four and a half standard deviations: once in 150,000 shares by chance.
            let wanted = people as f64 / trials as f64;
            let apart = 4.5 * (wanted * (1.0 - 1.0 / trials as f64)).sqrt();
            assert!(shares.iter().all(|share| (f64::from(*share) - wanted).abs() <= apart), "{shares:?}");
        });
    }
}
