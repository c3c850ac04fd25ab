//! Pages of lists that grow meanwhile.

use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use serde::Deserialize;
use std::fmt::Display;
use std::str::FromStr;

/// Longest page.
const MOST: u32 = 1000;

/// Which page is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

/// How long a page is unless it is said.
pub fn hundred() -> u32 {
    100
}

impl Page {
    /// Behind what it begins, and how long it is.
    ///
    /// # Errors
    /// A problem that names the parameter.
    pub fn read<K: Display + FromStr>(&self) -> Result<(Option<Cursor<K>>, u32), Problem> {
        read(self.cursor.as_deref(), self.limit)
    }
}

/// Behind what a page begins, and how long it is.
///
/// # Errors
/// A problem that names the parameter.
pub fn read<K: Display + FromStr>(
    cursor: Option<&str>,
    limit: u32,
) -> Result<(Option<Cursor<K>>, u32), Problem> {
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid(format!("give 1 to {MOST}")).field("limit"));
    }
    Ok((cursor.map(Cursor::read).transpose()?, limit))
}

/// A page out of what was found when one more was looked for than is wanted: that one tells whether there is a next page.
pub fn split<T, K: Display + FromStr>(
    mut found: Vec<T>,
    limit: u32,
    place: impl Fn(&T) -> Cursor<K>,
) -> (Vec<T>, Option<String>) {
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| place(last).text());
    (found, next)
}
