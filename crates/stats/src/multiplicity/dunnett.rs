use crate::error::StatError;
use crate::estimate::Side;
use crate::log_spread::LogSpread;
use crate::special::elementary::{exp, exp_m1, ln_1p};
use crate::special::quadrature::GaussLegendre;
use crate::special::{normal, root, student};
use crate::wald::{check_finite, check_positive, check_share};

/// Smallest probability that the quadrature resolves.
const SMALLEST: f64 = 1e-12;
/// Largest number of quadrature panels; reached only when the control arm is a millionth of the others.
const MOST_PANELS: f64 = 4_000.0;

/// Comparisons of several arms with one control: the largest of correlated statistics.
///
/// Given the control's deviation, the comparisons are independent, which leaves an integral over that deviation, and one over
/// the variance estimate when that is estimated. Both are computed by fixed quadrature: the same digits every time.
#[derive(Debug, Clone)]
pub struct Dunnett {
    /// Square root of each comparison's correlation with the control, of one minus it, and how many comparisons share it.
    loadings: Vec<(f64, f64, i32)>,
    degrees_of_freedom: Option<f64>,
    panels: usize,
    rule: GaussLegendre,
}

impl Dunnett {
    /// From the sizes of the arms.
    ///
    /// # Arguments
    /// * `arms` - numbers of units of the arms that are compared, 1 to 50 arms; `control` - of the control arm.
    /// * `degrees_of_freedom` - of the common variance estimate; none for a known variance or large samples.
    ///
    /// # Source
    /// Dunnett (1955), JASA 50:1096-1121; product correlations as in Hsu (1996), Multiple Comparisons, chapter 3.
    ///
    /// ```
    /// use fairtrial_stats::{Side, multiplicity::Dunnett};
    /// // Dunnett 1955, table 1a: three versions and the control, 20 degrees of freedom, one-sided 5 %: 2.19.
    /// let bounds = Dunnett::new(&[6.0; 3], 6.0, Some(20.0)).unwrap();
    /// assert!((bounds.critical_value(Side::Greater, 0.05).unwrap() - 2.19).abs() < 5e-3);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument`, `TooLarge`.
    pub fn new(arms: &[f64], control: f64, degrees_of_freedom: Option<f64>) -> Result<Self, StatError> {
        if arms.is_empty() || arms.len() > 50 {
            return Err(StatError::invalid("arms", "needs 1 to 50 arms beside the control"));
        }
        for &size in arms {
            check_positive("arms", size)?;
        }
        check_positive("control", control)?;
        if let Some(df) = degrees_of_freedom
            && !(df.is_finite() && df >= 1.0)
        {
            return Err(StatError::invalid("degrees_of_freedom", "must be finite and at least 1"));
        }
        let mut sizes = arms.to_vec();
        sizes.sort_by(f64::total_cmp);
        let loadings: Vec<(f64, f64, i32)> = sizes
            .chunk_by(|a, b| a == b)
            .map(|same| {
                let (size, total) = (same[0], same[0] + control);
                ((size / total).sqrt(), (control / total).sqrt(), same.len() as i32)
            })
            .collect();
        let sharpest = loadings.iter().map(|(_, rest, _)| *rest).fold(1.0, f64::min);
        let panels = (18.0 / (2.0 * sharpest).min(1.0)).ceil();
        if panels > MOST_PANELS {
            return Err(StatError::TooLarge { reason: "the control arm is too small against the others".into() });
        }
        Ok(Self { loadings, degrees_of_freedom, panels: panels as usize, rule: GaussLegendre::new(16) })
    }

    /// Probability that a statistic goes beyond the critical value when no arm differs from the control.
    fn beyond(&self, critical: f64, side: Side) -> f64 {
        let normal_case = |critical: f64| {
            let inside = |x: f64| {
                // 1 - product of (1 - tail), without the difference.
                let ln_inside: f64 = self
                    .loadings
                    .iter()
                    .map(|&(loading, rest, many)| {
                        let above = normal::sf((critical + loading * x) / rest);
                        let below = if side == Side::Two { normal::cdf((loading * x - critical) / rest) } else { 0.0 };
                        f64::from(many) * ln_1p(-(above + below))
                    })
                    .sum();
                normal::pdf(x) * -exp_m1(ln_inside)
            };
            self.rule.integrate_panels(-9.0, 9.0, self.panels, inside)
        };
        match self.degrees_of_freedom {
            None => normal_case(critical),
            Some(df) if df > 1e7 => normal_case(critical),
            Some(df) => {
                let spread = LogSpread::new(df);
                let given = |w: f64| spread.density(w) * normal_case(critical * exp(w));
                self.rule.integrate_panels(spread.lowest, spread.highest, spread.panels(2.0).min(60), given)
            }
        }
    }

    /// From which value on does the largest statistic count, so that the chance of any false claim is alpha?
    ///
    /// # Errors
    /// `InvalidArgument` for an alpha outside (0, 1) or below 10^-12; `NoConvergence`.
    ///
    /// ```
    /// use fairtrial_stats::{Side, multiplicity::Dunnett};
    /// // Three arms and a control of equal size, large samples.
    /// let critical = Dunnett::new(&[1.0, 1.0, 1.0], 1.0, None)?.critical_value(Side::Two, 0.05)?;
    /// assert!((critical - 2.348970590339274).abs() < 1e-6);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    pub fn critical_value(&self, side: Side, alpha: f64) -> Result<f64, StatError> {
        check_share("alpha", alpha)?;
        if alpha < SMALLEST {
            return Err(StatError::invalid("alpha", "must be at least 10^-12"));
        }
        let (low, mut high) = self.bracket(side, alpha);
        while self.beyond(high, side) > alpha {
            high = 4.0 * high.max(10.0);
            if high > 1e9 {
                return Err(StatError::NoConvergence { reason: "the critical value is beyond 10^9".into() });
            }
        }
        let critical = root::find(|c| self.beyond(c, side) - alpha, low, high, 1e-13)?.value;
        Ok(if side == Side::Less { -critical } else { critical })
    }

    /// Not below the critical value of one comparison alone, nor above that of Bonferroni.
    fn bracket(&self, side: Side, alpha: f64) -> (f64, f64) {
        let arms: i32 = self.loadings.iter().map(|(.., many)| many).sum();
        let alone = if side == Side::Two { 0.5 * alpha } else { alpha };
        let quantile = |tail: f64| match self.degrees_of_freedom {
            None => -normal::quantile(tail),
            Some(df) => -student::quantile(tail, df),
        };
        let (low, high) = (quantile(alone), quantile(alone / f64::from(arms)));
        if !(low.is_finite() && high.is_finite()) {
            return (if side == Side::Two { 0.0 } else { -40.0 }, 40.0);
        }
        let floor = if side == Side::Two { 0.0 } else { f64::NEG_INFINITY };
        ((low - 1e-6).max(floor), high + 1e-6)
    }

    /// Adjusted p-value of one comparison with the given statistic; below 10^-12 that of Bonferroni, which is then the same to
    /// what matters.
    ///
    /// ```
    /// use fairtrial_stats::{Side, multiplicity::Dunnett};
    /// // At the critical value of Dunnett 1964, table II (two-sided 5 %, three arms, large samples), it is 5 %.
    /// let p = Dunnett::new(&[1.0, 1.0, 1.0], 1.0, None)?.p_value(2.348_970_590, Side::Two)?;
    /// assert!((p - 0.05).abs() < 1e-8);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a statistic that is not finite.
    pub fn p_value(&self, statistic: f64, side: Side) -> Result<f64, StatError> {
        check_finite("statistic", statistic)?;
        let t = match side {
            Side::Two => statistic.abs(),
            Side::Greater => statistic,
            Side::Less => -statistic,
        };
        let (found, most) = (self.beyond(t, side), self.bonferroni(t, side));
        // Beyond what the quadrature resolves the comparisons hardly overlap, and Bonferroni's bound errs upwards.
        let p = if found > SMALLEST { found.min(most) } else { most };
        Ok(p.clamp(f64::MIN_POSITIVE, 1.0))
    }

    /// The probability of a single comparison times their number.
    fn bonferroni(&self, critical: f64, side: Side) -> f64 {
        let arms: i32 = self.loadings.iter().map(|(.., many)| many).sum();
        let sides = if side == Side::Two { 2.0 } else { 1.0 };
        let tail = self.degrees_of_freedom.map_or_else(|| normal::sf(critical), |df| student::sf(critical, df));
        sides * f64::from(arms) * tail
    }
}
