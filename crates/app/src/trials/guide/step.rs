//! The steps: which questions stand on one page, and when each is asked.

use fairtrial_domain::trial::{PlanPart, Tier};

use super::field::{Field, Kind, When};

/// One page of questions.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name in addresses.
    pub name: &'static str,
    /// What is asked.
    pub fields: &'static [Field],
}

const fn step(name: &'static str, fields: &'static [Field]) -> Step {
    Step { name, fields }
}

const fn field(name: &'static str, pointer: &'static str, kind: Kind) -> Field {
    Field { name, pointer, kind, when: When::Always }
}

const fn later(when: When, name: &'static str, pointer: &'static str, kind: Kind) -> Field {
    Field { name, pointer, kind, when }
}

const LEVELS: Kind = Kind::Choice(&["no", "low", "some", "high"]);
const ONE: When = When::FromTier(Tier::One);
const TWO: When = When::FromTier(Tier::Two);

/// The steps in their order. What people could lose comes early, because it decides what else is asked.
pub const STEPS: &[Step] = &[
    step(
        "question",
        &[
            field("title", "/title", Kind::Line),
            field("public_summary", "/public_summary", Kind::Text),
            field("owner", "/owner", Kind::Line),
        ],
    ),
    step(
        "idea",
        &[field("change", "/hypothesis/change", Kind::Text), field("because", "/hypothesis/because", Kind::Text)],
    ),
    step(
        "versions",
        &[
            field("usual", "/arms/0/name", Kind::Line),
            field("new", "/arms/1/name", Kind::Line),
            field("usual_cost", "/arms/0/unit_cost", Kind::Money),
            field("new_cost", "/arms/1/unit_cost", Kind::Money),
        ],
    ),
    step(
        "shown",
        &[
            later(When::Optional, "usual_payload", "/arms/0/payload", Kind::Payload),
            later(When::Optional, "new_payload", "/arms/1/payload", Kind::Payload),
        ],
    ),
    step("people", &[field("who", "/hypothesis/who", Kind::Text)]),
    step(
        "rules",
        &[
            field("attributes", "/attributes", Kind::Attributes),
            field("include", "/eligibility/include", Kind::Conditions("all")),
            field("exclude", "/eligibility/exclude", Kind::Conditions("any")),
        ],
    ),
    step(
        "unit",
        &[
            field("leaks", "/allocation/method", Kind::Leaks),
            field("balanced", "/allocation/factors", Kind::Balanced),
            field("roster", "/allocation/roster", Kind::Roster),
            field("steps", "/allocation/steps", Kind::Steps),
            field("transition", "/allocation/transition_days", Kind::Transition),
        ],
    ),
    step(
        "risk",
        &[
            field("entitlement", "/risk/entitlement", Kind::Choice(&["no", "delays", "removes"])),
            field("money", "/risk/money", LEVELS),
            field("time", "/risk/time", LEVELS),
            field("right", "/risk/right", LEVELS),
            field("privacy", "/risk/privacy", LEVELS),
            field("dignity", "/risk/dignity", LEVELS),
            field("reversible", "/risk/reversible", Kind::Choice(&["yes", "no"])),
        ],
    ),
    step("protection", &[field("least_able_to_cope", "/risk/least_able_to_cope", Kind::Text)]),
    step("maori_data", &[field("uses_maori_data", "/data/uses_maori_data", Kind::Flag)]),
    step(
        "kaitiaki",
        &[
            later(When::MaoriData, "kaitiaki_group", "/data/kaitiaki/group", Kind::Line),
            later(When::MaoriData, "kaitiaki_contact", "/data/kaitiaki/contact", Kind::Line),
            later(When::MaoriData, "kaitiaki_decision", "/data/kaitiaki/decision", Kind::Text),
        ],
    ),
    step(
        "outcome",
        &[
            field("outcome", "/outcomes/0/name", Kind::Line),
            field("event", "/outcomes/0/event", Kind::Line),
            field("better", "/outcomes/0/better", Kind::Choice(&["increase", "decrease"])),
            field("follow_up_days", "/outcomes/0/follow_up_days", Kind::Whole),
        ],
    ),
    step(
        "effect",
        &[
            field("expected", "/outcomes/0/expected_control", Kind::InHundred),
            field("smallest", "/outcomes/0/smallest_worthwhile_effect", Kind::InHundred),
            later(When::NoWorse, "margin", "/outcomes/0/margin", Kind::InHundred),
            later(When::HasMargin, "margin_reason", "/outcomes/0/margin_reason", Kind::Text),
        ],
    ),
    step(
        "harm",
        &[
            field("harm", "/outcomes/1/name", Kind::Line),
            field("harm_event", "/outcomes/1/event", Kind::Line),
            field("harm_margin", "/outcomes/1/margin", Kind::InHundred),
            later(When::HasMargin, "harm_margin_reason", "/outcomes/1/margin_reason", Kind::Text),
            later(When::Optional, "severe", "/monitoring/severe_harms_over_control", Kind::Whole),
        ],
    ),
    step(
        "guardrail",
        &[
            later(When::Guardrail, "guard", "/outcomes/2/name", Kind::Guardrail),
            later(When::Guardrail, "guard_event", "/outcomes/2/event", Kind::Line),
            later(When::Guardrail, "guard_better", "/outcomes/2/better", Kind::Choice(&["increase", "decrease"])),
            later(When::Guardrail, "guard_margin", "/outcomes/2/margin", Kind::InHundred),
            later(When::Guardrail, "guard_margin_reason", "/outcomes/2/margin_reason", Kind::Text),
        ],
    ),
    step(
        "fairness",
        &[
            later(ONE, "equity_groups", "/equity/groups", Kind::Groups),
            later(ONE, "equity_margin", "/equity/margin", Kind::InHundred),
        ],
    ),
    step(
        "size",
        &[
            field("max_units", "/monitoring/max_units", Kind::Whole),
            later(When::ByOffice, "alike", "/planning/icc", Kind::Number),
            later(When::Optional, "units_per_day", "/planning/units_per_day", Kind::Number),
            field("ends_on", "/monitoring/ends_on", Kind::Day(["ends_on-day", "ends_on-month", "ends_on-year"])),
        ],
    ),
    step(
        "looks",
        &[field("looks", "/monitoring/looks", Kind::Looks), field("gives_up", "/monitoring/futility", Kind::GivesUp)],
    ),
    step(
        "notice",
        &[
            field("notice", "/data/notice", Kind::Choice(&["individual", "general", "after", "register_only"])),
            later(ONE, "notice_text", "/data/notice_text", Kind::Text),
            later(ONE, "opt_out", "/data/opt_out", Kind::Text),
        ],
    ),
    step(
        "data",
        &[
            field("lawful_basis", "/data/lawful_basis", Kind::Line),
            field("sources", "/data/sources", Kind::List),
            field("retain_units_days", "/data/retain_units_days", Kind::Whole),
        ],
    ),
    step(
        "privacy",
        &[
            later(ONE, "pia", "/data/pia", Kind::Text),
            later(ONE, "hosting", "/data/hosting", Kind::Line),
            later(
                ONE,
                "review_on",
                "/data/review_on",
                Kind::Day(["review_on-day", "review_on-month", "review_on-year"]),
            ),
        ],
    ),
    step(
        "comment",
        &[
            later(
                TWO,
                "comment_from",
                "/public_comment/from",
                Kind::Day(["comment_from-day", "comment_from-month", "comment_from-year"]),
            ),
            later(
                TWO,
                "comment_until",
                "/public_comment/until",
                Kind::Day(["comment_until-day", "comment_until-month", "comment_until-year"]),
            ),
        ],
    ),
    step(
        "tags",
        &[
            later(When::Optional, "touchpoint", "/touchpoint", Kind::Line),
            field("technique", "/tags/technique", Kind::Techniques),
            field("people_are", "/tags/people", Kind::Populations),
        ],
    ),
];

impl Step {
    /// The part of the plan that its answers stand in.
    #[must_use]
    pub fn part(&self) -> PlanPart {
        match self.name {
            "versions" | "shown" | "unit" => PlanPart::Versions,
            "people" | "rules" => PlanPart::People,
            "outcome" | "effect" | "harm" | "guardrail" | "fairness" => PlanPart::Outcomes,
            "size" => PlanPart::Size,
            "looks" => PlanPart::Rule,
            "risk" | "protection" => PlanPart::Risk,
            "maori_data" | "kaitiaki" | "notice" | "data" | "privacy" | "comment" => PlanPart::Data,
            _ => PlanPart::Idea,
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        STEPS.iter().find(|step| step.name == name)
    }

    /// The names of what its form may send.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let names = |field: &Field| match field.kind {
            Kind::Day(parts) => parts.to_vec(),
            _ => vec![field.name],
        };
        self.fields.iter().flat_map(names).collect()
    }
}
