//! How chance chooses the arm, as a plan writes it.

use super::{cursor::Cursor, document::Allocation};
use crate::{Decimal, allocation::spread};

const FIELDS: [&str; 9] = [
    "strata",
    "block_multiples",
    "factors",
    "probability",
    "roster",
    "sites",
    "steps",
    "transition_days",
    "sites_per_step",
];

pub(super) fn allocation(at: &Cursor<'_>) -> Option<Allocation> {
    const METHODS: &[(&str, &str)] = &[
        ("simple", "simple"),
        ("permuted_blocks", "permuted_blocks"),
        ("minimisation", "minimisation"),
        ("cluster", "cluster"),
        ("stepped_wedge", "stepped_wedge"),
    ];
    let o = at.object(&[&["method"], FIELDS.as_slice()].concat())?;
    let only = |names: &[&str]| {
        for name in FIELDS.iter().filter(|name| !names.contains(name)) {
            if let Some(extra) = o.optional(name) {
                extra.fault("unknown_field", "this field does not belong to the method chosen");
            }
        }
    };
    let names = |c: &Cursor<'_>| c.text(64);
    let number = |c: &Cursor<'_>, most: i64| c.integer(1..=most).and_then(|n| u32::try_from(n).ok());
    match o.field("method").and_then(|c| c.word(METHODS))? {
        "permuted_blocks" => {
            only(&["strata", "block_multiples"]);
            let strata = o.optional("strata").map_or(Some(Vec::new()), |c| c.list(0..=3, names));
            let block_multiples =
                o.optional("block_multiples").map_or(Some(vec![2, 3, 4]), |c| c.list(1..=6, |c| number(c, 20)));
            Some(Allocation::PermutedBlocks { strata: strata?, block_multiples: block_multiples? })
        }
        "minimisation" => {
            only(&["factors", "probability"]);
            let factors = o.field("factors").and_then(|c| c.list(1..=6, names));
            let usual = Decimal::from_millionths(800_000);
            let probability = o.optional("probability").map_or(usual, |c| c.decimal("0"..="1"));
            Some(Allocation::Minimisation { factors: factors?, probability: probability? })
        }
        "cluster" => {
            only(&["roster"]);
            let roster = o.field("roster").and_then(|c| c.list(2..=10_000, |c| c.parsed()));
            Some(Allocation::Cluster { roster: roster? })
        }
        "stepped_wedge" => {
            only(&["sites", "steps", "transition_days", "sites_per_step"]);
            let sites = o.field("sites").and_then(|c| c.list(2..=10_000, |c| c.parsed()));
            let steps = o.field("steps").and_then(|c| c.list(2..=100, |c| c.parsed()));
            let transition_days = o.optional("transition_days").map_or(Some(0), |c| c.integer(0..=365));
            let sites_per_step = o.optional("sites_per_step").map(|c| c.list(2..=100, |c| number(c, 10_000)));
            let (sites, steps) = (sites?, steps?);
            let sites_per_step = sites_per_step.unwrap_or_else(|| Some(spread(sites.len(), steps.len())))?;
            let transition_days = u32::try_from(transition_days?).ok()?;
            Some(Allocation::SteppedWedge { sites, steps, transition_days, sites_per_step })
        }
        _ => {
            only(&[]);
            Some(Allocation::Simple)
        }
    }
}
