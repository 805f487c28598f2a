//! The sentences of a verdict.

use fairtrial_domain::protocol::OutcomeKind;

use super::number::{Scale, grouped, plural, rounded_up};
use crate::report::{ArmReport, Comparison, Measure, OutcomeReport};

/// What a sentence speaks of: one outcome, one new version beside the current one, and what is counted.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The outcome.
    pub outcome: &'a OutcomeReport,
    /// The new version.
    pub arm: &'a ArmReport,
    /// The current version.
    pub control: &'a ArmReport,
    /// What is counted, in the singular: person, household.
    pub unit: &'a str,
}

impl<'a> Subject<'a> {
    /// How this outcome's values are told.
    #[must_use]
    pub fn scale(&self) -> Scale {
        Scale::of(self.outcome, &self.arm.arm)
    }

    /// The difference of the two versions, once the data are locked.
    #[must_use]
    pub fn difference(&self) -> Option<&'a Comparison> {
        self.outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == self.arm.arm)
    }

    fn means(&self) -> Option<(f64, f64)> {
        let mean = |arm: &ArmReport| self.outcome.arms.iter().find(|found| found.arm == arm.arm)?.mean;
        Some((mean(self.arm)?, mean(self.control)?))
    }

    /// `Paid within 28 days: 26 in 100 people with “New letter”, 20 in 100 with “Usual letter”.`
    fn found(&self) -> String {
        let Some((arm, control)) = self.means() else { return format!("{}: nobody to compare.", self.outcome.name) };
        let scale = self.scale();
        let of =
            if self.outcome.kind == OutcomeKind::Binary { format!(" {}", plural(self.unit)) } else { String::new() };
        format!(
            "{}: {}{of} with \u{201c}{}\u{201d}, {} with \u{201c}{}\u{201d}.",
            self.outcome.name,
            scale.value(arm),
            self.arm.name,
            scale.value(control),
            self.control.name
        )
    }
}

/// The interval of a difference in words: `between 2 and 10 more in 100`, `anything from 2 fewer to 6 more in 100`.
///
/// Absent when the interval has no bound on one side.
#[must_use]
pub fn interval_phrase(subject: &Subject<'_>) -> Option<String> {
    let difference = subject.difference()?;
    let (lower, upper) = (difference.lower?, difference.upper?);
    let scale = subject.scale();
    let (low, high) = (scale.bare(lower.abs()), scale.bare(upper.abs()));
    let (more, less, suffix) = (scale.more(), scale.less(), scale.suffix());
    Some(if lower >= 0.0 {
        format!("between {low} and {high} {more}{suffix}")
    } else if upper <= 0.0 {
        format!("between {high} and {low} {less}{suffix}")
    } else {
        format!("anything from {low} {less} to {high} {more}{suffix}")
    })
}

/// What was found, and what is likely true: the sentence under a comparison.
#[must_use]
pub fn comparison_sentence(subject: &Subject<'_>) -> String {
    match interval_phrase(subject) {
        Some(interval) if interval.starts_with("between") => {
            format!("{} The true difference is likely {interval}.", subject.found())
        }
        Some(interval) => format!("{} The data fit {interval}.", subject.found()),
        None => subject.found(),
    }
}

/// The decision rule holds, and the new version works better.
#[must_use]
pub fn succeeded(subject: &Subject<'_>) -> String {
    match interval_phrase(subject) {
        Some(interval) if interval.starts_with("between") => {
            format!("{} The true gain is likely {interval}.", subject.found())
        }
        _ => comparison_sentence(subject),
    }
}

/// The decision rule holds: the new version is not worse, and is wanted because it is cheaper or kinder.
#[must_use]
pub fn not_worse(subject: &Subject<'_>) -> String {
    let margin = subject.outcome.margin.map(|margin| subject.scale().planned(margin.to_f64()));
    let within = margin.map_or(String::new(), |margin| format!(" by {margin} or more"));
    format!(
        "\u{201c}{}\u{201d} is not worse{within}, so it can be chosen where it is cheaper or kinder. {}",
        subject.arm.name,
        comparison_sentence(subject)
    )
}

/// Why a trial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// The smallest effect that would matter can be ruled out.
    TooLittle,
    /// A loss beyond the margin is shown.
    TooMuchLoss,
}

/// It does not do enough, or something that must not get worse did.
#[must_use]
pub fn failed(subject: &Subject<'_>, shortfall: Shortfall, of_several: bool) -> String {
    let scale = subject.scale();
    let (outcome, name) = (subject.outcome, &subject.arm.name);
    let planned = |size: Option<fairtrial_domain::Decimal>| size.map(|size| scale.planned(size.to_f64()));
    match shortfall {
        Shortfall::TooLittle => {
            let who = if of_several {
                "None of the new versions did".into()
            } else {
                format!("\u{201c}{name}\u{201d} did not do")
            };
            let enough = match planned(outcome.smallest_worthwhile_effect) {
                Some(size) => format!("A gain of {size}, the smallest that would matter, can be ruled out."),
                None => "A gain can be ruled out.".to_owned(),
            };
            format!("{who} enough. {} {enough}", subject.found())
        }
        Shortfall::TooMuchLoss => {
            let limit = planned(outcome.margin).unwrap_or_default();
            format!(
                "\u{201c}{name}\u{201d} made things worse. {} A loss within {limit}, the most that is acceptable, can be ruled out.",
                subject.found()
            )
        }
    }
}

/// A look found that success had become too unlikely, and the trial ended on it.
#[must_use]
pub fn given_up(subject: &Subject<'_>, of_several: bool) -> String {
    let who = if of_several {
        "None of the new versions was".to_owned()
    } else {
        format!("\u{201c}{}\u{201d} was not", subject.arm.name)
    };
    format!("{who} on the way to do enough, so the trial ended early. {}", comparison_sentence(subject))
}

/// A harm measure is beyond its margin.
#[must_use]
pub fn harmful(subject: &Subject<'_>) -> String {
    format!("Stopped for harm. {} People should get \u{201c}{}\u{201d} now.", subject.found(), subject.control.name)
}

/// The data fit both.
#[must_use]
pub fn undecided(subject: &Subject<'_>, more_units_needed: Option<u64>) -> String {
    let fit = match interval_phrase(subject) {
        Some(interval) if interval.starts_with("between") => {
            format!("{}: the true difference is likely {interval}.", subject.outcome.name)
        }
        Some(interval) => format!("{}: the data fit {interval}.", subject.outcome.name),
        None => format!("{}: there are too few data to compare.", subject.outcome.name),
    };
    let settle = more_units_needed.map_or(String::new(), |more| {
        format!(" About {} more {} would settle it.", grouped(rounded_up(more)), plural(subject.unit))
    });
    format!("We do not know yet. {fit}{settle}")
}

/// The data are not locked: only counts are known, and none where it would give a small number away.
#[must_use]
pub fn keep_going(assigned: Option<u64>, unit: &str) -> String {
    let known = match assigned {
        Some(1) => format!("1 {unit} has been assigned"),
        Some(assigned) => format!("{} {} have been assigned", grouped(assigned), plural(unit)),
        None => format!(
            "How many {} have been assigned is not shown, as the number is small or gives a small one away",
            plural(unit)
        ),
    };
    format!("We do not know yet. {known}; the result opens when the data are locked.")
}

/// The data cannot be read.
#[must_use]
pub fn invalid(why: &str) -> String {
    format!("This trial cannot be read. {why} Find out why before running it again.")
}
