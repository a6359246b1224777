//! `tests/abi/symbols.txt`: every exported function with the version that brought it.

use std::fmt::Write;

use crate::Result;
use crate::model::Model;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const HEADING: &str = "\
# Every exported function and the version that brought it. `make generate` adds new ones.
# Removing a line breaks programs in the field: it needs a new soname, and is done by hand.
";

/// The list with the new functions appended. A listed function that is no longer in the header is
/// an error.
pub(crate) fn update(list: &str, model: &Model) -> Result<String> {
    let listed: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let gone: Vec<&str> = listed
        .iter()
        .copied()
        .filter(|name| model.functions.iter().all(|f| f.name != *name))
        .collect();
    if !gone.is_empty() {
        return Err(format!(
            "{}: listed, but no longer exported: {}",
            crate::SYMBOLS,
            gone.join(", ")
        ));
    }
    let mut updated = if list.is_empty() {
        HEADING.to_owned()
    } else {
        list.to_owned()
    };
    for function in model
        .functions
        .iter()
        .filter(|f| !listed.contains(&f.name.as_str()))
    {
        let _ = writeln!(updated, "{} {VERSION}", function.name);
    }
    Ok(updated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_never_removes() {
        let model = Model::parse("int32_t secsmtp_a(void); int32_t secsmtp_b(void);").unwrap();
        let list = update("# x\nsecsmtp_b 0.0.1\n", &model).unwrap();
        assert_eq!(list, format!("# x\nsecsmtp_b 0.0.1\nsecsmtp_a {VERSION}\n"));
        assert_eq!(update(&list, &model).unwrap(), list);
        assert!(update("secsmtp_c 0.0.1\n", &model).is_err());
    }
}
