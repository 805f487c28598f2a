//! A call about many trials takes one place of the queue, and is answered as if each trial had been asked by itself.

use std::sync::mpsc;

use fairtrial_app::{Ambient, App, AppError, MasterKey, frontline::several::Answered, trials::life::Move};
use fairtrial_domain::trial::{AssignmentOutcome, DataSeen, Verb};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::on_both_databases;
use serde_json::json;

use crate::stage::{Company, Seeded, StandingClock, call, open, plan, run};

const TRIALS: usize = 30;

fn outcomes(answers: Vec<Answered>) -> Vec<AssignmentOutcome> {
    answers.into_iter().map(|(trial, told)| told.unwrap().assignment(&trial).outcome).collect()
}

on_both_databases! {
    fn many_trials_take_one_place_and_a_full_queue_keeps_nothing(database) {
        run(async {
            let url = database.url().parse().unwrap();
            Store::migrate(&url).unwrap();
            // One call at work, and one that waits.
            let store = Store::open(&url, WriterSettings { queue: 1, rows_per_commit: 100 }).unwrap();
            let ambient = Ambient::new(StandingClock::new(), Seeded::new(1));
            let app = App::load(store.clone(), MasterKey::new(&[5; 32]), ambient).await.unwrap();
            let company = Company::hire(&app, "justice").await;
            for n in 0..TRIALS {
                company.start(&app, &plan(&format!("trial-{n}"), "justice", &json!({}))).await;
            }
            let told = app.assign_at_touchpoint(&company.key, "counter", &call("ann")).await.unwrap();
            assert_eq!(outcomes(told), [AssignmentOutcome::Assigned; TRIALS]);
            let told = app.assign_in_started(&company.key, &call("ben")).await.unwrap();
            assert_eq!(outcomes(told), [AssignmentOutcome::Assigned; TRIALS]);
            assert_eq!((app.writes().refused, app.known_units()), (0, 2 * TRIALS));

            let (let_go, go_on) = mpsc::channel::<()>();
            let (at_work, is_at_work) = mpsc::channel();
            let (holding, waiting) = (store.clone(), store.clone());
            let held = tokio::spawn(async move {
                let work = holding.write(move |_| {
                    at_work.send(()).unwrap();
                    // Let go by dropping the other end.
                    let _ = go_on.recv();
                    Ok(())
                });
                work.await
            });
            tokio::task::spawn_blocking(move || is_at_work.recv().unwrap()).await.unwrap();
            let waits = tokio::spawn(async move { waiting.write(|_| Ok(())).await });
            while store.load().under_way < 2 {
                tokio::task::yield_now().await;
            }
            let refused = app.assign_at_touchpoint(&company.key, "counter", &call("cat")).await;
            assert!(matches!(refused, Err(AppError::Busy)), "{refused:?}");
            assert_eq!(app.writes().refused, 1, "it asked for one place");
            let known = app.assign_at_touchpoint(&company.key, "counter", &call("ann")).await.unwrap();
            assert_eq!(outcomes(known), [AssignmentOutcome::Existing; TRIALS], "who is known is answered meanwhile");
            drop(let_go);
            held.await.unwrap().unwrap();
            waits.await.unwrap().unwrap();
            let told = app.assign_at_touchpoint(&company.key, "counter", &call("cat")).await.unwrap();
            assert_eq!(outcomes(told), [AssignmentOutcome::Assigned; TRIALS], "nothing of it had been kept");
        });
    }

    fn a_plan_that_changed_is_asked_anew_among_many(database) {
        run(async {
            let clock = StandingClock::new();
            let one = open(database, clock.clone()).await;
            let company = Company::hire(&one, "justice").await;
            for key in ["first", "changed", "last"] {
                company.start(&one, &plan(key, "justice", &json!({}))).await;
            }
            // It knows the trials, and hears nothing more.
            let two = open(database, clock.clone()).await;
            let document = plan("changed", "justice", &json!({"title": "A plainer title"}));
            let amended = Move { document: Some(document), data_seen: Some(DataSeen::None), ..Move::plain(Verb::Amend, "to be plain") };
            one.move_trial(&company.designer, "changed", &amended).await.unwrap();
            one.move_trial(&company.approver, "changed", &Move::plain(Verb::Approve, "read")).await.unwrap();
            let in_force = one.trial_of(&company.designer, "changed").unwrap().plan.id().clone();
            assert_ne!(two.trial_of(&company.designer, "changed").unwrap().plan.id(), &in_force, "it has not looked");
            let told = two.assign_at_touchpoint(&company.key, "counter", &call("ben")).await.unwrap();
            assert_eq!(told.len(), 3);
            for (trial, told) in told {
                let answer = told.unwrap().assignment(&trial);
                assert_eq!(answer.outcome, AssignmentOutcome::Assigned);
                let asked = one.trial_of(&company.designer, trial.key()).unwrap();
                assert_eq!(&answer.protocol_id, asked.plan.id(), "{}", trial.key());
            }
        });
    }
}
