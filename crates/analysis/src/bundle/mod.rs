//! A frozen report with all that it rests on, in one file that anybody can compute again without a server.
//!
//! The bundle is a `tar` of five files: `README.txt`, `manifest.json`, the locked `protocol.json`, the `evidence.json` that was
//! read, and the `report.json` that was frozen when the data were locked. A report depends on plan and evidence alone
//! ([`analyse`]), so the same bytes come out on any machine, or somebody has changed something.

mod tar;

use fairtrial_domain::{
    LockedProtocol, canonical::sha256_hex, eligibility::Attribute, key::TrialKey, projection::Evidence,
    protocol::ProtocolId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{Report, analyse};

/// Name and version of the document.
pub const SCHEMA: &str = "fairtrial/report-bundle/1";

const MANIFEST: &str = "manifest.json";
const README: &str = "README.txt";
const PROTOCOL: &str = "protocol.json";
const EVIDENCE: &str = "evidence.json";
const REPORT: &str = "report.json";

/// What is in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    schema: String,
    trial: TrialKey,
    protocol_id: ProtocolId,
    data_cut: i64,
    engine: String,
    files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    bytes: u64,
    sha256: String,
}

/// Why something is no bundle, or not the one that was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// Not an archive of the files of a bundle.
    #[error("this is no report bundle: {0}")]
    Malformed(String),
    /// Made by a later program.
    #[error("this program reads {SCHEMA}; the bundle is of the version {0}")]
    OtherVersion(String),
    /// A file is not the one that was put in.
    #[error("{0} was changed after the bundle was made")]
    Changed(String),
    /// The parts do not belong together.
    #[error("the parts of the bundle do not belong together: {0}")]
    Unlike(String),
}

/// A frozen report, the plan and the evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportBundle {
    plan: LockedProtocol,
    evidence: Evidence,
    engine: String,
    frozen: String,
}

/// What computing a bundle again found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recomputation {
    /// The report as it is computed now; it names the program that computed the frozen one.
    pub report: Report,
    /// SHA-256 of the frozen report, in hexadecimal.
    pub frozen: String,
    /// SHA-256 of the report as it is computed now.
    pub recomputed: String,
    /// Where the two differ first, as a JSON pointer; none when they are the same bytes.
    pub differs_at: Option<String>,
}

impl ReportBundle {
    /// Puts a bundle together. `frozen` is the report byte for byte as it was frozen, `engine` the program that computed it.
    #[must_use]
    pub fn new(plan: LockedProtocol, evidence: Evidence, engine: &str, frozen: String) -> Self {
        Self { plan, evidence, engine: engine.to_owned(), frozen }
    }

    /// Which trial.
    #[must_use]
    pub fn trial(&self) -> &TrialKey {
        &self.plan.protocol().key
    }

    /// Name and version of the program that computed the frozen report.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The bundle as a `tar`. The same bundle gives the same bytes.
    ///
    /// # Errors
    /// [`BundleError::Malformed`] when the evidence cannot be written.
    pub fn to_tar(&self) -> Result<Vec<u8>, BundleError> {
        let evidence = serde_json::to_string(&self.evidence).map_err(malformed)?;
        let readme = readme(self.trial(), &sha256_hex(&self.frozen));
        let parts = [
            (README, readme.as_str()),
            (PROTOCOL, self.plan.canonical()),
            (EVIDENCE, &evidence),
            (REPORT, &self.frozen),
        ];
        let listed = |(name, text): &(&str, &str)| File {
            name: (*name).to_owned(),
            bytes: text.len() as u64,
            sha256: sha256_hex(text),
        };
        let manifest = Manifest {
            schema: SCHEMA.into(),
            trial: self.trial().clone(),
            protocol_id: self.plan.id().clone(),
            data_cut: self.evidence.data_cut,
            engine: self.engine.clone(),
            files: parts.iter().map(listed).collect(),
        };
        let manifest = serde_json::to_string_pretty(&manifest).map_err(malformed)?;
        let changed = u64::try_from(self.evidence.as_of.timestamp()).unwrap_or(0);
        let files = std::iter::once((MANIFEST, manifest.as_bytes()))
            .chain(parts.iter().map(|(name, text)| (*name, text.as_bytes())));
        Ok(tar::pack(files, changed))
    }

    /// Reads a bundle. Every file must be the one that the manifest names, and plan, evidence and manifest must agree.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_tar(archive: &[u8]) -> Result<Self, BundleError> {
        let files = tar::unpack(archive).map_err(BundleError::Malformed)?;
        let part = |name: &str| {
            let found = files.iter().find(|(found, _)| found == name).map(|(_, content)| *content);
            let content = found.ok_or_else(|| BundleError::Malformed(format!("there is no {name} in it")))?;
            std::str::from_utf8(content).map_err(|_| BundleError::Changed(name.to_owned()))
        };
        let manifest = read_manifest(part(MANIFEST)?)?;
        if files.len() != manifest.files.len() + 1 {
            return Err(BundleError::Unlike("the manifest lists other files than there are".into()));
        }
        for File { name, bytes, sha256 } in &manifest.files {
            let content = part(name)?;
            if content.len() as u64 != *bytes || sha256_hex(content) != *sha256 {
                return Err(BundleError::Changed(name.clone()));
            }
        }
        let plan = LockedProtocol::from_json(part(PROTOCOL)?.as_bytes())
            .map_err(|_| BundleError::Unlike("the plan is none that this program reads".into()))?;
        let evidence = read_evidence(&plan, part(EVIDENCE)?)?;
        let stated = [
            (*plan.id() == manifest.protocol_id, "the plan has another id than the manifest says"),
            (plan.protocol().key == manifest.trial, "the plan is of another trial than the manifest says"),
            (evidence.data_cut == manifest.data_cut, "the evidence ends elsewhere than the manifest says"),
            (plan.canonical() == part(PROTOCOL)?, "the plan is not in its canonical form"),
        ];
        if let Some((_, what)) = stated.iter().find(|(holds, _)| !holds) {
            return Err(BundleError::Unlike((*what).into()));
        }
        let frozen = part(REPORT)?.to_owned();
        if part(README)? != readme(&plan.protocol().key, &sha256_hex(&frozen)) {
            return Err(BundleError::Changed(README.into()));
        }
        Ok(Self { plan, evidence, engine: manifest.engine, frozen })
    }

    /// Computes the report again and compares it with the frozen one, byte for byte.
    ///
    /// # Errors
    /// [`BundleError::Malformed`] when a report cannot be written.
    pub fn recompute(&self) -> Result<Recomputation, BundleError> {
        // Another version of the program computes the same numbers, and would name itself.
        let report = analyse(&self.plan, &self.evidence, &self.engine);
        let text = serde_json::to_string(&report).map_err(malformed)?;
        let differs_at = (text != self.frozen).then(|| first_difference(&self.frozen, &text));
        Ok(Recomputation { report, frozen: sha256_hex(&self.frozen), recomputed: sha256_hex(&text), differs_at })
    }
}

fn malformed(error: serde_json::Error) -> BundleError {
    BundleError::Malformed(error.to_string())
}

fn read_manifest(text: &str) -> Result<Manifest, BundleError> {
    let schema = serde_json::from_str::<Value>(text).map_err(malformed)?;
    let schema = schema.get("schema").and_then(Value::as_str).unwrap_or_default();
    if schema.starts_with("fairtrial/report-bundle/") && schema != SCHEMA {
        return Err(BundleError::OtherVersion(schema.to_owned()));
    }
    let manifest: Manifest = serde_json::from_str(text).map_err(malformed)?;
    if manifest.schema != SCHEMA {
        return Err(BundleError::Malformed(format!("its schema is not {SCHEMA}")));
    }
    // One text for one manifest: whoever changes a space changes the file.
    if serde_json::to_string_pretty(&manifest).map_err(malformed)? != text {
        return Err(BundleError::Changed(MANIFEST.into()));
    }
    Ok(manifest)
}

/// The attributes of the people alone, as they were written: what a text means depends on what the plan declares.
#[derive(Deserialize)]
struct WrittenPeople {
    #[serde(default)]
    units: Option<WrittenUnits>,
}

#[derive(Deserialize)]
struct WrittenUnits {
    units: Vec<WrittenUnit>,
}

#[derive(Deserialize)]
struct WrittenUnit {
    attributes: Map<String, Value>,
}

fn read_evidence(plan: &LockedProtocol, text: &str) -> Result<Evidence, BundleError> {
    let unreadable = |error: serde_json::Error| BundleError::Malformed(format!("{EVIDENCE}: {error}"));
    let mut evidence: Evidence = serde_json::from_str(text).map_err(unreadable)?;
    let written: WrittenPeople = serde_json::from_str(text).map_err(unreadable)?;
    if let (Some(people), Some(written)) = (&mut evidence.units, written.units) {
        let declared = &plan.protocol().attributes;
        for (unit, written) in people.units.iter_mut().zip(written.units) {
            unit.attributes = Attribute::read_kept(declared, &Value::Object(written.attributes).to_string());
        }
    }
    Ok(evidence)
}

/// Where two documents differ first, as a JSON pointer.
fn first_difference(one: &str, two: &str) -> String {
    match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(two)) {
        (Ok(one), Ok(two)) => differs_within(&one, &two, String::new()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn differs_within(one: &Value, two: &Value, at: String) -> Option<String> {
    match (one, two) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            left.iter().zip(right.values()).find_map(|((name, left), right)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                differs_within(left, right, format!("{at}/{name}"))
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(place, (left, right))| differs_within(left, right, format!("{at}/{place}"))),
        (one, two) => (one != two).then_some(at),
    }
}

fn readme(trial: &TrialKey, digest: &str) -> String {
    format!(
        "The report of the trial {trial}, as it was frozen when its data were locked.\n\n\
         protocol.json  the locked plan, in the form whose SHA-256 is its id\n\
         evidence.json  what was known: counts and sums, and people one by one where the plan asks for it, without\n\
         \x20              a name or a code\n\
         report.json    the report; its SHA-256 is {digest}\n\
         manifest.json  these files with their SHA-256\n\n\
         To compute the report again, on any machine and without a server:\n\n\
         \x20   fairtrial analyse --bundle FILE --check\n\n\
         The people in evidence.json may be few enough to be recognised. Keep it as you keep their records.\n"
    )
}
