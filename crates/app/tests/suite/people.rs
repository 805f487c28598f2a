//! Signing in, keys, and the first administrator.

use chrono::Duration;
use fairtrial_app::{
    Actor, AppError,
    people::{accounts::NewAccount, api_keys::NewKey},
};
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_testkit::on_both_databases;

use crate::stage::{Company, PASSWORD, StandingClock, open, run};

on_both_databases! {
    fn sessions_end_by_themselves_and_wrong_passwords_slow_down(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            Company::hire(&app, "justice").await;
            let email = "designer@justice.example";
            let session = app.sign_in(" Designer@Justice.example ", PASSWORD).await.unwrap();
            let found = app.session(&session.cookie).await.unwrap();
            assert_eq!(found.person.email, email);
            assert!(found.is_own_form(found.csrf_token()) && !found.is_own_form("x"));
            clock.advance(Duration::minutes(29));
            assert!(app.session(&session.cookie).await.is_ok());
            clock.advance(Duration::minutes(31));
            assert!(matches!(app.session(&session.cookie).await, Err(AppError::Unauthenticated)));
            for _ in 0..5 {
                assert!(matches!(app.sign_in(email, "wrong").await, Err(AppError::Unauthenticated)));
            }
            assert!(matches!(app.sign_in(email, PASSWORD).await, Err(AppError::TooManyAttempts { .. })));
            clock.advance(Duration::minutes(2));
            let session = app.sign_in(email, PASSWORD).await.unwrap();
            app.reset_password(email, "another long enough phrase").await.unwrap();
            assert!(app.session(&session.cookie).await.is_err(), "a new password ends old sessions");
            assert!(matches!(app.sign_in("nobody@justice.example", PASSWORD).await, Err(AppError::Unauthenticated)));
        });
    }

    fn keys_are_told_once_and_taken_back_at_once(database) {
        run(async {
            let app = open(database, StandingClock::new()).await;
            Company::hire(&app, "justice").await;
            let account = NewAccount {
                email: "boss@justice.example".into(), name: "Boss".into(), password: PASSWORD.into(),
                roles: vec![PersonRole::Administrator],
            };
            app.create_account_in("justice", &account).await.unwrap();
            let boss = Actor::Person(app.sign_in("boss@justice.example", PASSWORD).await.unwrap().person);
            let new = NewKey { name: "kiosk".into(), live: true, scopes: vec![Scope::Assign], acts_as_owner: false };
            let token = app.create_key(&boss, &new).await.unwrap();
            assert!(token.starts_with("ft_live_"));
            let actor = app.key_actor(&token).unwrap();
            assert!(actor.needs(Scope::Assign).is_ok() && actor.needs(Scope::EventsWrite).is_err());
            for wrong in ["", "ft_live_x_y", &token[..token.len() - 1], &token.replace("live", "test"), &format!("{token}x")] {
                assert!(matches!(app.key_actor(wrong), Err(AppError::Unauthenticated)), "{wrong}");
            }
            let shown = app.keys(&boss).await.unwrap();
            let public_id = shown.iter().find(|key| key.name == "kiosk").unwrap().public_id.clone();
            assert!(!format!("{shown:?}").contains(token.rsplit('_').next().unwrap()));
            app.revoke_key(&boss, &public_id).await.unwrap();
            assert!(app.key_actor(&token).is_err());
            let writes = NewKey { name: "tool".into(), live: true, scopes: vec![Scope::TrialsWrite], acts_as_owner: false };
            assert!(matches!(app.create_key(&boss, &writes).await, Err(AppError::Invalid(_))), "plans need a person");
        });
    }

    fn the_first_administrator_comes_by_a_link_that_works_once(database) {
        run(async {
            let clock = StandingClock::new();
            let app = open(database, clock.clone()).await;
            let token = app.offer_setup().await.unwrap().unwrap();
            let account = |password: &str| NewAccount {
                email: "first@justice.example".into(), name: "First".into(), password: password.into(), roles: vec![],
            };
            assert!(matches!(app.set_up("wrong", "justice", "Justice", &account(PASSWORD)).await, Err(AppError::Unauthenticated)));
            assert!(matches!(app.set_up(&token, "justice", "Justice", &account("short")).await, Err(AppError::Invalid(_))));
            app.set_up(&token, "justice", "Justice", &account(PASSWORD)).await.unwrap();
            assert!(!app.is_setup_token(&token));
            assert_eq!(app.offer_setup().await.unwrap(), None);
            let person = app.sign_in("first@justice.example", PASSWORD).await.unwrap().person;
            assert_eq!(person.roles, [PersonRole::Administrator]);
        });
    }
}
