//! Replays the corpus of fuzz targets, each seed as it is and bent at random by a fixed seed.

use std::fs;
use std::path::Path;

use crate::random::Random;

/// A target's name, which is its corpus folder's, and its function.
type Target = (&'static str, fn(&[u8]));

/// Bytes at the limits of lengths, tags, digits and line ends.
const ODD: [u8; 11] = [
    0, 0x7f, 0x80, 0x81, 0x84, 0xff, b'\n', b'\r', b'|', b'-', b';',
];

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

/// One to four changes: a bit, a byte, a cut, a doubled or a strange piece.
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
            1 => bent[at] = random.byte(),
            2 => bent.truncate(at),
            3 => drop(bent.drain(at..(at + 1 + random.below(8)).min(len))),
            4 => {
                let piece = bent[at..(at + 1 + random.below(64)).min(len)].to_vec();
                let place = random.below(len);
                bent.splice(place..place, piece);
            }
            5 => bent[at] = ODD[random.below(ODD.len())],
            _ => bent.insert(at, random.byte()),
        }
    }
    bent
}
