//! Files that a policy is made of, read whole and bounded.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use crate::error::Error;
use crate::memory;
use crate::proto::show;
use crate::status::Status;

/// The largest file of certificates, keys or lists.
pub(super) const MAX: u64 = 16 * 1024 * 1024;

/// Octets of a file that are read without being moved in memory.
const HELD: usize = 64 * 1024;

/// Reads a file of no more than `max` octets.
///
/// # Errors
/// [`Status::File`], with the argument and the path as the caller gave it.
pub(crate) fn read(
    argument: &'static str,
    path: impl AsRef<Path>,
    max: u64,
) -> Result<Vec<u8>, Error> {
    let wrong = |why: String| Error::argument(Status::File, argument, why);
    let path = path.as_ref();
    let shown = || show::escape(path.as_os_str().as_encoded_bytes(), 300);
    // As large as a key can be: one that grew would leave octets of it where nobody wipes them.
    let mut bytes = Vec::with_capacity(HELD.saturating_add(1));
    File::open(path)
        .and_then(|file| file.take(max.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| match error.kind() {
            ErrorKind::OutOfMemory => memory::lack(),
            kind => wrong(format!("{} can't be read ({kind})", shown())),
        })?;
    if bytes.len() as u64 > max {
        return Err(wrong(format!("{} is larger than {max} octets", shown())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_key_is_read_into_one_place() {
        let path = std::env::temp_dir().join(format!("secsmtp-key-{}", std::process::id()));
        let read_of = |size: usize| {
            std::fs::write(&path, vec![b'k'; size]).unwrap();
            read("key", &path, HELD as u64)
        };
        let places = [1, HELD / 2, HELD].map(|size| read_of(size).unwrap().capacity());
        let beyond = read_of(HELD + 1);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(places, [places[0]; 3], "it grew");
        assert!(beyond.unwrap_err().to_string().contains("larger than"));
    }
}
