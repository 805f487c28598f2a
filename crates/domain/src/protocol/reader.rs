//! A protocol document, read whole: every fault is reported, not only the first.

use serde_json::Value;

use super::{
    SCHEMA, checks,
    cursor::{Cursor, Faults},
    document::{
        Aim, AnalysisPlan, Contamination, Costs, Equity, GotIt, Hypothesis, Merge, Missing, Monitoring, Planning,
        Protocol, Sides,
    },
    reader_allocation::allocation,
    reader_parts::{arm, attribute, decision_rule, eligibility, outcome, spending},
    reader_people::{data, public_comment, risk, tags},
    tags::Tags,
};
use crate::fault::Fault;

const FIELDS: &[&str] = &[
    "schema",
    "key",
    "title",
    "agency",
    "owner",
    "touchpoint",
    "layer",
    "time_zone",
    "public_summary",
    "hypothesis",
    "aim",
    "unit",
    "analysis_unit",
    "attributes",
    "eligibility",
    "arms",
    "allocation",
    "outcomes",
    "equity",
    "monitoring",
    "planning",
    "decision_rule",
    "analysis",
    "risk",
    "data",
    "costs",
    "public_comment",
    "tags",
];

/// Reads a protocol document.
pub(super) fn read(value: &Value) -> Result<Protocol, Vec<Fault>> {
    let faults = Faults::default();
    let protocol = document(&Cursor { value, pointer: String::new(), faults: &faults });
    if let Some(protocol) = &protocol {
        let rule = value.get("decision_rule").and_then(Value::as_str).unwrap_or_default();
        checks::check(protocol, rule, &faults);
    }
    match protocol {
        Some(protocol) if faults.none() => Ok(protocol),
        _ => Err(faults.into_inner()),
    }
}

/// Every field is read before any is missed, so that all faults come out at once.
fn document(at: &Cursor<'_>) -> Option<Protocol> {
    let o = at.object(FIELDS)?;
    let schema = o.field("schema").and_then(|c| c.word(&[(SCHEMA, ())]));
    let key = o.field("key").and_then(|c| c.parsed());
    let title = o.text("title", 200);
    let agency = o.field("agency").and_then(|c| c.parsed());
    let owner = o.text("owner", 200);
    let touchpoint = o.optional("touchpoint").map(|c| c.parsed());
    let layer = o.optional("layer").map(|c| c.parsed());
    let time_zone = o.field("time_zone").and_then(|c| c.parsed());
    let public_summary = o.text("public_summary", 2_000);
    let hypothesis = o.field("hypothesis").and_then(|c| hypothesis(&c));
    let aim = o.field("aim").and_then(|c| c.word(&[("better", Aim::Better), ("not_worse", Aim::NotWorse)]));
    let unit = o.text("unit", 60);
    let analysis_unit = o.text("analysis_unit", 60);
    let attributes = o.optional("attributes").map_or(Some(Vec::new()), |c| c.list(0..=32, attribute));
    let rules = match (o.optional("eligibility"), &attributes) {
        (None, _) => Some(Default::default()),
        (Some(_), None) => None,
        (Some(c), Some(attributes)) => eligibility(&c, attributes),
    };
    let arms = o.field("arms").and_then(|c| c.list(2..=10, arm));
    let allocation = o.field("allocation").and_then(|c| allocation(&c));
    let outcomes = o.field("outcomes").and_then(|c| c.list(1..=20, outcome));
    let equity = o.optional("equity").map(|c| equity(&c));
    let monitoring = o.field("monitoring").and_then(|c| monitoring(&c));
    let planning = o.optional("planning").map_or(Some(Planning::default()), |c| planning(&c));
    let decision_rule = o.field("decision_rule").and_then(|c| decision_rule(&c));
    let analysis = o.field("analysis").and_then(|c| analysis(&c));
    let risk = o.field("risk").and_then(|c| risk(&c));
    let data = o.field("data").and_then(|c| data(&c));
    let costs = o.optional("costs").map(|c| costs(&c));
    let public_comment = o.optional("public_comment").map(|c| public_comment(&c));
    let tags = o.optional("tags").map_or(Some(Tags::default()), |c| tags(&c));
    schema?;
    Some(Protocol {
        key: key?,
        title: title?,
        agency: agency?,
        owner: owner?,
        touchpoint: absent_or(touchpoint)?,
        layer: absent_or(layer)?,
        time_zone: time_zone?,
        public_summary: public_summary?,
        hypothesis: hypothesis?,
        aim: aim?,
        unit: unit?,
        analysis_unit: analysis_unit?,
        attributes: attributes?,
        eligibility: rules?,
        arms: arms?,
        allocation: allocation?,
        outcomes: outcomes?,
        equity: absent_or(equity)?,
        monitoring: monitoring?,
        planning: planning?,
        decision_rule: decision_rule?,
        analysis: analysis?,
        risk: risk?,
        data: data?,
        costs: absent_or(costs)?,
        public_comment: absent_or(public_comment)?,
        tags: tags?,
    })
}

/// An optional field: absent is fine, there but wrong is not.
pub(super) fn absent_or<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}

fn hypothesis(at: &Cursor<'_>) -> Option<Hypothesis> {
    let o = at.object(&["change", "who", "outcome", "direction", "because"])?;
    let change = o.text("change", 500);
    let who = o.text("who", 500);
    let outcome = o.field("outcome").and_then(|c| c.parsed());
    let direction = o.field("direction").and_then(|c| {
        c.word(&[("increase", "increase"), ("decrease", "decrease"), ("no_worse", "no_worse")]).map(str::to_owned)
    });
    let because = o.text("because", 1_000);
    Some(Hypothesis { change: change?, who: who?, outcome: outcome?, direction: direction?, because: because? })
}

fn equity(at: &Cursor<'_>) -> Option<Equity> {
    let o = at.object(&["groups", "margin", "merge"])?;
    let groups = o.field("groups").and_then(|c| c.list(1..=8, |c| c.text(64)));
    let margin = o.field("margin").and_then(|c| c.decimal("0"..="1000000000"));
    let merge = o.optional("merge").map_or(Some(Vec::new()), |c| c.list(0..=200, merge));
    Some(Equity { groups: groups?, margin: margin?, merge: merge? })
}

fn merge(at: &Cursor<'_>) -> Option<Merge> {
    let o = at.object(&["attribute", "group", "into"])?;
    let (attribute, group, into) = (o.text("attribute", 64), o.text("group", 64), o.text("into", 64));
    Some(Merge { attribute: attribute?, group: group?, into: into? })
}

fn costs(at: &Cursor<'_>) -> Option<Costs> {
    let o = at.object(&["currency", "staff_hour", "units_per_year", "trial"])?;
    let amount = |name: &str| o.optional(name).map(|c| c.decimal("0"..="1000000000"));
    let currency = o.optional("currency").map(|c| c.text(3));
    let (staff_hour, trial) = (amount("staff_hour"), amount("trial"));
    let units_per_year =
        o.optional("units_per_year").map(|c| c.integer(1..=1_000_000_000_000).and_then(|n| u64::try_from(n).ok()));
    Some(Costs {
        currency: absent_or(currency)?,
        staff_hour: absent_or(staff_hour)?,
        units_per_year: absent_or(units_per_year)?,
        trial: absent_or(trial)?,
    })
}

fn monitoring(at: &Cursor<'_>) -> Option<Monitoring> {
    let o = at.object(&[
        "alpha",
        "power",
        "sides",
        "max_units",
        "ends_on",
        "looks",
        "looks_on",
        "efficacy",
        "futility",
        "severe_harms_over_control",
    ])?;
    let alpha = o.field("alpha").and_then(|c| c.decimal("0.0001"..="0.2"));
    let power = o.field("power").and_then(|c| c.decimal("0.5"..="0.999"));
    let sides = o.field("sides").and_then(|c| c.word(&[("one", Sides::One), ("two", Sides::Two)]));
    let max_units = o.field("max_units").and_then(|c| c.integer(2..=1_000_000_000));
    let ends_on = o.field("ends_on").and_then(|c| c.parsed());
    let looks =
        o.optional("looks").map_or(Some(vec![crate::Decimal::ONE]), |c| c.list(1..=50, |c| c.decimal("0.001"..="1")));
    let looks_on = o.optional("looks_on").map_or(Some(Vec::new()), |c| c.list(1..=49, |c| c.parsed()));
    let efficacy = o.optional("efficacy").map(|c| spending(&c, false).map(|s| s.0));
    let futility = o.optional("futility").map(|c| spending(&c, true));
    let futility = absent_or(futility);
    let binding = futility.as_ref().and_then(|f| f.as_ref().map(|(_, binding)| *binding)).unwrap_or(false);
    let severe =
        o.optional("severe_harms_over_control").map(|c| c.integer(1..=1_000).and_then(|n| u32::try_from(n).ok()));
    Some(Monitoring {
        alpha: alpha?,
        power: power?,
        sides: sides?,
        max_units: u64::try_from(max_units?).ok()?,
        ends_on: ends_on?,
        looks: looks?,
        looks_on: looks_on?,
        efficacy: absent_or(efficacy)?,
        futility: futility?.map(|(spending, _)| spending),
        futility_binding: binding,
        severe_harms_over_control: absent_or(severe)?,
    })
}

fn planning(at: &Cursor<'_>) -> Option<Planning> {
    let o = at.object(&["icc", "cluster_size_variation", "attrition", "explained_by_covariates", "units_per_day"])?;
    let icc = o.optional("icc").map(|c| c.decimal("0"..="1"));
    let cluster_size_variation = o.optional("cluster_size_variation").map(|c| c.decimal("0"..="10"));
    let attrition = o.optional("attrition").map(|c| c.decimal("0"..="0.9"));
    let explained = o.optional("explained_by_covariates").map(|c| c.decimal("0"..="0.95"));
    let units_per_day = o.optional("units_per_day").map(|c| c.decimal("0.01"..="100000000"));
    Some(Planning {
        icc: absent_or(icc)?,
        cluster_size_variation: absent_or(cluster_size_variation)?,
        attrition: absent_or(attrition)?,
        explained_by_covariates: absent_or(explained)?,
        units_per_day: absent_or(units_per_day)?,
    })
}

fn analysis(at: &Cursor<'_>) -> Option<AnalysisPlan> {
    let o = at.object(&[
        "population",
        "missing",
        "adjust_for",
        "multiplicity",
        "randomisation_redraws",
        "effect_on_those_who_got_it",
        "contamination",
    ])?;
    let population = o.field("population").and_then(|c| c.word(&[("as_assigned", ())]));
    let missing = o
        .field("missing")
        .and_then(|c| c.word(&[("not_settled", Missing::NotSettled), ("left_out", Missing::LeftOut)]));
    let adjust_for = o.optional("adjust_for").map_or(Some(Vec::new()), |c| c.list(0..=8, |c| c.text(64)));
    let multiplicity = o.optional("multiplicity").map(|c| {
        c.word(&[("holm", "holm"), ("hochberg", "hochberg"), ("fixed_sequence", "fixed_sequence"), ("none", "none")])
            .map(str::to_owned)
    });
    let redraws =
        o.optional("randomisation_redraws").map(|c| c.integer(99..=100_000).and_then(|n| u32::try_from(n).ok()));
    let got_it = o
        .optional("effect_on_those_who_got_it")
        .map(|c| c.word(&[("given", GotIt::Given), ("delivered", GotIt::Delivered), ("seen", GotIt::Seen)]));
    let contamination = o.optional("contamination").map_or(Some(Contamination::default()), |c| contamination(&c));
    population?;
    Some(AnalysisPlan {
        missing: missing?,
        adjust_for: adjust_for?,
        multiplicity: absent_or(multiplicity)?,
        redraws: absent_or(redraws)?,
        got_it: absent_or(got_it)?,
        contamination: contamination?,
    })
}

fn contamination(at: &Cursor<'_>) -> Option<Contamination> {
    let o = at.object(&["warn_above", "invalid_above"])?;
    let share = |name: &str| o.field(name).and_then(|c| c.decimal("0"..="0.5"));
    let (warn_above, invalid_above) = (share("warn_above"), share("invalid_above"));
    Some(Contamination { warn_above: warn_above?, invalid_above: invalid_above? })
}
