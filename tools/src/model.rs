//! The C interface as data, read from the header that cbindgen wrote.

use crate::Result;

/// All that the header declares, in its order.
pub(crate) struct Model {
    /// `secsmtp_policy`, ...
    pub(crate) handles: Vec<String>,
    /// Callback types, as functions.
    pub(crate) callbacks: Vec<Function>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) functions: Vec<Function>,
}

pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) value: i64,
}

pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) returns: String,
    pub(crate) parameters: Vec<Parameter>,
}

pub(crate) struct Parameter {
    pub(crate) name: String,
    /// Normalised: `const char *`, `secsmtp_error **`, `size_t`.
    pub(crate) kind: String,
}

impl Model {
    pub(crate) fn parse(header: &str) -> Result<Self> {
        let code = without_comments(header);
        let mut model = Self {
            handles: Vec::new(),
            callbacks: Vec::new(),
            constants: Vec::new(),
            functions: Vec::new(),
        };
        for line in code.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["#define", name, value] = words[..]
                && let Ok(value) = value.parse()
            {
                model.constants.push(Constant {
                    name: name.to_owned(),
                    value,
                });
            }
        }
        // All except preprocessor lines and the brackets of `extern "C"` is a list of declarations.
        let declarations: String = code
            .lines()
            .filter(|line| !line.starts_with('#') && !line.starts_with("extern \"C\" {"))
            .filter(|line| !line.starts_with('}'))
            .flat_map(|line| [line, " "])
            .collect();
        let declarations = declarations
            .split(';')
            .map(str::trim)
            .filter(|d| !d.is_empty());
        for declaration in declarations {
            model
                .add(declaration)
                .ok_or(format!("not understood: {declaration}"))?;
        }
        Ok(model)
    }

    /// Parses one of `typedef struct X X`, `typedef R (*X)(...)`, `R f(...)`.
    fn add(&mut self, declaration: &str) -> Option<()> {
        if let Some(names) = declaration.strip_prefix("typedef struct ") {
            self.handles.push(names.split_once(' ')?.1.to_owned());
        } else if let Some(callback) = declaration.strip_prefix("typedef ") {
            let (returns, rest) = callback.split_once("(*")?;
            let (name, parameters) = rest.split_once(")(")?;
            self.callbacks
                .push(function(&format!("{returns} {name}"), parameters)?);
        } else {
            let (head, parameters) = declaration.split_once('(')?;
            self.functions.push(function(head, parameters)?);
        }
        Some(())
    }
}

fn function(head: &str, parameters: &str) -> Option<Function> {
    let Parameter {
        name,
        kind: returns,
    } = parameter(head)?;
    let parameters = parameters.strip_suffix(')')?.trim();
    let parameters = match parameters {
        "void" => Vec::new(),
        some => some.split(',').map(parameter).collect::<Option<_>>()?,
    };
    Some(Function {
        name,
        returns,
        parameters,
    })
}

/// Splits a type from the name after it.
fn parameter(text: &str) -> Option<Parameter> {
    let text = text.trim();
    let start = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')? + 1;
    let (kind, name) = text.split_at(start);
    let spaced = kind.replace('*', " * ");
    let words: Vec<&str> = spaced
        .split_whitespace()
        .filter(|word| *word != "struct")
        .collect();
    let kind = words.join(" ").replace("* *", "**");
    (!name.is_empty()).then(|| Parameter {
        name: name.to_owned(),
        kind,
    })
}

fn without_comments(header: &str) -> String {
    let mut code = String::new();
    let mut rest = header;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"
/* text; with (brackets) */
#ifndef SECSMTP_H
#define SECSMTP_H
#define secsmtp_no_number ((size_t)-1)
#define SECSMTP_E_HOST 1006
typedef struct secsmtp_policy secsmtp_policy;
typedef void (*secsmtp_log_callback)(void *user, int32_t level);
#ifdef __cplusplus
extern "C" {
#endif
const char *secsmtp_a(void);
int32_t secsmtp_b(const struct secsmtp_policy *policy,
                  secsmtp_policy **out);
#ifdef __cplusplus
}  // extern "C"
#endif
#endif
"#;

    fn shape(f: &Function) -> String {
        let kinds: Vec<_> = f
            .parameters
            .iter()
            .map(|p| format!("{}: {}", p.name, p.kind))
            .collect();
        format!("{} {}({})", f.returns, f.name, kinds.join(", "))
    }

    #[test]
    fn reads_each_kind_of_declaration() {
        let model = Model::parse(HEADER).unwrap();
        assert_eq!(model.handles, ["secsmtp_policy"]);
        assert_eq!(model.constants.len(), 1);
        assert_eq!(
            (model.constants[0].name.as_str(), model.constants[0].value),
            ("SECSMTP_E_HOST", 1006)
        );
        assert_eq!(
            shape(&model.callbacks[0]),
            "void secsmtp_log_callback(user: void *, level: int32_t)"
        );
        assert_eq!(model.functions.len(), 2);
        assert_eq!(shape(&model.functions[0]), "const char * secsmtp_a()");
        assert_eq!(
            shape(&model.functions[1]),
            "int32_t secsmtp_b(policy: const secsmtp_policy *, out: secsmtp_policy **)"
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(Model::parse("static inline whatever;").is_err());
    }
}
