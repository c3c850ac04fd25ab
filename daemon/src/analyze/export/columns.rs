//! A table held by columns.

/// The values of a column; every column of a table has the same number of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Text, always there.
    Text(Vec<String>),
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
