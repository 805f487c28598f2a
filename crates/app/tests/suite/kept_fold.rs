//! A start from a kept fold ends where one from the beginning of the logs ends, and a kept fold that is not good does no harm.

use std::{fs, path::Path, sync::Arc};

use chrono::Duration;
use fairtrial_app::{
    Actor, Ambient, App, Clock, MasterKey,
    frontline::{
        apart::ApartCall,
        notes::{HarmCall, NoteCall, OverrideCall},
        opt_out::OptOutCall,
        same_person::SamePersonCall,
    },
    trials::life::Move,
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus, OptOutKind},
    trial::Verb,
};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha12Rng;
use serde_json::json;

use crate::stage::{Company, Seeded, StandingClock, call, open, plan, run};

/// Another start of a server, beside a folder with or without a kept fold.
pub(crate) async fn start(database: &TestDatabase, folder: &Path, clock: &StandingClock, key: [u8; 32]) -> Arc<App> {
    let store = Store::open(&database.url().parse().unwrap(), WriterSettings::default()).unwrap();
    // Other dice at each start: a reference that was drawn before is not drawn again.
    let ambient = Ambient::new(clock.clone(), Seeded::new(clock.now().timestamp_micros().unsigned_abs()));
    App::load_beside(Some(folder), store, MasterKey::new(&key), ambient).await.unwrap()
}

/// A hundred things that happen, by chance, in two trials.
pub(crate) async fn happen(app: &App, company: &Company, clock: &StandingClock, chance: &mut ChaCha12Rng) {
    let desk = Actor::Key(company.key.clone());
    let mut linked: Vec<(UnitText, UnitText)> = Vec::new();
    let mut sent: Vec<(String, String)> = Vec::new();
    for _ in 0..100 {
        let person = format!("person-{}", chance.random_range(0..60));
        let trial = if chance.random_bool(0.5) { "letter" } else { "blocks" };
        let unit = UnitText::new(&person).unwrap();
        let id = EventId::new(&format!("e-{}", chance.random::<u32>())).unwrap();
        let note = NoteCall { event_id: id.clone(), unit: unit.clone() };
        clock.advance(Duration::seconds(chance.random_range(0..400)));
        match chance.random_range(0..26) {
            0..8 => drop(app.assign(&company.key, trial, &call(&person)).await.unwrap()),
            8..15 => {
                let at = clock.now() - Duration::minutes(chance.random_range(-4..600));
                let event = json!({"event_id": id.as_str(), "unit": person, "event": "fine.paid", "occurred_at": at.to_rfc3339()});
                app.record(&company.key, &[event], false).await.unwrap();
                sent.push((id.as_str().to_owned(), person));
            }
            22..26 => {
                // Of what was sent, and of corrections themselves; what was replaced before is refused, and changes nothing.
                let Some((replaced, person)) = sent.choose(chance).cloned() else { continue };
                let at = clock.now() - Duration::minutes(chance.random_range(-4..600));
                let mut event = json!({"event_id": id.as_str(), "unit": person, "event": "fine.paid", "occurred_at": at.to_rfc3339()});
                if chance.random_bool(0.4) {
                    event["retracts"] = replaced.into();
                } else {
                    event["corrects"] = replaced.into();
                    event["value"] = i32::from(chance.random_bool(0.5)).into();
                }
                app.record(&company.key, &[event], false).await.unwrap();
                sent.push((id.as_str().to_owned(), person));
            }
            // Who is not in the trial has no notes: that is refused, and changes nothing.
            15 => drop(app.note_delivery(&company.key, trial, &note, DeliveryStatus::Seen, clock.now()).await),
            16 => {
                let reason_code = CodeWord::new("hearing").unwrap();
                let care = OverrideCall { note, to_arm: "new".into(), reason_code, remark: None };
                drop(app.override_version(&company.key, trial, &care).await);
            }
            17 => {
                let harm = HarmCall { note, severity: 1, kind: CodeWord::new("upset").unwrap(), at: clock.now() };
                app.report_harm(&company.key, trial, &harm).await.unwrap();
            }
            18 => {
                let same_as = UnitText::new(&format!("person-{}", chance.random_range(0..60))).unwrap();
                let purpose = CodeWord::new("sign-in").unwrap();
                linked.push((unit.clone(), same_as.clone()));
                // Oneself, and too many names for one person, are refused, and change nothing.
                drop(
                    app.link_units(
                        &Actor::Key(company.key.clone()),
                        &SamePersonCall { event_id: id, unit, same_as, purpose },
                    )
                    .await,
                );
            }
            19 | 20 => {
                let Some((unit, same_as)) = linked.pop() else { continue };
                let reason = CodeWord::new("mistake").unwrap();
                // Some said nothing new, or were refused; the others are two people again.
                drop(app.part_units(&desk, &ApartCall { event_id: id, unit, same_as, reason }).await);
            }
            _ => {
                let kind = if chance.random_bool(0.5) { OptOutKind::Trial } else { OptOutKind::Data };
                let out =
                    OptOutCall { unit, kind, trial: Some(trial.into()), channel: CodeWord::new("phone").unwrap() };
                app.opt_out(&desk, &out).await.unwrap();
                if chance.random_bool(0.3) {
                    app.withdraw_opt_out(&desk, &out).await.unwrap();
                }
            }
        }
        if chance.random_bool(0.2) {
            app.catch_up().await.unwrap();
        }
    }
}

/// What a server knows: the reports, and what everybody would be served.
async fn known(app: &App, company: &Company) -> Vec<String> {
    let mut seen = vec![app.known_units().to_string()];
    for trial in ["letter", "blocks"] {
        seen.push(serde_json::to_string(&app.report(&company.analyst, trial).await.unwrap().1).unwrap());
        for n in 0..60 {
            let unit = UnitText::new(&format!("person-{n}")).unwrap();
            seen.push(format!("{:?}", app.look_up(&company.key, trial, &unit).await));
        }
    }
    seen
}

on_both_databases! {
    fn a_start_from_a_kept_fold_knows_what_a_start_from_the_logs_knows(database) {
        run(async {
            let (clock, folder, empty) = (StandingClock::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let first = open(database, clock.clone()).await;
            let company = Company::hire(&first, "justice").await;
            company.start(&first, &plan("letter", "justice", &json!({}))).await;
            company.start(&first, &plan("blocks", "justice", &json!({"allocation": {"method": "permuted_blocks"}}))).await;
            let mut chance = ChaCha12Rng::seed_from_u64(7);
            let mut app = start(database, folder.path(), &clock, [5; 32]).await;
            for _ in 0..3 {
                happen(&app, &company, &clock, &mut chance).await;
                app.catch_up().await.unwrap();
                app.keep_fold(true).await.unwrap();
                // A tail after it.
                happen(&app, &company, &clock, &mut chance).await;
                drop(app);
                app = start(database, folder.path(), &clock, [5; 32]).await;
                assert!(app.rows_from_kept_fold() > 0);
            }
            clock.advance(Duration::days(30));
            for trial in ["letter", "blocks"] {
                app.move_trial(&company.designer, trial, &Move::plain(Verb::Stop, "enough")).await.unwrap();
                app.move_trial(&company.analyst, trial, &Move::plain(Verb::LockData, "over")).await.unwrap();
            }
            let live = known(&app, &company).await;
            let anew = start(database, empty.path(), &clock, [5; 32]).await;
            let from_logs = known(&anew, &company).await;
            let again = start(database, folder.path(), &clock, [5; 32]).await;
            let from_kept_fold = known(&again, &company).await;
            assert_eq!(live, from_logs);
            assert_eq!(from_kept_fold, from_logs);
            // One trial by itself, read anew as at this very moment, says the same too.
            let seen = again.trial_of(&company.analyst, "letter").unwrap();
            let today = seen.day_of(clock.now().timestamp_micros());
            for trial in ["letter", "blocks"] {
                let frozen = again.report(&company.analyst, trial).await.unwrap().1;
                let mut as_at = again.report_as_at(&company.analyst, trial, today).await.unwrap().report;
                // The place of the lock may have no event.
                as_at.data_cut = frozen.data_cut;
                assert_eq!(serde_json::to_string(&as_at).unwrap(), serde_json::to_string(&frozen).unwrap());
            }
        });
    }

    fn a_kept_fold_that_is_not_good_is_left_aside(database) {
        run(async {
            let (clock, folder) = (StandingClock::new(), tempfile::tempdir().unwrap());
            let first = open(database, clock.clone()).await;
            let company = Company::hire(&first, "justice").await;
            for trial in ["letter", "blocks"] {
                company.start(&first, &plan(trial, "justice", &json!({}))).await;
            }
            let app = start(database, folder.path(), &clock, [5; 32]).await;
            happen(&app, &company, &clock, &mut ChaCha12Rng::seed_from_u64(8)).await;
            app.catch_up().await.unwrap();
            app.keep_fold(true).await.unwrap();
            app.write_counters().await.unwrap();
            let (wanted, file) = (known(&app, &company).await, folder.path().join("kept.fold"));
            let good = fs::read(&file).unwrap();
            // Were it used although it is false, this would be seen: the same file of a database that is another.
            let elsewhere = TestDatabase::fresh(database.kind()).unwrap();
            let elsewhen = StandingClock::new();
            let other = open(&elsewhere, elsewhen.clone()).await;
            let others = Company::hire(&other, "justice").await;
            for trial in ["letter", "blocks"] {
                others.start(&other, &plan(trial, "justice", &json!({}))).await;
            }
            let theirs = tempfile::tempdir().unwrap();
            let other = start(&elsewhere, theirs.path(), &elsewhen, [5; 32]).await;
            happen(&other, &others, &elsewhen, &mut ChaCha12Rng::seed_from_u64(9)).await;
            other.catch_up().await.unwrap();
            other.keep_fold(true).await.unwrap();
            let foreign = fs::read(theirs.path().join("kept.fold")).unwrap();
            assert_ne!(foreign, good);
            let mut spoilt = vec![foreign, Vec::new(), b"fairtrial/fold/0".to_vec(), good[..good.len() - 1].to_vec()];
            for place in (0..good.len()).step_by(good.len() / 20) {
                let mut bytes = good.clone();
                bytes[place] ^= 1;
                spoilt.push(bytes);
            }
            for bytes in spoilt {
                fs::write(&file, &bytes).unwrap();
                let again = start(database, folder.path(), &clock, [5; 32]).await;
                assert_eq!(again.rows_from_kept_fold(), 0);
                assert_eq!(known(&again, &company).await, wanted);
            }
        });
    }
}
