//! People added up by what they are compared at equal values of: all that an adjusted comparison needs of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    tally::Tally,
    unit_evidence::{Observed, UnitEvidence},
};
use crate::protocol::{Protocol, Role};

/// People of one arm, and of one cluster where whole clusters are assigned, who are alike in everything that the plan adjusts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// Position of the arm in the plan.
    pub arm: usize,
    /// The cluster; empty where people are assigned one by one.
    pub cluster: String,
    /// What the plan adjusts for, in its order, as text; none where it was not said.
    pub values: Vec<Option<String>>,
    /// People whose follow-up is over and whose data may be used.
    pub mature: u64,
    /// Their values.
    pub tally: Tally,
}

type Who = (usize, String, Vec<Option<String>>);

impl UnitEvidence {
    /// The people added up, by outcome of the plan. Harm measures are never adjusted and have nobody here.
    #[must_use]
    pub fn alike(&self, plan: &Protocol) -> Vec<Vec<Alike>> {
        let names = &plan.analysis.adjust_for;
        let by_cluster = plan.allocation.is_by_cluster();
        let mut sums: Vec<BTreeMap<Who, (u64, Tally)>> = vec![BTreeMap::new(); plan.outcomes.len()];
        for unit in self.units.iter().filter(|unit| unit.counted) {
            let cluster = if by_cluster { self.group_of(unit).to_owned() } else { String::new() };
            let values = names.iter().map(|name| unit.attributes.get(name).map(|value| value.to_text())).collect();
            let who = (unit.arm, cluster, values);
            let adjusted = plan.outcomes.iter().zip(&mut sums).zip(&unit.outcomes);
            for ((_, sums), observed) in adjusted.filter(|((outcome, _), _)| outcome.role != Role::Harm) {
                if *observed == Observed::TooEarly {
                    continue;
                }
                let (mature, tally) = sums.entry(who.clone()).or_default();
                *mature += 1;
                if let Observed::Value(value) = observed {
                    tally.add(*value);
                }
            }
        }
        let alike = |((arm, cluster, values), (mature, tally)): (Who, (u64, Tally))| Alike {
            arm,
            cluster,
            values,
            mature,
            tally,
        };
        sums.into_iter().map(|sums| sums.into_iter().map(alike).collect()).collect()
    }
}
