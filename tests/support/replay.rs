//! Replays the corpus of fuzz targets, each seed as it is and bent at random by a fixed seed.

use std::fs;
use std::path::Path;

/// A target's name, which is its corpus folder's, and its function.
type Target = (&'static str, fn(&[u8]));

/// Runs each target on each of its seeds, and on so many bent copies.
pub(crate) fn corpus(targets: &[Target], copies: usize) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut random = Random(0xc23);
    for (name, target) in targets {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .expect(name)
            .map(|entry| entry.expect(name).path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds {
            let seed = fs::read(&path).expect(name);
            target(&seed);
            for number in 0..copies {
                let bent = bend(&seed, &mut random);
                let ran = std::panic::catch_unwind(|| target(&bent));
                assert!(
                    ran.is_ok(),
                    "{} bent for the {number}th time: {bent:?}",
                    path.display()
                );
            }
        }
    }
}

/// A small generator of numbers, the same in each run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits") % end.max(1)
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below 256")
    }
}

/// One to four changes: a bit, an octet, a cut, a doubled or a strange piece.
fn bend(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bent = seed.to_vec();
    for _ in 0..=random.below(4) {
        let len = bent.len();
        if len == 0 {
            return bent;
        }
        let at = random.below(len);
        match random.below(7) {
            0 => bent[at] ^= 1 << random.below(8),
            1 => bent[at] = random.octet(),
            2 => bent.truncate(at),
            3 => drop(bent.drain(at..(at + 1 + random.below(8)).min(len))),
            4 => {
                let piece = bent[at..(at + 1 + random.below(64)).min(len)].to_vec();
                let place = random.below(len);
                bent.splice(place..place, piece);
            }
            // What lengths, digits and line ends trip over.
            5 => bent[at] = [0, 0x7f, 0x80, 0xff, b'\n', b'\r', b'|', b'-'][random.below(8)],
            _ => bent.insert(at, random.octet()),
        }
    }
    bent
}
