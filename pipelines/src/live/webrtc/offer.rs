//! An SDP offer that has been looked at before anything is built for it.

use crate::live::LiveError;
use gst_sdp::{SDPMediaRef, SDPMessage};
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};

/// Longest offer in bytes. Browsers send about 6 KiB.
const LONGEST: usize = 64 * 1024;
/// Most media sections. A publisher has video, audio and a data channel.
const MOST_SECTIONS: u32 = 16;
/// The extension that measures the network on the way, without which browsers fall to a low resolution.
pub(crate) const TRANSPORT_WIDE_CC: &str = "transport-wide-cc";

/// An offer with a video section that can be negotiated.
#[derive(Debug)]
pub(crate) struct Offer {
    message: SDPMessage,
    video: u32,
}

impl Offer {
    /// Reads and checks an offer.
    ///
    /// # Errors
    /// [`LiveError::Offer`] names what is missing.
    pub fn parse(text: &str) -> Result<Self, LiveError> {
        let wrong = |reason: &str| LiveError::Offer {
            reason: reason.to_owned(),
        };
        if text.len() > LONGEST {
            return Err(wrong("it is longer than 64 KiB"));
        }
        if !text.starts_with("v=0") {
            return Err(wrong("it does not begin with v=0: this is no SDP"));
        }
        let message =
            SDPMessage::parse_buffer(text.as_bytes()).map_err(|_| wrong("it cannot be read as SDP"))?;
        if message.medias_len() > MOST_SECTIONS {
            return Err(wrong("it has too many media sections"));
        }
        let video = message
            .medias()
            .position(|media| media.media() == Some("video") && media.attribute_val("inactive").is_none())
            .ok_or_else(|| wrong("it has no video section"))?;
        check_transport(&message).map_err(|reason| wrong(&reason))?;
        Ok(Self {
            message,
            video: video as u32,
        })
    }

    /// The offer as a session description.
    pub fn description(&self) -> WebRTCSessionDescription {
        WebRTCSessionDescription::new(WebRTCSDPType::Offer, self.message.clone())
    }

    /// The video section.
    fn media(&self) -> &SDPMediaRef {
        self.message
            .media(self.video)
            .expect("the section was found when the offer was read")
    }

    /// Formats of the video section whose codec is among these, in the order of the offer, as caps of RTP streams.
    ///
    /// They name the header extensions that are among these: what a transceiver's caps do not name the answer does not have
    /// either.
    pub fn video_formats(&self, codecs: &[&str], extensions: &[&str]) -> gst::Caps {
        let media = self.media();
        let offered: Vec<&str> = attributes(media, "extmap")
            .filter(|value| extensions.iter().any(|known| value.contains(known)))
            .collect();
        media
            .formats()
            .filter_map(|format| media.caps_from_media(format.parse().ok()?))
            .filter_map(|caps| {
                let structure = caps.structure(0)?;
                let codec = structure.get::<&str>("encoding-name").ok()?;
                codecs
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(codec))
                    .then(|| rtp_structure(structure, &offered))
            })
            .collect()
    }

    /// Number of the media section with this `mid`.
    pub fn section_of(&self, mid: &str) -> Option<u32> {
        self.message
            .medias()
            .position(|media| media.attribute_val("mid") == Some(mid))
            .map(|index| index as u32)
    }

    /// How many media sections there are.
    pub fn sections(&self) -> u32 {
        self.message.medias_len()
    }
}

fn attributes<'a>(media: &'a SDPMediaRef, key: &'a str) -> impl Iterator<Item = &'a str> {
    media
        .attributes()
        .filter(move |attribute| attribute.key() == key)
        .filter_map(|attribute| attribute.value())
}

/// What a transceiver is asked for: the format without the offerer's own SSRCs.
fn rtp_structure(offered: &gst::StructureRef, extensions: &[&str]) -> gst::Structure {
    let mut structure = gst::Structure::new_empty("application/x-rtp");
    for (name, value) in offered.iter().filter(|(name, _)| !name.starts_with("ssrc-")) {
        structure.set_value(name, value.clone());
    }
    // `NUMBER URI`, or `NUMBER/DIRECTION URI`.
    for (number, uri) in extensions.iter().filter_map(|value| value.split_once(' ')) {
        let number = number.split('/').next().unwrap_or(number);
        structure.set(format!("extmap-{number}"), uri);
    }
    structure
}

/// Checks that every section says how its transport is secured; GStreamer gives up on one that does not.
fn check_transport(message: &SDPMessage) -> Result<(), String> {
    for attribute in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        let everywhere = message.attribute_val(attribute).is_some();
        let missing = message
            .medias()
            .find(|media| !everywhere && media.attribute_val(attribute).is_none());
        if let Some(media) = missing {
            return Err(format!(
                "its {} section has no {attribute}",
                media.media().unwrap_or("first")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 102\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:1\r\n\
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
        a=extmap:4 urn:3gpp:video-orientation\r\na=sendonly\r\na=rtpmap:96 AV2/90000\r\na=rtpmap:97 VP8/90000\r\n\
        a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=640028\r\n";

    fn reason(text: &str) -> String {
        gst::init().expect("GStreamer");
        Offer::parse(text).expect_err("must be refused").to_string()
    }

    #[test]
    fn known_codecs_and_extensions_are_taken_in_the_order_of_the_offer() {
        gst::init().expect("GStreamer");
        let offer = Offer::parse(OFFER).expect("a good offer");
        let caps = offer.video_formats(&["H264", "VP8"], &[TRANSPORT_WIDE_CC, "video-orientation"]);
        let names: Vec<&str> = caps
            .iter()
            .filter_map(|structure| structure.get("encoding-name").ok())
            .collect();
        assert_eq!(names, ["VP8", "H264"]);
        assert!(
            caps.iter()
                .all(|structure| structure.has_field("extmap-3") && structure.has_field("extmap-4")),
            "{caps}"
        );
        assert_eq!(offer.section_of("1"), Some(1));
        assert_eq!(offer.section_of("2"), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(reason("hello").contains("v=0"));
        assert!(reason(&format!("v=0{}", "x".repeat(LONGEST))).contains("64 KiB"));
        let without_video = OFFER.split("m=video").next().expect("a first part");
        assert!(reason(without_video).contains("no video section"));
        assert!(reason(&OFFER.replace("a=fingerprint:sha-256 AA:BB\r\n", "")).contains("fingerprint"));
        assert!(reason(&OFFER.replace("a=ice-ufrag:abcd\r\n", "")).contains("ice-ufrag"));
        assert!(
            reason(&OFFER.replace("a=sendonly\r\na=rtpmap:96", "a=inactive\r\na=rtpmap:96"))
                .contains("no video")
        );
    }
}
