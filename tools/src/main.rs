//! Generates everything that repeats the C interface: the getters from their table, the header from
//! `src/ffi`, and from the header the C++ classes, the Xojo module, the Python signatures and the list of
//! exported symbols. Also generates, from the tests, the table of the attacks that they cover.
//!
//! `secsmtp-tools generate` writes; `--check` only compares, and fails at the first difference.

mod catalogue;
mod constants;
mod cpp;
mod getters;
mod header;
mod model;
mod python;
mod symbols;
mod xojo;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use model::Model;

type Result<T> = std::result::Result<T, String>;

const HEADER: &str = "include/secsmtp.h";
const XOJO: &str = "bindings/xojo/SecSMTP.xojo_code";
const PYTHON: &str = "bindings/python/secsmtp/_abi.py";
const CPP: &str = "bindings/cpp/secsmtp.hpp";
const CONSTANTS: &str = "src/ffi/constants.txt";
const GETTERS: &str = "src/ffi/getters.rs";
const GETTER_TABLE: &str = "src/ffi/getters.txt";
const SYMBOLS: &str = "tests/abi/symbols.txt";
const CATALOGUE: &str = "docs/catalogue.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => generate(write),
        ["generate", "--check"] => generate(check),
        _ => Err("usage: secsmtp-tools generate [--check]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn generate(put: fn(&Path, &str) -> Result<()>) -> Result<()> {
    let root = root()?;
    // First: the header is made from it.
    let table = read_if_there(&root.join(GETTER_TABLE))?;
    let getters = getters::source(&table).map_err(|reason| format!("{GETTER_TABLE}: {reason}"))?;
    put(&root.join(GETTERS), &getters).map_err(|reason| format!("{GETTERS}: {reason}"))?;
    let header = header::generate(&root)?;
    let model = Model::parse(&header)?;
    let symbols = symbols::update(&read_if_there(&root.join(SYMBOLS))?, &model)?;
    for (file, text) in [
        (HEADER, header),
        (XOJO, xojo::module(&model)?),
        (PYTHON, python::signatures(&model)),
        (CPP, cpp::header(&model)?),
        (SYMBOLS, symbols),
        (CATALOGUE, catalogue::page(&root)?),
        (CONSTANTS, constants::list(&model)?),
    ] {
        put(&root.join(file), &text).map_err(|reason| format!("{file}: {reason}"))?;
    }
    Ok(())
}

/// The project's folder: the nearest parent that has the generator's settings.
fn root() -> Result<PathBuf> {
    let here = env::current_dir().map_err(|e| e.to_string())?;
    here.ancestors()
        .find(|folder| folder.join(header::SETTINGS).is_file())
        .map(Path::to_owned)
        .ok_or_else(|| format!("no {} here or above", header::SETTINGS))
}

/// Does not write a file that is up to date, so that builds do not see it as changed.
fn write(path: &Path, text: &str) -> Result<()> {
    if read_if_there(path)? == text {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    fs::write(path, text).map_err(|e| e.to_string())
}

fn check(path: &Path, text: &str) -> Result<()> {
    let found = read_if_there(path)?;
    if found == text {
        return Ok(());
    }
    let same = found
        .split('\n')
        .zip(text.split('\n'))
        .take_while(|(a, b)| a == b)
        .count();
    let line = |text: &str| {
        text.split('\n')
            .nth(same)
            .unwrap_or("(end of file)")
            .to_owned()
    };
    Err(format!(
        "not up to date, run `make generate`; first difference in line {}:\n- {}\n+ {}",
        same + 1,
        line(&found),
        line(text)
    ))
}

fn read_if_there(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e.to_string()),
    }
}
