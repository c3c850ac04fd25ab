//! Trickle ICE fragments, `application/trickle-ice-sdpfrag` (RFC 8840).

use super::Offer;
use crate::live::LiveError;

/// Longest fragment in bytes: some fifty candidates.
const LONGEST: usize = 16 * 1024;

/// Candidates of the other side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// Number of the media section and the candidate, as `webrtcbin` takes it.
    pub candidates: Vec<(u32, String)>,
}

impl Fragment {
    /// Reads a fragment that belongs to an offer. Lines that are no candidates (credentials, end-of-candidates) carry
    /// nothing new for us: a restart of ICE is a new session.
    ///
    /// # Errors
    /// [`LiveError::Fragment`] names the line.
    pub fn parse(text: &str, offer: &Offer) -> Result<Self, LiveError> {
        let wrong = |reason: String| LiveError::Fragment { reason };
        if text.len() > LONGEST {
            return Err(wrong("it is longer than 16 KiB".into()));
        }
        let mut section = None;
        let mut next_section = 0;
        let mut candidates = Vec::new();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if line.starts_with("m=") {
                section = Some(next_section);
                next_section += 1;
            } else if let Some(mid) = line.strip_prefix("a=mid:") {
                let known = offer
                    .section_of(mid)
                    .ok_or_else(|| wrong(format!("the offer has no section a=mid:{mid}")))?;
                section = Some(known);
            } else if line.starts_with("a=candidate:") {
                let section = section.ok_or_else(|| wrong("a candidate comes before its section".into()))?;
                if section >= offer.sections() {
                    return Err(wrong(format!("the offer has no section {section}")));
                }
                candidates.push((section, line["a=".len()..].to_owned()));
            } else if !line.starts_with("a=") {
                return Err(wrong(format!("\"{}\" is no line of SDP", line.escape_debug())));
            }
        }
        Ok(Self { candidates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        gst::init().expect("GStreamer");
        let section = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=fingerprint:sha-256 AA\r\n";
        let text = format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:sound\r\n{section}\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:picture\r\n{section}a=rtpmap:96 VP8/90000\r\n"
        );
        Offer::parse(&text).expect("a good offer")
    }

    const CANDIDATE: &str = "candidate:1 1 UDP 2130706431 192.0.2.1 3478 typ host";

    #[test]
    fn a_candidate_goes_to_the_section_of_its_mid() {
        let text = format!(
            "a=ice-ufrag:x\r\na=ice-pwd:y\r\nm=video 9 RTP/AVP 0\r\na=mid:picture\r\na={CANDIDATE}\r\na=end-of-candidates\r\n"
        );
        let fragment = Fragment::parse(&text, &offer()).expect("a good fragment");
        assert_eq!(fragment.candidates, [(1, CANDIDATE.to_owned())]);
    }

    #[test]
    fn a_fragment_that_makes_no_sense_is_named() {
        let reason = |text: &str| {
            Fragment::parse(text, &offer())
                .expect_err("must be refused")
                .to_string()
        };
        assert!(reason(&format!("a={CANDIDATE}")).contains("before its section"));
        assert!(reason("m=video 9 RTP/AVP 0\na=mid:7").contains("a=mid:7"));
        assert!(reason("\u{1}\u{2}").contains("no line of SDP"));
        assert!(reason(&"a".repeat(LONGEST + 1)).contains("16 KiB"));
    }
}
