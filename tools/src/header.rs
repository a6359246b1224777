//! The C header, by cbindgen.

use std::collections::BTreeMap;
use std::path::Path;

use cbindgen::{Builder, Config};

use crate::Result;

pub(crate) const SETTINGS: &str = "cbindgen.toml";
const FFI: &str = "src/ffi/mod.rs";
/// The longest line of a declaration.
const LINE: usize = 100;
/// Names of the types of arguments in Rust, which C does not have.
const LEFT: [&str; 7] = [
    "Argument<",
    "TextIn",
    "BytesIn",
    "UserIn",
    "ErrorOut",
    "HandleOut",
    "Out_",
];

pub(crate) fn generate(root: &Path) -> Result<String> {
    let config = Config::from_file(root.join(SETTINGS))?;
    // Parse from the module's file instead of the crate: faster, and no other module adds a name.
    // cbindgen follows the `mod` lines, whose order is that of the header.
    let builder = Builder::new().with_config(config).with_src(root.join(FFI));
    let mut header = Vec::new();
    builder
        .generate()
        .map_err(|e| e.to_string())?
        .write(&mut header);
    let header = String::from_utf8(header).map_err(|e| e.to_string())?;
    plain_arguments(&header)
}

/// Writes the pointer itself in the place of each `Argument<POINTER>`, which cbindgen leaves as it is in
/// Rust, and of its aliases (`typedef Argument<const char*> TextIn;`), whose declarations go.
fn plain_arguments(header: &str) -> Result<String> {
    let mut aliases = BTreeMap::new();
    let mut items = Vec::new();
    for item in header.split("\n\n") {
        let last = item.lines().last().unwrap_or_default();
        match last.strip_prefix("typedef Argument<").and_then(|alias| {
            let (pointer, name) = alias.split_once("> ")?;
            Some((name.strip_suffix(';')?, pointer))
        }) {
            Some((name, pointer)) => drop(aliases.insert(name, pointer)),
            None => items.push(item),
        }
    }
    let items = items.into_iter().map(|item| {
        let start = item.rfind("*/\n").map_or(0, |end| end + "*/\n".len());
        let (comment, declaration) = item.split_at(start);
        match is_function(declaration) {
            true => Ok(format!("{comment}{}", function(declaration, &aliases)?)),
            false => Ok(item.to_owned()),
        }
    });
    let header = items.collect::<Result<Vec<_>>>()?.join("\n\n");
    match LEFT.iter().find(|name| header.contains(**name)) {
        Some(name) => Err(format!("{name} is left in the header")),
        None => Ok(header),
    }
}

fn is_function(declaration: &str) -> bool {
    !declaration.starts_with("typedef ") && declaration.trim_end().ends_with(");")
}

/// The declaration of a function: in one line, or with a line for each parameter.
fn function(declaration: &str, aliases: &BTreeMap<&str, &str>) -> Result<String> {
    let words: Vec<&str> = declaration.split_whitespace().collect();
    let line = words.join(" ");
    let wrong = || format!("not understood: {line}");
    let (head, rest) = line.split_once('(').ok_or_else(wrong)?;
    let (list, end) = rest.split_once(')').ok_or_else(wrong)?;
    let parameters: Vec<String> = list
        .split(',')
        .map(|parameter| plain(parameter.trim(), aliases))
        .collect();
    let short = format!("{head}({}){end}", parameters.join(", "));
    if short.len() <= LINE {
        return Ok(short);
    }
    let indent = format!(",\n{}", " ".repeat(head.len() + 1));
    Ok(format!("{head}({}){end}", parameters.join(&indent)))
}

/// `TextIn host` is `const char *host`.
fn plain(parameter: &str, aliases: &BTreeMap<&str, &str>) -> String {
    let Some((kind, name)) = parameter.rsplit_once(' ') else {
        return parameter.to_owned();
    };
    let direct = kind
        .strip_prefix("Argument<")
        .and_then(|kind| kind.strip_suffix('>'));
    let Some(pointer) = direct.or_else(|| aliases.get(kind).copied()) else {
        return parameter.to_owned();
    };
    let base = pointer.trim_end_matches('*');
    let stars = &pointer[base.len()..];
    format!("{base} {stars}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_its_pointer() {
        let header = "#define SECSMTP_OK 0\n\n\
            /**\n * A place.\n */\ntypedef Argument<secsmtp_x**> HandleOut_secsmtp_x;\n\n\
            typedef Argument<const char*> TextIn;\n\n\
            typedef void (*secsmtp_f)(void *user);\n\n\
            /**\n * Makes an x.\n */\nint32_t secsmtp_x_new(TextIn name,\n                      int64_t name_len,\n\
            \x20                     Argument<secsmtp_f> f,\n                      HandleOut_secsmtp_x x_out);\n\n\
            uint32_t secsmtp_version(void);\n";
        let expected = "#define SECSMTP_OK 0\n\n\
            typedef void (*secsmtp_f)(void *user);\n\n\
            /**\n * Makes an x.\n */\n\
            int32_t secsmtp_x_new(const char *name, int64_t name_len, secsmtp_f f, secsmtp_x **x_out);\n\n\
            uint32_t secsmtp_version(void);";
        assert_eq!(plain_arguments(header).unwrap().trim_end(), expected);
    }

    #[test]
    fn an_argument_that_is_not_understood_is_an_error() {
        for header in [
            "int32_t secsmtp_x(struct TextIn name);\n",
            "typedef void (*secsmtp_f)(Argument<void*> user);\n",
            "extern Out_u8 secsmtp_place;\n",
        ] {
            assert!(plain_arguments(header).is_err(), "{header}");
        }
    }

    #[test]
    fn a_long_declaration_has_a_line_for_each_parameter() {
        let long = format!(
            "int32_t secsmtp_x({0} a, {0} b, {0} c);",
            "const struct secsmtp_something_long *"
        );
        let text = function(&long, &BTreeMap::new()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("                  const"), "{text}");
    }
}
