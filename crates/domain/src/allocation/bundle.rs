//! What is published when the data are locked, so that anybody can draw the allocation again.
//!
//! The bundle is a JSON document, `fairtrial/allocation-bundle/1`: the plan's allocation, the secret whose SHA-256 was
//! published at the start, and the list of everybody who was assigned, in order. `docs/ALLOCATION.md` describes its fields.

use std::{borrow::Borrow, collections::HashSet, fmt::Write as _};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{ALGO_VERSION, AllocationSecret, Allocator, Progress, Subject};
use crate::{
    Pseudonym,
    canonical::{hex, sha256_hex},
    json,
    key::{ArmKey, TrialKey},
    protocol::{Allocation, Protocol, ProtocolId},
};

/// Name and version of the document.
pub const SCHEMA: &str = "fairtrial/allocation-bundle/1";

/// An arm as the list names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleArm {
    /// Its key.
    pub key: ArmKey,
    /// Its planned share.
    pub ratio: u32,
    /// Whether it is what happens today.
    pub control: bool,
}

/// One person's place in the list.
///
/// Written as a list `[number, unit, group, day, arm]`, to keep a long list short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(
    /// Place in the order of assignments, from 1.
    pub u64,
    /// The pseudonym in hexadecimal where the draw needs it, which is for the simple method; otherwise its digest.
    pub String,
    /// Stratum, levels, cluster or site; empty without any.
    pub String,
    /// The day of the assignment in the trial's time zone.
    pub NaiveDate,
    /// The arm's key.
    pub ArmKey,
);

impl Place {
    /// Somebody's place in the list of a trial's bundle.
    ///
    /// # Errors
    /// [`BundleError::Row`] when the plan does not have the arm.
    pub fn of(plan: &Protocol, number: u64, assigned: &Assigned<'_>) -> Result<Self, BundleError> {
        let arm = plan.arms.get(assigned.arm).ok_or_else(|| BundleError::Row {
            row: number,
            what: "the plan does not have the arm in the log".into(),
        })?;
        let unit = match plan.allocation {
            Allocation::Simple => assigned.unit.to_hex(),
            _ => digest_of(&plan.key, assigned.unit),
        };
        Ok(Self(number, unit, assigned.group.to_owned(), assigned.day, arm.key.clone()))
    }
}

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which trial.
    pub trial: TrialKey,
    /// The plan under which people were assigned.
    pub protocol_id: ProtocolId,
    /// Version of the draws.
    pub algo_version: i32,
    /// Zone of the days in the list.
    pub time_zone: String,
    /// How chance chose, as the plan has it.
    pub allocation: Allocation,
    /// The arms in the plan's order.
    pub arms: Vec<BundleArm>,
    /// SHA-256 of the secret, as published at the start.
    pub secret_commitment: String,
    /// The secret: 32 bytes in hexadecimal.
    pub secret: String,
    /// `sha256:` and the SHA-256 of the list's lines, each a JSON list without spaces and a line feed.
    pub list_digest: String,
    /// Everybody who was assigned, in order.
    pub list: Vec<Place>,
}

/// Someone as kept in the log of assignments.
#[derive(Debug, Clone)]
pub struct Assigned<'a> {
    /// Who.
    pub unit: &'a Pseudonym,
    /// Stratum, levels, cluster or site.
    pub group: &'a str,
    /// The day in the trial's time zone.
    pub day: NaiveDate,
    /// Position of the arm.
    pub arm: usize,
}

/// Why a bundle does not prove what it says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// Not a bundle.
    #[error("this is no allocation bundle: {0}")]
    Malformed(String),
    /// Another version of the document or of the draws.
    #[error(
        "this program reads {SCHEMA} with draws of version {ALGO_VERSION}; the bundle has {schema} with version {algo_version}"
    )]
    OtherVersion {
        /// Of the document.
        schema: String,
        /// Of the draws.
        algo_version: i32,
    },
    /// The secret is not the one that was committed to.
    #[error("the secret is not the one committed to: its SHA-256 is {found}, the commitment {committed}")]
    Commitment {
        /// SHA-256 of the secret in the bundle.
        found: String,
        /// What was published at the start.
        committed: String,
    },
    /// The list is not the one that the digest stands for.
    #[error("the list was changed: its digest is {found}, the bundle says {stated}")]
    ListDigest {
        /// Of the list in the bundle.
        found: String,
        /// As the bundle states it.
        stated: String,
    },
    /// A row is not in its order, or is there twice.
    #[error("row {row}: {what}")]
    Row {
        /// Which row, from 1.
        row: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A row has another arm than chance gave it.
    #[error("row {row}: the list says \"{found}\", the draw says \"{drawn}\"")]
    Differs {
        /// Which row, from 1.
        row: u64,
        /// The arm in the list.
        found: String,
        /// The arm that the secret draws.
        drawn: String,
    },
}

/// What a bundle was found to prove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Which trial.
    pub trial: TrialKey,
    /// Its plan.
    pub protocol_id: ProtocolId,
    /// SHA-256 of the secret: compare it with what was published at the start.
    pub secret_commitment: String,
    /// Digest of the list.
    pub list_digest: String,
    /// People in the list.
    pub people: u64,
    /// People by arm, in the plan's order.
    pub by_arm: Vec<(ArmKey, u64)>,
}

impl Bundle {
    /// Puts a bundle together from the plan, the secret and the log, in the order of the assignments.
    ///
    /// # Errors
    /// [`BundleError::Row`] when the log names an arm that the plan does not have.
    pub fn new<'a>(
        plan: &Protocol,
        protocol_id: &ProtocolId,
        secret: &AllocationSecret,
        log: impl IntoIterator<Item = Assigned<'a>>,
    ) -> Result<Self, BundleError> {
        let places = (1..).zip(log).map(|(number, assigned)| Place::of(plan, number, &assigned));
        let list = places.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { list_digest: list_digest(list.iter().map(Ok))?, list, ..Self::bare(plan, protocol_id, secret) })
    }

    /// The same without its list, but with the digest of it: for a list that is written place by place ([`Bundle::opening`],
    /// [`Place::of`]).
    ///
    /// # Errors
    /// As [`Bundle::new`].
    pub fn without_list<'a>(
        plan: &Protocol,
        protocol_id: &ProtocolId,
        secret: &AllocationSecret,
        log: impl IntoIterator<Item = Assigned<'a>>,
    ) -> Result<Self, BundleError> {
        let places = (1..).zip(log).map(|(number, assigned)| Place::of(plan, number, &assigned));
        Ok(Self { list_digest: list_digest(places)?, ..Self::bare(plan, protocol_id, secret) })
    }

    fn bare(plan: &Protocol, protocol_id: &ProtocolId, secret: &AllocationSecret) -> Self {
        let arms =
            plan.arms.iter().map(|arm| BundleArm { key: arm.key.clone(), ratio: arm.ratio, control: arm.control });
        Self {
            schema: SCHEMA.into(),
            trial: plan.key.clone(),
            protocol_id: protocol_id.clone(),
            algo_version: ALGO_VERSION,
            time_zone: plan.time_zone.name().into(),
            allocation: plan.allocation.clone(),
            arms: arms.collect(),
            secret_commitment: secret.commitment(),
            secret: secret.reveal(),
            list_digest: String::new(),
            list: Vec::new(),
        }
    }

    /// The document up to the first place of its list. Behind it come the places, with commas between them, and [`Bundle::CLOSING`].
    ///
    /// # Errors
    /// [`BundleError::Malformed`] when it cannot be written, which does not happen, or has its list.
    pub fn opening(&self) -> Result<String, BundleError> {
        let malformed = |why: &str| BundleError::Malformed(why.to_owned());
        let mut text = serde_json::to_string(self).map_err(|error| malformed(&error.to_string()))?;
        let open = text.strip_suffix(Self::CLOSING).filter(|open| open.ends_with('[')).map(str::len);
        text.truncate(open.ok_or_else(|| malformed("it has its list already"))?);
        Ok(text)
    }

    /// The end of the document, behind the last place.
    pub const CLOSING: &str = "]}";

    /// Reads a document.
    ///
    /// # Errors
    /// [`BundleError::Malformed`] and [`BundleError::OtherVersion`].
    pub fn from_json(document: &[u8]) -> Result<Self, BundleError> {
        let malformed = |why: &dyn std::fmt::Display| BundleError::Malformed(why.to_string());
        let value = json::parse(document).map_err(|error| malformed(&error))?;
        let schema = value.get("schema").and_then(Value::as_str).unwrap_or_default().to_owned();
        let algo_version = value.get("algo_version").and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
        let algo_version = algo_version.unwrap_or_default();
        if schema.starts_with("fairtrial/allocation-bundle/") && (schema != SCHEMA || algo_version != ALGO_VERSION) {
            return Err(BundleError::OtherVersion { schema, algo_version });
        }
        if schema != SCHEMA {
            return Err(malformed(&format!("its schema is not {SCHEMA}")));
        }
        serde_json::from_value(value).map_err(|error| malformed(&error))
    }

    /// Draws the whole list again and compares. `published` is the commitment as it was published at the start, where the
    /// reader has it from elsewhere.
    ///
    /// # Errors
    /// The first thing that does not agree.
    pub fn verify(&self, published: Option<&str>) -> Result<Verified, BundleError> {
        let secret = self.opened_secret()?;
        let committed = published.unwrap_or(&self.secret_commitment).to_owned();
        if [committed.as_str(), self.secret_commitment.as_str()].iter().any(|stated| *stated != secret.commitment()) {
            return Err(BundleError::Commitment { found: secret.commitment(), committed });
        }
        let ratio: Vec<u32> = self.arms.iter().map(|arm| arm.ratio).collect();
        let allocator = Allocator::new(&self.allocation, &ratio, self.control()?, secret);
        let (mut progress, mut seen) = (Progress::default(), HashSet::with_capacity(self.list.len()));
        let mut by_arm: Vec<(ArmKey, u64)> = self.arms.iter().map(|arm| (arm.key.clone(), 0)).collect();
        for (row, place) in (1..).zip(&self.list) {
            let unit = self.unit_in(row, place, &mut seen)?;
            let subject = Subject { unit: &unit, group: &place.2, day: place.3 };
            let drawn = allocator.assign(&mut progress, &subject).and_then(|arm| by_arm.get_mut(arm));
            let (drawn, people) = drawn.ok_or_else(|| BundleError::Row {
                row,
                what: format!("the plan's allocation does not know the group \"{}\"", place.2),
            })?;
            if *drawn != place.4 {
                return Err(BundleError::Differs { row, found: place.4.to_string(), drawn: drawn.to_string() });
            }
            *people += 1;
        }
        // Last, so that a changed row is named rather than only noticed.
        let digest = list_digest(self.list.iter().map(Ok))?;
        if digest != self.list_digest {
            return Err(BundleError::ListDigest { found: digest, stated: self.list_digest.clone() });
        }
        Ok(Verified {
            trial: self.trial.clone(),
            protocol_id: self.protocol_id.clone(),
            secret_commitment: self.secret_commitment.clone(),
            list_digest: digest,
            people: self.list.len() as u64,
            by_arm,
        })
    }

    fn opened_secret(&self) -> Result<AllocationSecret, BundleError> {
        let malformed = || BundleError::Malformed("the secret is not 64 hexadecimal digits".into());
        let bytes = from_hex(&self.secret).ok_or_else(malformed)?;
        Ok(AllocationSecret::new(bytes.try_into().map_err(|_| malformed())?))
    }

    fn control(&self) -> Result<usize, BundleError> {
        let malformed = |what: &str| BundleError::Malformed(what.to_owned());
        let ratios = self.arms.iter().all(|arm| (1..=1_000).contains(&arm.ratio));
        if !(2..=10).contains(&self.arms.len()) || !ratios {
            return Err(malformed("a trial has 2 to 10 arms with ratios from 1 to 1,000"));
        }
        self.arms.iter().position(|arm| arm.control).ok_or_else(|| malformed("no arm is the control"))
    }

    /// The unit of a row that is in its place and there for the first time.
    fn unit_in<'a>(&self, row: u64, place: &'a Place, seen: &mut HashSet<&'a str>) -> Result<Pseudonym, BundleError> {
        let wrong = |what: &str| BundleError::Row { row, what: what.to_owned() };
        if place.0 != row {
            return Err(wrong(&format!("it has the number {}: a row is missing or out of order", place.0)));
        }
        if !seen.insert(&place.1) {
            return Err(wrong("this person stands in the list twice"));
        }
        let bytes = from_hex(&place.1).ok_or_else(|| wrong("the person's code is not hexadecimal"))?;
        match self.allocation {
            Allocation::Simple => {
                Pseudonym::from_bytes(&bytes).ok_or_else(|| wrong("a pseudonym has 32 hexadecimal digits"))
            }
            // The draw does not look at the unit.
            _ => Pseudonym::from_bytes(&[0; 16]).ok_or_else(|| wrong("the person's code cannot be read")),
        }
    }
}

/// The digest of a pseudonym for one trial: it tells rows apart, and does not tell the same person in two trials.
#[must_use]
pub fn digest_of(trial: &TrialKey, unit: &Pseudonym) -> String {
    sha256_hex(&format!("fairtrial/1/bundle/{trial}/{}", unit.to_hex()))
}

fn list_digest<P: Borrow<Place>>(list: impl Iterator<Item = Result<P, BundleError>>) -> Result<String, BundleError> {
    let mut hash = Sha256::new();
    let mut line = String::new();
    for place in list {
        line.clear();
        // Texts, numbers and days can always be written.
        let _ = writeln!(line, "{}", serde_json::to_string(place?.borrow()).unwrap_or_default());
        hash.update(line.as_bytes());
    }
    Ok(format!("sha256:{}", hex(&hash.finalize())))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digits.then_some(())?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
