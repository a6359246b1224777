//! `src/ffi/constants.txt`: the header's numbers for `secsmtp_constant`.

use std::fmt::Write;

use crate::Result;
use crate::model::Model;

/// One `NAME VALUE` a line.
pub(crate) fn list(model: &Model) -> Result<String> {
    let mut text = String::new();
    for constant in &model.constants {
        // Statuses begin at 1000, and a getter returns them negated.
        if constant.value <= -1000 {
            return Err(format!(
                "{}: is in the range of negated statuses",
                constant.name
            ));
        }
        let _ = writeln!(text, "{} {}", constant.name, constant.value);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_what_a_getter_can_give() {
        let model = |text: &str| Model::parse(text).unwrap();
        let list_of = |text: &str| list(&model(text));
        assert_eq!(
            list_of("#define A -1\n#define B 7\n").unwrap(),
            "A -1\nB 7\n"
        );
        assert!(list_of("#define A -1001\n").is_err());
    }
}
