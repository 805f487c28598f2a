//! How much people could lose decides how many must agree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::roles::PersonRole;
use crate::{
    Fault,
    protocol::{Entitlement, Protocol, RiskLevel, Role},
};

/// Fewest days on which the public may comment: ten working days.
const COMMENT_DAYS: i64 = 14;

/// The class of risk of a trial. More people must sign the higher it is; the highest is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Tier {
    /// Wording or layout only.
    Zero,
    /// Timing, effort, or something else that can be made good.
    One,
    /// Money, access, people who are less able to cope, or Māori data.
    Two,
    /// Takes away or holds back something that a person is entitled to. Refused.
    Three,
}

impl Tier {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Zero, Self::One, Self::Two, Self::Three];

    /// Its number, from 0 to 3.
    #[must_use]
    pub fn number(self) -> u8 {
        self.into()
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Zero => "Wording or layout only: the owner of the service signs, if they did not write the plan.",
            Self::One => "People could lose a little: the owner of the service and privacy sign.",
            Self::Two => {
                "People could lose something that matters: owner, privacy and ethics sign, an independent monitor agrees to \
                 watch, and the public may comment before the start."
            }
            Self::Three => {
                "Somebody would get later, or not at all, what they are entitled to: such a trial is not run here."
            }
        }
    }
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Zero => 0,
            Tier::One => 1,
            Tier::Two => 2,
            Tier::Three => 3,
        }
    }
}

impl TryFrom<u8> for Tier {
    type Error = &'static str;
    fn try_from(number: u8) -> Result<Self, &'static str> {
        Self::ALL.get(usize::from(number)).copied().ok_or("a tier is a number from 0 to 3")
    }
}

/// The tier of a plan with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The tier.
    pub tier: Tier,
    /// The answers that led to it, each in a sentence; empty for tier 0.
    pub reasons: Vec<String>,
}

/// The tier that follows from the answers of a plan, and never less than what its agency asks of every trial.
#[must_use]
pub fn assess(protocol: &Protocol, at_least: Tier) -> Assessment {
    let risk = &protocol.risk;
    let mut found: Vec<(Tier, String)> = Vec::new();
    if risk.entitlement != Entitlement::No {
        let how = if risk.entitlement == Entitlement::Delays { "later" } else { "not at all" };
        found.push((Tier::Three, format!("somebody would get {how} what they are entitled to")));
    }
    // What it takes for each answer to count as something that matters.
    let questions = [
        ("money", risk.money, RiskLevel::Some),
        ("a right", risk.right, RiskLevel::Some),
        ("time", risk.time, RiskLevel::High),
        ("privacy", risk.privacy, RiskLevel::High),
        ("dignity", risk.dignity, RiskLevel::High),
    ];
    for (what, level, matters) in questions {
        if what == "a right" && level == RiskLevel::High {
            found.push((Tier::Three, "somebody could lose a right, and it could matter much".into()));
        } else if level >= matters {
            found.push((Tier::Two, format!("somebody could lose {what}, and it could matter")));
        } else if level >= RiskLevel::Some {
            found.push((Tier::One, format!("somebody could lose {what}, and it could matter")));
        }
    }
    let worst = questions.iter().map(|(_, level, _)| *level).max().unwrap_or(RiskLevel::No);
    if !risk.reversible && worst > RiskLevel::No {
        let tier = if worst > RiskLevel::Low { Tier::Two } else { Tier::One };
        found.push((tier, "what somebody loses cannot be made good".into()));
    }
    if protocol.data.uses_maori_data {
        found.push((Tier::Two, "it uses Māori data, or affects Māori as a collective".into()));
    }
    if at_least > Tier::Zero {
        found.push((at_least, format!("the agency asks at least tier {} of every trial", at_least.number())));
    }
    let tier = found.iter().map(|(tier, _)| *tier).max().unwrap_or(Tier::Zero);
    Assessment { tier, reasons: found.into_iter().filter(|(of, _)| *of == tier).map(|(_, why)| why).collect() }
}

/// The roles that must sign a plan of a tier. Nobody can sign for tier 3: it is refused before.
#[must_use]
pub fn needed_roles(protocol: &Protocol, tier: Tier) -> Vec<PersonRole> {
    let mut roles = vec![PersonRole::Approver];
    if tier >= Tier::One {
        roles.push(PersonRole::Privacy);
    }
    if tier >= Tier::Two {
        roles.push(PersonRole::Ethics);
        roles.push(PersonRole::Monitor);
    }
    if protocol.data.uses_maori_data {
        roles.push(PersonRole::MaoriGovernance);
    }
    roles
}

/// What a plan still lacks before it can be sent for signatures, every fault at once. A draft may lack it; what a plan of
/// tier 0 must say is part of reading it.
#[must_use]
pub fn not_ready(protocol: &Protocol, tier: Tier) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut lacks = |lacking: bool, pointer: String, code: &str, detail: &str| {
        if lacking {
            faults.push(Fault::new(pointer, code, detail));
        }
    };
    if tier == Tier::Three {
        let detail =
            "a trial that takes away or holds back what a person is entitled to is not run here: change what is tried";
        lacks(true, "/risk".into(), "tier_refused", detail);
    }
    let mut names = BTreeSet::new();
    for (index, arm) in protocol.arms.iter().enumerate() {
        let name = arm.name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let detail = "another version has this name: nobody could tell the two apart";
        lacks(!names.insert(name), format!("/arms/{index}/name"), "not_unique", detail);
    }
    if tier >= Tier::One {
        let harm = protocol.outcomes.iter().any(|outcome| outcome.role == Role::Harm);
        lacks(
            !harm,
            "/outcomes".into(),
            "harm_measure_needed",
            "from tier 1 on at least one outcome has the role harm",
        );
        let equity = protocol.equity.is_some();
        lacks(
            !equity,
            "/equity".into(),
            "missing_field",
            "from tier 1 on name the groups that must not be left worse off",
        );
        for (index, outcome) in protocol.outcomes.iter().enumerate() {
            let lacking = outcome.margin.is_some() && outcome.margin_reason.is_none();
            let detail = "from tier 1 on say why a loss of that size is acceptable";
            lacks(lacking, format!("/outcomes/{index}/margin_reason"), "missing_field", detail);
        }
        let data = &protocol.data;
        for (name, there, what) in [
            ("pia", data.pia.is_some(), "name the privacy impact assessment, or say why none is needed"),
            ("notice_text", data.notice_text.is_some(), "write what people are told"),
            ("opt_out", data.opt_out.is_some(), "say how people can stay out, or why they cannot"),
            ("hosting", data.hosting.is_some(), "say where the data are kept"),
            (
                "review_on",
                data.review_on.is_some(),
                "name the day on which the handling of the data is looked at again",
            ),
        ] {
            lacks(!there, format!("/data/{name}"), "missing_field", &format!("from tier 1 on {what}"));
        }
    }
    if tier >= Tier::Two {
        let long =
            protocol.public_comment.is_some_and(|window| (window.until - window.from).num_days() >= COMMENT_DAYS);
        let detail = "from tier 2 on the public has ten working days to comment: name a first and a last day, at least 14 days apart";
        lacks(!long, "/public_comment".into(), "comment_window_needed", detail);
    }
    let guarded = protocol.data.kaitiaki.is_some() || !protocol.data.uses_maori_data;
    let detail = "where Māori data are used, name the group that governs them, how to reach it, and what it decided";
    lacks(!guarded, "/data/kaitiaki".into(), "missing_field", detail);
    faults
}
