//! Repeatable random numbers.

/// SplitMix64 (Steele, Lea & Flood 2014): small, fast, the same everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// Scrambles a number into one that looks random.
pub(crate) fn scramble(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// An independent stream for a purpose and a number within it.
    pub fn stream(seed: u64, purpose: u64, index: u64) -> Self {
        Self(scramble(scramble(seed ^ scramble(purpose)).wrapping_add(index)))
    }

    pub fn next(&mut self) -> u64 {
        let out = scramble(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        out
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
