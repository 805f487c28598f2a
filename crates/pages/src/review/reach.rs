//! Whom a plan reaches, and what it asks of them.

use crate::component::SummaryList;
use crate::number::{counted, plural};
use crate::protocol;
use fairtrial_domain::protocol::Protocol;

/// How many trials one person may meet, in how many days; and other trials that the same people may be in.
#[derive(Debug, Clone, Default)]
pub struct Burden {
    /// The agency's limit, in trials and days.
    pub limit: Option<(u64, u64)>,
    /// Titles of other trials that the same people may be in, and whether at the same place.
    pub beside: Vec<(String, bool)>,
}

pub(super) fn list(plan: &Protocol, burden: &Burden) -> SummaryList {
    let units = plural(&plan.unit);
    let limit = match burden.limit {
        Some((trials, days)) => format!(
            "One person meets at most {} in {}.",
            counted(trials, "trial", "trials"),
            counted(days, "day", "days")
        ),
        None => "The agency has set no limit on how many trials one person may meet.".to_owned(),
    };
    let beside = burden
        .beside
        .iter()
        .map(|(title, same_place)| if *same_place { format!("{title} (at the same place)") } else { title.clone() });
    let beside: Vec<String> = beside.collect();
    let beside = if beside.is_empty() { vec!["None that is signed or under way.".to_owned()] } else { beside };
    let (included, excluded) = protocol::who(plan);
    let touched = plan.monitoring.max_units;
    let asked = u64::try_from(plan.attributes.len()).unwrap_or(u64::MAX);
    SummaryList::default()
        .row("At most", counted(touched, &plan.unit, &units))
        .rows_of("Reached", included)
        .rows_of("Not reached", excluded)
        .row("Facts asked for each", counted(asked, "fact", "facts"))
        .row("Limit on one person", limit)
        .rows_of("Other trials for the same people", beside)
}
