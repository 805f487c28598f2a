//! The life of a trial as a model: people edit, sign, take back, start and stop in any order, and nothing starts unsigned.

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    LockedProtocol,
    trial::{PersonRole, Review, Signature, SignatureKind, State, Tier, Verb, assess, not_ready},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

fn fines_letter() -> Value {
    serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap()
}

/// A plan of each tier that could be sent for signatures.
pub(crate) fn of_tier(tier: u8, title: &str) -> LockedProtocol {
    let mut plan = fines_letter();
    plan["title"] = json!(title);
    for outcome in [1, 2] {
        plan["outcomes"][outcome]["margin_reason"] = json!("agreed with the contact centre");
    }
    for name in ["pia", "notice_text", "opt_out", "hosting"] {
        plan["data"][name] = json!("as agreed");
    }
    plan["data"]["review_on"] = json!("2027-12-01");
    match tier {
        0 => {}
        1 => plan["risk"]["time"] = json!("some"),
        2 => plan["risk"]["money"] = json!("some"),
        _ => plan["risk"]["entitlement"] = json!("delays"),
    }
    if tier >= 2 {
        plan["public_comment"] = json!({"from": "2026-12-01", "until": "2026-12-15"});
    }
    LockedProtocol::from_value(&plan).unwrap()
}

/// People 0 and 1 write; the others hold roles that may change.
const PEOPLE: i64 = 8;

/// A trial as the use cases keep it.
struct Model {
    state: State,
    plan: usize,
    authors: Vec<i64>,
    signatures: Vec<Signature>,
    roles: Vec<Vec<PersonRole>>,
    now: DateTime<Utc>,
    /// When it started, with which plan, and who had which roles then.
    started: Option<(DateTime<Utc>, usize, Vec<Vec<PersonRole>>)>,
    /// What goes wrong on purpose, so that the test is seen to fail.
    broken: Option<Broken>,
}

#[derive(Clone, Copy, PartialEq)]
enum Broken {
    AuthorsMaySign,
    EditsKeepSignatures,
    LostRolesCount,
}

const SIGNING: [PersonRole; 4] = [PersonRole::Approver, PersonRole::Privacy, PersonRole::Ethics, PersonRole::Monitor];

impl Model {
    fn new(broken: Option<Broken>) -> Self {
        let mut roles = vec![vec![PersonRole::Designer], vec![PersonRole::Designer, PersonRole::Approver]];
        for person in 2..PEOPLE {
            roles.push(vec![SIGNING[usize::try_from(person).unwrap() % 4]]);
        }
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        Self { state: State::Draft, plan: 0, authors: vec![0], signatures: vec![], roles, now, started: None, broken }
    }

    fn review(&self, plans: &[LockedProtocol]) -> Review {
        let plan = &plans[self.plan];
        let tier = assess(plan.protocol(), Tier::Zero).tier;
        let mut signatures = self.signatures.clone();
        if self.broken == Some(Broken::EditsKeepSignatures) {
            signatures.iter_mut().for_each(|signature| signature.protocol_id = plan.id().clone());
        }
        let authors = if self.broken == Some(Broken::AuthorsMaySign) { vec![] } else { self.authors.clone() };
        Review::new(plan.protocol(), tier, plan.id().clone(), authors, signatures)
    }

    fn holds(&self, person: i64, role: PersonRole) -> bool {
        self.broken == Some(Broken::LostRolesCount) || self.roles[usize::try_from(person).unwrap()].contains(&role)
    }

    fn missing(&self, plans: &[LockedProtocol]) -> Vec<PersonRole> {
        self.review(plans).missing(|person, role| self.holds(person, role))
    }

    fn word(&mut self, person: i64, role: PersonRole, kind: SignatureKind, plans: &[LockedProtocol]) {
        let protocol_id = plans[self.plan].id().clone();
        self.signatures.push(Signature { person, role, protocol_id, at: self.now, note: String::new(), kind });
    }

    /// One step by somebody; whether it was allowed.
    fn step(&mut self, random: &mut ChaCha12Rng, plans: &[LockedProtocol]) -> bool {
        self.now += Duration::seconds(random.random_range(0..100));
        let person = random.random_range(0..PEOPLE);
        match random.random_range(0..14) {
            0 if self.state == State::Draft => {
                self.plan = random.random_range(0..plans.len());
                self.authors.push(person);
            }
            1 => {
                // Roles come and go.
                let role = SIGNING[random.random_range(0..SIGNING.len())];
                let roles = &mut self.roles[usize::try_from(person).unwrap()];
                match roles.iter().position(|held| *held == role) {
                    Some(place) => drop(roles.remove(place)),
                    None => roles.push(role),
                }
            }
            2..=7 => {
                let Ok(_) = self.state.after(Verb::Approve) else { return false };
                if self.state.has_started() {
                    return false;
                }
                let role = SIGNING[random.random_range(0..SIGNING.len())];
                let held = self.roles[usize::try_from(person).unwrap()].contains(&role);
                if !held || self.review(plans).may_sign(person, role).is_err() {
                    return false;
                }
                let kind = if random.random_bool(0.1) { SignatureKind::Conditional } else { SignatureKind::Signed };
                self.word(person, role, kind, plans);
                if self.missing(plans).is_empty() {
                    self.state = State::Approved;
                }
            }
            8 | 9 => {
                let protocol = plans[self.plan].protocol();
                let ready = not_ready(protocol, assess(protocol, Tier::Zero).tier).is_empty();
                let Ok(next) =
                    self.state.after(Verb::Submit).map_err(|_| ()).and_then(|next| ready.then_some(next).ok_or(()))
                else {
                    return false;
                };
                self.state = next;
            }
            10 if random.random_bool(0.3) => {
                let Ok(next) = self.state.after(Verb::Return) else { return false };
                if self.state.has_started() {
                    return false;
                }
                let own = self.review(plans).standing().find(|signature| signature.person == person).cloned();
                if let Some(own) = own {
                    self.word(person, own.role, SignatureKind::Withdrawn, plans);
                }
                self.state = next;
            }
            11 | 12 => {
                let Ok(next) = self.state.after(Verb::Start) else { return false };
                if !self.missing(plans).is_empty() {
                    return false;
                }
                self.started = Some((self.now, self.plan, self.roles.clone()));
                self.state = next;
            }
            13 => {
                let verb = Verb::ALL[random.random_range(0..Verb::ALL.len())];
                let apart = [Verb::Approve, Verb::Submit, Verb::Start, Verb::Return];
                let Some(next) = self.state.after(verb).ok().filter(|_| !apart.contains(&verb)) else { return false };
                self.state = next;
            }
            _ => return false,
        }
        true
    }

    /// What must hold of a trial that has started, said without the code under test.
    fn fault(&self, plans: &[LockedProtocol]) -> Option<String> {
        let (at, plan, roles) = self.started.as_ref()?;
        let (protocol, id) = (plans[*plan].protocol(), plans[*plan].id());
        let needed: &[PersonRole] = match assess(protocol, Tier::Zero).tier {
            Tier::Zero => &SIGNING[..1],
            Tier::One => &SIGNING[..2],
            Tier::Two => &SIGNING,
            Tier::Three => return Some("a trial of tier 3 started".into()),
        };
        let mut used = Vec::new();
        for role in needed {
            let before = self.signatures.iter().filter(|signature| signature.at <= *at);
            let last_word = |person: i64| {
                before.clone().rfind(|signature| signature.person == person && signature.protocol_id == *id)
            };
            let signer = (0..PEOPLE).find(|person| {
                !self.authors.contains(person)
                    && !used.contains(person)
                    && roles[usize::try_from(*person).unwrap()].contains(role)
                    && last_word(*person).is_some_and(|word| word.role == *role && word.kind == SignatureKind::Signed)
            });
            match signer {
                Some(person) => used.push(person),
                None => return Some(format!("{role:?} did not sign what started")),
            }
        }
        (!self.state.has_started()).then(|| format!("a started trial is {:?}", self.state))
    }
}

/// Walks until so many steps were allowed; the first fault, and how many trials started.
fn walk(seed: u64, steps: u32, broken: Option<Broken>) -> (Option<String>, u32) {
    let plans: Vec<LockedProtocol> =
        [0, 1, 2, 3, 0].iter().zip(["a", "b", "c", "d", "e"]).map(|(tier, title)| of_tier(*tier, title)).collect();
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let (mut done, mut started) = (0, 0);
    let mut model = Model::new(broken);
    let mut age = 0;
    while done < steps {
        let before = (model.now, model.state);
        if model.step(&mut random, &plans) {
            done += 1;
        }
        assert!(model.now >= before.0, "time goes on");
        if let Some(fault) = model.fault(&plans) {
            return (Some(fault), started);
        }
        age += 1;
        if age > 150 {
            started += u32::from(model.started.is_some());
            (model, age) = (Model::new(broken), 0);
        }
    }
    (None, started)
}

#[test]
fn a_hundred_thousand_steps_start_nothing_unsigned() {
    let (fault, started) = walk(1, 100_000, None);
    assert_eq!(fault, None);
    assert!(started > 200, "only {started} trials started: the walk shows little");
}

#[test]
fn the_walk_finds_what_is_broken_on_purpose() {
    for broken in [Broken::AuthorsMaySign, Broken::EditsKeepSignatures, Broken::LostRolesCount] {
        let (fault, _) = walk(2, 100_000, Some(broken));
        assert!(fault.is_some());
    }
}

#[test]
fn tiers_follow_from_the_answers() {
    let tier = |changes: &[(&str, Value)]| {
        let mut plan = fines_letter();
        for (pointer, value) in changes {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            plan.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        let plan = LockedProtocol::from_value(&plan).unwrap();
        let found = assess(plan.protocol(), Tier::Zero);
        assert_eq!(found.reasons.is_empty(), found.tier == Tier::Zero, "{found:?}");
        found.tier.number()
    };
    for (changes, wanted) in [
        (&[][..], 0),
        (&[("/risk/money", json!("low"))], 0),
        (&[("/risk/reversible", json!("no"))], 1),
        (&[("/risk/time", json!("some"))], 1),
        (&[("/risk/privacy", json!("some"))], 1),
        (&[("/risk/dignity", json!("some"))], 1),
        (&[("/risk/time", json!("some")), ("/risk/reversible", json!("no"))], 2),
        (&[("/risk/money", json!("some"))], 2),
        (&[("/risk/right", json!("some"))], 2),
        (&[("/risk/privacy", json!("high"))], 2),
        (&[("/data/uses_maori_data", json!(true))], 2),
        (&[("/risk/right", json!("high"))], 3),
        (&[("/risk/entitlement", json!("delays"))], 3),
        (&[("/risk/entitlement", json!("removes")), ("/risk/money", json!("some"))], 3),
    ] {
        assert_eq!(tier(changes), wanted, "{changes:?}");
    }
    let plan = LockedProtocol::from_value(&fines_letter()).unwrap();
    assert_eq!(assess(plan.protocol(), Tier::Two).tier, Tier::Two, "an agency may be stricter");
    let risky = of_tier(2, "x");
    assert_eq!(assess(risky.protocol(), Tier::One).tier, Tier::Two, "and never milder");
}

#[test]
fn what_a_plan_lacks_is_told_all_at_once() {
    for tier in [0, 1, 2] {
        let plan = of_tier(tier, "x");
        assert_eq!(not_ready(plan.protocol(), Tier::try_from(tier).unwrap()), vec![]);
    }
    let plan = LockedProtocol::from_value(&fines_letter()).unwrap();
    assert_eq!(not_ready(plan.protocol(), Tier::Zero), vec![], "the pinned example is ready");
    let places = |plan: &LockedProtocol, tier| {
        let faults = not_ready(plan.protocol(), tier);
        faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>()
    };
    let of_data =
        ["pia", "notice_text", "opt_out", "hosting", "review_on"].map(|name| format!("/data/{name} missing_field"));
    let mut wanted: Vec<String> =
        ["/outcomes/1/margin_reason missing_field", "/outcomes/2/margin_reason missing_field"].map(String::from).into();
    wanted.extend(of_data);
    wanted.push("/public_comment comment_window_needed".into());
    assert_eq!(places(&plan, Tier::Two), wanted);
    let mut bare = fines_letter();
    bare["outcomes"].as_array_mut().unwrap().remove(2);
    bare.as_object_mut().unwrap().remove("equity");
    let bare = LockedProtocol::from_value(&bare).unwrap();
    let found = places(&bare, Tier::One);
    assert!(found.contains(&"/outcomes harm_measure_needed".into()) && found.contains(&"/equity missing_field".into()));
    assert!(places(&of_tier(3, "x"), Tier::Three).contains(&"/risk tier_refused".into()));
    // Each field that is asked for, left out in turn.
    let whole: Value = serde_json::from_str(of_tier(1, "x").canonical()).unwrap();
    for name in ["pia", "notice_text", "opt_out", "hosting", "review_on"] {
        let mut without = whole.clone();
        without["data"].as_object_mut().unwrap().remove(name);
        let without = LockedProtocol::from_value(&without).unwrap();
        assert_eq!(places(&without, Tier::One), [format!("/data/{name} missing_field")]);
    }
}
