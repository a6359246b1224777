//! `bindings/cpp/secsmtp.hpp`: a class for each noun, a method for each function.

use std::fmt::Write;

use crate::Result;
use crate::model::{Function, Model, Parameter};

const HEAD: &str = include_str!("cpp_head.txt");
/// Additional lines of a class, written by hand: `CLASS: line`.
const EXTRA: &str = include_str!("cpp_extra.txt");
/// Functions whose SECSMTP_E_NOTHING is a result, and no exception.
const MAY_GIVE_NOTHING: [&str; 2] = ["secsmtp_client_poll_event", "secsmtp_client_dispatch"];
/// Made by hand in `cpp_extra.txt`.
const BY_HAND: [&str; 3] = [
    "secsmtp_client_set_log",
    "secsmtp_client_set_event_callback",
    "secsmtp_message_preview",
];

pub(crate) fn header(model: &Model) -> Result<String> {
    let mut text = HEAD.to_owned();
    for handle in &model.handles {
        let _ = writeln!(text, "class {};", class(handle));
    }
    // Methods are defined after all classes, because any may return an object of any other.
    let (mut classes, mut bodies) = (String::new(), String::new());
    for handle in ordered(model) {
        let name = class(handle);
        // A type that is only ever borrowed has no _free.
        let free = format!("{handle}_free");
        let owned = model.functions.iter().any(|f| f.name == free);
        let free = if owned {
            free
        } else {
            format!("lent<{handle}>")
        };
        let _ = writeln!(
            classes,
            "\nclass {name} : public Handle<{handle}, {free}> {{"
        );
        let _ = writeln!(classes, "public:\n    using Handle::Handle;");
        for function in model
            .functions
            .iter()
            .filter(|f| owner(f, model) == Some(handle))
        {
            if function.name == format!("{handle}_free") || BY_HAND.contains(&&*function.name) {
                continue;
            }
            let (declaration, body) = method(function, Some(handle), model)?;
            let _ = writeln!(classes, "    {declaration}");
            bodies.push_str(&body);
        }
        for line in EXTRA
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{name}: ")))
        {
            let _ = writeln!(classes, "    {line}");
        }
        classes.push_str("};\n");
        if name == "Error" {
            for line in EXTRA.lines().filter_map(|line| line.strip_prefix("-: ")) {
                let _ = writeln!(classes, "{line}");
            }
        }
    }
    for function in model.functions.iter().filter(|f| owner(f, model).is_none()) {
        bodies.push_str(&method(function, None, model)?.1);
    }
    for line in EXTRA.lines().filter_map(|line| line.strip_prefix("+: ")) {
        let _ = writeln!(bodies, "{line}");
    }
    Ok(format!(
        "{text}{classes}\n{bodies}\n}} // namespace secsmtp\n\n#endif\n"
    ))
}

/// The error class first: the exception contains one.
fn ordered(model: &Model) -> Vec<&String> {
    let mut handles: Vec<_> = model.handles.iter().collect();
    handles.sort_by_key(|handle| *handle != "secsmtp_error");
    handles
}

/// `secsmtp_secret_request` is `SecretRequest`.
fn class(handle: &str) -> String {
    let words = handle.trim_start_matches("secsmtp_").split('_');
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

fn owner<'m>(function: &Function, model: &'m Model) -> Option<&'m String> {
    let of = |handle: &&String| function.name.starts_with(&format!("{handle}_"));
    model
        .handles
        .iter()
        .filter(of)
        .max_by_key(|handle| handle.len())
}

/// The declaration in the class, and the definition after it.
fn method(f: &Function, handle: Option<&String>, model: &Model) -> Result<(String, String)> {
    let own = handle.map_or("secsmtp".to_owned(), Clone::clone);
    let mut name = f.name[own.len() + 1..].to_owned();
    if name == "new" {
        name = "create".to_owned();
    }
    let is_self = |p: &Parameter| {
        handle.is_some_and(|h| p.kind.trim_start_matches("const ") == format!("{h} *"))
    };
    let has_self = f.parameters.first().is_some_and(is_self);
    let has_error = f.parameters.iter().any(|p| p.name == "error_out");
    let is_text = f.returns == "const char *";
    let (mut takes, mut gives, mut out) = (Vec::new(), Vec::new(), None);
    let mut rest = f.parameters.iter().enumerate().peekable();
    while let Some((i, p)) = rest.next() {
        let n = &p.name;
        let length = |next: Option<&(usize, &Parameter)>| {
            next.is_some_and(|(_, l)| l.name == format!("{n}_len"))
        };
        match p.kind.as_str() {
            _ if i == 0 && has_self => gives.push("get()".to_owned()),
            _ if n == "error_out" => gives.push("&error".to_owned()),
            kind @ ("const char *" | "const uint8_t *") if length(rest.peek()) => {
                rest.next();
                let (view, size) = match kind {
                    "const char *" => (
                        "std::string_view ",
                        format!("static_cast<std::int64_t>({n}.size())"),
                    ),
                    _ => ("const Bytes &", format!("{n}.size()")),
                };
                takes.push(format!("{view}{n}"));
                gives.push(format!("{n}.data(), {size}"));
            }
            kind if kind.ends_with(" **") => {
                let given = kind.trim_end_matches(" **");
                gives.push("&result".to_owned());
                out = Some((class(given), format!("{given} *result = nullptr;")));
            }
            "size_t *" if is_text => gives.push("&len".to_owned()),
            kind @ ("uint64_t *" | "int64_t *" | "size_t *") => {
                let number = kind.trim_end_matches(" *");
                gives.push("&result".to_owned());
                out = Some((number.to_owned(), format!("{number} result = 0;")));
            }
            kind if kind.strip_suffix(" *").is_some_and(|k| {
                model
                    .handles
                    .iter()
                    .any(|h| h == k.trim_start_matches("const "))
            }) =>
            {
                let given = class(kind.trim_end_matches(" *").trim_start_matches("const "));
                let constant = if kind.starts_with("const ") {
                    "const "
                } else {
                    ""
                };
                takes.push(format!("{constant}{given} &{n}"));
                gives.push(format!("{n}.get()"));
            }
            kind => {
                takes.push(format!("{kind} {n}").replace("* ", "*"));
                gives.push(n.clone());
            }
        }
    }
    let status = f.returns == "int32_t" && (has_error || out.is_some());
    let may_give_nothing = MAY_GIVE_NOTHING.contains(&&*f.name);
    let result = match &out {
        _ if is_text => "std::string_view".to_owned(),
        Some((kind, _)) if may_give_nothing => format!("std::optional<{kind}>"),
        None if may_give_nothing => "bool".to_owned(),
        Some((kind, _)) => kind.clone(),
        None if status => "void".to_owned(),
        None => f.returns.clone(),
    };
    let call = format!("{}({})", f.name, gives.join(", "));
    let mut lines = Vec::new();
    if has_error {
        lines.push("secsmtp_error *error = nullptr;".to_owned());
    }
    lines.extend(out.iter().map(|(_, line)| line.clone()));
    let by_len = is_text && f.parameters.iter().any(|p| p.kind == "size_t *");
    match () {
        () if by_len => {
            lines.push("std::size_t len = 0;".to_owned());
            lines.push(format!("const char *text = {call};"));
            lines.push("return {text, len};".to_owned());
        }
        () if status => {
            let error = if has_error { "error" } else { "nullptr" };
            // Two statements: in one, C++ may read the error before the call.
            lines.push(format!("const std::int32_t status = {call};"));
            match &out {
                None if may_give_nothing => {
                    lines.push(format!("return !nothing(status, {error});"));
                }
                Some(_) if may_give_nothing => {
                    lines.push(format!("if (nothing(status, {error})) {{"));
                    lines.push("    return std::nullopt;".to_owned());
                    lines.push("}".to_owned());
                }
                _ => lines.push(format!("check(status, {error});")),
            }
            match &out {
                Some((kind, _)) if kind.starts_with(char::is_uppercase) => {
                    lines.push(format!("return {kind}(result);"));
                }
                Some(_) => lines.push("return result;".to_owned()),
                None => {}
            }
        }
        () if f.returns == "int32_t" || f.returns == "int64_t" => {
            lines.push(format!("return checked({call});"));
        }
        () => lines.push(format!("return {call};")),
    }
    let takes = takes.join(", ");
    let constant = has_self && f.parameters[0].kind.starts_with("const ");
    let behind = if constant { " const" } else { "" };
    let before = if has_self || handle.is_none() {
        ""
    } else {
        "static "
    };
    let scope = handle.map_or(String::new(), |h| format!("{}::", class(h)));
    let body = lines.join("\n    ");
    let declared = takes.replace("uint64_t tag", "uint64_t tag = 0");
    Ok((
        format!("{before}{result} {name}({declared}){behind};"),
        format!("inline {result} {scope}{name}({takes}){behind} {{\n    {body}\n}}\n\n"),
    ))
}
