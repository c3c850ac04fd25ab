//! What looks like a secret is not written, wherever it comes from: a message of a library may repeat an address it was given.

use std::borrow::Cow;

/// Stands where something was left out.
const LEFT_OUT: &str = "***";
/// What our own keys and secrets begin with, and what JSON Web Tokens begin with.
const TOKENS: [&str; 4] = ["km_", "kms_", "whsec_", "eyJ"];
/// Stream keys are in the path of these.
const KEYED_PATHS: [&str; 2] = ["rtmp", "rtmps"];

/// A text without what looks like a secret: user and password, query and fragment of an address, what follows `Bearer`, keys and tokens.
pub fn redact(text: &str) -> Cow<'_, str> {
    let bearer = |text: &str| text.to_ascii_lowercase().contains("bearer");
    if !text.contains("://") && !TOKENS.iter().any(|token| text.contains(token)) && !bearer(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut follows_bearer = false;
    for piece in text.split_inclusive(ends_word) {
        let word = piece.trim_end_matches(ends_word);
        match word {
            "" => {}
            _ if std::mem::take(&mut follows_bearer) => out.push_str(LEFT_OUT),
            _ => push(&mut out, word),
        }
        follows_bearer |= word
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .eq_ignore_ascii_case("bearer");
        out.push_str(&piece[word.len()..]);
    }
    Cow::Owned(out)
}

/// What is in no address.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn push(out: &mut String, word: &str) {
    let Some((scheme, address)) = word.split_once("://") else {
        return push_without_tokens(out, word);
    };
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, rest) = address.split_at(end);
    out.push_str(scheme);
    out.push_str("://");
    match authority.rsplit_once('@') {
        Some((_, host)) => {
            out.push_str(LEFT_OUT);
            out.push('@');
            out.push_str(host);
        }
        None => out.push_str(authority),
    }
    let keyed = KEYED_PATHS.iter().any(|keyed| scheme.ends_with(keyed));
    match rest.find(['?', '#']) {
        _ if keyed && !rest.is_empty() => {
            out.push('/');
            out.push_str(LEFT_OUT);
        }
        Some(end) => {
            push_without_tokens(out, &rest[..end]);
            out.push_str(&rest[end..=end]);
            out.push_str(LEFT_OUT);
        }
        None => push_without_tokens(out, rest),
    }
}

/// Leaves out keys and tokens within a word.
fn push_without_tokens(out: &mut String, mut word: &str) {
    let begins = |word: &str| {
        let places = TOKENS.iter().flat_map(|token| word.match_indices(token));
        let at_word = |place: &usize| !word[..*place].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        places.map(|(place, _)| place).filter(at_word).min()
    };
    while let Some(place) = begins(word) {
        let token = &word[place..];
        let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=');
        let end = token.find(|c| !of_token(c)).unwrap_or(token.len());
        out.push_str(&word[..place]);
        out.push_str(LEFT_OUT);
        word = &token[end..];
    }
    out.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_left_out_and_the_rest_stays() {
        for (text, left) in [
            ("nothing to hide", "nothing to hide"),
            ("at http://10.0.0.5:8080/path.", "at http://10.0.0.5:8080/path."),
            (
                "cannot open \"rtsp://user:pass@camera/stream?token=x\": gone",
                "cannot open \"rtsp://***@camera/stream?***\": gone",
            ),
            ("postgres://km:p,w@host/db", "postgres://***@host/db"),
            ("http://user:p@ss@host/", "http://***@host/"),
            ("https://host/a@b/c", "https://host/a@b/c"),
            ("https://host/page#secret", "https://host/page#***"),
            ("rtmp://live.example/app/stream-key", "rtmp://live.example/***"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("key=km_AbC-12 is known", "key=*** is known"),
            ("(whsec_AbC+/=)", "(***)"),
            ("/stream?access_token=kms_eyJ0.abc", "/stream?access_token=***"),
            ("eyJhbGciOi.eyJzdWIi.c2ln", "***"),
            ("the unit skm_x stays", "the unit skm_x stays"),
            ("https://host/km_secret/x", "https://host/***"),
        ] {
            assert_eq!(redact(text), left, "{text}");
        }
    }
}
