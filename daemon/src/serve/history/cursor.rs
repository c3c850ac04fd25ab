//! Places in a list that grows meanwhile: the last thing that was seen.

use crate::serve::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt::Display;
use std::str::FromStr;

/// Behind which thing a page begins. The list is read from an index on both members, so that the millionth page costs what
/// the first one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<K = i64> {
    /// What the list is sorted by: when it was, milliseconds since 1970, unless it is said.
    pub at: K,
    /// Its name.
    pub id: String,
}

impl<K: Display + FromStr> Cursor<K> {
    /// As clients hand it back; not for them to read.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.at, self.id))
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is not one that was handed out.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            // U+0000 is nothing that a database could be asked for.
            let text = str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'))?;
            let (at, id) = text.rsplit_once('.')?;
            Some(Self {
                at: at.parse().ok()?,
                id: id.to_owned(),
            })
        };
        read().ok_or_else(|| Problem::invalid("give the next_cursor of an answer as it is").field("cursor"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_anything_else_is_refused() {
        let cursor = Cursor {
            at: -5,
            id: "0199d4c0-0000-7000-8000-000000000001".into(),
        };
        assert_eq!(Cursor::read(&cursor.text()), Ok(cursor));
        for wrong in ["", "x", "MTIz", "%%%", "eC4", "MS4A"] {
            let refused = Cursor::<i64>::read(wrong).expect_err("refused");
            assert_eq!(refused.field.as_deref(), Some("cursor"), "{wrong}");
        }
        let value = Cursor {
            at: 0.1 + 0.2,
            id: "x".into(),
        };
        assert_eq!(Cursor::read(&value.text()), Ok(value), "to the last bit");
    }
}
