//! Do the times of the events fit the assignments, alike in all arms?

use fairtrial_domain::{projection::ClusterHandling, protocol::Allocation};
use fairtrial_stats::sample_ratio;
use fairtrial_stats::special::elementary::exp;

use super::{gate, ratio, status_of};
use crate::{
    comparison::shown,
    deal::{self, Cluster, Dealt},
    reading::Reading,
    report::{Gate, GateStatus},
    words::{grouped, plural},
};

/// Share of the people of whom events are refused at the door that has to be explained, however alike the arms are.
const REFUSED_SHARE: f64 = 0.05;
/// Share of the events whose times may tell of a clock that is wrong.
const CLOCK_SHARE: f64 = 0.01;

/// Amber when the times of many events tell of a clock that is wrong; none where no event does.
pub(super) fn clocks(reading: &Reading<'_>) -> Option<Gate> {
    let events = reading.evidence.events;
    let behind = events.just_before;
    if behind == 0 {
        return None;
    }
    let all = [events.counted, events.before_assignment, events.after_follow_up, events.unassigned];
    let all = all.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)).max(1) as f64;
    let many = |count: u64| count as f64 / all > CLOCK_SHARE;
    let percent = |count: u64| format!("{:.0} in 100", count as f64 / all * 100.0);
    let (status, detail) = if many(behind) {
        let detail = format!(
            "{} events are dated within the ten minutes before their person's assignment, and so not counted: a sender's clock \
             may go behind.",
            percent(behind)
        );
        (GateStatus::Amber, detail)
    } else {
        (GateStatus::Green, "The times of the events fit those of the assignments.".to_owned())
    };
    Some(gate("clocks", status, detail, None))
}

/// Whether events are turned down as too early for the same share of people in all arms; none where there is nobody, and where the
/// versions cannot be held against each other.
///
/// What happened before chance chose cannot depend on what it chose. Where it seems to, a source dates or sends its records in
/// another way for one version, and the outcomes of that version are not what they seem.
pub(super) fn early_events(reading: &Reading<'_>) -> Option<Gate> {
    let Held::Tested(status, p, most) = held(reading, "early", &reading.evidence.early_people, |it| it.early) else {
        return None;
    };
    let detail = match status {
        GateStatus::Green => "Events dated before the assignment are alike in all versions.".to_owned(),
        _ => format!(
            "Events are refused as dated before the assignment far more often in \u{201c}{most}\u{201d}: a source records one \
             version in another way."
        ),
    };
    Some(gate("early_events", status, detail, Some(p)))
}

/// Whether events are refused at the door for the same share of people in all arms; none where nobody's were.
///
/// An event that the door refuses is an outcome that is not counted. Where that happens to one version's people more often, the
/// outcomes of that version are not all there. Where it happens to many, however they were assigned, a source is badly connected.
pub(super) fn refused_events(reading: &Reading<'_>) -> Option<Gate> {
    let people: Vec<u64> = reading.evidence.handling.iter().map(|arm| arm.refused).collect();
    let all = people.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    if all == 0 {
        return None;
    }
    let assigned = reading.evidence.assigned(reading.plan.arms.len());
    let assigned = assigned.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)).max(1);
    let units = plural(&reading.plan.unit);
    let tested = held(reading, "refused", &people, |it| it.refused);
    let p_value = tested.p_value();
    let (status, detail) = match tested {
        Held::Tested(status @ (GateStatus::Red | GateStatus::Amber), _, most) => {
            let detail = format!(
                "Events about {} {units} were refused at the door, far more often in \u{201c}{most}\u{201d}: outcomes of one \
                 version are lost.",
                grouped(all)
            );
            (status, detail)
        }
        _ if all as f64 / assigned as f64 > REFUSED_SHARE => {
            let detail = format!(
                "Events about {} of {} {units} were refused at the door; see why the source sends what cannot be kept.",
                grouped(all),
                grouped(assigned)
            );
            (GateStatus::Amber, detail)
        }
        Held::Tested(..) => (
            GateStatus::Green,
            format!("Events about {} {units} were refused at the door, alike in all versions.", grouped(all)),
        ),
        Held::Not(why) => {
            (GateStatus::Green, format!("Events about {} {units} were refused at the door.{why}", grouped(all)))
        }
    };
    Some(gate("refused_events", status, detail, p_value))
}

/// How many people's events were corrected or taken back, and whether that is alike in all arms; none where nobody's were.
///
/// Never red: a version with more outcomes has more to correct. But whoever changes what is known of one version alone could choose
/// what is found, so somebody has to look.
pub(super) fn corrected_events(reading: &Reading<'_>) -> Option<Gate> {
    let people: Vec<u64> = reading.evidence.handling.iter().map(|arm| arm.corrected).collect();
    let all = people.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    if all == 0 {
        return None;
    }
    let units = plural(&reading.plan.unit);
    let tested = held(reading, "corrected", &people, |it| it.corrected);
    let p_value = tested.p_value();
    let (status, detail) = match tested {
        Held::Tested(GateStatus::Red | GateStatus::Amber, _, most) => (
            GateStatus::Amber,
            format!(
                "Events about {} {units} were corrected or taken back, far more often in \u{201c}{most}\u{201d}: see who changed them, \
                 and why.",
                grouped(all)
            ),
        ),
        Held::Tested(..) => (
            GateStatus::Green,
            format!("Events about {} {units} were corrected or taken back, alike in all versions.", grouped(all)),
        ),
        Held::Not(why) => {
            (GateStatus::Green, format!("Events about {} {units} were corrected or taken back.{why}", grouped(all)))
        }
    };
    Some(gate("corrected_events", status, detail, p_value))
}

/// What holding the versions against each other tells.
enum Held<'a> {
    /// Status, p-value, and the name of the arm with most people for its share.
    Tested(GateStatus, f64, &'a str),
    /// They are not; a sentence with a blank before it that says why, or nothing where there is nothing to say.
    Not(String),
}

impl Held<'_> {
    fn p_value(&self) -> Option<f64> {
        match self {
            Self::Tested(_, p, _) => Some(*p),
            Self::Not(_) => None,
        }
    }
}

/// Whether people to whom something happened that has nothing to do with the version have the planned shares. `people` are they by arm,
/// and `of_cluster` counts them in a cluster: where whole clusters are assigned, their people are no draws of their own, and the versions are
/// dealt among the clusters again.
fn held<'a>(
    reading: &Reading<'a>,
    what: &str,
    people: &[u64],
    of_cluster: impl Fn(&ClusterHandling) -> u64,
) -> Held<'a> {
    let plan = reading.plan;
    let nothing = || Held::Not(String::new());
    if people.len() != plan.arms.len() || people.iter().all(|count| *count == 0) {
        return nothing();
    }
    match plan.allocation {
        Allocation::SteppedWedge { .. } => {
            let why = " Each site has the versions one after the other, so they are not held against each other.";
            Held::Not(why.to_owned())
        }
        Allocation::Cluster { .. } => by_cluster(reading, what, &of_cluster),
        _ => {
            let p = match ratio::again(reading) {
                true => ratio::evidence_now(reading, people).map(|ln_e| exp(-ln_e).min(1.0)),
                false => sample_ratio::test(people, &ratio::ratio(reading)).ok().and_then(|test| shown(test.p_value)),
            };
            let expected = |arm: usize| plan.arms.get(arm).map_or(1.0, |arm| f64::from(arm.ratio));
            let most = most(reading, people.iter().enumerate().map(|(arm, count)| *count as f64 / expected(arm)));
            p.map_or_else(nothing, |p| Held::Tested(status_of(p), p.max(f64::MIN_POSITIVE), most))
        }
    }
}

/// The same by whole clusters, once, when the data are locked: dealing again bears no reading day by day.
fn by_cluster<'a>(reading: &Reading<'a>, what: &str, of: &impl Fn(&ClusterHandling) -> u64) -> Held<'a> {
    let clusters = &reading.evidence.by_cluster;
    if clusters.is_empty() {
        return Held::Not(String::new());
    }
    if !reading.evidence.locked {
        return Held::Not(" The versions are held against each other when the data are locked.".to_owned());
    }
    let sum = |of: &dyn Fn(&ClusterHandling) -> u64| clusters.iter().map(|it| of(it) as f64).sum::<f64>();
    let share = sum(of) / sum(&|it| it.assigned).max(1.0);
    let dealt: Vec<Cluster> = clusters.iter().map(|it| Cluster { label: it.arm, people: it.assigned }).collect();
    let column = clusters.iter().map(|it| of(it) as f64 - share * it.assigned as f64).collect();
    match deal::again(&dealt, &[column], &format!("{what}/{}", reading.plan.key)) {
        Dealt::P(p) => {
            let share_of = |arm: usize| {
                let own = || clusters.iter().filter(|it| it.arm == arm);
                let people = own().map(|it| it.assigned as f64).sum::<f64>();
                own().map(|it| of(it) as f64).sum::<f64>() / people.max(1.0)
            };
            Held::Tested(status_of(p), p, most(reading, (0..reading.plan.arms.len()).map(share_of)))
        }
        Dealt::TooFew(number) => Held::Not(format!(
            " With {number} clusters no difference would stand out from chance, so the versions are not held against each other."
        )),
        Dealt::Nothing => Held::Not(String::new()),
    }
}

/// The name of the arm with the largest share.
fn most<'a>(reading: &Reading<'a>, shares: impl Iterator<Item = f64>) -> &'a str {
    let most = shares.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    most.and_then(|(arm, _)| reading.plan.arms.get(arm)).map_or("", |arm| arm.name.as_str())
}
