//! What people read of the numbers.

use fairtrial_domain::protocol::{Better, OutcomeKind};
use fairtrial_stats::special::elementary::log10;

use super::{
    answer::{Answer, WayOut},
    question::Question,
};
use crate::words::{grouped, plural, rounded_up};

/// The main sentence, then what clusters, looks, missing outcomes and several versions change, then the ways out.
pub(super) fn sentences(answer: &Answer) -> Vec<String> {
    let question = &answer.question;
    let mut said = vec![main_sentence(answer)];
    if let (Some(power), Some(units)) = (answer.power, question.units) {
        let what = match question.margin {
            Some(margin) => format!("shows that the loss is below {}", size(question, margin)),
            None => format!("finds {} {}", turn(question), change(question, question.gain)),
        };
        said.push(format!(
            "A trial of {} {} {what} in {} of 100 such trials.",
            grouped(units),
            people(question),
            hundredths(power)
        ));
    }
    if let Some(needed) = answer.units_needed {
        let by_arm: Vec<String> = answer.units_needed_by_arm.iter().map(|units| grouped(*units)).collect();
        let by_arm = if by_arm.is_empty() { String::new() } else { format!(" ({})", by_arm.join(" and ")) };
        said.push(format!(
            "{} of 100 such trials would answer with {} {}{by_arm}.",
            hundredths(answer.wanted_power),
            grouped(needed),
            people(question),
        ));
    } else {
        said.push(format!("No number of {} up to 1,000,000,000 answers with the wanted certainty.", people(question)));
    }
    if let Some(clusters) = &answer.clusters {
        let need = clusters.needed.map_or("More than 1,000,000".to_owned(), grouped);
        said.push(format!(
            "{} within a cluster are alike, so each counts for less: the trial needs {:.1} times as many {} as one without \
             clusters. {need} clusters of this size would do; {} are planned.",
            capital(&people(question)),
            clusters.design_effect,
            people(question),
            grouped(clusters.planned)
        ));
    }
    if let Some(rollout) = &question.rollout {
        let (sites, orders) = (rollout.sites(), rollout.orders());
        said.push(if orders * answer.one_sided_alpha < 1.0 {
            format!(
                "{} sites can change over in {} orders, too few for chance to be ruled out: take more sites, or more steps.",
                grouped(sites),
                grouped(orders.round() as u64)
            )
        } else {
            format!(
                "Reckoned for {} sites that change over in {} steps, with as many {} in every site and between all steps.",
                grouped(sites),
                rollout.sites_per_step.len(),
                people(question)
            )
        });
    }
    if let Some(looks) = &answer.looks {
        said.push(format!(
            "Because of the looks it may have to be {:.0} % larger than a trial that is looked at once, but it ends sooner on \
             average{}.",
            (looks.inflation - 1.0) * 100.0,
            match (looks.expected_if_no_effect, looks.expected_if_worthwhile) {
                (Some(none), Some(worthwhile)) => format!(
                    ": after about {} {} if the new version does nothing, {} if it works as hoped",
                    grouped(rounded_up(none)),
                    people(question),
                    grouped(rounded_up(worthwhile))
                ),
                _ => String::new(),
            }
        ));
        if let (Some(first), Some(day)) = (looks.looks.first(), looks.looks.first().and_then(|look| look.day)) {
            let units = first.units.map_or(String::new(), |n| format!(", with {} known", grouped(n)));
            said.push(format!("The earliest day on which it can end with an answer is day {day}{units}."));
        }
    }
    if let Some(days) = answer.days {
        said.push(format!("It takes at most about {} days.", grouped(days)));
    }
    if question.attrition > 0.0 {
        said.push(format!("Reckoned with {} in 100 outcomes missing.", hundredths(question.attrition)));
    }
    if question.explained > 0.0 {
        said.push(match question.saved_by_adjusting() > 0.0 {
            true => format!(
                "Reckoned with adjusting for what explains {} in 100 of the variance: without it the trial needs {:.1} times as many {}.",
                hundredths(question.explained),
                1.0 / (1.0 - question.explained),
                people(question)
            ),
            false => format!(
                "What the plan adjusts for is not reckoned with: {}.",
                match question.kind {
                    OutcomeKind::Binary => "it makes a difference of shares little more certain",
                    _ => "what explains differences between people need not explain those between clusters",
                }
            ),
        });
    }
    let versions = question.ratio.len() - 1;
    if versions > 1 && question.share_error {
        said.push(format!("{versions} new versions share the error, so each needs stronger evidence than one alone."));
    }
    said.extend(answer.ways_out.iter().map(|way| way.detail.clone()));
    said
}

/// `With 600 people you can reliably see a rise from 20 to 30 in 100, not to 23.`
fn main_sentence(answer: &Answer) -> String {
    let question = &answer.question;
    let (Some(units), Some(smallest)) = (question.units, answer.smallest_detectable) else {
        return match question.units {
            Some(units) => {
                format!("With {} {} no change can be seen reliably.", grouped(units), people(question))
            }
            None => format!(
                "To see {} {} takes a trial of the size below.",
                turn(question),
                change(question, question.gain)
            ),
        };
    };
    let with = format!("With {} {} you can reliably", grouped(units), people(question));
    let reaches = answer.can_answer == Some(true);
    if let Some(margin) = question.margin {
        let not = if reaches { String::new() } else { format!(", not one below {}", size(question, margin)) };
        return format!("{with} show a loss below {}{not}.", size(question, rounded_out(question, smallest)));
    }
    if reaches {
        let least = change(question, rounded_out(question, smallest));
        return format!(
            "{with} see a change {}. The smallest that you can see is {least}.",
            change(question, question.gain)
        );
    }
    let wanted = value(question, question.control + question.signed(question.gain));
    format!("{with} see {} {}, not to {wanted}.", turn(question), change(question, rounded_out(question, smallest)))
}

/// `a rise`, or `a fall`.
fn turn(question: &Question) -> &'static str {
    match question.better {
        Better::Increase => "a rise",
        Better::Decrease => "a fall",
    }
}

/// `from 20 to 30 in 100`.
fn change(question: &Question, gain: f64) -> String {
    let to = question.control + question.signed(gain);
    let per_100 = if question.kind == OutcomeKind::Binary { " in 100" } else { "" };
    format!("from {} to {}{per_100}", value(question, question.control), value(question, to))
}

/// A size away from nothing rounded up, so that the sentence stays true.
fn rounded_out(question: &Question, gain: f64) -> f64 {
    let scale = if question.kind == OutcomeKind::Binary { 100.0 } else { 1.0 };
    let shown = gain * scale;
    let digits = if shown >= 5.0 && question.kind == OutcomeKind::Binary {
        0
    } else {
        (1.0 - log10(shown.max(1e-9)).floor()).clamp(0.0, 6.0) as i32
    };
    let step = 10_f64.powi(digits);
    (shown * step - 1e-6).ceil() / step / scale
}

/// A number of the outcome without its unit.
fn value(question: &Question, value: f64) -> String {
    let shown = if question.kind == OutcomeKind::Binary { value * 100.0 } else { value };
    let rounded = (shown * 1e4).round() / 1e4;
    let magnitude = if rounded == 0.0 { 0.0 } else { rounded };
    if magnitude.abs() >= 1_000.0 && magnitude.fract() == 0.0 && magnitude > 0.0 {
        grouped(magnitude as u64)
    } else {
        format!("{magnitude}")
    }
}

fn size(question: &Question, amount: f64) -> String {
    let per_100 = if question.kind == OutcomeKind::Binary { " in 100" } else { "" };
    format!("{}{per_100}", value(question, amount))
}

fn people(question: &Question) -> String {
    plural(&question.unit)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A probability in whole hundredths, without saying 0 or 100 of what is neither.
fn hundredths(probability: f64) -> String {
    let whole = (probability * 100.0).round();
    match whole {
        0.0 if probability > 0.0 => "fewer than 1".to_owned(),
        100.0 if probability < 1.0 => "more than 99".to_owned(),
        _ => format!("{whole}"),
    }
}

/// The ways out of a trial that cannot answer its question; none for one that can.
pub(super) fn ways_out(answer: &Answer) -> Vec<WayOut> {
    let question = &answer.question;
    if answer.can_answer != Some(false) {
        return Vec::new();
    }
    let longer = match (answer.units_needed, answer.days_needed) {
        (Some(units), Some(days)) => {
            format!("Let more people in: {} {}, about {} days.", grouped(units), people(question), grouped(days))
        }
        (Some(units), None) => format!("Let more people in, or for longer: {} {}.", grouped(units), people(question)),
        (None, _) => "More people alone do not help: it would take over 1,000,000,000.".to_owned(),
    };
    let bigger = match (answer.smallest_detectable, question.margin) {
        (Some(smallest), None) => {
            let to = change(question, rounded_out(question, smallest));
            format!("Try a bigger change of the service: one that moves the outcome {to} can be seen.")
        }
        (Some(smallest), Some(_)) => {
            let margin = size(question, rounded_out(question, smallest));
            format!("Accept a larger margin, if people are not hurt by it: {margin} can be shown.")
        }
        (None, _) => "Try a bigger change of the service; of this size none can be seen.".to_owned(),
    };
    let direction = match question.better {
        Better::Increase => "that more people reach",
        Better::Decrease => "that happens to more people",
    };
    vec![
        WayOut { code: "more_units", detail: longer },
        WayOut { code: "bigger_change", detail: bigger },
        WayOut {
            code: "other_outcome",
            detail: format!("Choose another outcome: one {direction}, sooner, or that varies less."),
        },
        WayOut {
            code: "do_not_run",
            detail: "Do not run it: a trial that cannot answer spends people's goodwill for nothing.".to_owned(),
        },
    ]
}
