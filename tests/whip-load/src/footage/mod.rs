//! Pictures of the synthetic athlete, encoded once and sent by any number of publishers.
//!
//! A footage is a loop: it begins with a key frame and may follow itself. Its frames are not taken at even steps: each is
//! late by a random part of a quarter of the frame time ([`LATE`]), in the picture as well as on the wire. A receiver sees an ordinary camera
//! that jitters, and the pattern of steps tells which frame a time belongs to ([`crate::matching`]).

mod encode;
mod reel;

pub use encode::FootageError;
pub use reel::{Frame, Reel};

use std::str::FromStr;
use std::sync::Arc;
use synthetic_athlete::{Camera, Clip, Movement};

/// Ticks per second of the clock of video in RTP (RFC 6184, section 8.2.1; RFC 7741, section 6.1).
pub const CLOCK_RATE: u32 = 90_000;
/// The most that a frame is late, as a part of the frame time.
pub const LATE: f64 = 0.25;

/// What the video is encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// VP8.
    Vp8,
    /// H.264, Constrained Baseline profile, as browsers send it.
    H264Baseline,
    /// H.264, High profile without reordering, as OBS sends it.
    H264High,
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "vp8" => Ok(Self::Vp8),
            "h264" | "h264-baseline" => Ok(Self::H264Baseline),
            "h264-high" => Ok(Self::H264High),
            _ => Err("vp8, h264 (Baseline) and h264-high are known".into()),
        }
    }
}

/// How footage is made.
#[derive(Clone, Debug, PartialEq)]
pub struct FootageOptions {
    /// What the athlete does; one turn of the loop is one such clip.
    pub movement: Movement,
    /// What it is encoded as.
    pub codec: Codec,
    /// Picture width, px, even.
    pub width: u32,
    /// Picture height, px, even.
    pub height: u32,
    /// Frames per second, at least 1.
    pub fps: u32,
    /// Target of the encoder, bit/s.
    pub bitrate: u32,
    /// Most frames from one key frame to the next, at least 1.
    pub key_frame_every: u32,
    /// Threads that draw frames; at least 1.
    pub threads: usize,
}

impl Default for FootageOptions {
    fn default() -> Self {
        Self {
            movement: Movement::default(),
            codec: Codec::H264Baseline,
            width: 640,
            height: 480,
            fps: 30,
            bitrate: 1_000_000,
            key_frame_every: 60,
            threads: 1,
        }
    }
}

impl FootageOptions {
    /// The clip that is drawn.
    fn clip(&self) -> Clip {
        Clip {
            movement: self.movement.clone(),
            camera: Camera {
                width: self.width,
                height: self.height,
                ..Camera::default()
            },
            fps: self.fps.into(),
            frame_jitter: LATE,
            ..Clip::default()
        }
    }
}

/// One encoded frame.
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// The bytes as a payloader takes them; H.264 with start codes and, before a key frame, parameter sets.
    pub data: Arc<[u8]>,
    /// How late it is against an even step, ticks of [`CLOCK_RATE`].
    pub late: u32,
    /// Whether it can be decoded without an earlier one.
    pub key: bool,
}

/// A loop of encoded frames. Begins with a key frame.
#[derive(Clone, Debug)]
pub struct Footage {
    codec: Codec,
    fps: u32,
    units: Vec<AccessUnit>,
}

impl Footage {
    /// Draws and encodes one turn of the loop. Takes seconds.
    ///
    /// # Errors
    /// [`FootageError`]: a clip that cannot be made, or an encoder that is missing or fails.
    pub fn encode(options: &FootageOptions) -> Result<Self, FootageError> {
        let clip = options.clip().build()?;
        let encoded = encode::encode(&clip, options)?;
        let grid = |index: usize| index as f64 / f64::from(options.fps);
        let units = encoded.into_iter().enumerate().map(|(index, unit)| {
            let late = (clip.time(index) - grid(index)) * f64::from(CLOCK_RATE);
            AccessUnit {
                data: unit.data.into(),
                late: late.round() as u32,
                key: unit.key,
            }
        });
        Self::from_units(options.codec, options.fps, units.collect())
    }

    /// A loop of frames that were encoded elsewhere.
    ///
    /// # Errors
    /// [`FootageError::Loop`] when there is no frame, or the first is no key frame.
    pub fn from_units(codec: Codec, fps: u32, units: Vec<AccessUnit>) -> Result<Self, FootageError> {
        match units.first() {
            Some(first) if first.key && fps > 0 => Ok(Self { codec, fps, units }),
            _ => Err(FootageError::Loop),
        }
    }

    /// What it is encoded as.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Frames per second.
    pub fn fps(&self) -> u32 {
        self.fps
    }

    /// The frames of one turn.
    pub fn units(&self) -> &[AccessUnit] {
        &self.units
    }

    /// Length of one turn, seconds.
    pub fn seconds(&self) -> f64 {
        self.units.len() as f64 / f64::from(self.fps)
    }

    /// Mean bit rate of the payload, bit/s.
    pub fn bitrate(&self) -> f64 {
        let bytes: usize = self.units.iter().map(|unit| unit.data.len()).sum();
        8.0 * bytes as f64 / self.seconds()
    }
}
