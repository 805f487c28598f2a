//! What the extensions ask beside the checklist: of trials of whole groups, and of sites that change over.

use fairtrial_domain::protocol::Allocation;

use super::{answer::Answer, item::Place, record::Record};
use crate::{moment::day, number::counted};

type Section = (&'static str, &'static [(&'static str, &'static str, Option<Place>, fn(&Record<'_>) -> Answer)]);

const GROUPS: Section = (
    "Whole groups",
    &[
        ("G1", "Why whole groups are assigned", None, why),
        ("G2", "How alike people of a group are taken to be", Some(Place::Plan), alike),
        ("G3", "How many groups, by version", Some(Place::Plan), how_many),
        ("G4", "How the groups are taken into account", Some(Place::Report), accounted),
    ],
);

const STEPS: Section = (
    "Sites that change over",
    &[
        ("W1", "When how many sites change over", Some(Place::Plan), steps),
        ("W2", "What is done about changes in the course of time", Some(Place::Report), accounted),
    ],
);

/// The sections that a trial with this allocation has beside the checklist.
pub(super) fn sections(allocation: &Allocation) -> impl Iterator<Item = Section> {
    let wedge = matches!(allocation, Allocation::SteppedWedge { .. });
    let by_group = allocation.is_by_cluster().then_some(GROUPS);
    by_group.into_iter().chain(wedge.then_some(STEPS))
}

fn why(_: &Record<'_>) -> Answer {
    Answer::default().lack("The plan does not say why whole groups are assigned.")
}

fn alike(record: &Record<'_>) -> Answer {
    let planning = &record.plan.planning;
    let icc = planning.icc.map(|icc| format!("Share of the differences that lies between groups: {icc}."));
    let sizes = planning.cluster_size_variation.map(|cv| format!("Sizes of the groups vary by {cv} of their mean."));
    Answer::default()
        .need(icc, "The plan does not say how alike people of a group are taken to be.")
        .need(sizes, "The plan does not say how far the sizes of the groups differ.")
}

fn how_many(record: &Record<'_>) -> Answer {
    let groups = record.plan.allocation.roster().len() as u64;
    let told = (groups > 0).then(|| format!("{} take part.", counted(groups, "group", "groups")));
    Answer::default()
        .need(told, "The plan names no group.")
        .lack("How many of them had which version is not among the rounded numbers.")
}

fn accounted(record: &Record<'_>) -> Answer {
    Answer::default().need_any(record.methods(), "Nothing was compared.")
}

fn steps(record: &Record<'_>) -> Answer {
    let Allocation::SteppedWedge { steps, sites_per_step, transition_days, .. } = &record.plan.allocation else {
        return Answer::default().lack("The plan names no steps.");
    };
    let step = |(on, sites): (&chrono::NaiveDate, &u32)| {
        format!("{}: {}.", day(*on), counted(u64::from(*sites), "site", "sites"))
    };
    let told: Vec<String> = steps.iter().zip(sites_per_step).map(step).collect();
    let rest = counted(u64::from(*transition_days), "day", "days");
    Answer::default()
        .need_any(told, "The plan names no steps.")
        .tell(format!("After a site changes over, {rest} are not counted."))
}
