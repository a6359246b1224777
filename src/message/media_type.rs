//! The media type of an attachment by the ending of its name: what people attach, and no more. A
//! crate with every type ever named would cost more than the whole composition.

use std::path::Path;

/// One `ENDING TYPE` a line.
const TYPES: &str = include_str!("media_types.txt");

/// The type that the ending of `name` stands for, in any case.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let ending = Path::new(name).extension()?.to_str()?;
    let rows = TYPES.lines().filter_map(|line| line.split_once(' '));
    let mut found = rows.filter(|(known, _)| known.eq_ignore_ascii_case(ending));
    found.next().map(|(_, media_type)| media_type)
}
