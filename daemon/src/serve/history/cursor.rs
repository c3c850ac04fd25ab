//! Places in a list that grows meanwhile: the last thing that was seen.

use crate::serve::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Behind which thing a page begins. The list is read from an index on both members, so that the millionth page costs what
/// the first one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it was, milliseconds since 1970.
    pub at: i64,
    /// Its name.
    pub id: String,
}

impl Cursor {
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
            let (at, id) = str::from_utf8(&bytes).ok()?.split_once('.')?;
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
        for wrong in ["", "x", "MTIz", "%%%", "eC4"] {
            assert_eq!(
                Cursor::read(wrong).expect_err("refused").field.as_deref(),
                Some("cursor"),
                "{wrong}"
            );
        }
    }
}
