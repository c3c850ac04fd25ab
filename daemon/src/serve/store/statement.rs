//! A statement with its values, for whichever kind of database. `$1` stands for the first value in both.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite};
use std::borrow::Cow;

/// A value as both kinds know it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Whole numbers, and moments in milliseconds since 1970.
    Whole(Option<i64>),
    /// Other numbers.
    Real(Option<f64>),
    /// Text, and JSON.
    Text(Option<String>),
    /// Hashes.
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($kind:ident: $($type:ty = |$value:ident| $into:expr),+;)*) => {
        $($(
            impl From<$type> for Value {
                fn from($value: $type) -> Self {
                    Self::$kind(Some($into))
                }
            }
            impl From<Option<$type>> for Value {
                fn from(value: Option<$type>) -> Self {
                    Self::$kind(value.map(|$value| $into))
                }
            }
        )+)*
    };
}

values! {
    Whole: i64 = |value| value, u32 = |value| value.into(), u16 = |value| value.into();
    Real: f64 = |value| value;
    Text: &str = |value| value.to_owned(), String = |value| value, &String = |value| value.clone();
    Bytes: &[u8] = |value| value.to_vec(), [u8; 32] = |value| value.to_vec();
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

impl Statement {
    /// See [`statement!`].
    pub fn new(text: &'static str, values: Vec<Value>) -> Self {
        let text = Cow::Borrowed(text);
        Self { text, values }
    }
}

/// A statement that depends on what is asked for. Its text consists of texts of this program alone: whatever comes from
/// elsewhere is a value.
#[derive(Debug, Default)]
pub struct Builder {
    text: String,
    values: Vec<Value>,
}

impl Builder {
    /// Adds text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub fn value(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Adds text and a value behind it, if there is one.
    pub fn when(&mut self, text: &'static str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.push(text).value(value);
        }
        self
    }

    /// The statement.
    pub fn build(self) -> Statement {
        Statement {
            text: Cow::Owned(self.text),
            values: self.values,
        }
    }
}

/// `statement!("UPDATE t SET a = $1 WHERE id = $2", a, id)`
macro_rules! statement {
    ($text:expr $(, $value:expr)* $(,)?) => {
        $crate::serve::store::statement::Statement::new($text, vec![$($crate::serve::store::statement::Value::from($value)),*])
    };
}
pub(super) use statement;

/// A row that can be read from both kinds: tuples of `i64`, `f64`, `String`, `Vec<u8>` and options of them.
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// The statement for one kind of database.
macro_rules! for_kind {
    ($query:ident, $query_as:ident, $database:ty, $arguments:ty) => {
        impl Statement {
            pub(super) fn $query(self) -> Query<'static, $database, $arguments> {
                // Texts of this program alone, see [`Builder`].
                let query = sqlx::query(AssertSqlSafe(self.text.into_owned()));
                self.values
                    .into_iter()
                    .fold(query, |query, value| match value {
                        Value::Whole(value) => query.bind(value),
                        Value::Real(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    })
            }

            pub(super) fn $query_as<R: Record>(self) -> QueryAs<'static, $database, R, $arguments> {
                let query = sqlx::query_as(AssertSqlSafe(self.text.into_owned()));
                self.values
                    .into_iter()
                    .fold(query, |query, value| match value {
                        Value::Whole(value) => query.bind(value),
                        Value::Real(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    })
            }
        }
    };
}

for_kind!(sqlite, sqlite_as, Sqlite, SqliteArguments);
for_kind!(postgres, postgres_as, Postgres, PgArguments);
