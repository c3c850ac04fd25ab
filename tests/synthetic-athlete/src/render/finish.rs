//! From linear light to bytes: exposure, tone curve, sensor noise.

use crate::random::Random;

/// Exponent of the tone curve.
const GAMMA: f32 = 1.0 / 1.35;
/// Entries per unit of light, and the light at which the sensor is full.
const STEPS: usize = 4096;

/// Purpose number of the noise stream.
const NOISE_STREAM: u64 = 0x006E_6F69_7365;

/// Tone curve as a table.
#[derive(Debug)]
pub(super) struct Tone {
    table: Vec<u8>,
    scale: f32,
}

impl Tone {
    pub fn new(exposure: f32) -> Self {
        let level = |i: usize| (255.0 * (i as f32 / STEPS as f32).powf(GAMMA) + 0.5).min(255.0) as u8;
        Self {
            table: (0..=STEPS).map(level).collect(),
            scale: exposure * STEPS as f32,
        }
    }

    #[inline]
    pub fn byte(&self, light: f32) -> u8 {
        self.table[((light * self.scale) as usize).min(STEPS)] // a negative float becomes 0
    }
}

/// Adds grey noise of the given standard deviation to an RGB picture, the same for the same seed and frame.
pub(super) fn add_noise(rgb: &mut [u8], deviation: f32, seed: u64, frame: u64) {
    let mut random = Random::stream(seed, NOISE_STREAM, frame);
    // The sum of four uniform bytes has variance 4 (256^2 - 1) / 12: close to a normal distribution.
    let scale = deviation / (4.0f32 * (256.0 * 256.0 - 1.0) / 12.0).sqrt();
    for pixels in rgb.chunks_mut(6) {
        let bytes = random.next().to_le_bytes();
        for (pixel, four) in pixels.chunks_mut(3).zip(bytes.chunks(4)) {
            let sum: i32 = four.iter().map(|&b| i32::from(b)).sum();
            let grey = ((sum - 510) as f32 * scale).round() as i32;
            for v in pixel {
                *v = (i32::from(*v) + grey).clamp(0, 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_stated_deviation_and_no_bias() {
        let mut rgb = vec![128u8; 3 * 100_000];
        add_noise(&mut rgb, 8.0, 1, 5);
        let values: Vec<f64> = rgb.iter().step_by(3).map(|&v| f64::from(v) - 128.0).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let deviation = (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
        assert!(mean.abs() < 0.1, "{mean}");
        assert!((deviation - 8.0).abs() < 0.15, "{deviation}");
    }

    #[test]
    fn the_tone_curve_rises_and_saturates() {
        let tone = Tone::new(1.0);
        assert_eq!(
            (tone.byte(-0.1), tone.byte(0.0), tone.byte(1.0), tone.byte(9.0)),
            (0, 0, 255, 255)
        );
        assert!(tone.byte(0.5) > tone.byte(0.4));
    }
}
