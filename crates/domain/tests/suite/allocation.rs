//! Fifteen thousand draws made by another program, `scripts/reference/allocation.py`.

use std::collections::HashMap;

use chrono::NaiveDate;
use fairtrial_domain::{
    Pseudonym,
    allocation::{AllocationSecret, Allocator, Progress, Subject, simple},
    key::ClusterKey,
    protocol::Allocation,
};
use sha2::{Digest, Sha256};

const VECTORS: &str = include_str!("../data/allocation-v1.csv");

/// The vectors are a public contract: version 1 never changes. A change of the draws gets a new version and a new file.
const SHA256: &str = "7e9448fcad483857113c43609aa6c7c2f073b50b4ab124f7681c80f0e3e93f7c";

const BALANCED: &str = include_str!("../data/allocation-v1-balanced.csv");
const BALANCED_SHA256: &str = "2705fa4158bc90b243a9e030f5fb1e8390c4cccf65f6720f8be7120b384764b8";

struct Draw<'a> {
    method: &'a str,
    secret: &'a str,
    ratio: Vec<u32>,
    unit: &'a str,
    detail: &'a str,
    place: &'a str,
    arm: usize,
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(':').map(|number| number.parse().unwrap()).collect()
}

fn draws() -> impl Iterator<Item = Draw<'static>> {
    VECTORS.lines().skip(1).map(|line| {
        let [method, secret, ratio, unit, detail, place, arm] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        Draw { method, secret, ratio: numbers(ratio), unit, detail, place, arm: arm.parse().unwrap() }
    })
}

fn secret(byte: &str) -> AllocationSecret {
    AllocationSecret::new([u8::from_str_radix(byte, 16).unwrap(); 32])
}

fn pseudonym(digits: &str) -> Pseudonym {
    let byte = |place: usize| u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap();
    Pseudonym::from_bytes(&(0..16).map(byte).collect::<Vec<_>>()).unwrap()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sites(number: &str) -> Vec<ClusterKey> {
    (1..=number.parse().unwrap()).map(|n: u32| ClusterKey::new(&format!("site-{n}")).unwrap()).collect()
}

/// For draws that do not look at the unit or the day.
fn subject<'a>(unit: &'a Pseudonym, group: &'a str) -> Subject<'a> {
    Subject { unit, group, day: NaiveDate::MIN }
}

#[test]
fn the_vectors_are_those_of_version_1() {
    assert_eq!(fairtrial_domain::allocation::ALGO_VERSION, 1);
    assert_eq!([sha256(VECTORS), sha256(BALANCED)], [SHA256, BALANCED_SHA256]);
    let count = |method: &str| draws().filter(|draw| draw.method == method).count();
    assert_eq!([count("simple"), count("blocks"), count("cluster")], [6_000, 3_000, 1_000]);
    let count = |method: &str| BALANCED.lines().filter(|line| line.starts_with(method)).count();
    assert_eq!([count("minimisation,"), count("stepped_wedge,")], [3_600, 1_712]);
}

#[test]
fn simple_draws_agree_with_the_other_program() {
    for draw in draws().filter(|draw| draw.method == "simple") {
        assert_eq!(simple(&secret(draw.secret), &pseudonym(draw.unit), &draw.ratio), draw.arm, "{}", draw.unit);
    }
}

#[test]
fn blocks_agree_with_the_other_program() {
    let nobody = Pseudonym::from_bytes(&[0; 16]).unwrap();
    // By secret, ratio, stratum and multiples.
    type Sequence = (&'static str, Vec<u32>, &'static str, &'static str);
    let mut sequences: HashMap<Sequence, Progress> = HashMap::new();
    for draw in draws().filter(|draw| draw.method == "blocks") {
        let progress = sequences.entry((draw.secret, draw.ratio.clone(), draw.unit, draw.detail)).or_default();
        assert_eq!(progress.drawn.to_string(), draw.place);
        let method = Allocation::PermutedBlocks { strata: Vec::new(), block_multiples: numbers(draw.detail) };
        let allocator = Allocator::new(&method, &draw.ratio, 0, secret(draw.secret));
        let arm = allocator.assign(progress, &subject(&nobody, draw.unit));
        assert_eq!(arm, Some(draw.arm), "stratum {:?}, place {}", draw.unit, draw.place);
    }
    assert_eq!(sequences.len(), 60);
}

#[test]
fn clusters_agree_with_the_other_program() {
    let nobody = Pseudonym::from_bytes(&[0; 16]).unwrap();
    for draw in draws().filter(|draw| draw.method == "cluster") {
        let method = Allocation::Cluster { roster: sites(draw.detail) };
        let allocator = Allocator::new(&method, &draw.ratio, 0, secret(draw.secret));
        let arm = allocator.assign(&mut Progress::default(), &subject(&nobody, draw.unit));
        assert_eq!(arm, Some(draw.arm), "{} of {}", draw.unit, draw.detail);
    }
}

#[test]
fn minimisation_agrees_with_the_other_program() {
    let nobody = Pseudonym::from_bytes(&[0; 16]).unwrap();
    let mut sequences: HashMap<[&str; 3], Progress> = HashMap::new();
    for line in BALANCED.lines().filter(|line| line.starts_with("minimisation,")) {
        let [_, byte, ratio, detail, place, group, _, arm, _] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let progress = sequences.entry([byte, ratio, detail]).or_default();
        assert_eq!(progress.drawn.to_string(), place);
        let (factors, probability) = detail.split_once(':').unwrap();
        let method = Allocation::Minimisation {
            factors: vec![String::new(); factors.parse().unwrap()],
            probability: probability.parse().unwrap(),
        };
        let drawn =
            Allocator::new(&method, &numbers(ratio), 0, secret(byte)).assign(progress, &subject(&nobody, group));
        assert_eq!(drawn, Some(arm.parse().unwrap()), "{line}");
    }
    assert_eq!(sequences.len(), 18);
}

#[test]
fn stepped_wedges_agree_with_the_other_program() {
    let nobody = Pseudonym::from_bytes(&[0; 16]).unwrap();
    for line in BALANCED.lines().filter(|line| line.starts_with("stepped_wedge,")) {
        let [_, byte, ratio, detail, _, site, day, arm, apart] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let [number, per_step, transition, steps] = detail.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let method = Allocation::SteppedWedge {
            sites: sites(number),
            steps: steps.split(':').map(|step| step.parse().unwrap()).collect(),
            transition_days: transition.parse().unwrap(),
            sites_per_step: numbers(per_step),
        };
        let allocator = Allocator::new(&method, &numbers(ratio), 0, secret(byte));
        let day = day.parse().unwrap();
        let drawn = allocator.assign(&mut Progress::default(), &Subject { unit: &nobody, group: site, day });
        assert_eq!(drawn, Some(arm.parse().unwrap()), "{line}");
        assert_eq!(allocator.calendar().unwrap().in_transition(site, day), apart == "1", "{line}");
    }
}

/// A draw is whole numbers only, so that it is the same on every machine and can be written again in any language.
#[test]
fn no_draw_is_rounded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/allocation");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        assert!(!code.contains("f64") && !code.contains("f32"), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 8, "{seen} files");
}
