//! The graph of a pipeline in Graphviz's language, for people who look for a fault.
//!
//! GStreamer writes every property that is not at its default. Texts among them can be addresses with passwords, keys and
//! certificates, so only numbers, switches and choices are kept; formats are kept without the keys that encrypted RTP carries.

use super::without_secrets;
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeSet;

/// The graph of a pipeline at this moment, without what may be secret.
pub(crate) fn of(pipeline: &gst::Pipeline) -> String {
    let graph = pipeline.debug_to_dot_data(gst::DebugGraphDetails::ALL);
    let told = tellable(pipeline);
    let lines: Vec<String> = graph.lines().map(|line| tell(line, &told)).collect();
    lines.join("\n") + "\n"
}

/// Names of the properties that are numbers, switches or choices wherever an element has them.
fn tellable(pipeline: &gst::Pipeline) -> BTreeSet<String> {
    let (mut told, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for element in elements(pipeline) {
        for property in element.list_properties() {
            let of = property.value_type();
            let plain = [
                glib::Type::BOOL,
                glib::Type::I32,
                glib::Type::U32,
                glib::Type::I64,
                glib::Type::U64,
                glib::Type::F32,
                glib::Type::F64,
            ];
            let simple = plain.contains(&of) || of.is_a(glib::Type::ENUM) || of.is_a(glib::Type::FLAGS);
            let names = if simple { &mut told } else { &mut kept };
            names.insert(property.name().to_owned());
        }
    }
    told.retain(|name| !kept.contains(name));
    told
}

/// Every element inside.
fn elements(pipeline: &gst::Pipeline) -> Vec<gst::Element> {
    let mut found = Vec::new();
    let mut elements = pipeline.iterate_recurse();
    loop {
        match elements.next() {
            Ok(Some(element)) => found.push(element),
            // One came or went meanwhile: from the start again, as each may be listed twice.
            Err(gst::IteratorError::Resync) => elements.resync(),
            Ok(None) | Err(_) => return found,
        }
    }
}

/// A line of the graph with what may be told.
///
/// Properties stand behind type, name and `[state]` of an element, each after `\n`; the fields of a format each end in `\l`.
fn tell(line: &str, told: &BTreeSet<String>) -> String {
    const LABEL: &str = "label=\"";
    let Some(at) = line.find(LABEL) else {
        return line.to_owned();
    };
    let (start, label) = line.split_at(at + LABEL.len());
    let is_told = |part: &&str| part.split_once('=').is_some_and(|(name, _)| told.contains(name));
    let is_no_key = |part: &&str| {
        let name = part.split(':').next().unwrap_or_default();
        !["key", "mki", "cname"].iter().any(|secret| name.contains(secret))
    };
    match label.find("\\n[") {
        Some(state) => {
            let (label, closing) = label
                .rsplit_once("\";")
                .map_or((label, ""), |(label, _)| (label, "\";"));
            let (known, properties) = label.split_at((state + 2).min(label.len()));
            let mut parts = properties.split("\\n");
            let state = parts.next().unwrap_or_default();
            let told: Vec<&str> = std::iter::once(state).chain(parts.filter(is_told)).collect();
            format!("{start}{known}{}{closing}", told.join("\\n"))
        }
        None => {
            let fields: Vec<&str> = label.split("\\l").filter(is_no_key).collect();
            format!("{start}{}", fields.join("\\l"))
        }
    }
}

/// A text whose addresses have no user, password and query any more.
pub(crate) fn without_addresses(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "\"'<>()".contains(c);
    let words = text.split_inclusive(ends);
    words
        .map(|word| {
            let end = word.trim_end_matches(ends).len();
            let (address, rest) = word.split_at(end);
            match address.contains("://") {
                true => without_secrets(address) + rest,
                false => word.to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipeline whose elements know passwords.
    fn secretive() -> gst::Pipeline {
        gst::init().expect("GStreamer");
        let description = "webrtcbin name=peer latency=123 stun-server=stun://secret.example:3478 \
             turn-server=turn://user:secret@turn.example:3478 \
             videotestsrc pattern=ball ! video/x-raw,width=64,height=48 ! queue max-size-buffers=7 leaky=downstream \
             ! fakesink name=secret-is-a-name sync=false \
             souphttpsrc user-id=secret user-pw=secret location=http://user:secret@host.example/ ! fakesink \
             videotestsrc num-buffers=5 ! filesink location=/secret";
        gst::parse::launch(description)
            .expect("elements")
            .downcast()
            .expect("a pipeline")
    }

    #[test]
    fn the_graph_tells_numbers_and_choices_and_no_text() {
        let graph = of(&secretive());
        for told in [
            "digraph",
            "GstWebRTCBin",
            "latency=123",
            "max-size-buffers=7",
            "leaky=downstream",
            "num-buffers=5",
        ] {
            assert!(graph.contains(told), "{told} is not in {graph}");
        }
        let without_the_name = graph
            .replace("secret-is-a-name", "")
            .replace("secret_is_a_name", "");
        assert!(!without_the_name.contains("secret"), "{graph}");
        let balanced = graph
            .lines()
            .all(|line| line.replace("\\\"", "").matches('"').count() % 2 == 0);
        assert!(balanced, "{graph}");
    }

    #[test]
    fn keys_of_encrypted_streams_are_left_out_of_formats() {
        let line = r#"  a -> b [label="application/x-srtp\l  srtp-key: (buffer)0011\l  srtp-cipher: aes-128-icm\l"]"#;
        let told = tell(line, &BTreeSet::new());
        assert!(!told.contains("0011") && told.contains("aes-128-icm"), "{told}");
        assert!(told.ends_with("\"]"), "{told}");
    }

    #[test]
    fn addresses_in_a_text_lose_what_is_secret() {
        let text = "Could not open \"rtsp://user:pw@host/a?token=x\": gone (srt://host:1?passphrase=x)";
        assert_eq!(
            without_addresses(text),
            "Could not open \"rtsp://host/a\": gone (srt://host:1)"
        );
        assert_eq!(without_addresses("nothing here"), "nothing here");
    }
}
