//! Ten thousand draws made by another program, `scripts/reference/allocation.py`.

use std::collections::HashMap;

use fairtrial_domain::{
    Pseudonym,
    allocation::{AllocationSecret, BlockState, Slot, propose, simple},
    key::ClusterKey,
    protocol::Allocation,
};
use sha2::{Digest, Sha256};

const VECTORS: &str = include_str!("../data/allocation-v1.csv");

/// The vectors are a public contract: version 1 never changes. A change of the draws gets a new version and a new file.
const SHA256: &str = "7e9448fcad483857113c43609aa6c7c2f073b50b4ab124f7681c80f0e3e93f7c";

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

#[test]
fn the_vectors_are_those_of_version_1() {
    assert_eq!(fairtrial_domain::allocation::ALGO_VERSION, 1);
    let digest: String = Sha256::digest(VECTORS.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, SHA256);
    let count = |method: &str| draws().filter(|draw| draw.method == method).count();
    assert_eq!([count("simple"), count("blocks"), count("cluster")], [6_000, 3_000, 1_000]);
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
    let mut states: HashMap<Sequence, (BlockState, u32)> = HashMap::new();
    for draw in draws().filter(|draw| draw.method == "blocks") {
        let key = (draw.secret, draw.ratio.clone(), draw.unit, draw.detail);
        let (state, before) = states.entry(key).or_default();
        assert_eq!(before.to_string(), draw.place);
        let method = Allocation::PermutedBlocks { strata: Vec::new(), block_multiples: numbers(draw.detail) };
        let slot = Slot { stratum: draw.unit, cluster: None };
        let arm = propose(&method, &draw.ratio, &secret(draw.secret), &nobody, slot, state);
        assert_eq!(arm, Some(draw.arm), "stratum {:?}, place {}", draw.unit, draw.place);
        *before += 1;
    }
    assert_eq!(states.len(), 60);
}

#[test]
fn clusters_agree_with_the_other_program() {
    let nobody = Pseudonym::from_bytes(&[0; 16]).unwrap();
    for draw in draws().filter(|draw| draw.method == "cluster") {
        let size: u32 = draw.detail.parse().unwrap();
        let roster = (1..=size).map(|number| ClusterKey::new(&format!("site-{number}")).unwrap()).collect();
        let cluster = ClusterKey::new(draw.unit).unwrap();
        let slot = Slot { stratum: "", cluster: Some(&cluster) };
        let method = Allocation::Cluster { roster };
        let arm = propose(&method, &draw.ratio, &secret(draw.secret), &nobody, slot, &mut BlockState::default());
        assert_eq!(arm, Some(draw.arm), "{} of {size}", draw.unit);
    }
}
