use super::Px;

/// Maps values to places along one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// The scale that shows all of `values` between `start` and `end`, with a little air on both sides; nothing when a
    /// value is not finite.
    pub(super) fn around(values: &[f64], start: f64, end: f64) -> Option<Self> {
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = if high > low { high - low } else { 1.0 };
        let scale = Self { low: low - 0.08 * spread, high: high + 0.08 * spread, start, end };
        (scale.low.is_finite() && scale.high.is_finite() && scale.high > scale.low).then_some(scale)
    }

    /// The scale from zero to `high`.
    pub(super) fn from_zero(high: f64, start: f64, end: f64) -> Option<Self> {
        (high.is_finite() && high > 0.0).then_some(Self { low: 0.0, high, start, end })
    }

    pub(super) fn at(&self, value: f64) -> Px {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        Px(self.start + share * (self.end - self.start))
    }

    /// Round values across the scale, about `wanted` of them.
    pub(super) fn ticks(&self, wanted: u32) -> Vec<f64> {
        let step = round_step((self.high - self.low) / f64::from(wanted.max(1)));
        let first = (self.low / step).ceil();
        (0..=2 * wanted).map(|n| (first + f64::from(n)) * step).take_while(|tick| *tick <= self.high).collect()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
#[expect(clippy::disallowed_methods, reason = "where a drawing has its marks may differ in the last bit")]
pub(super) fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let lead = rough / power;
    let round = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_values() {
        let scale = Scale::around(&[-2.0, 10.0], 0.0, 600.0).unwrap();
        assert_eq!(scale.ticks(6), [0.0, 5.0, 10.0]);
        assert_eq!(scale.ticks(8), [-2.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    }

    #[test]
    fn what_is_not_finite_has_no_scale() {
        assert!(Scale::around(&[0.0, f64::NAN], 0.0, 1.0).is_none());
        assert!(Scale::around(&[0.0, f64::INFINITY], 0.0, 1.0).is_none());
        assert!(Scale::around(&[], 0.0, 1.0).is_none());
        assert!(Scale::from_zero(0.0, 0.0, 1.0).is_none());
    }

    #[test]
    fn one_single_value_stands_in_the_middle() {
        let scale = Scale::around(&[3.0], 0.0, 100.0).unwrap();
        assert_eq!(scale.at(3.0), Px(50.0));
    }
}
