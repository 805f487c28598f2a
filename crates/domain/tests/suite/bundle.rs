//! Bundles: what is published proves itself, and nothing in it can be changed unseen.

use std::{fs, path::Path};

use chrono::NaiveDate;
use fairtrial_domain::{
    LockedProtocol, Pseudonym,
    allocation::{
        AllocationSecret, Allocator, Progress, Subject,
        bundle::{Assigned, Bundle, BundleError},
    },
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PEOPLE: usize = 120;

/// The sample plan with each method of allocation.
fn plans() -> Vec<LockedProtocol> {
    let sites: Vec<String> = (0..12).map(|n| format!("site-{n}")).collect();
    [
        json!({"method": "simple"}),
        json!({"method": "permuted_blocks", "strata": ["district"], "block_multiples": [1, 2, 3]}),
        json!({"method": "minimisation", "factors": ["district"], "probability": "0.8"}),
        json!({"method": "cluster", "roster": sites}),
        json!({"method": "stepped_wedge", "sites": sites, "steps": ["2027-01-15", "2027-02-15"], "transition_days": 5}),
    ]
    .into_iter()
    .map(|allocation| {
        let mut plan: Value =
            serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap();
        plan["allocation"] = allocation;
        plan["analysis"]["adjust_for"] = serde_json::json!([]);
        LockedProtocol::from_value(&plan).unwrap()
    })
    .collect()
}

/// People with their groups and days, and the arms that chance gave them.
fn drawn(plan: &LockedProtocol) -> (Allocator, Vec<(Pseudonym, String, NaiveDate)>, Vec<usize>) {
    let allocator = Allocator::of(plan.protocol(), AllocationSecret::new([9; 32]));
    let mut progress = Progress::default();
    let first: NaiveDate = "2027-01-01".parse().unwrap();
    let roster = plan.protocol().allocation.roster();
    let people: Vec<(Pseudonym, String, NaiveDate)> = (0..PEOPLE)
        .map(|n| {
            let unit = Pseudonym::from_bytes(&Sha256::digest(n.to_string())[..16]).unwrap();
            let group = match (plan.protocol().allocation.balanced_by(), roster) {
                ([], []) => String::new(),
                ([], roster) => roster[n % roster.len()].to_string(),
                _ => ["north", "south/east"][n * n % 3 % 2].replace('/', "~1"),
            };
            (unit, group, first.iter_days().nth(n / 2).unwrap())
        })
        .collect();
    let arm = |(unit, group, day): &(Pseudonym, String, NaiveDate)| {
        allocator.assign(&mut progress, &Subject { unit, group, day: *day }).unwrap()
    };
    let arms = people.iter().map(arm).collect();
    (allocator, people, arms)
}

fn log<'a>(people: &'a [(Pseudonym, String, NaiveDate)], arms: &'a [usize]) -> impl Iterator<Item = Assigned<'a>> {
    people.iter().zip(arms).map(|((unit, group, day), arm)| Assigned { unit, group, day: *day, arm: *arm })
}

fn bundle(plan: &LockedProtocol) -> Bundle {
    let (allocator, people, arms) = drawn(plan);
    Bundle::new(plan.protocol(), plan.id(), allocator.secret(), log(&people, &arms)).unwrap()
}

#[test]
fn a_log_is_drawn_again_and_the_first_row_that_differs_is_named() {
    for plan in plans() {
        let (allocator, people, mut arms) = drawn(&plan);
        assert_eq!(allocator.replay(log(&people, &arms)), Ok(120));
        arms[70] = 1 - arms[70];
        let found = allocator.replay(log(&people, &arms)).unwrap_err();
        assert_eq!((found.row, found.kept, found.drawn), (71, arms[70], Some(1 - arms[70])));
    }
}

/// Written piece by piece it is the same bytes as written at once.
#[test]
fn pieces_are_the_document() {
    for plan in plans() {
        let whole = bundle(&plan);
        let (allocator, people, arms) = drawn(&plan);
        let list = log(&people, &arms);
        let bare = Bundle::without_list(plan.protocol(), plan.id(), allocator.secret(), list).unwrap();
        let places: Vec<String> = whole.list.iter().map(|place| serde_json::to_string(place).unwrap()).collect();
        let pieces = [bare.opening().unwrap(), places.join(","), Bundle::CLOSING.to_owned()].concat();
        assert_eq!(pieces, serde_json::to_string(&whole).unwrap());
        assert_eq!(Bundle::from_json(pieces.as_bytes()).unwrap(), whole);
        assert!(whole.opening().is_err(), "one that has its list has no place for another");
    }
}

/// Also leaves the bundles, and one of each that somebody changed, where `scripts/check` finds them for the other program.
#[test]
fn a_bundle_of_every_method_proves_itself() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundles");
    fs::create_dir_all(&folder).unwrap();
    for plan in plans() {
        let written = serde_json::to_string_pretty(&bundle(&plan)).unwrap();
        let read = Bundle::from_json(written.as_bytes()).unwrap();
        let method = serde_json::to_value(&read.allocation).unwrap()["method"].as_str().unwrap().to_owned();
        let verified = read.verify(None).unwrap_or_else(|error| panic!("{method}: {error}"));
        assert_eq!((verified.people, verified.by_arm.iter().map(|(_, n)| n).sum()), (120, 120_u64), "{method}");
        assert!(verified.by_arm.iter().all(|(_, n)| *n > 0), "{method}");
        assert_eq!(read.verify(Some(&read.secret_commitment)).as_ref(), Ok(&verified));
        fs::write(folder.join(format!("{method}.json")), &written).unwrap();

        let mut changed = read.clone();
        changed.list[70].4 = other_arm(&changed, 70);
        let shown = serde_json::to_string_pretty(&changed).unwrap();
        fs::write(folder.join(format!("changed-{method}.json")), shown).unwrap();
        let Err(BundleError::Differs { row, found, drawn }) = changed.verify(None) else { panic!("{method}") };
        assert_eq!((row, found != drawn), (71, true), "{method} names the first row that differs");
    }
}

fn other_arm(bundle: &Bundle, row: usize) -> fairtrial_domain::ArmKey {
    bundle.arms.iter().map(|arm| arm.key.clone()).find(|key| *key != bundle.list[row].4).unwrap()
}

#[test]
fn nothing_can_be_changed_unseen() {
    type Change = fn(&mut Bundle);
    let changes: [(&str, Change); 9] = [
        ("the secret is not the one", |b| b.secret = "0".repeat(64)),
        ("the secret is not 64", |b| b.secret = "zz".into()),
        ("the secret is not the one", |b| b.secret_commitment = "0".repeat(64)),
        ("the list was changed", |b| b.list_digest = format!("sha256:{}", "0".repeat(64))),
        ("row 51: it has the number 52", |b| drop(b.list.remove(50))),
        ("row 11: it has the number 12", |b| b.list.swap(10, 11)),
        ("row 4: this person stands", |b| b.list[3].1 = b.list[0].1.clone()),
        ("row 1: the person's code", |b| b.list[0].1 = "Ann".into()),
        ("no arm is the control", |b| b.arms.iter_mut().for_each(|arm| arm.control = false)),
    ];
    for plan in plans() {
        let good = bundle(&plan);
        for (says, change) in changes {
            let mut bad = good.clone();
            change(&mut bad);
            let error = bad.verify(None).expect_err(says).to_string();
            assert!(error.contains(says), "{error} instead of {says}");
        }
        // What the draw does not look at is held by the digest of the list: a shortened list, an exchanged day.
        let mut shortened = good.clone();
        shortened.list.truncate(100);
        assert!(matches!(shortened.verify(None), Err(BundleError::ListDigest { .. })));
        let wrong = "0".repeat(64);
        assert!(matches!(good.verify(Some(&wrong)), Err(BundleError::Commitment { .. })));
    }
}

#[test]
fn what_is_no_bundle_is_said_to_be_none() {
    let good = serde_json::to_value(bundle(&plans()[0])).unwrap();
    for (change, says) in [
        (json!({"schema": "fairtrial/protocol/1"}), "its schema is not"),
        (json!({"schema": "fairtrial/allocation-bundle/2"}), "with draws of version 1"),
        (json!({"algo_version": 2}), "with version 2"),
        (json!({"surprise": 1}), "unknown field"),
        (json!({"list": [[1, "aa"]]}), "no allocation bundle"),
    ] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = Bundle::from_json(bad.to_string().as_bytes()).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(matches!(Bundle::from_json(b"{"), Err(BundleError::Malformed(_))));
}

#[test]
fn only_the_simple_method_names_pseudonyms() {
    let lists: Vec<String> = plans().iter().map(|plan| bundle(plan).list[0].1.clone()).collect();
    assert_eq!(lists.iter().map(String::len).collect::<Vec<_>>(), [32, 64, 64, 64, 64]);
}
