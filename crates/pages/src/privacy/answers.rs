//! What a plan answers of each principle. The principles are those of section 22 of the Privacy Act 2020, with principle 3A
//! of the Privacy Amendment Act 2025 (in force since 1 May 2026), in words of our own: the Act says what they mean.

use super::checklist::{Facts, Principle};
use crate::number::counted;
use crate::protocol;
use fairtrial_domain::protocol::{Protocol, RiskLevel};

/// All principles in the order of the Act.
pub(super) fn all(plan: &Protocol, facts: &Facts) -> Vec<Principle> {
    vec![
        purpose(plan),
        source(plan, facts),
        told(plan),
        told_indirectly(plan, facts),
        manner(plan),
        storage(plan),
        access(plan),
        correction(),
        accuracy(plan),
        retention(plan),
        usage(plan),
        disclosure(facts),
        overseas(plan),
        identifiers(plan),
    ]
}

fn or_open(value: Option<&String>, answered: impl Fn(&str) -> String, open: &str) -> (Vec<String>, Vec<String>) {
    match value.map(|text| text.trim()).filter(|text| !text.is_empty()) {
        Some(text) => (vec![answered(text)], Vec::new()),
        None => (Vec::new(), vec![open.to_owned()]),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn purpose(plan: &Protocol) -> Principle {
    let mut answered = vec![format!("The law that allows it: {}", sentence(&plan.data.lawful_basis))];
    answered.push(format!("What it is for: {}", sentence(&plan.public_summary)));
    answered.extend(
        plan.attributes.iter().map(|attribute| format!("Asked: {}", sentence(&protocol::attribute_words(attribute)))),
    );
    answered.extend(plan.outcomes.iter().map(|outcome| format!("Counted: {}", sentence(&outcome.name))));
    answered.push("A call with anything that the plan does not name is refused, and nothing of it is kept.".into());
    Principle {
        number: "1",
        name: "Purpose",
        asks: "Is only collected what the agency needs for something it may lawfully do?",
        answered,
        open: vec![
            "Could the question be answered with less? Say which of these could be left out, or that none can.".into(),
        ],
    }
}

fn source(plan: &Protocol, facts: &Facts) -> Principle {
    let mut answered: Vec<String> =
        plan.data.sources.iter().map(|source| format!("Comes from: {}", sentence(source))).collect();
    answered
        .extend(facts.partners.iter().map(|partner| format!("Another agency sends outcomes: {}", sentence(partner))));
    let mut open = Vec::new();
    if plan.data.sources.is_empty() {
        open.push("The plan does not say where the data come from.".into());
    }
    open.push("Which of these do not come from the person themselves, and which exception allows that?".into());
    Principle {
        number: "2",
        name: "Source",
        asks: "Does it come from the person it is about, or is there a reason in the Act why not?",
        answered,
        open,
    }
}

fn told(plan: &Protocol) -> Principle {
    let data = &plan.data;
    let mut answered = vec![format!("Who is told, and how: {}.", protocol::notice(&data.notice))];
    answered.extend(data.notice_text.iter().map(|text| format!("In these words: \u{201c}{}\u{201d}", text.trim())));
    answered.push(
        "A page with the code of the trial tells what is tested, why, which data are used, and how to stay out.".into(),
    );
    let mut open = Vec::new();
    if data.notice == "individual" && data.notice_text.is_none() {
        open.push("The plan has no wording for the notice.".into());
    }
    if data.notice != "individual" {
        open.push("Not every person is told beforehand. Which exception allows that, and why is it fair?".into());
    }
    Principle {
        number: "3",
        name: "What people are told",
        asks: "Do people know that it is collected, why, who gets it, and what they can do?",
        answered,
        open,
    }
}

fn told_indirectly(plan: &Protocol, facts: &Facts) -> Principle {
    let none = facts.partners.is_empty();
    let mut answered = Vec::new();
    if none {
        answered.push("No other agency sends outcomes under a link of this trial.".into());
    } else {
        answered.push("The register and the page of the code name every agency that sends outcomes.".into());
    }
    let mut open = Vec::new();
    if !none || plan.data.sources.len() > 1 {
        open.push("What comes from somebody else: how do people learn of it, or which exception applies?".into());
    }
    Principle {
        number: "3A",
        name: "What people are told when it comes from others",
        asks: "Where it is collected from somebody else: do people learn of it all the same?",
        answered,
        open,
    }
}

fn manner(plan: &Protocol) -> Principle {
    let risk = &plan.risk;
    let level = |level: RiskLevel| match level {
        RiskLevel::No => "nobody could",
        RiskLevel::Low => "a little, and it can be made good",
        RiskLevel::Some => "it could matter",
        RiskLevel::High => "it could matter much",
    };
    Principle {
        number: "4",
        name: "Manner",
        asks: "Is it collected lawfully, fairly, and without intruding more than is reasonable, above all from the young?",
        answered: vec![
            format!("Could anybody lose privacy? The plan says: {}.", level(risk.privacy)),
            format!("Could anybody lose dignity? The plan says: {}.", level(risk.dignity)),
            format!("Least able to cope: {}", sentence(&risk.least_able_to_cope)),
            format!("Who is in: {}", sentence(&plan.hypothesis.who)),
        ],
        open: vec!["Are children or young people among them? If so, how is it made fair to them?".into()],
    }
}

fn storage(plan: &Protocol) -> Principle {
    let (mut answered, mut open) = or_open(
        plan.data.hosting.as_ref(),
        |text| format!("Where it is kept: {}", sentence(text)),
        "The plan does not say where the data are kept.",
    );
    answered.extend([
        "A keyed code stands in the place of the agency\u{2019}s own number of a person. The key is not in the database.".to_owned(),
        "Each person and program sees what their role allows. Who saw results by version is on record, and the record shows when it is altered.".to_owned(),
    ]);
    open.push("Who can reach the server, its disks and its backups, and who checks that?".into());
    Principle {
        number: "5",
        name: "Storage and security",
        asks: "Is it kept safe against loss and against those who should not see it?",
        answered,
        open,
    }
}

fn access(plan: &Protocol) -> Principle {
    let (answered, mut open) = or_open(
        plan.data.opt_out.as_ref(),
        |text| format!("How people can stay out: {}", sentence(text)),
        "The plan does not say how people can stay out.",
    );
    open.push(
        "Who answers somebody who asks what the trial holds about them, and within how many working days?".into(),
    );
    Principle { number: "6", name: "Access", asks: "Can people see what is held about them?", answered, open }
}

fn correction() -> Principle {
    Principle {
        number: "7",
        name: "Correction",
        asks: "Can people have what is wrong put right?",
        answered: vec!["Whoever wants it has their data taken out of the trial, without saying why. It is then in no result.".into()],
        open: vec!["Outcomes come from the agency\u{2019}s own records. Who puts a wrong record right, there and in the trial?".into()],
    }
}

fn accuracy(plan: &Protocol) -> Principle {
    Principle {
        number: "8",
        name: "Accuracy",
        asks: "Is it checked before it is used?",
        answered: vec![
            "Before a result counts, the data are checked: sizes of the versions, outcomes that do not arrive, events dated wrongly, people who met two versions. A failed check makes the trial unreadable.".into(),
            format!("An outcome counts within {} after a {} enters.", longest(plan), plan.unit),
        ],
        open: Vec::new(),
    }
}

fn longest(plan: &Protocol) -> String {
    let days = plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max().unwrap_or(0);
    counted(u64::from(days), "day at most", "days at most")
}

fn retention(plan: &Protocol) -> Principle {
    let mut answered = vec![format!(
        "Records about single people are deleted {} after the final report. The system does it by itself, and the register says when.",
        counted(u64::from(plan.data.retain_units_days), "day", "days")
    )];
    answered.extend(
        plan.data.review_on.map(|day| format!("The handling is looked at again on {}.", day.format("%-d %B %Y"))),
    );
    Principle {
        number: "9",
        name: "How long it is kept",
        asks: "Is it kept no longer than it is needed?",
        answered,
        open: vec!["Who sees to it that files taken away and backups are deleted then, too?".into()],
    }
}

fn usage(plan: &Protocol) -> Principle {
    Principle {
        number: "10",
        name: "Use",
        asks: "Is it used only for what it was collected for?",
        answered: vec![
            format!("The question it is used for: {}", sentence(&plan.title)),
            "The rule, the outcomes and the analysis are fixed before the start. The plan cannot be changed afterwards without a new version that says so.".into(),
            "Records of single people leave only with an analyst, for a purpose that is kept on record.".into(),
        ],
        open: vec!["Was any of it collected for something else? If so, why may it be used for this?".into()],
    }
}

fn disclosure(facts: &Facts) -> Principle {
    let (base, fewest, sums) = facts.release;
    let mut answered = vec![
        format!(
            "Numbers that leave those who analyse the trial are rounded to multiples of {base}. Counts below {fewest} and averages of fewer than {sums} people are not shown."
        ),
        "Nothing by version is public before the data are complete.".to_owned(),
    ];
    match facts.partners.is_empty() {
        true => answered.push("No other agency takes part.".into()),
        false => answered.push("Agencies that send outcomes learn nothing about who is in the trial.".into()),
    }
    Principle {
        number: "11",
        name: "Disclosure",
        asks: "Does it go to others only where the Act allows it?",
        answered,
        open: Vec::new(),
    }
}

fn overseas(plan: &Protocol) -> Principle {
    let (answered, open) = or_open(
        plan.data.hosting.as_ref(),
        |text| format!("Where it is kept: {}", sentence(text)),
        "Is anything kept or seen outside New Zealand, by a provider of the server for example? If so, what protects it there?",
    );
    Principle {
        number: "12",
        name: "Outside New Zealand",
        asks: "If it goes abroad, is it protected there as it is here?",
        answered: answered.into_iter().chain(["The program sends nothing anywhere by itself.".to_owned()]).collect(),
        open,
    }
}

fn identifiers(plan: &Protocol) -> Principle {
    let mut answered = vec![
        "The trial gives each person a code of its own. It is worked out with the agency\u{2019}s key, so that two agencies never hold one code for one person.".to_owned(),
        "A call that seems to hold a number given by another agency, such as a tax number or a passport number, is refused.".to_owned(),
    ];
    if plan.data.uses_maori_data {
        let group = plan.data.kaitiaki.as_ref().map(|kaitiaki| kaitiaki.group.clone());
        answered.push(group.map_or_else(
            || "M\u{101}ori data are used.".to_owned(),
            |group| format!("M\u{101}ori data are used; their guardians: {}", sentence(&group)),
        ));
    }
    Principle {
        number: "13",
        name: "Unique identifiers",
        asks: "Is a number given to people only where it is needed, and is no other agency\u{2019}s number taken over?",
        answered,
        open: Vec::new(),
    }
}
