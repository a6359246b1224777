//! `bindings/xojo/SecSMTP.xojo_code`: the module in Xojo's text project format. The editor sorts
//! members by name when it saves; doing the same here keeps a user's differences small.

use crate::Result;
use crate::model::{Function, Model, Parameter};

const LIBRARY: &str = include_str!("xojo_library.txt");
const HELPERS: &str = include_str!("xojo_helpers.txt");
const NOTE: &str = include_str!("xojo_note.txt");

/// Reserved words of Xojo: a parameter with such a name would not compile.
const RESERVED: &str = " addhandler addressof and array as assigns async await break byref byval \
    call case catch class const continue ctype declare delegate dim do downto each else elseif end \
    enum event exception exit extends false finally for function global goto handles if implements \
    in inherits interface is isa lib loop me mod module namespace new next nil not object of \
    optional or paramarray private property protected ptr public raise raiseevent redim rem \
    removehandler return select self shared soft static step structure sub super then to true try \
    until using var weakaddressof wend while with xor ";

pub(crate) fn module(model: &Model) -> Result<String> {
    // No body has an empty line, because Xojo would indent it.
    let mut methods: Vec<String> = HELPERS
        .trim_end()
        .split("\n\n")
        .map(str::to_owned)
        .collect();
    for function in &model.functions {
        let declare = declare(function, model).map_err(|e| format!("{}: {e}", function.name))?;
        methods.push(format!(
            "\t#tag ExternalMethod, Flags = &h21\n\t\t{declare}\n\t#tag EndExternalMethod"
        ));
    }
    let mut constants: Vec<String> = vec![LIBRARY.trim_end().to_owned()];
    for constant in &model.constants {
        constants.push(format!(
            "\t#tag Constant, Name = {}, Type = Double, Dynamic = False, Default = \\\"{}\", \
             Scope = Protected\n\t#tag EndConstant",
            constant.name.trim_start_matches("SECSMTP_"),
            constant.value
        ));
    }
    methods.sort_by_key(|text| name_of_method(text));
    constants.sort_by_key(|text| name_of_constant(text));
    let groups = [
        methods.join("\n\n"),
        NOTE.trim_end().to_owned(),
        constants.join("\n\n"),
    ];
    Ok(format!(
        "#tag Module\nProtected Module SecSMTP\n{}\n\n\nEnd Module\n#tag EndModule\n",
        groups.join("\n\n\n")
    ))
}

fn declare(function: &Function, model: &Model) -> Result<String> {
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|p| parameter(p, model))
        .collect::<Result<_>>()?;
    let (kind, result) = match function.returns.as_str() {
        "void" => ("Sub", String::new()),
        // Borrowed from the library; Xojo copies it when it is assigned.
        "const char *" => ("Function", " As CString".to_owned()),
        number => ("Function", format!(" As {}", integer(number)?)),
    };
    Ok(format!(
        "Private Soft Declare {kind} {0} Lib kLib Alias \"{0}\" ({1}){result}",
        function.name,
        parameters.join(", ")
    ))
}

fn parameter(p: &Parameter, model: &Model) -> Result<String> {
    if RESERVED.contains(&format!(" {} ", p.name.to_lowercase())) {
        return Err(format!(
            "`{}` is reserved in Xojo, name the parameter differently",
            p.name
        ));
    }
    let handle = |kind: &str| {
        model
            .handles
            .iter()
            .any(|h| h == kind.trim_start_matches("const "))
    };
    let callback = |kind: &str| model.callbacks.iter().any(|c| c.name == kind);
    Ok(match p.kind.as_str() {
        "const char *" => format!("{} As CString", p.name),
        // `size_t *` is a Ptr and not ByRef, so that Nil can stand for "no length wanted".
        "const uint8_t *" | "uint8_t *" | "void *" | "size_t *" => format!("{} As Ptr", p.name),
        "uint64_t *" => format!("ByRef {} As UInt64", p.name),
        "int64_t *" => format!("ByRef {} As Int64", p.name),
        kind if kind.strip_suffix(" **").is_some_and(handle) => format!("ByRef {} As Ptr", p.name),
        kind if kind.strip_suffix(" *").is_some_and(handle) => format!("{} As Ptr", p.name),
        kind if callback(kind) => format!("{} As Ptr", p.name),
        kind => format!("{} As {}", p.name, integer(kind)?),
    })
}

/// A type of the same width as in C: Xojo's plain Integer depends on the platform.
fn integer(kind: &str) -> Result<&'static str> {
    match kind {
        "int32_t" => Ok("Int32"),
        "uint32_t" => Ok("UInt32"),
        "int64_t" => Ok("Int64"),
        "uint64_t" => Ok("UInt64"),
        "size_t" => Ok("UInteger"),
        _ => Err(format!("no Xojo type is known for `{kind}`")),
    }
}

/// The name after `Sub` or `Function`.
fn name_of_method(text: &str) -> String {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '(');
    words.find(|word| ["Sub", "Function"].contains(word));
    words.next().unwrap_or_default().to_lowercase()
}

fn name_of_constant(text: &str) -> String {
    let name = text
        .split_once("Name = ")
        .and_then(|(_, rest)| rest.split_once(','));
    name.map(|(name, _)| name.to_lowercase())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(header: &str) -> Result<String> {
        let model = Model::parse(header)?;
        declare(&model.functions[0], &model)
    }

    #[test]
    fn maps_each_type() {
        let text = declared(
            "typedef struct secsmtp_x secsmtp_x; typedef void (*secsmtp_f)(void *user);
             const char *secsmtp_a(const secsmtp_x *x, secsmtp_x **out, const char *t, int64_t t_len,
                 const uint8_t *b, uint32_t u, int64_t i, size_t *len_out, secsmtp_f f, void *v);",
        );
        assert_eq!(
            text.unwrap(),
            "Private Soft Declare Function secsmtp_a Lib kLib Alias \"secsmtp_a\" (x As Ptr, \
             ByRef out As Ptr, t As CString, t_len As Int64, b As Ptr, u As UInt32, i As Int64, \
             len_out As Ptr, f As Ptr, v As Ptr) As CString"
        );
    }

    #[test]
    fn refuses_what_xojo_would() {
        assert!(declared("int32_t secsmtp_a(int32_t next);").is_err());
        assert!(declared("int32_t secsmtp_a(double x);").is_err());
        assert!(declared("bool secsmtp_a(void);").is_err());
    }
}
