//! The questions in plain words. A step or field that is not known here is shown by its name.

use crate::library::tag;
use fairtrial_domain::protocol::{Population, Technique};

/// What a step asks.
#[must_use]
pub fn step_title(step: &str) -> &str {
    match step {
        "question" => "What do you want to find out?",
        "idea" => "What changes, and why should it help?",
        "versions" => "Which versions are compared?",
        "shown" => "What does each version show?",
        "people" => "Who is it for?",
        "rules" => "Who is in, and who is left out?",
        "unit" => "Could one person\u{2019}s version leak to another?",
        "risk" => "What could people lose?",
        "protection" => "Who could cope least?",
        "maori_data" => "Does it concern Māori data?",
        "kaitiaki" => "Who guards the Māori data?",
        "outcome" => "How will you know that it works?",
        "effect" => "How much would be enough?",
        "harm" => "What must not happen?",
        "guardrail" => "What else must not get worse?",
        "looks" => "How often do we look, and what is decided?",
        "tags" => "How will others find it again?",
        "fairness" => "Which groups must not be left worse off?",
        "size" => "How many people, and until when?",
        "notice" => "How are people told?",
        "data" => "What happens with their data?",
        "privacy" => "How is privacy looked after?",
        "comment" => "When can the public comment?",
        other => other,
    }
}

/// What helps with a step as a whole.
pub(super) fn step_help(step: &str) -> Option<&'static str> {
    Some(match step {
        "question" => "This is the first thing that colleagues, reviewers and the public will read.",
        "versions" => "The usual version is what happens today. Chance decides who gets which.",
        "outcome" => {
            "One outcome decides. Choose it before the start: with many to choose from, one always looks good."
        }
        "harm" => {
            "Everybody gets the usual version again when the new one is shown to be worse here than you allow. Nobody has \
             to be asked first."
        }
        "shown" => {
            "Your app is told which version a person gets, together with these texts, so that it shows the right one. Nothing \
             here is shown by us. Leave it empty when the app knows its versions by their names."
        }
        "guardrail" => {
            "One more outcome that must not get worse while the main one gets better, such as a second call. Leave all of it \
             empty when there is none."
        }
        "looks" => {
            "At each look the trial can end early: when the new version is shown to work, or when that has become unlikely. \
             Until it ends nobody who runs it sees how the versions compare."
        }
        "tags" => "Others find the trial and what came of it by these words.",
        "rules" => "Leave all of this empty when everybody is in and your system tells nothing of people.",
        "unit" => {
            "Chance decides who gets which version. It does so person by person, unless people would meet both versions: then \
             whole offices get one, and more people are needed. Where the new version comes to every office in any case, chance can decide \
             in which order."
        }
        "kaitiaki" => {
            "A group that governs such data decides about their use before anybody signs. Save what you know; the rest can wait."
        }
        "fairness" => {
            "People could lose something that matters, so the report looks at each of these groups by itself. What can be \
             chosen here is what your system tells of each person, in the step ‘Who is in, and who is left out?’."
        }
        "privacy" => "Save what you know. What you must still ask others for can be filled in later.",
        "comment" => {
            "People could lose something that matters, so the plan is public for at least ten working days before the start: \
             at least 14 days from the first to the last."
        }
        "size" => "The trial never takes in more people than this, and nobody after that day.",
        "risk" => {
            "Think of the person for whom it would go worst. Your answers decide who must sign the plan, so answer as you \
             would want it answered for yourself."
        }
        _ => return None,
    })
}

/// What a field asks, without the word that it may be left empty.
pub(crate) fn question(name: &str) -> &str {
    let label = field(name).0;
    label.strip_suffix(" (optional)").unwrap_or(label)
}

/// Label and help of a field.
pub(super) fn field(name: &str) -> (&str, Option<&'static str>) {
    match name {
        "title" => ("Your question", Some("For example: does a line about what most people do help people pay?")),
        "public_summary" => {
            ("In two or three sentences for everybody", Some("People see it on the page about the trial."))
        }
        "owner" => ("Who answers for it", Some("A team, so that there is somebody when a person leaves.")),
        "change" => ("What is different in the new version", None),
        "because" => ("Why you expect it to help", Some("What you have seen or heard, or what worked elsewhere.")),
        "usual" => ("Name of the usual version", None),
        "new" => ("Name of the new version", Some("What it is, not what you hope: not \u{2018}better letter\u{2019}.")),
        "usual_cost" => {
            ("Cost of the usual version each time", Some("In dollars. Leave it empty if it does not matter."))
        }
        "new_cost" => ("Cost of the new version each time", Some("In dollars. Leave it empty if it does not matter.")),
        "usual_payload" => (
            "What the app shows of the usual version (optional)",
            Some(
                "One thing on each line, as \u{2018}heading: Please pay by 30 June\u{2019}. A document in braces is taken as it is.",
            ),
        ),
        "new_payload" => ("What the app shows of the new version (optional)", Some("In the same way.")),
        "guard" => ("What must not get worse", Some("Something that happens or does not happen for each person.")),
        "guard_event" => ("What your system calls it", Some("The name under which it is sent to us.")),
        "guard_better" => ("Which is good for people?", None),
        "guard_margin" => ("How much worse may it get, at most?", Some("People in 100, such as 2.")),
        "guard_margin_reason" => ("Why could you accept a loss of that size?", None),
        "units_per_day" => (
            "About how many people come on a day? (optional)",
            Some("Then the plan says how many days it takes, and on which day it can end at the earliest."),
        ),
        "looks" => ("How often is it looked at?", None),
        "gives_up" => (
            "Does it end early too when success has become unlikely?",
            Some("It matters only when there are looks on the way. People then get the usual version again sooner."),
        ),
        "touchpoint" => (
            "The place in the service (optional)",
            Some("Small letters, digits and hyphens, such as reminder-letter. Your app asks for it by this name."),
        ),
        "technique" => ("What is tried", Some("At most five.")),
        "people_are" => ("On whom", Some("At most five.")),
        "leaks" => ("Could somebody meet the version of somebody else?", None),
        "balanced" => (
            "How are the versions kept alike, where people get one by one?",
            Some("By what your system tells of each person, where you said that it balances the versions."),
        ),
        "steps" => (
            "The days on which offices change over",
            Some(
                "Only where offices change over one after the other. One day on each line, as 30 6 2027; all of them after the start.",
            ),
        ),
        "transition" => (
            "For how many days after that do people not count? (optional)",
            Some("Only where offices change over. The time that staff need to get used to it."),
        ),
        "roster" => (
            "The offices that take part",
            Some(
                "Only where whole offices get one version. One on each line, in small letters, digits and hyphens, such as \
                 porirua-north. Your app names the office with each person.",
            ),
        ),
        "alike" => (
            "How alike are the people of one office? (optional)",
            Some(
                "From 0, not at all, to 1, all the same. 0.05 is common. Without it nobody can say how many people it takes.",
            ),
        ),
        "who" => ("Who takes part", Some("As you would describe them to a neighbour.")),
        "attributes" => (
            "What your system tells of each person (optional)",
            Some(
                "One on each line, as \u{2018}district: north, south (balance)\u{2019} or \u{2018}age: 16 to 110 (fair)\u{2019}. In brackets why \
                 it is needed: balance the versions, check that it is fair to each group, sharpen the comparison, or decide who \
                 is in or out.",
            ),
        ),
        "include" => (
            "Who is in (optional)",
            Some(
                "One condition on each line, all of which must hold, as \u{2018}age at least 18\u{2019} or \u{2018}district is one of north, \
                 south\u{2019}. Only what your system tells of each person can be used. Leave it empty when everybody is in.",
            ),
        ),
        "exclude" => (
            "Who is left out (optional)",
            Some(
                "One condition on each line; one that holds is enough, as \u{2018}in_crisis is yes\u{2019}. Think of people who could cope \
                 least.",
            ),
        ),
        "least_able_to_cope" => {
            ("Who could cope least if it went badly, and how they are protected", Some("They can be left out."))
        }
        "outcome" => {
            ("What should happen more, or less", Some("Something that happens or does not happen for each person."))
        }
        "event" => {
            ("What your system calls it", Some("The name under which it is sent to us, such as letter.answered."))
        }
        "better" => ("Which is good for people?", None),
        "follow_up_days" => ("For how many days after a person enters does it count?", None),
        "expected" => ("In how many of 100 people does it happen today?", Some("Your best guess, such as 20.")),
        "smallest" => {
            ("What is the smallest difference that would change what you do?", Some("People in 100, such as 3."))
        }
        "margin" => ("What is the largest loss that you could accept?", Some("People in 100, such as 5.")),
        "harm" => ("What you watch for harm", Some("Something that nobody wants, such as a complaint.")),
        "harm_event" => ("What your system calls it", Some("The name under which it is sent to us.")),
        "harm_margin" => ("In how many more of 100 people could you accept it?", Some("Such as 2.")),
        "max_units" => ("At most how many people", None),
        "margin_reason" => ("Why could you accept a loss of that size?", Some("Say it to those who would lose it.")),
        "harm_margin_reason" => {
            ("Why could you accept that many more?", Some("Say it to the people to whom it would happen."))
        }
        "severe" => (
            "How many more reports of grave harm than with the usual version suspend the trial by themselves? (optional)",
            Some(
                "Such as 3. Staff say of each report how bad it is; ‘grave’ is the third of four. Leave it empty when people \
                 decide about them. One of the gravest kind with the new version suspends the trial in any case.",
            ),
        ),
        "equity_groups" => ("Compare the versions within", Some("Choose at least one.")),
        "equity_margin" => ("How much worse off may one group be, at most?", Some("People in 100, such as 5.")),
        "ends_on" => ("The last day on which anybody enters", Some("For example, 30 6 2027.")),
        "entitlement" => ("Would anybody get later, or not at all, what they are entitled to?", None),
        "notice_text" => ("What people are told", Some("The same words for every version.")),
        "opt_out" => ("How can people stay out, or why can they not?", None),
        "pia" => ("The privacy impact assessment", Some("Its name or number, or why none is needed.")),
        "hosting" => ("Where are the data kept?", Some("The country, and whose computers.")),
        "review_on" => ("When is the handling of the data looked at again?", Some("For example, 30 6 2027.")),
        "comment_from" => ("The first day for comments", Some("For example, 1 3 2027.")),
        "comment_until" => ("The last day for comments", Some("For example, 15 3 2027.")),
        "kaitiaki_group" => ("The group that governs the data", None),
        "kaitiaki_contact" => ("How to reach it", None),
        "kaitiaki_decision" => ("What it decided, and when", None),
        "money" => ("Could anybody lose money?", None),
        "time" => ("Could anybody lose time?", None),
        "right" => ("Could anybody lose a right, or get it late?", None),
        "privacy" => ("Could anybody lose privacy?", None),
        "dignity" => ("Could anybody be shamed or distressed?", None),
        "reversible" => ("Can a bad turn be undone?", None),
        "notice" => ("How are people told?", None),
        "lawful_basis" => ("Under which law is the service run?", None),
        "sources" => ("Where are outcomes recorded?", Some("One system on each line.")),
        "retain_units_days" => ("For how many days after the final report are records of single people kept?", None),
        "uses_maori_data" => ("Does it use Māori data, or affect Māori as a collective?", None),
        other => (other, None),
    }
}

/// The words of an answer that is chosen.
pub(super) fn choice(name: &str, value: &str) -> (String, Option<&'static str>) {
    let tagged = match name {
        "technique" => Technique::from_word(value).map(tag::technique),
        "people_are" => Population::from_word(value).map(tag::population),
        _ => None,
    };
    if let Some(label) = tagged {
        return (label.to_owned(), None);
    }
    let (label, hint) = match (name, value) {
        ("leaks", "no") => ("No", Some("Each has a letter, a call or a screen of their own.")),
        ("leaks", "yes") => {
            ("Yes", Some("They talk to each other, or the same staff could not keep the versions apart."))
        }
        ("leaks", "in_turn") => (
            "Yes, and in the end every office gets the new version",
            Some(
                "The offices change over one after the other, on days that you name. More offices and more days make the answer surer.",
            ),
        ),
        ("balanced", "blocks") => (
            "In small balanced groups",
            Some("Separately by each of at most three of them. The plainest way, and the one for most trials."),
        ),
        ("balanced", "levels") => (
            "Each person gets the version that leaves both most alike",
            Some(
                "In up to six of them. For few people of whom much is known. Chance keeps a say, so that nobody can foresee it.",
            ),
        ),
        ("looks", "1") => ("Once, at the end", Some("The trial cannot end early, unless it does harm.")),
        ("looks", "2") => ("Twice: after half of the outcomes, and at the end", None),
        ("looks", "3") => ("Three times: after each third", None),
        ("looks", "4") => ("Four times: after each quarter", None),
        ("looks", "5") => ("Five times: after each fifth", None),
        ("looks", _) => ("As the plan says now", None),
        ("guard_better", "increase") => ("More of it is good", None),
        ("guard_better", "decrease") => ("Less of it is good", None),
        ("better", "increase") => ("More of it is good", None),
        ("better", "decrease") => ("Less of it is good", None),
        ("notice", "individual") => ("Each person, by a line on the letter or screen", None),
        ("notice", "general") => ("Everybody, by a poster or the website", None),
        ("notice", "after") => ("Each person, afterwards", Some("Only when knowing it would change what people do.")),
        ("notice", "register_only") => {
            ("By the public register alone", Some("Only for wording and layout that nobody could mind."))
        }
        ("entitlement", "delays") => ("Later", Some("Such a trial is not run here: change what is tried.")),
        ("entitlement", "removes") => ("Not at all", Some("Such a trial is not run here: change what is tried.")),
        (_, "no") if name != "reversible" && name != "uses_maori_data" => ("No", None),
        (_, "low") => ("A little, and it can be made good", None),
        (_, "some") => ("It could matter", None),
        (_, "high") => ("It could matter much", None),
        (_, "yes") => ("Yes", None),
        (_, "no") => ("No", None),
        _ => return (value.to_owned(), None),
    };
    (label.to_owned(), hint)
}

/// Name and help of a pattern.
pub(super) fn pattern(word: &str) -> (&str, Option<&'static str>) {
    match word {
        "reminder_letter" => ("A letter", Some("A reminder, a notice, an invitation to do something.")),
        "form_wording" => ("A form", Some("On paper or on a screen: other words, another order, fewer questions.")),
        "call_script" => ("A telephone call", Some("What is said, or in which order.")),
        "queue_rule" => ("A queue", Some("Who is served when.")),
        "appointment_text" => ("A message before an appointment", Some("A text message or an e-mail.")),
        other => (other, None),
    }
}
