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
    /// # Errors
    /// `invalid_argument` when it is not an object.
    pub fn new(args: &'a Value) -> Result<Self, StatError> {
        let given = args.as_object().ok_or_else(|| StatError::invalid("args", "must be an object"))?;
        Ok(Self { given, read: BTreeSet::new() })
    }

    /// Refuses arguments that no reader asked for.
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
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| !value.is_null())
    }

    /// A whole number from 0 to 10^18.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn count(&mut self, name: &'static str) -> Result<u64, StatError> {
        to_count(name, self.required(name)?)
    }

    /// A whole number, or the default when not given.
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn count_or(&mut self, name: &'static str, default: u64) -> Result<u64, StatError> {
        self.optional(name).map_or(Ok(default), |value| to_count(name, value))
    }

    /// A finite number.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn number(&mut self, name: &'static str) -> Result<f64, StatError> {
        to_number(name, self.required(name)?)
    }

    /// A finite number, or the default when not given.
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn number_or(&mut self, name: &'static str, default: f64) -> Result<f64, StatError> {
        self.optional(name).map_or(Ok(default), |value| to_number(name, value))
    }

    /// A finite number, or none when not given.
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn optional_number(&mut self, name: &'static str) -> Result<Option<f64>, StatError> {
        self.optional(name).map(|value| to_number(name, value)).transpose()
    }

    /// A finite number above 0.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn positive(&mut self, name: &'static str) -> Result<f64, StatError> {
        let value = self.number(name)?;
        if value > 0.0 { Ok(value) } else { Err(StatError::invalid(name, "must be above 0")) }
    }

    /// A finite number of at least 0.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn nonnegative(&mut self, name: &'static str) -> Result<f64, StatError> {
        let value = self.number(name)?;
        if value >= 0.0 { Ok(value) } else { Err(StatError::invalid(name, "must be at least 0")) }
    }

    /// A probability in [0, 1].
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
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn fraction(&mut self, name: &'static str) -> Result<f64, StatError> {
        check_fraction(name, self.number(name)?)
    }

    /// A number strictly between 0 and 1, or the default when not given.
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn fraction_or(&mut self, name: &'static str, default: f64) -> Result<f64, StatError> {
        check_fraction(name, self.number_or(name, default)?)
    }

    /// The confidence level, argument `level`; 0.95 when not given.
    ///
    /// # Errors
    /// `invalid_argument` when outside (0, 1).
    pub fn level(&mut self) -> Result<f64, StatError> {
        self.fraction_or("level", 0.95)
    }

    /// The alternative, argument `side`: `two`, `greater` or `less`; `two` when not given.
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
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn text(&mut self, name: &'static str) -> Result<&'a str, StatError> {
        self.required(name)?.as_str().ok_or_else(|| StatError::invalid(name, "must be a text"))
    }

    /// A text, or the default when not given.
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
    /// # Errors
    /// `invalid_argument` when missing.
    pub fn value(&mut self, name: &'static str) -> Result<&'a Value, StatError> {
        self.required(name)
    }

    /// A list of JSON values.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn list(&mut self, name: &'static str) -> Result<&'a [Value], StatError> {
        to_list(name, self.required(name)?)
    }

    /// A list of whole numbers.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn counts(&mut self, name: &'static str) -> Result<Vec<u64>, StatError> {
        self.list(name)?.iter().map(|value| to_count(name, value)).collect()
    }

    /// A list of finite numbers.
    ///
    /// # Errors
    /// `invalid_argument` when missing or something else.
    pub fn numbers(&mut self, name: &'static str) -> Result<Vec<f64>, StatError> {
        self.list(name)?.iter().map(|value| to_number(name, value)).collect()
    }

    /// A list of finite numbers, or none when not given.
    ///
    /// # Errors
    /// `invalid_argument` when something else.
    pub fn optional_numbers(&mut self, name: &'static str) -> Result<Option<Vec<f64>>, StatError> {
        if self.has(name) { self.numbers(name).map(Some) } else { self.optional(name).map_or(Ok(None), |_| Ok(None)) }
    }

    /// A nested value in the documented shape of its type.
    ///
    /// # Errors
    /// `invalid_argument` when missing or of another shape.
    pub fn parsed<T: serde::de::DeserializeOwned>(&mut self, name: &'static str) -> Result<T, StatError> {
        let value = self.required(name)?;
        T::deserialize(value).map_err(|error| StatError::invalid(name, error.to_string()))
    }

    /// A nested value in the documented shape of its type, or none when not given.
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
