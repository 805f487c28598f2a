//! Strict reading of JSON arguments.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{Side, StatError};

/// Largest count that is accepted; sums of a few of them still fit into 64 bits.
const MAX_COUNT: u64 = 1_000_000_000_000_000_000;

/// The arguments of one call. Each reader takes an argument by name; [`finish`](Self::finish) refuses what nobody read.
#[derive(Debug)]
pub struct Arguments<'a> {
    given: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Arguments<'a> {
    /// Wraps a JSON object.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// assert!(Arguments::new(&serde_json::json!({"x": 3})).unwrap().has("x"));
    /// assert_eq!(Arguments::new(&serde_json::json!([3])).unwrap_err().code(), "invalid_argument");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when it is not an object.
    pub fn new(args: &'a Value) -> Result<Self, StatError> {
        let given = args.as_object().ok_or_else(|| StatError::invalid("args", "must be an object"))?;
        Ok(Self { given, read: BTreeSet::new() })
    }

    /// Refuses arguments that no reader asked for.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"x": 3, "lvel": 0.9});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// arguments.count("x").unwrap();
    /// assert_eq!(arguments.finish().unwrap_err().to_string(), "lvel: is not an argument of this method");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the name of the first unknown argument.
    pub fn finish(&self) -> Result<(), StatError> {
        match self.given.keys().find(|name| !self.read.contains(name.as_str())) {
            Some(name) => Err(StatError::invalid(name, "is not an argument of this method")),
            None => Ok(()),
        }
    }

    fn optional(&mut self, name: &'static str) -> Option<&'a Value> {
        self.read.insert(name);
        self.given.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Result<&'a Value, StatError> {
        self.optional(name).ok_or_else(|| StatError::invalid(name, "is missing"))
    }

    /// Whether an argument is given (and not null); does not count as reading it.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"x": 3, "level": null});
    /// let arguments = Arguments::new(&args).unwrap();
    /// assert!(arguments.has("x") && !arguments.has("level") && !arguments.has("n"));
    /// ```
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| !value.is_null())
    }

    /// A whole number from 0 to 10^18.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"x": 3, "n": -1, "m": 2.5});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.count("x").unwrap(), 3);
    /// assert!(arguments.count("n").is_err() && arguments.count("m").is_err() && arguments.count("k").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn count(&mut self, name: &'static str) -> Result<u64, StatError> {
        to_count(name, self.required(name)?)
    }

    /// A whole number, or the default when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"draws": 500});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!((arguments.count_or("draws", 9_999).unwrap(), arguments.count_or("seed", 1).unwrap()), (500, 1));
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn count_or(&mut self, name: &'static str, default: u64) -> Result<u64, StatError> {
        self.optional(name).map_or(Ok(default), |value| to_count(name, value))
    }

    /// A finite number.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"null": -0.1, "z": "2"});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.number("null").unwrap(), -0.1);
    /// assert!(arguments.number("z").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn number(&mut self, name: &'static str) -> Result<f64, StatError> {
        to_number(name, self.required(name)?)
    }

    /// A finite number, or the default when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"null": -0.1});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!((arguments.number_or("null", 0.0).unwrap(), arguments.number_or("tau", 12.0).unwrap()), (-0.1, 12.0));
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn number_or(&mut self, name: &'static str, default: f64) -> Result<f64, StatError> {
        self.optional(name).map_or(Ok(default), |value| to_number(name, value))
    }

    /// A finite number, or none when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"df": 58});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.optional_number("df").unwrap(), Some(58.0));
    /// assert_eq!(arguments.optional_number("maximum").unwrap(), None);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn optional_number(&mut self, name: &'static str) -> Result<Option<f64>, StatError> {
        self.optional(name).map(|value| to_number(name, value)).transpose()
    }

    /// A finite number above 0.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"ratio": 1.5, "none": 0});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.positive("ratio").unwrap(), 1.5);
    /// assert_eq!(arguments.positive("none").unwrap_err().to_string(), "none: must be above 0");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn positive(&mut self, name: &'static str) -> Result<f64, StatError> {
        let value = self.number(name)?;
        if value > 0.0 { Ok(value) } else { Err(StatError::invalid(name, "must be above 0")) }
    }

    /// A finite number of at least 0.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"cv": 0, "icc": -0.01});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.nonnegative("cv").unwrap(), 0.0);
    /// assert_eq!(arguments.nonnegative("icc").unwrap_err().to_string(), "icc: must be at least 0");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn nonnegative(&mut self, name: &'static str) -> Result<f64, StatError> {
        let value = self.number(name)?;
        if value >= 0.0 { Ok(value) } else { Err(StatError::invalid(name, "must be at least 0")) }
    }

    /// A probability in [0, 1].
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"p1": 1, "p0": 1.01});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.probability("p1").unwrap(), 1.0);
    /// assert_eq!(arguments.probability("p0").unwrap_err().to_string(), "p0: must be between 0 and 1");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn probability(&mut self, name: &'static str) -> Result<f64, StatError> {
        let value = self.number(name)?;
        let sound = (0.0..=1.0).contains(&value);
        if sound { Ok(value) } else { Err(StatError::invalid(name, "must be between 0 and 1")) }
    }

    /// A number strictly between 0 and 1, such as `alpha` or `power`.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"alpha": 0.025, "power": 1});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.fraction("alpha").unwrap(), 0.025);
    /// assert!(arguments.fraction("power").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn fraction(&mut self, name: &'static str) -> Result<f64, StatError> {
        check_fraction(name, self.number(name)?)
    }

    /// A number strictly between 0 and 1, or the default when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"alpha": 0});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.fraction_or("power", 0.8).unwrap(), 0.8);
    /// assert!(arguments.fraction_or("alpha", 0.05).is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn fraction_or(&mut self, name: &'static str, default: f64) -> Result<f64, StatError> {
        check_fraction(name, self.number_or(name, default)?)
    }

    /// The confidence level, argument `level`; 0.95 when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let (given, nothing) = (serde_json::json!({"level": 0.9}), serde_json::json!({}));
    /// assert_eq!(Arguments::new(&given).unwrap().level().unwrap(), 0.9);
    /// assert_eq!(Arguments::new(&nothing).unwrap().level().unwrap(), 0.95);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when outside (0, 1).
    pub fn level(&mut self) -> Result<f64, StatError> {
        self.fraction_or("level", 0.95)
    }

    /// The alternative, argument `side`: `two`, `greater` or `less`; `two` when not given.
    ///
    /// ```
    /// use fairtrial_stats::{Side, method::Arguments};
    /// let (given, nothing) = (serde_json::json!({"side": "less"}), serde_json::json!({}));
    /// assert_eq!(Arguments::new(&given).unwrap().side().unwrap(), Side::Less);
    /// assert_eq!(Arguments::new(&nothing).unwrap().side().unwrap(), Side::Two);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for another word.
    pub fn side(&mut self) -> Result<Side, StatError> {
        match self.optional("side") {
            None => Ok(Side::Two),
            Some(value) => match value.as_str() {
                Some("two") => Ok(Side::Two),
                Some("greater") => Ok(Side::Greater),
                Some("less") => Ok(Side::Less),
                _ => Err(StatError::invalid("side", "must be \"two\", \"greater\" or \"less\"")),
            },
        }
    }

    /// A truth value, or the default when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"mid_p": true, "binding": 1});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert!(arguments.flag_or("mid_p", false).unwrap() && !arguments.flag_or("final", false).unwrap());
    /// assert!(arguments.flag_or("binding", false).is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn flag_or(&mut self, name: &'static str, default: bool) -> Result<bool, StatError> {
        match self.optional(name) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| StatError::invalid(name, "must be true or false")),
        }
    }

    /// A text.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"kind": "holm", "p": 0.5});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.text("kind").unwrap(), "holm");
    /// assert_eq!(arguments.text("p").unwrap_err().to_string(), "p: must be a text");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn text(&mut self, name: &'static str) -> Result<&'a str, StatError> {
        self.required(name)?.as_str().ok_or_else(|| StatError::invalid(name, "must be a text"))
    }

    /// A text, or the default when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"scale": "plain"});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.text_or("scale", "log").unwrap(), "plain");
    /// assert_eq!(arguments.text_or("ties", "efron").unwrap(), "efron");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn text_or(&mut self, name: &'static str, default: &'static str) -> Result<&'a str, StatError> {
        match self.optional(name) {
            None => Ok(default),
            Some(value) => value.as_str().ok_or_else(|| StatError::invalid(name, "must be a text")),
        }
    }

    /// A JSON value of any type.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"draws": {"kind": "exact"}});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.value("draws").unwrap()["kind"], "exact");
    /// assert_eq!(arguments.value("seed").unwrap_err().to_string(), "seed: is missing");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing.
    pub fn value(&mut self, name: &'static str) -> Result<&'a Value, StatError> {
        self.required(name)
    }

    /// A list of JSON values.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"strata": [1, "north", null]});
    /// assert_eq!(Arguments::new(&args).unwrap().list("strata").unwrap().len(), 3);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn list(&mut self, name: &'static str) -> Result<&'a [Value], StatError> {
        to_list(name, self.required(name)?)
    }

    /// A list of whole numbers.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"observed": [512, 488], "ratio": [1, -1]});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.counts("observed").unwrap(), [512, 488]);
    /// assert!(arguments.counts("ratio").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn counts(&mut self, name: &'static str) -> Result<Vec<u64>, StatError> {
        self.list(name)?.iter().map(|value| to_count(name, value)).collect()
    }

    /// A list of finite numbers.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"values": [1, 2.5], "times": [1, null]});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.numbers("values").unwrap(), [1.0, 2.5]);
    /// assert!(arguments.numbers("times").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn numbers(&mut self, name: &'static str) -> Result<Vec<f64>, StatError> {
        self.list(name)?.iter().map(|value| to_number(name, value)).collect()
    }

    /// A list of finite numbers, or none when not given.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"weights": [0.5, 0.5]});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.optional_numbers("weights").unwrap(), Some(vec![0.5, 0.5]));
    /// assert_eq!(arguments.optional_numbers("effects").unwrap(), None);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn optional_numbers(&mut self, name: &'static str) -> Result<Option<Vec<f64>>, StatError> {
        if self.has(name) { self.numbers(name).map(Some) } else { self.optional(name).map_or(Ok(None), |_| Ok(None)) }
    }

    /// A nested value in the documented shape of its type.
    ///
    /// ```
    /// use fairtrial_stats::{method::Arguments, sufficient::Binary};
    /// let args = serde_json::json!({"arm1": {"n": 10, "x": 9}, "arm0": {"n": 10}});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.parsed::<Binary>("arm1").unwrap().x, 9);
    /// assert!(arguments.parsed::<Binary>("arm0").unwrap_err().to_string().contains("missing field `x`"));
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or of another shape.
    pub fn parsed<T: serde::de::DeserializeOwned>(&mut self, name: &'static str) -> Result<T, StatError> {
        let value = self.required(name)?;
        T::deserialize(value).map_err(|error| StatError::invalid(name, error.to_string()))
    }

    /// A nested value in the documented shape of its type, or none when not given.
    ///
    /// ```
    /// use fairtrial_stats::{method::Arguments, sufficient::Binary};
    /// let args = serde_json::json!({"prior": {"n": 10, "x": 9}});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.optional_parsed::<Binary>("prior").unwrap(), Some(Binary { n: 10, x: 9 }));
    /// assert_eq!(arguments.optional_parsed::<Binary>("data").unwrap(), None);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when of another shape.
    pub fn optional_parsed<T: serde::de::DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, StatError> {
        if self.optional(name).is_some() { self.parsed(name).map(Some) } else { Ok(None) }
    }

    /// A list of rows of whole numbers, each of the same length `width`.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"strata": [[3, 10, 5, 11], [0, 4, 1, 4]], "ragged": [[1, 2, 3]]});
    /// let mut arguments = Arguments::new(&args).unwrap();
    /// assert_eq!(arguments.count_rows::<4>("strata").unwrap(), [[3, 10, 5, 11], [0, 4, 1, 4]]);
    /// assert!(arguments.count_rows::<4>("ragged").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn count_rows<const WIDTH: usize>(&mut self, name: &'static str) -> Result<Vec<[u64; WIDTH]>, StatError> {
        let rows = self.list(name)?;
        rows.iter()
            .map(|row| {
                let row: Vec<u64> =
                    to_list(name, row)?.iter().map(|value| to_count(name, value)).collect::<Result<_, _>>()?;
                <[u64; WIDTH]>::try_from(row)
                    .map_err(|_| StatError::invalid(name, format!("every row must hold {WIDTH} whole numbers")))
            })
            .collect()
    }

    /// A list of rows of finite numbers.
    ///
    /// ```
    /// use fairtrial_stats::method::Arguments;
    /// let args = serde_json::json!({"clusters": [[1.5, 2], [3]]});
    /// assert_eq!(Arguments::new(&args).unwrap().number_rows("clusters").unwrap(), [vec![1.5, 2.0], vec![3.0]]);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn number_rows(&mut self, name: &'static str) -> Result<Vec<Vec<f64>>, StatError> {
        self.list(name)?
            .iter()
            .map(|row| to_list(name, row)?.iter().map(|value| to_number(name, value)).collect())
            .collect()
    }
}

fn to_list<'a>(name: &str, value: &'a Value) -> Result<&'a [Value], StatError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| StatError::invalid(name, "must be a list"))
}

fn to_count(name: &str, value: &Value) -> Result<u64, StatError> {
    let whole = value.as_u64().filter(|&count| count <= MAX_COUNT);
    whole.ok_or_else(|| StatError::invalid(name, "must be a whole number from 0 to 10^18"))
}

fn to_number(name: &str, value: &Value) -> Result<f64, StatError> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| StatError::invalid(name, "must be a finite number"))
}

fn check_fraction(name: &str, value: f64) -> Result<f64, StatError> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(StatError::invalid(name, "must lie strictly between 0 and 1"))
    }
}
