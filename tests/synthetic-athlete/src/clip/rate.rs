//! Frame rates as fractions.

use crate::error::ClipError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Frames per second as a fraction, so that 30000/1001 is exact. Text and JSON form: `60` or `30000/1001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    /// Frames …
    pub numerator: u32,
    /// … per so many seconds.
    pub denominator: u32,
}

impl Rate {
    /// Frames per second.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl From<u32> for Rate {
    fn from(fps: u32) -> Self {
        Self {
            numerator: fps,
            denominator: 1,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            d => write!(f, "{}/{d}", self.numerator),
        }
    }
}

impl FromStr for Rate {
    type Err = ClipError;

    fn from_str(text: &str) -> Result<Self, ClipError> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let number = |t: &str| t.trim().parse::<u32>().ok().filter(|&n| n > 0);
        match (number(numerator), number(denominator)) {
            (Some(numerator), Some(denominator)) => Ok(Self {
                numerator,
                denominator,
            }),
            _ => Err(ClipError::Rate(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = ClipError;
    fn try_from(text: String) -> Result<Self, ClipError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_survive_text() {
        for text in ["60", "30000/1001"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["", "0", "60/0", "abc", "-30"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
