//! Values and differences of an outcome in plain words: "26 in 100 people", "between 2 and 10 more in 100".
//!
//! Rounding is that of the verdict's own sentence, [`decimals`].

use crate::number::plural;
use fairtrial_analysis::words::decimals;
use fairtrial_domain::{Decimal, protocol::OutcomeKind};

/// How the values of one outcome are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    form: Form,
    units: String,
    decimals: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A share of units: "26 in 100 people".
    InHundred,
    /// Events: "12 for every 100 people".
    ForHundred,
    /// An average in the outcome's own unit: "51.20 on average".
    Average,
}

impl Quantity {
    /// For outcomes of that kind counted on that unit ("person"), in whole numbers.
    #[must_use]
    pub fn new(kind: OutcomeKind, unit: &str) -> Self {
        let form = match kind {
            OutcomeKind::Binary => Form::InHundred,
            OutcomeKind::Count => Form::ForHundred,
            OutcomeKind::Amount | OutcomeKind::Duration | OutcomeKind::Rating => Form::Average,
        };
        Self { form, units: plural(unit), decimals: 0 }
    }

    /// The same with as many digits as a difference and its interval call for. Values are in the outcome's unit (0.06 is
    /// 6 in 100); what is not finite counts as absent.
    #[must_use]
    pub fn for_difference(self, estimate: Option<f64>, lower: Option<f64>, upper: Option<f64>) -> Self {
        let size = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value * self.factor());
        let (estimate, lower, upper) = (size(estimate), size(lower), size(upper));
        let decimals = decimals(self.form != Form::Average, estimate, lower, upper);
        Self { decimals, ..self }
    }

    /// How many digits are written after the point.
    #[must_use]
    pub fn decimals(&self) -> usize {
        self.decimals
    }

    /// The value on the scale that people see: per 100, or as it is.
    #[must_use]
    pub fn shown(&self, value: f64) -> f64 {
        value * self.factor()
    }

    /// The name of that scale: "people per 100".
    #[must_use]
    pub fn scale(&self) -> String {
        match self.form {
            Form::InHundred => format!("{} per 100", self.units),
            Form::ForHundred => format!("events for every 100 {}", self.units),
            Form::Average => "the average".to_owned(),
        }
    }

    /// Whether the value is a share, which can be drawn as people.
    #[must_use]
    pub fn is_share(&self) -> bool {
        self.form == Form::InHundred
    }

    /// A level: "26 in 100 people". Not for values that are not finite: then nothing.
    #[must_use]
    pub fn level(&self, value: f64) -> Option<String> {
        let digits = self.digits(value)?;
        Some(match self.form {
            Form::InHundred => format!("{digits} in 100 {}", self.units),
            Form::ForHundred => format!("{digits} for every 100 {}", self.units),
            Form::Average => format!("{digits} on average"),
        })
    }

    /// A level beside another one: "20 in 100".
    #[must_use]
    pub fn short_level(&self, value: f64) -> Option<String> {
        let digits = self.digits(value)?;
        Some(match self.form {
            Form::InHundred => format!("{digits} in 100"),
            Form::ForHundred => format!("{digits} for every 100"),
            Form::Average => digits,
        })
    }

    /// A size from the plan, without a direction and with exactly the digits that were planned: "3 in 100", "1.5 in 100".
    #[must_use]
    pub fn planned(&self, size: Decimal) -> String {
        let millionths = size.millionths().unsigned_abs();
        let millionths = if self.form == Form::Average { u128::from(millionths) } else { u128::from(millionths) * 100 };
        let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        let digits = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:06}") };
        let digits = if rest == 0 { digits.as_str() } else { digits.trim_end_matches('0') };
        match self.form {
            Form::InHundred | Form::ForHundred => format!("{digits}{}", self.tail()),
            Form::Average => digits.to_owned(),
        }
    }

    /// A difference: "6 more in 100", "no difference".
    #[must_use]
    pub fn change(&self, value: f64) -> Option<String> {
        Some(match self.side(value)? {
            Side::Zero if value == 0.0 => "no difference".to_owned(),
            Side::Zero => "almost no difference".to_owned(),
            side => format!("{} {}{}", self.digits(value.abs())?, self.word(side), self.tail()),
        })
    }

    /// An interval, to stand after "likely": "between 2 and 10 more in 100". An absent end has no limit.
    #[must_use]
    pub fn range(&self, lower: Option<f64>, upper: Option<f64>) -> Option<String> {
        let tail = self.tail();
        let said = |value: f64| self.digits(value.abs());
        Some(match (lower, upper) {
            (Some(lower), Some(upper)) => match (self.side(lower)?, self.side(upper)?) {
                (Side::Zero, Side::Zero) => "almost no difference".to_owned(),
                (Side::Below, Side::Above) => {
                    format!("anything from {} {} to {} more{tail}", said(lower)?, self.less(), said(upper)?)
                }
                (Side::Zero, side) => format!("between no difference and {} {}{tail}", said(upper)?, self.word(side)),
                (side, Side::Zero) => format!("between {} {}{tail} and no difference", said(lower)?, self.word(side)),
                (side, _) => {
                    let (near, far) = if side == Side::Above { (lower, upper) } else { (upper, lower) };
                    let (near, far) = (said(near)?, said(far)?);
                    let word = self.word(side);
                    if near == far {
                        format!("about {near} {word}{tail}")
                    } else {
                        format!("between {near} and {far} {word}{tail}")
                    }
                }
            },
            (Some(lower), None) => match self.side(lower)? {
                Side::Above => format!("at least {} more{tail}", said(lower)?),
                Side::Zero => "no difference or more".to_owned(),
                Side::Below => format!("{} {}{tail} or anything above that", said(lower)?, self.less()),
            },
            (None, Some(upper)) => match self.side(upper)? {
                Side::Below => format!("at least {} {}{tail}", said(upper)?, self.less()),
                Side::Zero => format!("no difference or {}", self.less()),
                Side::Above => format!("{} more{tail} or anything below that", said(upper)?),
            },
            (None, None) => return None,
        })
    }

    fn factor(&self) -> f64 {
        if self.form == Form::Average { 1.0 } else { 100.0 }
    }

    fn digits(&self, value: f64) -> Option<String> {
        let shown = self.shown(value);
        // Never "-0" for a small negative value.
        let digits = format!("{:.*}", self.decimals, shown);
        let zero = digits.chars().all(|digit| matches!(digit, '-' | '0' | '.'));
        shown.is_finite().then(|| if zero { digits.replace('-', "") } else { digits })
    }

    fn side(&self, value: f64) -> Option<Side> {
        let digits = self.digits(value)?;
        Some(if digits.chars().all(|digit| matches!(digit, '0' | '.')) {
            Side::Zero
        } else if value < 0.0 {
            Side::Below
        } else {
            Side::Above
        })
    }

    fn word(&self, side: Side) -> &'static str {
        if side == Side::Below { self.less() } else { "more" }
    }

    fn less(&self) -> &'static str {
        if self.form == Form::Average { "less" } else { "fewer" }
    }

    fn tail(&self) -> &'static str {
        match self.form {
            Form::InHundred => " in 100",
            Form::ForHundred => " for every 100",
            Form::Average => "",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Zero,
    Above,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(estimate: f64, lower: f64, upper: f64) -> Quantity {
        Quantity::new(OutcomeKind::Binary, "person").for_difference(Some(estimate), Some(lower), Some(upper))
    }

    #[test]
    fn whole_people_unless_the_difference_is_below_two() {
        assert_eq!(share(0.06, 0.021, 0.099).range(Some(0.021), Some(0.099)).unwrap(), "between 2 and 10 more in 100");
        assert_eq!(share(0.06, 0.02, 0.1).level(0.261).unwrap(), "26 in 100 people");
        let small = share(0.012, 0.004, 0.02);
        assert_eq!(small.range(Some(0.004), Some(0.02)).unwrap(), "between 0.4 and 2.0 more in 100");
        assert_eq!(small.change(-0.012).unwrap(), "1.2 fewer in 100");
    }

    #[test]
    fn a_wide_interval_supports_no_digit_after_the_point() {
        let wide = share(0.01, -0.13, 0.15);
        assert_eq!(wide.decimals(), 0);
        assert_eq!(wide.range(Some(-0.13), Some(0.15)).unwrap(), "anything from 13 fewer to 15 more in 100");
    }

    #[test]
    fn an_end_that_is_not_zero_is_never_written_as_zero() {
        let near = share(0.06, 0.003, 0.117);
        assert_eq!(near.range(Some(0.003), Some(0.117)).unwrap(), "between 0.3 and 11.7 more in 100");
        let nearer = share(0.06, 0.0003, 0.12);
        assert_eq!(nearer.range(Some(0.0003), Some(0.12)).unwrap(), "between 0.03 and 12.00 more in 100");
        let exact = share(0.06, 0.0, 0.12);
        assert_eq!(exact.range(Some(0.0), Some(0.12)).unwrap(), "between no difference and 12 more in 100");
    }

    #[test]
    fn intervals_below_zero_and_without_an_end_are_said_from_the_near_end() {
        let below = share(-0.06, -0.1, -0.02);
        assert_eq!(below.range(Some(-0.1), Some(-0.02)).unwrap(), "between 2 and 10 fewer in 100");
        assert_eq!(below.range(Some(0.02), None).unwrap(), "at least 2 more in 100");
        assert_eq!(below.range(None, Some(-0.02)).unwrap(), "at least 2 fewer in 100");
        assert_eq!(below.range(Some(-0.02), None).unwrap(), "2 fewer in 100 or anything above that");
        assert_eq!(below.range(None, None), None);
    }

    #[test]
    fn averages_have_two_digits_of_the_width() {
        let dollars = |lower, upper| {
            Quantity::new(OutcomeKind::Amount, "person").for_difference(Some(0.0), Some(lower), Some(upper))
        };
        assert_eq!(dollars(-3.2, 3.2).level(51.234).unwrap(), "51.2 on average");
        assert_eq!(dollars(-40.0, 40.0).level(51.234).unwrap(), "51 on average");
        assert_eq!(dollars(-0.5, 0.5).change(-0.25).unwrap(), "0.2 less");
    }

    #[test]
    fn a_planned_size_is_said_as_it_was_planned() {
        let planned = |kind, size: &str| Quantity::new(kind, "person").planned(size.parse().unwrap());
        assert_eq!(planned(OutcomeKind::Binary, "0.03"), "3 in 100");
        assert_eq!(planned(OutcomeKind::Binary, "0.015"), "1.5 in 100");
        assert_eq!(planned(OutcomeKind::Count, "0.02"), "2 for every 100");
        assert_eq!(planned(OutcomeKind::Amount, "12.50"), "12.5");
    }

    #[test]
    fn what_is_not_finite_is_not_said() {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let quantity = share(wrong, wrong, wrong);
            assert_eq!(quantity.level(wrong), None);
            assert_eq!(quantity.change(wrong), None);
            assert_eq!(quantity.range(Some(wrong), Some(0.1)), None);
            assert_eq!(quantity.range(Some(0.1), Some(wrong)), None);
        }
    }
}
