//! Patterns: what is usual in trials of one kind, so that a designer answers only what is their own.

use chrono::NaiveDate;
use fairtrial_domain::protocol::Aim;
use serde_json::{Value, json};

/// A kind of trial that is made again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// A letter that reminds people of something.
    ReminderLetter,
    /// The words of a form.
    FormWording,
    /// What is said on the telephone.
    CallScript,
    /// Who is served when.
    QueueRule,
    /// A message before an appointment.
    AppointmentText,
}

/// What a pattern knows.
struct Usual {
    touchpoint: &'static str,
    technique: &'static [&'static str],
    people_are: &'static [&'static str],
    usual: &'static str,
    new: &'static str,
    change: &'static str,
    who: &'static str,
    outcome: &'static str,
    event: &'static str,
    follow_up_days: u32,
    expected: &'static str,
    smallest: &'static str,
    /// People who answer the question with these numbers.
    people: u64,
    harm: &'static str,
    harm_event: &'static str,
    time: &'static str,
}

impl Pattern {
    /// All of them, in order.
    pub const ALL: &[Self] =
        &[Self::ReminderLetter, Self::FormWording, Self::CallScript, Self::QueueRule, Self::AppointmentText];

    /// The word in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReminderLetter => "reminder_letter",
            Self::FormWording => "form_wording",
            Self::CallScript => "call_script",
            Self::QueueRule => "queue_rule",
            Self::AppointmentText => "appointment_text",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|pattern| pattern.as_str() == word)
    }

    fn usual(self) -> Usual {
        match self {
            Self::ReminderLetter => Usual {
                touchpoint: "reminder-letter",
                technique: &["reminder"],
                people_are: &[],
                usual: "Usual letter",
                new: "Letter with [the change]",
                change: "[what is different in the letter]",
                who: "people who are sent [which letter]",
                outcome: "Did what the letter asks within 28 days",
                event: "letter.answered",
                follow_up_days: 28,
                expected: "0.3",
                smallest: "0.03",
                people: 8_200,
                harm: "Complained or was distressed",
                harm_event: "harm.reported",
                time: "no",
            },
            Self::FormWording => Usual {
                touchpoint: "form",
                technique: &["plainer_words"],
                people_are: &["applicants"],
                usual: "Usual form",
                new: "Form with [the change]",
                change: "[which words are different]",
                who: "people who begin [which form]",
                outcome: "Finished the form within 7 days",
                event: "form.finished",
                follow_up_days: 7,
                expected: "0.6",
                smallest: "0.04",
                people: 5_100,
                harm: "Form turned down because of a mistake",
                harm_event: "form.turned_down",
                time: "low",
            },
            Self::CallScript => Usual {
                touchpoint: "call",
                technique: &["conversation"],
                people_are: &["everybody"],
                usual: "Usual script",
                new: "Script with [the change]",
                change: "[what is said differently]",
                who: "people who call about [what]",
                outcome: "Did not have to call again within 14 days",
                event: "call.settled",
                follow_up_days: 14,
                expected: "0.7",
                smallest: "0.04",
                people: 4_400,
                harm: "Complained about the call",
                harm_event: "call.complaint",
                time: "low",
            },
            Self::QueueRule => Usual {
                touchpoint: "queue",
                technique: &["timing"],
                people_are: &["everybody"],
                usual: "Usual order",
                new: "Order by [the change]",
                change: "[who is served when]",
                who: "people who wait for [what]",
                outcome: "Served within the promised time",
                event: "queue.served_in_time",
                follow_up_days: 1,
                expected: "0.7",
                smallest: "0.05",
                people: 2_900,
                harm: "Left without being served",
                harm_event: "queue.left",
                time: "some",
            },
            Self::AppointmentText => Usual {
                touchpoint: "appointment-text",
                technique: &["reminder"],
                people_are: &["people_with_appointment"],
                usual: "Usual message",
                new: "Message with [the change]",
                change: "[what is different in the message]",
                who: "people with an appointment for [what]",
                outcome: "Came to the appointment",
                event: "appointment.kept",
                follow_up_days: 14,
                expected: "0.75",
                smallest: "0.03",
                people: 6_900,
                harm: "Asked for no more messages",
                harm_event: "messages.refused",
                time: "no",
            },
        }
    }

    /// A whole plan without faults, with square brackets where only the designer knows.
    pub(super) fn document(self, key: &str, agency: &str, title: &str, aim: Aim, ends_on: NaiveDate) -> Value {
        let usual = self.usual();
        let not_worse = aim == Aim::NotWorse;
        let mut primary = json!({
            "key": "main", "name": usual.outcome, "role": "primary", "event": usual.event, "kind": "binary",
            "better": "increase", "follow_up_days": usual.follow_up_days,
            "smallest_worthwhile_effect": usual.smallest, "expected_control": usual.expected,
        });
        if let (true, Some(fields)) = (not_worse, primary.as_object_mut()) {
            fields.insert("margin".into(), json!("0.05"));
        }
        json!({
            "schema": "fairtrial/protocol/1",
            "key": key,
            "title": title,
            "agency": agency,
            "owner": "[name of the team that answers for it]",
            "touchpoint": usual.touchpoint,
            "tags": {"technique": usual.technique, "people": usual.people_are},
            "time_zone": "Pacific/Auckland",
            "public_summary": "Some people get the usual version and some get one in which [what is different]. We want to \
                               know which version serves people better.",
            "hypothesis": {
                "change": usual.change,
                "who": usual.who,
                "outcome": "main",
                "direction": if not_worse { "no_worse" } else { "increase" },
                "because": "[why you expect it to help]",
            },
            "aim": if not_worse { "not_worse" } else { "better" },
            "unit": "person",
            "analysis_unit": "person",
            "attributes": [],
            "arms": [
                {"key": "usual", "name": usual.usual, "control": true, "ratio": 1, "payload": {"version": "usual"}},
                {"key": "new", "name": usual.new, "control": false, "ratio": 1, "payload": {"version": "new"}},
            ],
            "allocation": {"method": "permuted_blocks", "strata": [], "block_multiples": [2, 3, 4]},
            "outcomes": [
                primary,
                {"key": "harm", "name": usual.harm, "role": "harm", "event": usual.harm_event, "kind": "binary",
                 "better": "decrease", "follow_up_days": usual.follow_up_days, "margin": "0.02", "action": "suspend",
                 "harm_watch": "daily",
                 "harm_alpha": "0.1"},
            ],
            "monitoring": {
                "alpha": "0.025", "power": "0.8", "sides": "one", "max_units": usual.people, "ends_on": ends_on.to_string(),
                "looks": ["0.25", "0.5", "0.75", "1"],
                "efficacy": {"spending": "obrien_fleming"},
                "futility": {"spending": "hwang_shih_decani", "gamma": "-2", "binding": false},
            },
            "decision_rule": if not_worse { "not_worse(main)" } else { "superior(main)" },
            "analysis": {"population": "as_assigned", "missing": "not_settled"},
            "risk": {
                "money": "no", "time": usual.time, "right": "no", "privacy": "no", "dignity": "no",
                "least_able_to_cope": "[who could cope least, and how they are protected]", "reversible": "yes",
                "entitlement": "no",
            },
            "data": {
                "notice": "individual", "retain_units_days": 365, "uses_maori_data": false,
                "lawful_basis": "[the law under which the service is run]", "sources": ["[where the outcome is recorded]"],
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::guide::{Guided, Step, fits};
    use fairtrial_analysis::design::{Question, answer};
    use fairtrial_domain::{LockedProtocol, trial::Tier};
    use std::sync::Arc;

    #[test]
    fn every_pattern_is_a_plan_without_faults_that_the_steps_fit() {
        let day = NaiveDate::from_ymd_opt(2027, 6, 30).unwrap();
        for pattern in Pattern::ALL {
            assert_eq!(Pattern::from_word(pattern.as_str()), Some(*pattern));
            for aim in [Aim::Better, Aim::NotWorse] {
                let document = pattern.document("a-trial", "justice", "Does it help?", aim, day);
                let plan = LockedProtocol::from_value(&document).unwrap();
                assert!(fits(plan.protocol()), "{pattern:?}");
                // What a pattern fills in can answer the question, so that nobody begins with a plan that cannot.
                let found = answer(&Question::of(plan.protocol()).unwrap()).unwrap();
                assert_eq!(found.can_answer, Some(true), "{pattern:?} {aim:?}: {:?}", found.units_needed);

                let aimed = found.units_needed.unwrap() as f64 / plan.protocol().monitoring.max_units as f64;
                assert!(aim == Aim::NotWorse || aimed > 0.9, "{pattern:?} asks for more people than it needs: {aimed}");
                let guided = Guided::new(&Arc::new(plan), Tier::Zero);
                let is_open = |step: &&Step| guided.answers(step).iter().any(|answer| answer.open);
                let open: Vec<&str> = guided.steps().filter(is_open).map(|step| step.name).collect();
                let mut expected = vec!["question", "idea", "versions", "people", "protection"];
                // To keep people waiting for something can cost them time that matters: more is asked.
                match guided.tier {
                    Tier::Zero => expected.push("data"),
                    _ => expected.extend(["harm", "fairness", "notice", "data", "privacy"]),
                }
                if guided.tier > Tier::Zero && aim == Aim::NotWorse {
                    expected.insert(5, "effect");
                }
                assert_eq!(open, expected, "{pattern:?} {aim:?}");
            }
        }
    }
}
