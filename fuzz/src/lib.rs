//! What every target does.

/// Has the parser of this name read something.
pub fn read(name: &str, bytes: &[u8]) {
    let parser = kinemotion::parsers::PARSERS.iter().find(|parser| parser.name == name);
    (parser.expect("the targets are named after the parsers").read)(bytes);
}
