//! Made-up sums of as many units as a plan lets in.

use chrono::{Days, NaiveDate};
use fairtrial_domain::{
    Decimal,
    allocation::period_starts,
    decision_rule::Claim,
    projection::{ArmDay, ArmHandling, Cell, Evidence, OutcomeEvidence, PeriodCell, Tally, WedgeEvidence},
    protocol::{Aim, Allocation, Better, Outcome, OutcomeKind, Protocol, Role},
};
use fairtrial_stats::special::normal;

use crate::{
    design::Problem,
    rehearse::{control_of, strata_of},
    sample::absence_counts,
};

/// What is true in made-up numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct World {
    /// Gain of the new versions, where 1 is the smallest that would matter or, where a loss is to be ruled out, the margin.
    pub(super) gain: f64,
    /// Gain in what must not get worse, in margins.
    pub(super) guard: f64,
    /// Loss in what is watched for harm, in margins.
    pub(super) harm: f64,
    /// Units, as a share of the most that the plan lets in.
    pub(super) units: f64,
    /// Which share of the control arm's units stands with the first new version instead.
    pub(super) uneven: f64,
    /// Whether more people are in two arms than the plan bears.
    pub(super) mixed: bool,
}

impl Default for World {
    fn default() -> Self {
        Self { gain: 0.0, guard: 0.0, harm: 0.0, units: 1.0, uneven: 0.0, mixed: false }
    }
}

/// One outcome under the control and under the new versions, in steps.
struct Made {
    control: f64,
    new: f64,
    kind: OutcomeKind,
    /// Standard deviation of single units, where the plan has to say it.
    sd: Option<f64>,
    /// Values are no smaller and no larger.
    ends: (f64, f64),
    /// Whether a unit of which nothing is heard has a value.
    absence: bool,
}

/// Passes when a plan says enough to make its outcomes up.
pub(super) fn assumed(plan: &Protocol) -> Result<(), Problem> {
    let lacking = plan.outcomes.iter().position(|outcome| decides(plan, outcome) && needs_deviation(outcome));
    let Some(place) = lacking else { return Ok(()) };
    let detail = "say how much single units vary (the standard deviation); people cannot be made up without it";
    Err(Problem::new(format!("/outcomes/{place}/standard_deviation"), detail))
}

fn needs_deviation(outcome: &Outcome) -> bool {
    let follows = matches!(outcome.kind, OutcomeKind::Binary | OutcomeKind::Count);
    !follows && outcome.standard_deviation.is_none()
}

/// Whether a verdict can depend on an outcome: the others are left empty.
fn decides(plan: &Protocol, outcome: &Outcome) -> bool {
    let claimed = plan.decision_rule.claims();
    matches!(outcome.role, Role::Primary | Role::Harm) || claimed.iter().any(|claim| *claim.outcome() == outcome.key)
}

impl World {
    /// The evidence of that world once the data are locked; none when numbers do not allow it.
    pub(super) fn evidence(&self, plan: &Protocol) -> Option<Evidence> {
        let longest = plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max()?;
        let day = plan.monitoring.ends_on;
        let ended = day.checked_add_days(Days::new(u64::from(longest) + 2))?;
        let units = self.by_arm(plan);
        let mut wedge = match &plan.allocation {
            Allocation::SteppedWedge { sites, steps, transition_days, sites_per_step } => {
                Some(calendar(sites.iter().map(ToString::to_string), steps, *transition_days, sites_per_step)?)
            }
            _ => None,
        };
        let mut outcomes = Vec::new();
        for outcome in &plan.outcomes {
            let made = self.made(plan, outcome);
            let cells = match &mut wedge {
                Some(wedge) => self.by_period(plan, wedge, made.as_ref())?,
                None => by_group(plan, &units, made.as_ref()),
            };
            outcomes.push(OutcomeEvidence { outcome: outcome.key.clone(), cells });
        }
        let assigned = |arm: usize| {
            let cells = outcomes.first().into_iter().flat_map(|outcome| &outcome.cells);
            cells.filter(|cell| cell.arm == arm).map(|cell| cell.assigned).sum::<u64>()
        };
        let arms = 0..plan.arms.len();
        let enrolment: Vec<ArmDay> = arms.map(|arm| ArmDay { day, arm, assigned: assigned(arm) }).collect();
        // A tenth more than the plan bears.
        let bears = plan.analysis.contamination.invalid_above.to_f64() + 0.1;
        let mixed = |arm: &ArmDay| ArmHandling {
            in_two_arms: (arm.assigned as f64 * bears).ceil() as u64,
            ..ArmHandling::default()
        };
        let handling = if self.mixed { enrolment.iter().map(mixed).collect() } else { Vec::new() };
        let as_of = ended.and_hms_opt(0, 0, 0)?.and_utc();
        Some(Evidence { enrolment, wedge, handling, ..Evidence::of(as_of, 0, true, outcomes) })
    }

    fn people(&self, plan: &Protocol) -> u64 {
        ((plan.monitoring.max_units as f64 * self.units).round() as u64).max(2 * plan.arms.len() as u64)
    }

    /// Units of each arm, in the planned shares.
    fn by_arm(&self, plan: &Protocol) -> Vec<u64> {
        let (people, ratio) = (self.people(plan), plan.ratio());
        let whole: u64 = ratio.iter().copied().map(u64::from).sum();
        let mut before = 0;
        let mut units: Vec<u64> = Vec::new();
        for share in ratio {
            let after = before + u64::from(share);
            units.push(part(people, before, after, whole));
            before = after;
        }
        let (control, new) = (plan.control_index(), plan.interventions().next().map(|(index, _)| index));
        let moved = units.get(control).map_or(0, |units| (*units as f64 * self.uneven).round() as u64);
        if let Some(of_control) = units.get_mut(control) {
            *of_control = of_control.saturating_sub(moved);
        }
        if let Some(of_new) = new.and_then(|index| units.get_mut(index)) {
            *of_new = of_new.saturating_add(moved);
        }
        units
    }

    /// The means of one outcome; nothing where it decides nothing.
    fn made(&self, plan: &Protocol, outcome: &Outcome) -> Option<Made> {
        if !decides(plan, outcome) && (outcome.role != Role::Guardrail || needs_deviation(outcome)) {
            return None;
        }
        let step = outcome.step.to_f64();
        let size = |value: Option<Decimal>| value.map(Decimal::to_f64);
        let control = control_of(outcome).0;
        let margin = size(outcome.margin).unwrap_or(0.0);
        // Where the plan names no size for an outcome, a tenth of what happens today is taken.
        let worthwhile =
            size(outcome.smallest_worthwhile_effect).or(size(outcome.margin)).unwrap_or(0.1 * control.abs());
        let claims = plan.decision_rule.claims();
        let to_gain = claims.iter().any(|claim| matches!(claim, Claim::Superior(key) if *key == outcome.key));
        let gain = match (outcome.role, plan.aim) {
            (Role::Harm, _) => -self.harm * margin,
            (Role::Primary, Aim::NotWorse) if !to_gain => self.gain * margin,
            (Role::Primary, _) => self.gain * worthwhile,
            _ if to_gain => self.gain.max(0.0) * worthwhile,
            _ => self.guard * margin,
        };
        let difference = if outcome.better == Better::Increase { gain } else { -gain };
        let lowest = if outcome.kind == OutcomeKind::Rating { f64::NEG_INFINITY } else { 0.0 };
        let highest = if outcome.kind == OutcomeKind::Binary { 1.0 } else { f64::INFINITY };
        let end = |value: Option<Decimal>, other: f64| size(value).unwrap_or(other);
        let bottom = end(outcome.minimum, lowest).max(lowest);
        let top = end(outcome.maximum, highest).min(end(outcome.cap, highest)).min(highest).max(bottom);
        Some(Made {
            control: control.clamp(bottom, top) / step,
            new: (control + difference).clamp(bottom, top) / step,
            kind: outcome.kind,
            sd: size(outcome.standard_deviation).map(|sd| sd / step),
            ends: (bottom / step, top / step),
            absence: absence_counts(plan, outcome),
        })
    }

    /// The sites of a stepped wedge by period, put into its calendar; by arm and site, those in transition left out.
    fn by_period(&self, plan: &Protocol, wedge: &mut WedgeEvidence, made: Option<&Made>) -> Option<Vec<Cell>> {
        let (control, new) = (plan.control_index(), plan.interventions().next()?.0);
        let (sites, periods) = (wedge.crossings.len() as u64, wedge.starts.len() as u64 + 1);
        let (people, all) = (self.people(plan).max(sites * periods), sites * periods);
        let mut cells: Vec<Cell> = Vec::new();
        let (mut by_period, mut in_transition) = (Vec::new(), 0);
        for (place, (site, on, counted_from)) in wedge.crossings.iter().enumerate() {
            let mut arms = [control, new].map(|arm| Cell {
                arm,
                group: site.clone(),
                assigned: 0,
                mature: 0,
                set_aside: 0,
                tally: Tally::default(),
            });
            for period in 0..=wedge.starts.len() {
                let number = place as u64 * periods + period as u64;
                let units = part(people, number, number + 1, all);
                let start = period.checked_sub(1).and_then(|before| wedge.starts.get(before));
                let crossed = start.is_some_and(|start| start >= on);
                let tally = made.map_or_else(Tally::default, |made| {
                    let spread = made.between(plan, units, crossed, number);
                    made.tally(units, spread)
                });
                let mature = if made.is_some() { units } else { 0 };
                by_period.push(PeriodCell { period, site: site.clone(), assigned: units, mature, tally });
                if crossed && start.is_some_and(|start| start < counted_from) {
                    in_transition += units;
                    continue;
                }
                let [before, after] = &mut arms;
                let cell = if crossed { after } else { before };
                cell.assigned += units;
                cell.mature += mature;
                cell.tally.merge(&tally);
            }
            cells.extend(arms);
        }
        wedge.in_transition = in_transition;
        wedge.outcomes.push(by_period);
        cells.sort_by(|one, other| (one.arm, &one.group).cmp(&(other.arm, &other.group)));
        Some(cells)
    }
}

impl Made {
    fn mean(&self, new: bool) -> f64 {
        if new { self.new } else { self.control }
    }

    /// Standard deviation of single units around a mean, in steps.
    fn deviation(&self, mean: f64) -> f64 {
        match self.kind {
            OutcomeKind::Binary => (mean * (1.0 - mean)).max(0.0).sqrt(),
            OutcomeKind::Count => self.sd.unwrap_or_else(|| mean.max(0.0).sqrt()),
            _ => self.sd.unwrap_or(0.0),
        }
    }

    /// The mean of a group of units that are more alike than others: the plan says how much more. Groups lie around the mean of their
    /// version as evenly as their numbers do.
    fn between(&self, plan: &Protocol, units: u64, new: bool, number: u64) -> f64 {
        let mean = self.mean(new);
        let alike = plan.planning.icc.map_or(0.0, Decimal::to_f64);
        let by_chance = (1.0 - alike).max(0.0) / (units.max(1) as f64);
        // The golden section spreads any run of numbers evenly.
        let place = (0.5 + (number as f64) * 0.618_033_988_749_894_9).fract().clamp(0.001, 0.999);
        let spread = self.deviation(mean) * (alike + by_chance).sqrt() * normal::quantile(place);
        (mean + spread).clamp(self.ends.0, self.ends.1)
    }

    /// The sums of so many units of that mean.
    fn tally(&self, units: u64, mean: f64) -> Tally {
        let of = |units: f64| (units * mean).round() as i128;
        self.sums(units, of(units as f64), mean)
    }

    fn sums(&self, units: u64, sum: i128, mean: f64) -> Tally {
        let (deviation, many) = (self.deviation(mean), i128::from(units));
        if self.kind == OutcomeKind::Binary {
            let sum = sum.clamp(0, many);
            let observed = if self.absence { u64::try_from(sum).unwrap_or(0) } else { units };
            return Tally { observed, sum, sum_of_squares: sum };
        }
        // Whole numbers have squares no smaller than themselves, and no values have squares below that of their mean.
        let squares = (units as f64 * (deviation * deviation + mean * mean)).round() as i128;
        let least = if many > 0 { (sum * sum + many - 1) / many } else { 0 };
        let sum = if many > 0 { sum } else { 0 };
        Tally { observed: units, sum, sum_of_squares: if many > 0 { squares.max(least).max(sum.abs()) } else { 0 } }
    }
}

/// The part of `whole` units that stands from `from` to `to` out of `all`, so that the parts add up to the whole.
fn part(whole: u64, from: u64, to: u64, all: u64) -> u64 {
    let until = |place: u64| u128::from(whole) * u128::from(place) / u128::from(all.max(1));
    u64::try_from(until(to) - until(from)).unwrap_or(0)
}

/// Arms and groups where units, or whole clusters, are assigned.
fn by_group(plan: &Protocol, units: &[u64], made: Option<&Made>) -> Vec<Cell> {
    let control = plan.control_index();
    let roster = plan.allocation.roster();
    let mut cells = Vec::new();
    for (arm, units) in units.iter().enumerate() {
        let (new, groups) = match roster.is_empty() {
            true => (arm != control, strata_of(plan, plan.allocation.balanced_by())),
            false => (arm != control, clusters_of(plan, arm)),
        };
        let (all, mut before) = (groups.len() as u64, (0_u64, 0_i128));
        for (place, group) in (0_u64..).zip(groups) {
            let own = part(*units, place, place + 1, all);
            let tally = made.map_or_else(Tally::default, |made| match roster.is_empty() {
                // Rounded as a whole, so that small strata do not shift the version's mean.
                true => {
                    let until = (before.0 + own, ((before.0 + own) as f64 * made.mean(new)).round() as i128);
                    let sum = until.1 - before.1;
                    before = until;
                    made.sums(own, sum, made.mean(new))
                }
                false => made.tally(own, made.between(plan, own, new, place)),
            });
            let mature = if made.is_some() { own } else { 0 };
            cells.push(Cell { arm, group, assigned: own, mature, set_aside: 0, tally });
        }
    }
    cells
}

/// The clusters of an arm: as many as its share, one after the other.
fn clusters_of(plan: &Protocol, arm: usize) -> Vec<String> {
    let ratio = plan.ratio();
    let turns: Vec<usize> =
        ratio.iter().enumerate().flat_map(|(arm, share)| std::iter::repeat_n(arm, *share as usize)).collect();
    let own = (0..plan.allocation.roster().len()).filter(|place| turns.get(place % turns.len().max(1)) == Some(&arm));
    own.filter_map(|place| plan.allocation.roster().get(place)).map(|key| key.as_str().to_owned()).collect()
}

/// The calendar in which the sites cross one after the other, without an outcome yet.
fn calendar(
    mut sites: impl Iterator<Item = String>,
    steps: &[NaiveDate],
    transition_days: u32,
    sites_per_step: &[u32],
) -> Option<WedgeEvidence> {
    let mut crossings = Vec::new();
    for (step, many) in steps.iter().zip(sites_per_step) {
        let counted_from = step.checked_add_days(Days::new(transition_days.into()))?;
        crossings.extend(sites.by_ref().take(*many as usize).map(|site| (site, *step, counted_from)));
    }
    Some(WedgeEvidence {
        in_transition: 0,
        starts: period_starts(steps, transition_days),
        crossings,
        outcomes: Vec::new(),
    })
}
