//! A small generator with a seed that is fixed, so that what it found can be found again.

/// xorshift64*; the seed is not 0.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number from 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).expect("31 bits") % bound
    }
}
