//! The parts of a protocol that have parts of their own.

use serde_json::Value;

use super::{
    cursor::{Cursor, Object},
    document::{Arm, Spending},
    outcome::{Action, Better, HarmWatch, Outcome, OutcomeKind, Role},
    reader::absent_or,
};
use crate::{
    Decimal,
    decision_rule::DecisionRule,
    eligibility::{Attribute, AttributeKind, AttributeValue, Comparison, Eligibility, Purpose, Rule},
};

pub(super) fn attribute(at: &Cursor<'_>) -> Option<Attribute> {
    const PURPOSES: &[(&str, Purpose)] = &[
        ("eligibility", Purpose::Eligibility),
        ("exclusion", Purpose::Exclusion),
        ("stratum", Purpose::Stratum),
        ("equity", Purpose::Equity),
        ("covariate", Purpose::Covariate),
    ];
    let o = at.object(&["name", "type", "values", "minimum", "maximum", "purpose"])?;
    let name = o.text("name", 64);
    let purpose = o.field("purpose").and_then(|c| c.word(PURPOSES));
    let kind = o.field("type").and_then(|c| {
        c.word(&[("category", "category"), ("integer", "integer"), ("boolean", "boolean"), ("decimal", "decimal")])
    });
    let kind = match kind? {
        "category" => {
            let values = o.field("values").and_then(|c| c.list(2..=100, |c| c.text(64)))?;
            AttributeKind::Category { values }
        }
        "integer" => {
            const RANGE: std::ops::RangeInclusive<i64> = -1_000_000_000_000..=1_000_000_000_000;
            let minimum = o.field("minimum").and_then(|c| c.integer(RANGE));
            let maximum = o.field("maximum").and_then(|c| c.integer(RANGE));
            AttributeKind::Integer { minimum: minimum?, maximum: maximum? }
        }
        "decimal" => {
            let minimum = o.field("minimum").and_then(|c| c.decimal("-1000000000"..="1000000000"));
            let maximum = o.field("maximum").and_then(|c| c.decimal("-1000000000"..="1000000000"));
            AttributeKind::Decimal { minimum: minimum?, maximum: maximum? }
        }
        _ => AttributeKind::Boolean,
    };
    Some(Attribute { name: name?, kind, purpose: purpose? })
}

pub(super) fn eligibility(at: &Cursor<'_>, attributes: &[Attribute]) -> Option<Eligibility> {
    let o = at.object(&["include", "exclude"])?;
    let include = o.optional("include").map_or(Some(Rule::All(Vec::new())), |c| rule(&c, attributes, 0));
    let exclude = o.optional("exclude").map_or(Some(Rule::Any(Vec::new())), |c| rule(&c, attributes, 0));
    Some(Eligibility { include: include?, exclude: exclude? })
}

const COMPARISONS: [&str; 7] = ["equals", "not_equals", "one_of", "less_than", "at_most", "greater_than", "at_least"];

fn rule(at: &Cursor<'_>, attributes: &[Attribute], depth: usize) -> Option<Rule> {
    const NAMES: &[&str] = &[
        "all",
        "any",
        "not",
        "attribute",
        "equals",
        "not_equals",
        "one_of",
        "less_than",
        "at_most",
        "greater_than",
        "at_least",
    ];
    if depth > 6 {
        at.fault("too_deep", "rules may stand at most 6 inside each other");
        return None;
    }
    let o = at.object(NAMES)?;
    let present: Vec<&str> = NAMES.iter().copied().filter(|name| o.optional(name).is_some()).collect();
    let nested = |name: &str| o.field(name).and_then(|c| c.list(0..=50, |c| rule(c, attributes, depth + 1)));
    match present.as_slice() {
        ["all"] => nested("all").map(Rule::All),
        ["any"] => nested("any").map(Rule::Any),
        ["not"] => o.field("not").and_then(|c| rule(&c, attributes, depth + 1)).map(|inner| Rule::Not(Box::new(inner))),
        ["attribute", word] if COMPARISONS.contains(word) => comparison(&o, word, attributes),
        _ => {
            o.fault("malformed_rule", "a rule is one of all, any, not, or an attribute with exactly one comparison");
            None
        }
    }
}

fn comparison(o: &Object<'_>, word: &str, attributes: &[Attribute]) -> Option<Rule> {
    let place = o.field("attribute")?;
    let name = place.text(64)?;
    let Some(declared) = attributes.iter().find(|a| a.name == name) else {
        place.fault("undeclared_attribute", "this attribute is not among the declared attributes");
        return None;
    };
    let operand = o.field(word)?;
    let ordered = matches!(declared.kind, AttributeKind::Integer { .. } | AttributeKind::Decimal { .. });
    if !ordered && !matches!(word, "equals" | "not_equals" | "one_of") {
        operand.fault("wrong_type", "only numbers have an order; use equals, not_equals or one_of");
        return None;
    }
    let read = |c: &Cursor<'_>| -> Option<AttributeValue> {
        declared.read(c.value).map_err(|detail| c.fault("attribute_out_of_range", detail)).ok()
    };
    let comparison = match word {
        "one_of" => Comparison::OneOf(operand.list(1..=100, read)?),
        "equals" => Comparison::Equals(read(&operand)?),
        "not_equals" => Comparison::NotEquals(read(&operand)?),
        "less_than" => Comparison::LessThan(read(&operand)?),
        "at_most" => Comparison::AtMost(read(&operand)?),
        "greater_than" => Comparison::GreaterThan(read(&operand)?),
        _ => Comparison::AtLeast(read(&operand)?),
    };
    Some(Rule::Attribute { attribute: name, comparison })
}

pub(super) fn arm(at: &Cursor<'_>) -> Option<Arm> {
    let o = at.object(&["key", "name", "control", "ratio", "unit_cost", "staff_minutes", "fixed_cost", "payload"])?;
    let key = o.field("key").and_then(|c| c.parsed());
    let name = o.text("name", 120);
    let control = o.field("control").and_then(|c| c.flag());
    let ratio = o.field("ratio").and_then(|c| c.integer(1..=1_000));
    let unit_cost = o.optional("unit_cost").map(|c| c.decimal("0"..="1000000000"));
    let staff_minutes = o.optional("staff_minutes").map(|c| c.decimal("0"..="100000"));
    let fixed_cost = o.optional("fixed_cost").map(|c| c.decimal("0"..="1000000000"));
    let payload = o.optional("payload").map_or(Value::Object(serde_json::Map::new()), |c| c.value.clone());
    if !payload.is_object() {
        o.fault("wrong_type", "payload must be an object: what the frontline app needs to show this version");
    }
    if payload.to_string().len() > 16_384 {
        o.fault("out_of_range", "payload must be at most 16 KB");
    }
    let ratio = u32::try_from(ratio?).ok()?;
    Some(Arm {
        key: key?,
        name: name?,
        control: control?,
        ratio,
        unit_cost: absent_or(unit_cost)?,
        staff_minutes: absent_or(staff_minutes)?,
        fixed_cost: absent_or(fixed_cost)?,
        payload: payload.into(),
    })
}

pub(super) fn outcome(at: &Cursor<'_>) -> Option<Outcome> {
    const ROLES: &[(&str, Role)] = &[
        ("primary", Role::Primary),
        ("secondary", Role::Secondary),
        ("guardrail", Role::Guardrail),
        ("harm", Role::Harm),
    ];
    const KINDS: &[(&str, OutcomeKind)] = &[
        ("binary", OutcomeKind::Binary),
        ("count", OutcomeKind::Count),
        ("amount", OutcomeKind::Amount),
        ("duration", OutcomeKind::Duration),
        ("rating", OutcomeKind::Rating),
    ];
    const SIZE: std::ops::RangeInclusive<&str> = "0"..="1000000000";
    let o = at.object(&[
        "key",
        "name",
        "role",
        "event",
        "kind",
        "better",
        "follow_up_days",
        "smallest_worthwhile_effect",
        "expected_control",
        "standard_deviation",
        "margin",
        "margin_reason",
        "action",
        "harm_alpha",
        "harm_watch",
        "step",
        "cap",
        "minimum",
        "maximum",
    ])?;
    let size = |name: &str| o.optional(name).map(|c| c.decimal(SIZE));
    let key = o.field("key").and_then(|c| c.parsed());
    let name = o.text("name", 200);
    let role = o.field("role").and_then(|c| c.word(ROLES));
    let event = o.text("event", 64);
    let kind = o.field("kind").and_then(|c| c.word(KINDS));
    let better =
        o.field("better").and_then(|c| c.word(&[("increase", Better::Increase), ("decrease", Better::Decrease)]));
    let follow_up_days = o.field("follow_up_days").and_then(|c| c.integer(1..=1_830));
    let smallest_worthwhile_effect = size("smallest_worthwhile_effect");
    let expected_control = o.optional("expected_control").map(|c| c.decimal("-1000000000"..="1000000000"));
    let standard_deviation = o.optional("standard_deviation").map(|c| c.decimal("0.000001"..="1000000000"));
    let margin = size("margin");
    let margin_reason = o.optional("margin_reason").map(|c| c.text(1_000));
    let action = o
        .optional("action")
        .map(|c| c.word(&[("notify", Action::Notify), ("pause", Action::Pause), ("suspend", Action::Suspend)]));
    let harm_alpha = o.optional("harm_alpha").map(|c| c.decimal("0.001"..="0.5"));
    let harm_watch = o.optional("harm_watch").map_or(Some(HarmWatch::Looks), |c| {
        c.word(&[("looks", HarmWatch::Looks), ("every_event", HarmWatch::EveryEvent), ("daily", HarmWatch::Daily)])
    });
    let step = o.optional("step").map_or(Some(Decimal::ONE), |c| c.decimal("0.000001"..="1000000"));
    let cap = size("cap");
    let value_bound = |name: &str| o.optional(name).map(|c| c.decimal("-1000000000"..="1000000000"));
    let (minimum, maximum) = (value_bound("minimum"), value_bound("maximum"));
    Some(Outcome {
        key: key?,
        name: name?,
        role: role?,
        event: event?,
        kind: kind?,
        better: better?,
        follow_up_days: u32::try_from(follow_up_days?).ok()?,
        smallest_worthwhile_effect: absent_or(smallest_worthwhile_effect)?,
        expected_control: absent_or(expected_control)?,
        standard_deviation: absent_or(standard_deviation)?,
        margin: absent_or(margin)?,
        margin_reason: absent_or(margin_reason)?,
        action: absent_or(action)?,
        harm_alpha: absent_or(harm_alpha)?,
        harm_watch: harm_watch?,
        step: step?,
        cap: absent_or(cap)?,
        minimum: absent_or(minimum)?,
        maximum: absent_or(maximum)?,
    })
}

/// A spending function, and for futility whether it binds.
pub(super) fn spending(at: &Cursor<'_>, futility: bool) -> Option<(Spending, bool)> {
    const FAMILIES: &[(&str, &str)] = &[
        ("obrien_fleming", "obrien_fleming"),
        ("pocock", "pocock"),
        ("hwang_shih_decani", "hwang_shih_decani"),
        ("kim_demets", "kim_demets"),
    ];
    let names: &[&str] =
        if futility { &["spending", "gamma", "rho", "binding"] } else { &["spending", "gamma", "rho"] };
    let o = at.object(names)?;
    let binding = o.optional("binding").map_or(Some(false), |c| c.flag());
    let spending = match o.field("spending").and_then(|c| c.word(FAMILIES))? {
        "pocock" => Spending::Pocock,
        "hwang_shih_decani" => {
            Spending::HwangShihDecani { gamma: o.field("gamma").and_then(|c| c.decimal("-40"..="40"))? }
        }
        "kim_demets" => Spending::KimDemets { rho: o.field("rho").and_then(|c| c.decimal("0.1"..="20"))? },
        _ => Spending::ObrienFleming,
    };
    Some((spending, binding?))
}

pub(super) fn decision_rule(at: &Cursor<'_>) -> Option<DecisionRule> {
    let text = at.text(1_000)?;
    DecisionRule::parse(&text).map_err(|e| at.fault("malformed_decision_rule", e.to_string())).ok()
}
