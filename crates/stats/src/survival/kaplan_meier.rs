use crate::special::elementary::{asin, exp, ln, powf, sin};
use serde::{Deserialize, Serialize};

use super::event_table::{EventTable, Observation, Row, rows_of};
use crate::error::StatError;
use crate::estimate::Interval;
use crate::wald::{Reference, check_level};

/// On which scale the interval of a survival probability is symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalScale {
    /// The probability itself, cut at 0 and 1.
    Plain,
    /// Its logarithm, cut at 1.
    Log,
    /// Logarithm of minus its logarithm; the default.
    LogLog,
    /// Log-odds.
    Logit,
    /// Arcsine of its root.
    Arcsine,
}

/// The share still waiting over time.
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    steps: Vec<Step>,
    last_time: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) time: f64,
    pub(super) at_risk: f64,
    pub(super) events: f64,
    pub(super) survival: f64,
    /// Sum of d / (n (n - d)) up to here.
    pub(super) greenwood: f64,
}

/// The share still waiting at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurvivalAt {
    /// Share still waiting just after this time.
    pub survival: f64,
    /// Standard error by Greenwood; none where the share is 0 or 1.
    pub standard_error: Option<f64>,
    /// Interval; none where the share is 0 or 1.
    pub interval: Option<Interval>,
}

/// The time by which half of the people had the event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MedianTime {
    /// Median; none when fewer than half had the event.
    pub median: Option<f64>,
    /// Lower bound; none when not reached.
    pub lower: Option<f64>,
    /// Upper bound; none when not reached: longer than anybody was observed.
    pub upper: Option<f64>,
    /// Confidence level.
    pub level: f64,
}

impl KaplanMeier {
    /// Which share of people is still waiting after a given time? (Product-limit estimate.)
    ///
    /// # Arguments
    /// * `observations` - times in any unit, at least 0, with whether the event happened.
    ///
    /// # When not
    /// Not when people leave because of what is measured, nor with competing events.
    ///
    /// # Source
    /// Kaplan and Meier (1958), JASA 53:457-481.
    ///
    /// # Errors
    /// `TooFewUnits` without observations, `InvalidArgument`.
    ///
    /// ```
    /// use fairtrial_stats::survival::{IntervalScale, KaplanMeier};
    /// use fairtrial_stats::survival::Observation;
    /// let of = |time: f64, event: bool| Observation { time, event };
    /// // Freireich and others (1963): weeks of remission with 6-MP and with placebo.
    /// let drug: Vec<_> = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(|t| of(t, true)).into_iter()
    ///     .chain([6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0].map(|t| of(t, false))).collect();
    /// let at = KaplanMeier::fit(&drug)?.at(10.0, IntervalScale::LogLog, 0.95)?;
    /// assert!((at.survival - 0.7529).abs() < 5e-5 && at.standard_error.is_some_and(|se| (se - 0.0963).abs() < 5e-5));
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    pub fn fit(observations: &[Observation]) -> Result<Self, StatError> {
        Self::from_rows(&rows_of(observations, "observations")?)
    }

    /// The same from a table of ticks; `tick` is the length of one in the unit of the results.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Sufficient;
    /// use fairtrial_stats::survival::{EventTable, IntervalScale, KaplanMeier, Observation};
    /// let mut table = EventTable::default();
    /// for (ticks, event) in [(2, true), (3, false), (8, true)] {
    ///     table.merge(&EventTable::unit(ticks, event)).unwrap();
    /// }
    /// // Ticks of half a week against the same people one by one.
    /// let people = [(1.0, true), (1.5, false), (4.0, true)].map(|(time, event)| Observation { time, event });
    /// let at = |curve: KaplanMeier| curve.at(2.0, IntervalScale::LogLog, 0.95).unwrap();
    /// assert_eq!(at(KaplanMeier::from_table(&table, 0.5).unwrap()), at(KaplanMeier::fit(&people).unwrap()));
    /// ```
    ///
    /// # Errors
    /// As [`KaplanMeier::fit`].
    pub fn from_table(table: &EventTable, tick: f64) -> Result<Self, StatError> {
        Self::from_rows(&table.rows(tick)?)
    }

    pub(super) fn from_rows(rows: &[Row]) -> Result<Self, StatError> {
        let Some(last) = rows.last() else {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        };
        let mut at_risk: f64 = rows.iter().map(|row| (row.events + row.censored) as f64).sum();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut steps = Vec::new();
        for row in rows {
            let events = row.events as f64;
            if events > 0.0 {
                let left = at_risk - events;
                survival *= left / at_risk;
                greenwood += events / (at_risk * left);
                steps.push(Step { time: row.time, at_risk, events, survival, greenwood });
            }
            at_risk -= events + row.censored as f64;
        }
        Ok(Self { steps, last_time: last.time })
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The longest time observed.
    ///
    /// ```
    /// use fairtrial_stats::survival::{KaplanMeier, Observation};
    /// let people = [(1.0, true), (4.5, false)].map(|(time, event)| Observation { time, event });
    /// assert_eq!(KaplanMeier::fit(&people).unwrap().last_time(), 4.5);
    /// ```
    #[must_use]
    pub fn last_time(&self) -> f64 {
        self.last_time
    }

    /// The share still waiting just after a time.
    ///
    /// ```
    /// use fairtrial_stats::survival::{IntervalScale, KaplanMeier, Observation};
    /// let people = [(1.0, true), (2.0, false), (3.0, true), (4.0, false)].map(|(time, event)| Observation { time, event });
    /// let curve = KaplanMeier::fit(&people).unwrap();
    /// // Three of four pass the first event, one of the two still watched the second.
    /// let at = curve.at(3.5, IntervalScale::Plain, 0.95).unwrap();
    /// assert!((at.survival - 0.375).abs() < 1e-15);
    /// // Greenwood 1926: 0.375^2 (1 / (4 * 3) + 1 / (2 * 1)).
    /// assert!((at.standard_error.unwrap().powi(2) - 0.375_f64.powi(2) * (1.0 / 12.0 + 0.5)).abs() < 1e-15);
    /// assert_eq!(curve.at(5.0, IntervalScale::Plain, 0.95).unwrap_err().code(), "not_estimable");
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a level outside (0, 1) or a time that is negative or not finite; `NotEstimable` beyond the longest
    /// time observed, unless everybody had the event.
    pub fn at(&self, time: f64, scale: IntervalScale, level: f64) -> Result<SurvivalAt, StatError> {
        check_level(level)?;
        if !time.is_finite() || time < 0.0 {
            return Err(StatError::invalid("time", "must be finite and at least 0"));
        }
        let step = self.steps.partition_point(|step| step.time <= time).checked_sub(1).map(|index| self.steps[index]);
        let survival = step.map_or(1.0, |step| step.survival);
        if time > self.last_time && survival > 0.0 {
            return Err(StatError::not_estimable("nobody was observed for so long"));
        }
        Ok(match step {
            Some(step) if step.survival > 0.0 => SurvivalAt {
                survival,
                standard_error: Some(survival * step.greenwood.sqrt()),
                interval: Some(interval(&step, scale, level)),
            },
            _ => SurvivalAt { survival, standard_error: None, interval: None },
        })
    }

    /// By when did half of the people have the event?
    ///
    /// # Source
    /// Brookmeyer and Crowley (1982): where the curve and the ends of its intervals pass one half; in the middle when the curve
    /// runs at one half exactly, if need be to the last time at which somebody was observed.
    ///
    /// ```
    /// use fairtrial_stats::survival::{IntervalScale, KaplanMeier, Observation};
    /// let people = [(1.0, true), (2.0, true), (3.0, true), (4.0, true)].map(|(time, event)| Observation { time, event });
    /// // Half are waiting between 2 and 3.
    /// let median = KaplanMeier::fit(&people).unwrap().median(IntervalScale::Log, 0.95).unwrap();
    /// assert_eq!(median.median, Some(2.5));
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a level outside (0, 1).
    pub fn median(&self, scale: IntervalScale, level: f64) -> Result<MedianTime, StatError> {
        check_level(level)?;
        let ends: Vec<(f64, f64)> = self
            .steps
            .iter()
            .map(|step| {
                if step.survival > 0.0 {
                    let interval = interval(step, scale, level);
                    (interval.lower, interval.upper)
                } else {
                    // No variance is left: the ends keep the last sensible answer, and nobody can wait longer.
                    (0.0, f64::INFINITY)
                }
            })
            .collect();
        let crossing = |curve: &dyn Fn(usize) -> f64| {
            let first = (0..self.steps.len()).find(|&i| curve(i) <= 0.5 + 1e-9)?;
            let time = self.steps[first].time;
            if (curve(first) - 0.5).abs() > 1e-9 {
                return Some(time);
            }
            let next = (first + 1..self.steps.len()).find(|&i| curve(i) < 0.5 - 1e-9);
            Some(0.5 * (time + next.map_or(self.last_time, |next| self.steps[next].time)))
        };
        Ok(MedianTime {
            median: crossing(&|i| self.steps[i].survival),
            lower: crossing(&|i| ends[i].0),
            upper: crossing(&|i| ends[i].1),
            level,
        })
    }
}

fn interval(step: &Step, scale: IntervalScale, level: f64) -> Interval {
    let z = Reference::Normal.upper_quantile((1.0 - level) / 2.0);
    let (s, sigma) = (step.survival, step.greenwood.sqrt());
    let (lower, upper) = match scale {
        IntervalScale::Plain => (s - z * sigma * s, s + z * sigma * s),
        IntervalScale::Log => (s * exp(-z * sigma), s * exp(z * sigma)),
        IntervalScale::LogLog => {
            let theta = z * sigma / ln(s);
            (powf(s, exp(-theta)), powf(s, exp(theta)))
        }
        IntervalScale::Logit => {
            let (odds, width) = (ln(s / (1.0 - s)), z * sigma / (1.0 - s));
            (1.0 / (1.0 + exp(width - odds)), 1.0 / (1.0 + exp(-width - odds)))
        }
        IntervalScale::Arcsine => {
            let (angle, width) = (asin(s.sqrt()), 0.5 * z * sigma * (s / (1.0 - s)).sqrt());
            let end = |angle: f64| sin(angle.clamp(0.0, std::f64::consts::FRAC_PI_2)).powi(2);
            (end(angle - width), end(angle + width))
        }
    };
    Interval { lower: lower.max(0.0), upper: upper.min(1.0), level }
}
