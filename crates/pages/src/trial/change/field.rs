//! What every field of a plan is called on pages, and how its value is read.

use super::value::Form::{
    self, Attributes, Day, Exclude, Futility, Include, Lines, Merges, Payload, Plain, Rule, Series, Share, Size, Spent,
    Tags, Word, Yes,
};

/// A field of a plan's document.
#[derive(Debug)]
pub(super) struct Known {
    /// Its place; `*` stands for any number.
    pub(super) pattern: &'static str,
    /// What it is called.
    pub(super) words: &'static str,
    /// How its value is read.
    pub(super) form: Form,
}

const fn known_as(pattern: &'static str, words: &'static str, form: Form) -> Known {
    Known { pattern, words, form }
}

/// That the same versions or outcomes stand in another order.
pub(super) const ORDER: Known = known_as("", "The order in which they stand", Form::Order);

const MONEY: Form = Plain;
const LEVEL: Form = Word(&[
    ("no", "No"),
    ("low", "A little, and it can be made good"),
    ("some", "It could matter"),
    ("high", "It could matter much"),
]);
const BETTER: Form = Word(&[("increase", "More is better"), ("decrease", "Less is better"), ("no_worse", "No worse")]);

/// Every field that is told by itself. A test holds them to what the reader of plans knows.
pub(super) const FIELDS: &[Known] = &[
    known_as("/schema", "Form of the document", Plain),
    known_as("/key", "Key of the trial", Plain),
    known_as("/title", "The question", Plain),
    known_as("/agency", "Agency", Plain),
    known_as("/owner", "Who answers for it", Plain),
    known_as("/touchpoint", "Place in the service", Plain),
    known_as("/layer", "Trials that leave each other\u{2019}s people out", Plain),
    known_as("/time_zone", "Time zone", Plain),
    known_as("/public_summary", "In two or three sentences for everybody", Plain),
    known_as("/hypothesis/change", "What is different in the new version", Plain),
    known_as("/hypothesis/who", "Who takes part", Plain),
    known_as("/hypothesis/outcome", "The outcome that the idea is about, by its key", Plain),
    known_as("/hypothesis/direction", "What is expected of it", BETTER),
    known_as("/hypothesis/because", "Why it should help", Plain),
    known_as(
        "/aim",
        "What it should show",
        Word(&[
            ("better", "That the new version works better"),
            ("not_worse", "That the new version works no worse, and is cheaper or kinder"),
        ]),
    ),
    known_as("/unit", "What is assigned", Plain),
    known_as("/analysis_unit", "What is counted", Plain),
    known_as("/attributes", "What is known of each", Attributes),
    known_as("/eligibility/include", "Who is in", Include),
    known_as("/eligibility/exclude", "Who is left out", Exclude),
    known_as("/arms/*/key", "Key", Plain),
    known_as("/arms/*/name", "Name", Plain),
    known_as("/arms/*/control", "Is it what happens today?", Yes),
    known_as("/arms/*/ratio", "Its share beside the others", Plain),
    known_as("/arms/*/payload", "What the app shows", Payload),
    known_as("/arms/*/unit_cost", "Cost each time", MONEY),
    known_as("/arms/*/staff_minutes", "Minutes of staff each time", Plain),
    known_as("/arms/*/fixed_cost", "Cost once, to introduce it", MONEY),
    known_as(
        "/allocation/method",
        "How chance decides",
        Word(&[
            ("simple", "For each by itself"),
            ("permuted_blocks", "In small balanced groups"),
            ("minimisation", "So that the groups of people stay alike"),
            ("cluster", "For whole groups together"),
            ("stepped_wedge", "In which order the sites change over"),
        ]),
    ),
    known_as("/allocation/strata", "What is balanced separately", Lines),
    known_as(
        "/allocation/block_multiples",
        "Sizes of the balanced groups, as multiples of the smallest",
        Series(&Plain),
    ),
    known_as("/allocation/factors", "What the versions are kept alike in", Lines),
    known_as("/allocation/probability", "How often the version that balances best is chosen", Share),
    known_as("/allocation/roster", "The offices that take part", Lines),
    known_as("/allocation/sites", "The sites that take part", Lines),
    known_as("/allocation/steps", "Days on which sites change over", Series(&Day)),
    known_as("/allocation/transition_days", "Days after a change-over that do not count", Plain),
    known_as("/allocation/sites_per_step", "How many sites change over at each step", Series(&Plain)),
    known_as("/outcomes/*/key", "Key", Plain),
    known_as("/outcomes/*/name", "Name", Plain),
    known_as(
        "/outcomes/*/role",
        "What it is for",
        Word(&[
            ("primary", "The main outcome"),
            ("secondary", "Also measured"),
            ("guardrail", "Must not get worse"),
            ("harm", "Watched for harm"),
        ]),
    ),
    known_as("/outcomes/*/event", "What your system calls it", Plain),
    known_as(
        "/outcomes/*/kind",
        "What is counted of it",
        Word(&[
            ("binary", "Whether it happens"),
            ("count", "How often it happens"),
            ("amount", "How much in all"),
            ("duration", "How long until it happens"),
            ("rating", "The first answer on a scale"),
        ]),
    ),
    known_as("/outcomes/*/better", "Which is good for people", BETTER),
    known_as("/outcomes/*/follow_up_days", "For how many days it counts", Plain),
    known_as("/outcomes/*/smallest_worthwhile_effect", "Smallest difference that would matter", Size),
    known_as("/outcomes/*/expected_control", "What happens today", Size),
    known_as("/outcomes/*/standard_deviation", "How much people vary", Plain),
    known_as("/outcomes/*/margin", "Largest loss that is accepted", Size),
    known_as("/outcomes/*/margin_reason", "Why such a loss is accepted", Plain),
    known_as(
        "/outcomes/*/action",
        "What happens by itself when the limit is crossed",
        Word(&[
            ("notify", "Those responsible are told"),
            ("pause", "Nobody new enters"),
            ("suspend", "Everybody gets the usual version"),
        ]),
    ),
    known_as("/outcomes/*/harm_alpha", "Chance of a false alarm of harm", Share),
    known_as(
        "/outcomes/*/harm_watch",
        "How closely it is watched",
        Word(&[("looks", "At the looks"), ("every_event", "Whenever it happens"), ("daily", "Every day")]),
    ),
    known_as("/outcomes/*/step", "Values are whole multiples of", Plain),
    known_as("/outcomes/*/cap", "One person counts at most", Plain),
    known_as("/outcomes/*/minimum", "Smallest value", Plain),
    known_as("/outcomes/*/maximum", "Largest value", Plain),
    known_as("/equity/groups", "Groups that must not be left worse off", Lines),
    known_as("/equity/margin", "How much worse off one group may be, at most", Size),
    known_as("/equity/merge", "Small groups that are looked at together", Merges),
    known_as("/monitoring/alpha", "Chance to claim a difference that is not there", Share),
    known_as("/monitoring/power", "Chance to see the smallest difference that would matter", Share),
    known_as("/monitoring/sides", "Directions that count", Word(&[("one", "Only the hoped-for one"), ("two", "Both")])),
    known_as("/monitoring/max_units", "At most how many", Plain),
    known_as("/monitoring/ends_on", "The last day on which anybody enters", Day),
    known_as("/monitoring/looks", "When it is looked at, by share of the outcomes", Series(&Share)),
    known_as("/monitoring/looks_on", "Days on which it is looked at", Series(&Day)),
    known_as("/monitoring/efficacy", "Early success", Spent),
    known_as("/monitoring/futility", "Giving up early", Futility),
    known_as("/monitoring/severe_harms_over_control", "How many more reports of grave harm suspend it", Plain),
    known_as("/planning/icc", "How alike the people of one office are, from 0 to 1", Plain),
    known_as("/planning/cluster_size_variation", "How unequal the offices are", Plain),
    known_as("/planning/attrition", "Those of whom no outcome is heard", Share),
    known_as("/planning/explained_by_covariates", "How much is explained by what is known before", Share),
    known_as("/planning/units_per_day", "How many come on a day", Plain),
    known_as("/decision_rule", "When it counts as a success", Rule),
    known_as("/analysis/population", "Who counts", Word(&[("as_assigned", "Everybody, as chance assigned them")])),
    known_as(
        "/analysis/missing",
        "What it means that nothing is heard",
        Word(&[
            ("not_settled", "Counts as no, or as zero: the source records everybody"),
            ("left_out", "Is left out of the comparison, and counted as missing"),
        ]),
    ),
    known_as("/analysis/adjust_for", "What is adjusted for", Lines),
    known_as(
        "/analysis/multiplicity",
        "How several questions share the error",
        Word(&[
            ("holm", "Holm\u{2019}s way"),
            ("hochberg", "Hochberg\u{2019}s way"),
            ("fixed_sequence", "One after the other"),
            ("none", "Not at all"),
        ]),
    ),
    known_as("/analysis/randomisation_redraws", "How often the allocation is drawn again", Plain),
    known_as(
        "/analysis/effect_on_those_who_got_it",
        "Whose effect stands beside the main result",
        Word(&[
            ("given", "Those who were given it"),
            ("delivered", "Those to whom it was delivered"),
            ("seen", "Those who took it in"),
        ]),
    ),
    known_as("/analysis/contamination/warn_above", "A warning when more than this met two versions", Share),
    known_as("/analysis/contamination/invalid_above", "No result when more than this met two versions", Share),
    known_as("/risk/money", "Could anybody lose money?", LEVEL),
    known_as("/risk/time", "Could anybody lose time?", LEVEL),
    known_as("/risk/right", "Could anybody lose a right, or get it late?", LEVEL),
    known_as("/risk/privacy", "Could anybody lose privacy?", LEVEL),
    known_as("/risk/dignity", "Could anybody be shamed or distressed?", LEVEL),
    known_as("/risk/least_able_to_cope", "Who could cope least, and how they are protected", Plain),
    known_as("/risk/reversible", "Can a bad turn be undone?", Word(&[("yes", "Yes"), ("no", "No")])),
    known_as("/risk/watch", "What is watched beside the measures of harm", Plain),
    known_as(
        "/risk/entitlement",
        "Something people are entitled to",
        Word(&[("no", "Not touched"), ("delays", "Held back"), ("removes", "Taken away")]),
    ),
    known_as(
        "/data/notice",
        "How people are told",
        Word(&[
            ("individual", "Each person, by a line on the letter or screen"),
            ("general", "Everybody, by a poster or the website"),
            ("after", "Each person, afterwards"),
            ("register_only", "By the public register alone"),
        ]),
    ),
    known_as("/data/retain_units_days", "Days after the final report until records of single people go", Plain),
    known_as("/data/uses_maori_data", "Does it use Māori data, or affect Māori as a collective?", Yes),
    known_as("/data/lawful_basis", "Under which law the service is run", Plain),
    known_as("/data/sources", "Where outcomes are recorded", Lines),
    known_as("/data/pia", "The privacy impact assessment", Plain),
    known_as("/data/notice_text", "What people are told", Plain),
    known_as("/data/opt_out", "How people can stay out, or why they cannot", Plain),
    known_as("/data/hosting", "Where the data are kept", Plain),
    known_as("/data/review_on", "When the handling of the data is looked at again", Day),
    known_as("/data/kaitiaki/group", "The group that governs the Māori data", Plain),
    known_as("/data/kaitiaki/contact", "How to reach the group that governs the Māori data", Plain),
    known_as("/data/kaitiaki/decision", "What the group that governs the Māori data decided", Plain),
    known_as("/costs/currency", "Currency", Plain),
    known_as("/costs/staff_hour", "What an hour of staff costs", MONEY),
    known_as("/costs/units_per_year", "How many would meet the version in a year", Plain),
    known_as("/costs/trial", "What running the trial costs", MONEY),
    known_as("/public_comment/from", "The first day for comments", Day),
    known_as("/public_comment/until", "The last day for comments", Day),
    known_as("/tags/technique", "What is tried", Tags),
    known_as("/tags/people", "On whom", Tags),
];

/// The field at a place.
pub(super) fn known(pointer: &str) -> Option<&'static Known> {
    let same = |(pattern, part): (&str, &str)| pattern == part || (pattern == "*" && part.parse::<usize>().is_ok());
    let is_at = |known: &&Known| {
        known.pattern.split('/').count() == pointer.split('/').count()
            && known.pattern.split('/').zip(pointer.split('/')).all(same)
    };
    FIELDS.iter().find(is_at)
}
