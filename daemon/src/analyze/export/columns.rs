//! A table held by columns.

use serde_json::{Map, Value, json};
use std::ops::Range;

/// The values of a column; every column of a table has the same number of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Text, always there.
    Text(Vec<String>),
    /// Text that may be absent.
    MaybeText(Vec<Option<String>>),
    /// Moments, milliseconds since 1970, always there.
    Moment(Vec<i64>),
    /// Whole numbers, always there.
    Count(Vec<i64>),
    /// Numbers; what was not measured is `None`.
    Number(Vec<Option<f64>>),
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the file.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// Columns in the order of the file.
pub type Table = Vec<Column>;

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::MaybeText(values) => values.len(),
            Self::Moment(values) | Self::Count(values) => values.len(),
            Self::Number(values) => values.len(),
        }
    }

    /// Whether a row says of what it is about the same as the one before it. Numbers are what is said about it.
    fn goes_on(&self, row: usize) -> bool {
        match self {
            Self::Text(values) => values[row] == values[row - 1],
            Self::MaybeText(values) => values[row] == values[row - 1],
            Self::Moment(values) | Self::Count(values) => values[row] == values[row - 1],
            Self::Number(_) => true,
        }
    }

    /// The numbers of some rows, or what those rows have in common.
    fn of_rows(&self, rows: Range<usize>) -> Value {
        match self {
            Self::Text(values) => json!(values[rows.start]),
            Self::MaybeText(values) => json!(values[rows.start]),
            Self::Moment(values) | Self::Count(values) => json!(values[rows.start]),
            Self::Number(values) => json!(values[rows]),
        }
    }

    fn append(&mut self, more: Self) {
        match (self, more) {
            (Self::Text(values), Self::Text(more)) => values.extend(more),
            (Self::MaybeText(values), Self::MaybeText(more)) => values.extend(more),
            (Self::Moment(values), Self::Moment(more)) | (Self::Count(values), Self::Count(more)) => {
                values.extend(more);
            }
            (Self::Number(values), Self::Number(more)) => values.extend(more),
            _ => unreachable!("a column has values of one kind"),
        }
    }
}

/// Adds the rows of a table with the same columns.
pub fn append(table: &mut Table, more: Table) {
    for (column, more) in table.iter_mut().zip(more) {
        column.values.append(more.values);
    }
}

/// A list of objects, one for each run of rows that are about the same: text and counts once, numbers as lists.
pub fn stretches(table: &Table) -> Value {
    let rows = table.first().map_or(0, |column| column.values.len());
    let begins = |row: &usize| *row == 0 || table.iter().any(|column| !column.values.goes_on(*row));
    let mut borders: Vec<usize> = (0..rows).filter(begins).collect();
    borders.push(rows);
    let stretch = |pair: &[usize]| {
        let values = |column: &Column| (column.name.to_owned(), column.values.of_rows(pair[0]..pair[1]));
        Value::Object(table.iter().map(values).collect::<Map<_, _>>())
    };
    Value::Array(borders.windows(2).map(stretch).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_about_the_same_are_one_stretch() {
        let column = |name, values| Column { name, values };
        let text = |words: [&str; 4]| Values::Text(words.map(str::to_owned).to_vec());
        let table = vec![
            column("task", text(["run", "run", "run", "jump"])),
            column("step", Values::Count(vec![0, 0, 1, 1])),
            column("angle", Values::Number(vec![Some(0.5), None, Some(1.5), None])),
        ];
        let expected = json!([
            { "task": "run", "step": 0, "angle": [0.5, null] },
            { "task": "run", "step": 1, "angle": [1.5] },
            { "task": "jump", "step": 1, "angle": [null] },
        ]);
        assert_eq!(stretches(&table), expected);
        assert_eq!(
            stretches(&vec![column("step", Values::Count(Vec::new()))]),
            json!([])
        );
    }
}
