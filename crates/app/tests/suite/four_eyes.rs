//! Approving races with editing: on two servers, whoever wins, nothing starts that was not signed as it stands.

use fairtrial_app::{App, AppError, trials::life::Move};
use fairtrial_domain::trial::{PersonRole, SignatureKind, State, Verb};
use fairtrial_testkit::{database::TestDatabase, on_both_databases, size::times};
use serde_json::json;

use crate::stage::{Company, StandingClock, hire, open, plan, run};

/// What a race may end with: done, or refused because somebody else was first.
fn lost(error: &AppError) -> bool {
    matches!(
        error,
        AppError::Conflict {
            code: "wrong_state"
                | "plan_changed"
                | "changed_meanwhile"
                | "no_amendment"
                | "not_a_draft"
                | "signatures_missing",
            ..
        }
    )
}

/// What must hold of a trial that has started: somebody else signed exactly its plan.
async fn signed(app: &App, company: &Company, key: &str) {
    let view = app.view_trial(&company.designer, key).await.unwrap();
    if !view.trial.state.has_started() {
        return;
    }
    let by_another = view.signatures.iter().any(|signature| {
        signature.stands
            && signature.kind == SignatureKind::Signed
            && signature.name != "designer"
            && signature.protocol_id == *view.trial.plan.id()
    });
    assert!(by_another && view.missing.is_empty(), "{key} started unsigned");
}

/// Races in one installation.
const RACES: usize = 60;

/// So many races of signing with editing on two servers; returns how many trials started, and how many were edited first.
async fn race(database: &TestDatabase) -> (usize, usize) {
    let (one, two) = (open(database, StandingClock::new()).await, open(database, StandingClock::new()).await);
    let company = Company::hire(&one, "justice").await;
    let second = hire(&one, "justice", PersonRole::Privacy).await;
    two.catch_up().await.unwrap();
    let (mut started, mut edited) = (0, 0);
    for n in 0..RACES {
        let key = format!("race-{n}");
        one.create_trial(&company.designer, &plan(&key, "justice", &json!({}))).await.unwrap();
        one.move_trial(&company.designer, &key, &Move::plain(Verb::Submit, "")).await.unwrap();
        two.catch_up().await.unwrap();
        let seen = one.trial_of(&company.designer, &key).unwrap().plan.id().clone();
        let sign = Move { protocol_id: Some(seen), ..Move::plain(Verb::Approve, "read") };
        let back = Move::plain(Verb::Return, "once more");
        // One signs and starts; the other sends it back, changes it, and sends it again.
        let signing = async {
            one.move_trial(&company.approver, &key, &sign).await?;
            one.move_trial(&company.designer, &key, &Move::plain(Verb::Start, "")).await
        };
        let other = plan(&key, "justice", &json!({"title": format!("Another title {n}")}));
        let editing = async {
            two.move_trial(&second, &key, &back).await?;
            two.replace_plan(&company.designer, &key, &other).await?;
            two.move_trial(&company.designer, &key, &Move::plain(Verb::Submit, "")).await?;
            // Whoever signed before signed something else: it cannot start on that.
            two.move_trial(&company.designer, &key, &Move::plain(Verb::Start, "")).await
        };
        let (signing, editing) = tokio::join!(signing, editing);
        for ended in [&signing, &editing] {
            assert!(ended.as_ref().err().is_none_or(lost), "{ended:?}");
        }
        assert!(editing.is_err(), "nobody signed the changed plan");
        started += usize::from(signing == Ok(State::Enrolling));
        edited += usize::from(signing.is_err());
        for server in [&one, &two] {
            server.catch_up().await.unwrap();
            signed(server, &company, &key).await;
        }
    }
    (started, edited)
}

on_both_databases! {
    fn nothing_starts_on_a_signature_for_another_plan(database) {
        run(async {
            let installations = times(1);
            let (mut started, mut edited) = (0, 0);
            for number in 0..installations {
                // Further races are in installations of their own, as each move of a trial reads all trials of its installation.
                let further = (number > 0).then(|| TestDatabase::fresh(database.kind()).unwrap());
                let (starts, edits) = race(further.as_ref().unwrap_or(database)).await;
                started += starts;
                edited += edits;
            }
            assert_eq!(started + edited, installations * RACES, "{started} {edited}");
        });
    }
}
