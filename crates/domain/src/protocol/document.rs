//! The parts of a protocol, as read and checked.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    outcome::{Outcome, Role},
    payload::Payload,
    tags::Tags,
};
use crate::{
    Decimal,
    decision_rule::DecisionRule,
    eligibility::{Attribute, Eligibility},
    key::{AgencyKey, ArmKey, ClusterKey, LayerKey, OutcomeKey, TouchpointKey, TrialKey},
};

/// What a trial wants to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The new version works better.
    Better,
    /// The new version is no worse, and cheaper or kinder.
    NotWorse,
}

/// The idea in its parts, so that the public summary can be made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// What is changed.
    pub change: String,
    /// For whom.
    pub who: String,
    /// On which outcome.
    pub outcome: OutcomeKey,
    /// In which direction.
    pub direction: String,
    /// Why it should work.
    pub because: String,
}

/// One of the versions compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name in documents and answers.
    pub key: ArmKey,
    /// Its name for people.
    pub name: String,
    /// Whether it is what happens today.
    pub control: bool,
    /// Its share, as a whole number beside the others'.
    pub ratio: u32,
    /// What one delivery costs.
    pub unit_cost: Option<Decimal>,
    /// Staff time of one delivery, in minutes.
    pub staff_minutes: Option<Decimal>,
    /// What it costs once to introduce this version: to write it, to change a system, to train people.
    pub fixed_cost: Option<Decimal>,
    /// What the frontline app needs to show this version.
    pub payload: Payload,
}

/// How chance chooses the arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Allocation {
    /// Each unit by itself, by keyed hash.
    Simple,
    /// In small balanced blocks of random size, separately in each stratum.
    PermutedBlocks {
        /// Attributes whose combinations are the strata; may be empty.
        strata: Vec<String>,
        /// A block holds one of these multiples of the ratio's sum.
        block_multiples: Vec<u32>,
    },
    /// More often than not to the arm that leaves the factors best balanced: Pocock and Simon.
    Minimisation {
        /// Attributes whose levels are balanced, each by itself.
        factors: Vec<String>,
        /// Chance of the preferred arm when all arms have the same share.
        probability: Decimal,
    },
    /// All units of a cluster together.
    Cluster {
        /// The clusters that take part.
        roster: Vec<ClusterKey>,
    },
    /// All units of a site together; every site crosses to the new version, in an order that chance decides.
    SteppedWedge {
        /// The sites that take part.
        sites: Vec<ClusterKey>,
        /// The first days of the new version, in the trial's time zone, increasing.
        steps: Vec<NaiveDate>,
        /// Days after a site's crossing that are not counted.
        transition_days: u32,
        /// How many sites cross at each step.
        sites_per_step: Vec<u32>,
    },
}

impl Allocation {
    /// Whether units are assigned with a group that the request must name: a cluster or a site.
    #[must_use]
    pub fn is_by_cluster(&self) -> bool {
        matches!(self, Self::Cluster { .. } | Self::SteppedWedge { .. })
    }

    /// The clusters or sites that take part; none where people are assigned one by one.
    #[must_use]
    pub fn roster(&self) -> &[ClusterKey] {
        match self {
            Self::Cluster { roster } => roster,
            Self::SteppedWedge { sites, .. } => sites,
            _ => &[],
        }
    }

    /// The attributes whose values are the group of a unit, in the plan's order: strata, or factors of minimisation.
    #[must_use]
    pub fn balanced_by(&self) -> &[String] {
        match self {
            Self::PermutedBlocks { strata, .. } => strata,
            Self::Minimisation { factors, .. } => factors,
            _ => &[],
        }
    }
}

/// Groups for the equity check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equity {
    /// Attributes whose values are the groups.
    pub groups: Vec<String>,
    /// Largest loss in any group that is still acceptable.
    pub margin: Decimal,
    /// Where groups go that are too small to be looked at alone.
    pub merge: Vec<Merge>,
}

/// A step of the tree along which small groups are put together: a group that is too small joins all groups of the same larger
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Of which attribute.
    pub attribute: String,
    /// The group, or a larger one that is still too small.
    pub group: String,
    /// The larger group that it belongs to.
    pub into: String,
}

/// What the versions cost beside their deliveries, in the currency of the unit costs. It shapes the cost part of the report and
/// nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// The currency, as a code such as NZD.
    pub currency: Option<String>,
    /// What an hour of staff time costs.
    pub staff_hour: Option<Decimal>,
    /// Units that would meet the adopted version in a year.
    pub units_per_year: Option<u64>,
    /// What running the trial costs, beside the deliveries.
    pub trial: Option<Decimal>,
}

/// How error is shared over looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "spending", rename_all = "snake_case")]
pub enum Spending {
    /// Little early, as O'Brien and Fleming.
    ObrienFleming,
    /// Evenly, as Pocock.
    Pocock,
    /// Hwang, Shih and DeCani with their gamma.
    HwangShihDecani {
        /// Negative spends late, positive early.
        gamma: Decimal,
    },
    /// Kim and DeMets' power family.
    KimDemets {
        /// The power of the information fraction.
        rho: Decimal,
    },
}

/// Whether one or both directions count against "no effect".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Only the hoped-for direction.
    One,
    /// Both directions.
    Two,
}

/// Size, looks and error rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitoring {
    /// Chance to claim an effect that is not there.
    pub alpha: Decimal,
    /// Chance to detect the smallest worthwhile effect.
    pub power: Decimal,
    /// One-sided or two-sided.
    pub sides: Sides,
    /// The hard cap on people in the trial.
    pub max_units: u64,
    /// Day after which nobody enters.
    pub ends_on: NaiveDate,
    /// Planned looks as fractions of the planned information, ending in 1.
    pub looks: Vec<Decimal>,
    /// The days on which the looks before the last are held, where the calendar and not the information calls them.
    pub looks_on: Vec<NaiveDate>,
    /// How the error for success is shared over the looks.
    pub efficacy: Option<Spending>,
    /// How the error for giving up is shared over the looks.
    pub futility: Option<Spending>,
    /// Whether giving up at the futility boundary is compulsory.
    pub futility_binding: bool,
    /// How many more harm reports of weight 3 than in the control arm suspend the trial by themselves; none: that is decided
    /// by people.
    pub severe_harms_over_control: Option<u32>,
}

/// What is assumed for planning: it shapes the size and the rehearsal of a trial, never its analysis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// Share of the outcome's variance that lies between clusters, 0 to 1.
    pub icc: Option<Decimal>,
    /// Coefficient of variation of the clusters' sizes; 0 for equal ones.
    pub cluster_size_variation: Option<Decimal>,
    /// Share of units whose outcome will be missing, 0 to 0.9.
    pub attrition: Option<Decimal>,
    /// Share of the outcome's variance, 0 to 0.95, that goes with the covariates that the plan adjusts for.
    pub explained_by_covariates: Option<Decimal>,
    /// Units that enter on a day.
    pub units_per_day: Option<Decimal>,
}

/// What a unit without an outcome counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No event is no (or zero): right when the source records everybody.
    NotSettled,
    /// No event is unknown: the unit is left out and counted as missing.
    LeftOut,
}

/// How the outcomes are analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisPlan {
    /// What a unit without an event counts as, where the kind of outcome allows both.
    pub missing: Missing,
    /// Attributes and strata to adjust for.
    pub adjust_for: Vec<String>,
    /// How several hypotheses share the error.
    pub multiplicity: Option<String>,
    /// How many times the allocation is drawn again for randomisation inference; none: it is not asked for.
    pub redraws: Option<u32>,
    /// What counts as having got a version, for the effect on those who got it; none: that effect is not asked for.
    pub got_it: Option<GotIt>,
    /// How many people who met two versions the results bear.
    pub contamination: Contamination,
}

/// Shares of an arm's people above which contamination is a warning, and above which nothing is read from the data.
///
/// Both are fixed before the start like the rest of the analysis. A document that does not speak of it means the default, and its
/// id is what it was: the default is no part of the canonical text.
///
/// ```
/// use fairtrial_domain::protocol::Contamination;
/// let usual = Contamination::default();
/// assert_eq!((usual.warn_above.to_string(), usual.invalid_above.to_string()), ("0.01".into(), "0.05".into()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contamination {
    /// Share of an arm's people who met two versions, 0 to 0.5: more make the check amber.
    pub warn_above: Decimal,
    /// Share of an arm's people who are in two arms with nobody's reason for it, 0 to 0.5: more make the trial invalid.
    pub invalid_above: Decimal,
}

impl Default for Contamination {
    /// 1 in 100, and 5 in 100.
    fn default() -> Self {
        let share = |hundredths: i64| Decimal::from_millionths(hundredths * 10_000).unwrap_or(Decimal::ZERO);
        Self { warn_above: share(1), invalid_above: share(5) }
    }
}

/// What counts as having got the version of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GotIt {
    /// It was given: to everybody assigned to it, but for care overrides.
    Given,
    /// It is known to have come to the person.
    Delivered,
    /// The person is known to have taken it in.
    Seen,
}

/// Answer to a question about risk to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Nobody could lose this.
    No,
    /// A little, and it can be made good.
    Low,
    /// It could matter.
    Some,
    /// It could matter much.
    High,
}

/// Whether a trial takes away or holds back something that a person is entitled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entitlement {
    /// Neither.
    No,
    /// Somebody gets it later than they would.
    Delays,
    /// Somebody does not get it.
    Removes,
}

/// What people could lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Could anybody lose money?
    pub money: RiskLevel,
    /// Could anybody lose time?
    pub time: RiskLevel,
    /// Could anybody lose a right?
    pub right: RiskLevel,
    /// Could anybody lose privacy?
    pub privacy: RiskLevel,
    /// Could anybody lose dignity?
    pub dignity: RiskLevel,
    /// Who is least able to cope, and how they are protected.
    pub least_able_to_cope: String,
    /// Whether a bad turn can be undone.
    pub reversible: bool,
    /// What is watched while it runs, beside the harm measures.
    pub watch: Option<String>,
    /// Whether anybody's entitlement is held back or taken away. Such a trial is refused.
    pub entitlement: Entitlement,
}

/// What happens with people's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPlan {
    /// How people are told.
    pub notice: String,
    /// Days after the final report until unit-level data is deleted.
    pub retain_units_days: u32,
    /// Whether it uses Māori data or affects Māori as a collective.
    pub uses_maori_data: bool,
    /// Why the agency may do this.
    pub lawful_basis: String,
    /// Where the data comes from.
    pub sources: Vec<String>,
    /// The privacy impact assessment, or why none is needed.
    pub pia: Option<String>,
    /// What people are told, word for word.
    pub notice_text: Option<String>,
    /// How people can stay out, or why they cannot.
    pub opt_out: Option<String>,
    /// Where the data are kept, and what protects them when that is overseas.
    pub hosting: Option<String>,
    /// When the handling of the data is looked at again.
    pub review_on: Option<NaiveDate>,
    /// The guardians of Māori data in this trial.
    pub kaitiaki: Option<Kaitiaki>,
}

/// The group that governs Māori data in a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kaitiaki {
    /// Its name.
    pub group: String,
    /// How to reach it.
    pub contact: String,
    /// What it decided, and on what terms.
    pub decision: String,
}

/// Days on which the public may comment on the plan before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicComment {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub until: NaiveDate,
}

/// The full description of a trial, checked as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// Name of the trial in addresses.
    pub key: TrialKey,
    /// The question for people.
    pub title: String,
    /// The agency that runs it.
    pub agency: AgencyKey,
    /// Who answers for it.
    pub owner: String,
    /// Where in the service the version is chosen.
    pub touchpoint: Option<TouchpointKey>,
    /// Trials of one agency with the same layer exclude each other: a unit is in at most one of them at a time.
    pub layer: Option<LayerKey>,
    /// Zone in which the trial's days are counted.
    pub time_zone: Tz,
    /// What the public is told.
    pub public_summary: String,
    /// The idea.
    pub hypothesis: Hypothesis,
    /// Better, or not worse.
    pub aim: Aim,
    /// What is assigned.
    pub unit: String,
    /// What is counted.
    pub analysis_unit: String,
    /// What a call may say about a unit.
    pub attributes: Vec<Attribute>,
    /// Who is in.
    pub eligibility: Eligibility,
    /// The versions, control among them.
    pub arms: Vec<Arm>,
    /// How chance chooses.
    pub allocation: Allocation,
    /// What is measured.
    pub outcomes: Vec<Outcome>,
    /// Groups that must not be left worse off.
    pub equity: Option<Equity>,
    /// Size, looks, error rates.
    pub monitoring: Monitoring,
    /// What is assumed for planning.
    pub planning: Planning,
    /// When it counts as a success.
    pub decision_rule: DecisionRule,
    /// How it is analysed.
    pub analysis: AnalysisPlan,
    /// What people could lose.
    pub risk: Risk,
    /// What happens with data.
    pub data: DataPlan,
    /// What the versions cost beside their deliveries.
    pub costs: Option<Costs>,
    /// When the public may comment before the start.
    pub public_comment: Option<PublicComment>,
    /// What it is like, for those who look for trials like theirs.
    pub tags: Tags,
}

impl Protocol {
    /// Position of the control arm.
    #[must_use]
    pub fn control_index(&self) -> usize {
        self.arms.iter().position(|arm| arm.control).unwrap_or(0)
    }

    /// The control arm, what happens today.
    #[must_use]
    pub fn control(&self) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.control)
    }

    /// The arms that carry a change.
    pub fn interventions(&self) -> impl Iterator<Item = (usize, &Arm)> {
        self.arms.iter().enumerate().filter(|(_, arm)| !arm.control)
    }

    /// The primary outcome.
    #[must_use]
    pub fn primary(&self) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.role == Role::Primary)
    }

    /// An outcome by its key.
    #[must_use]
    pub fn outcome(&self, key: &OutcomeKey) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.key == *key)
    }

    /// Whether the analysis asks what counts and sums by group cannot answer, so that it needs the people one by one: to adjust
    /// for what is not in the groups, to draw the allocation again, for the effect on those who got it, and for equity groups
    /// that the allocation does not balance.
    #[must_use]
    pub fn asks_for_units(&self) -> bool {
        let balanced = self.allocation.balanced_by();
        let beside = |names: &[String]| names.iter().any(|name| !balanced.contains(name));
        self.adjusts_beyond_balance()
            || self.equity.as_ref().is_some_and(|equity| beside(&equity.groups))
            || self.analysis.redraws.is_some()
            || self.analysis.got_it.is_some()
    }

    /// Whether the plan adjusts for anything that the groups of the allocation do not hold.
    #[must_use]
    pub fn adjusts_beyond_balance(&self) -> bool {
        let balanced = self.allocation.balanced_by();
        self.analysis.adjust_for.iter().any(|name| !balanced.contains(name))
    }

    /// The planned shares, in the order of the arms.
    #[must_use]
    pub fn ratio(&self) -> Vec<u32> {
        self.arms.iter().map(|arm| arm.ratio).collect()
    }
}
