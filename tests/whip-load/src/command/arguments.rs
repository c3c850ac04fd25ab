//! What can be asked for on the command line.

use super::slo::Slo;
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;
use synthetic_athlete::Movement;
use url::Url;
use whip_load::{Codec, FootageOptions, Impairment, PublisherOptions};

/// Publishes the synthetic athlete over WHIP, many times at once, and measures how long each frame takes to become a number.
///
/// Prints a table. Exit codes: 0 done, 1 something of `--slo` is broken or nothing could be done, 2 bad usage.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// Address of the daemon, or of one analysis that waits (`http://…/whip/{analysis_id}`).
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: Url,
    /// How many publishers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub clients: u32,
    /// What lies between making the video, which takes all processors, and the first publisher: a daemon that refuses by load on the same
    /// machine has forgotten it by then.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    pub rest: Duration,
    /// How many publishers begin in each second.
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    pub ramp_per_s: f64,
    /// How long it lasts from the moment the last publisher begins; with `--times` the longest one session may take.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub duration: Duration,
    /// Instead of staying, each publisher ends its session at the first pose and begins again, so many times in all.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub times: Option<u32>,
    /// vp8, h264 (Baseline) or h264-high.
    #[arg(long, default_value = "h264")]
    pub codec: Codec,
    /// Width and height of the picture, px.
    #[arg(long, default_value = "640x480", value_parser = size)]
    pub size: (u32, u32),
    /// Frames per second.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub fps: u32,
    /// Target of the encoder, kbit/s.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(50..=50_000))]
    pub bitrate: u32,
    /// Frames from one key frame to the next.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub key_frame_every: u32,
    /// What the athlete does and the daemon measures: name of a movement, or `auto` (a countermovement jump is shown).
    #[arg(long, default_value = "cmj")]
    pub sport: String,
    /// Which landmark model: fast, balanced or accurate.
    #[arg(long, default_value = "fast")]
    pub quality: String,
    /// Bearer token.
    #[arg(long)]
    pub token: Option<String>,
    /// Offer an audio section too.
    #[arg(long)]
    pub audio: bool,
    /// Offer no data channel: nothing is heard, so no latency is measured.
    #[arg(long, conflicts_with = "times")]
    pub no_data_channel: bool,
    /// At the end, vanish without DELETE.
    #[arg(long)]
    pub abrupt: bool,
    /// Share of datagrams that is lost in either direction.
    #[arg(long, default_value = "0%", value_parser = share)]
    pub loss: f64,
    /// How long each datagram takes, one way.
    #[arg(long, default_value = "0ms", value_parser = humantime::parse_duration)]
    pub delay: Duration,
    /// By how much that varies, up or down.
    #[arg(long, default_value = "0ms", value_parser = humantime::parse_duration)]
    pub jitter: Duration,
    /// Write a row per client and second to this file.
    #[arg(long)]
    pub csv: Option<PathBuf>,
    /// Write the figures of the table to this file, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// What must hold, like `p95=200ms,errors=1%`. At most: p50, p95, p99 (frame sent → metric received), setup (95th
    /// percentile), refusal (the longest), errors, refused, degraded, unmatched, skipped. At least: poses (measured, per second, of the worst client).
    #[arg(long)]
    pub slo: Option<Slo>,
}

impl Arguments {
    /// The footage that is asked for.
    pub fn footage(&self) -> anyhow::Result<FootageOptions> {
        Ok(FootageOptions {
            movement: movement(&self.sport)?,
            codec: self.codec,
            width: self.size.0,
            height: self.size.1,
            fps: self.fps,
            bitrate: 1000 * self.bitrate,
            key_frame_every: self.key_frame_every,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// How the publisher of this number publishes. They begin at different places of the footage, so that not all jump at once.
    pub fn publisher(&self, number: u32) -> PublisherOptions {
        /// Frames from where one begins to where the next does; without a common factor with usual distances of key frames.
        const APART: usize = 37;
        let mut url = self.url.clone();
        if url.path() == "/" {
            url.set_path("/whip");
            url.query_pairs_mut()
                .append_pair("sport", &self.sport)
                .append_pair("quality", &self.quality);
        }
        PublisherOptions {
            token: self.token.clone(),
            audio: self.audio,
            data_channel: !self.no_data_channel,
            impairment: Impairment {
                loss: self.loss,
                delay: self.delay,
                jitter: self.jitter,
            },
            seed: u64::from(number),
            first_frame: APART * number as usize,
            ..PublisherOptions::new(url)
        }
    }
}

/// The default clip of a movement.
fn movement(name: &str) -> anyhow::Result<Movement> {
    let shown = match name {
        "auto" => "cmj",
        name => name,
    };
    Movement::named(shown).ok_or_else(|| anyhow::anyhow!("the synthetic athlete knows no movement `{name}`"))
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if value > 0.0 && f64::is_finite(value) => Ok(value),
        _ => Err("a number above 0 is needed".into()),
    }
}

/// A share as a percentage, like `5%` or `0.5%`.
pub fn share(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
    match percent {
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err(format!("`{text}` is no share; write it like 5%")),
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match parsed {
        // 4:2:0 has a chroma sample for two pixels each way; the athlete is drawn up to 4096.
        Some((width, height))
            if [width, height]
                .iter()
                .all(|px| px % 2 == 0 && (32..=4096).contains(px)) =>
        {
            Ok((width, height))
        }
        _ => Err("write it like 640x480, both even, 32 to 4096".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once(&"whip-load").chain(arguments))
    }

    #[test]
    fn a_daemons_address_becomes_the_one_that_makes_an_analysis() {
        let arguments = parse(&["--url", "http://127.0.0.1:8080", "--sport", "squat"]).expect("good");
        assert_eq!(
            arguments.publisher(0).url.as_str(),
            "http://127.0.0.1:8080/whip?sport=squat&quality=fast"
        );
        let arguments = parse(&["--url", "http://127.0.0.1:8080/whip/abc"]).expect("good");
        assert_eq!(
            arguments.publisher(0).url.as_str(),
            "http://127.0.0.1:8080/whip/abc"
        );
    }

    #[test]
    fn a_bad_network_is_asked_for_in_words_people_use() {
        let arguments = parse(&["--loss", "5%", "--delay", "50ms", "--jitter", "10ms"]).expect("good");
        let expected = Impairment {
            loss: 0.05,
            delay: Duration::from_millis(50),
            jitter: Duration::from_millis(10),
        };
        assert_eq!(arguments.publisher(0).impairment, expected);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            ["--size", "640"],
            ["--size", "641x480"],
            ["--loss", "5"],
            ["--loss", "101%"],
            ["--codec", "av1"],
            ["--ramp-per-s", "0"],
            ["--clients", "0"],
            ["--slo", "p95=fast"],
        ] {
            assert!(parse(&bad).is_err(), "{bad:?}");
        }
        assert!(parse(&["--sport", "curling"]).expect("a text").footage().is_err());
    }
}
