//! What calls for a person is told: one alert for each change that does, none for the others, and nothing of who did better.

use chrono::Duration;
use fairtrial_app::{App, Clock, trials::life::Move};
use fairtrial_domain::trial::{MessageKind, NoticeCode, Verb};
use fairtrial_store::{DbConnection, alerts};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::json;

use crate::stage::{Company, StandingClock, call, open, plan, run};

/// Everything that was told, as the database has it.
pub(crate) fn told(database: &TestDatabase) -> Vec<String> {
    let mut c = DbConnection::open(&database.url().parse().unwrap()).unwrap();
    let rows = alerts::after(&mut c, 0, 1_000).unwrap();
    rows.into_iter().map(|row| format!("{} {}", row.subject, row.matter)).collect()
}

async fn act(app: &App, actor: &fairtrial_app::Actor, trial: &str, verb: Verb) {
    app.move_trial(actor, trial, &Move::plain(verb, "because it must be")).await.unwrap();
}

on_both_databases! {
    fn the_life_of_a_trial_calls_for_people_where_they_are_needed(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let company = Company::hire(&app, "justice").await;
            let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
            assert_eq!(told(database), ["letter signature.plan"]);
            let refused = app.move_trial(&company.designer, &trial, &Move::plain(Verb::Submit, "")).await;
            assert!(refused.is_err());
            app.assign(&company.key, &trial, &call("unit-1")).await.unwrap();
            let code = NoticeCode::of(&app.trial_of(&company.designer, &trial).unwrap().plan.protocol().key);
            for kind in [MessageKind::Question, MessageKind::Complaint] {
                app.send_message(code, kind, "What is this about?").await.unwrap();
            }
            act(&app, &company.monitor, &trial, Verb::Suspend).await;
            act(&app, &company.monitor, &trial, Verb::Resume).await;
            act(&app, &company.approver, &trial, Verb::Resume).await;
            assert_eq!(
                told(database)[1..],
                ["letter message.question", "letter message.complaint", "letter harm.suspended", "letter due.second_person"]
            );

            // The day of the plan's end, and then a year without an answer.
            let over: chrono::DateTime<chrono::Utc> = "2030-01-01T11:00:00Z".parse().unwrap();
            clock.advance(over - clock.now() - Duration::seconds(1));
            assert_eq!(app.remind().await.unwrap(), 0);
            clock.advance(Duration::seconds(1));
            let beside = crate::looks::beside(database, &clock).await;
            let (one, other) = tokio::join!(app.remind(), beside.remind());
            assert_eq!(one.unwrap() + other.unwrap(), 1, "of two servers one notes it");
            assert_eq!(app.remind().await.unwrap() + beside.remind().await.unwrap(), 0, "once");
            let anew = crate::looks::beside(database, &clock).await;
            assert_eq!(anew.remind().await.unwrap(), 0, "a server that starts anew does not tell it again");
            act(&app, &company.designer, &trial, Verb::Stop).await;
            act(&app, &company.analyst, &trial, Verb::LockData).await;
            clock.advance(Duration::days(400));
            assert_eq!(app.remind().await.unwrap(), 1);
            assert_eq!(
                told(database)[5..],
                ["letter due.enrolment_past_end", "letter due.decision", "letter overdue.results"]
            );
            app.check_audit(None).await.unwrap();
        });
    }
}
