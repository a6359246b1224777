//! Parses lines into scripts.

use std::collections::HashMap;
use std::time::Duration;

use super::text::{mangle, substitute, unescape};
use super::{Action, Script, Text};
use crate::scripted::Step;
use crate::tls::TlsVersions;

/// A numbered line.
type Line<'a> = (usize, &'a str);

/// The lines of one script or block of the file.
struct Part<'a> {
    head: &'a str,
    number: usize,
    lines: Vec<Line<'a>>,
}

pub(super) fn file(text: &str) -> Result<Vec<Script>, String> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            let part = parts
                .last_mut()
                .ok_or(format!("line {number}: stands before a script"))?;
            part.lines.push((number, line.trim_start()));
        } else {
            parts.push(Part {
                head: trimmed,
                number,
                lines: Vec::new(),
            });
        }
    }
    let mut blocks = HashMap::new();
    let mut scripts = Vec::new();
    // Blocks first: a script may precede the blocks that it uses.
    parts.sort_by_key(|part| !part.head.starts_with("block "));
    for part in &parts {
        let wrong = |why: String| format!("line {}: {why}", part.number);
        match part.head.split_once(' ') {
            Some(("block", name)) => drop(blocks.insert(name.trim(), part.lines.clone())),
            Some(("script", head)) => {
                let (ids, title) = head.split_once(':').ok_or(wrong("has no title".into()))?;
                scripts.append(&mut variants(ids, title.trim(), part, &blocks)?);
            }
            _ => {
                return Err(wrong(format!(
                    "{:?} begins neither script nor block",
                    part.head
                )));
            }
        }
    }
    Ok(scripts)
}

/// A script once, or once for each `with` line.
fn variants(
    ids: &str,
    title: &str,
    part: &Part<'_>,
    blocks: &HashMap<&str, Vec<Line<'_>>>,
) -> Result<Vec<Script>, String> {
    let mut tables: Vec<Vec<(String, String)>> = Vec::new();
    let mut lines = Vec::new();
    for (number, line) in &part.lines {
        let Some(row) = line.strip_prefix("with ") else {
            lines.push((*number, *line));
            continue;
        };
        let pairs = row.split(" | ").map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or(format!("line {number}: no name=value"))?;
            Ok((name.trim().to_owned(), value.to_owned()))
        });
        tables.push(pairs.collect::<Result<_, String>>()?);
    }
    if tables.is_empty() {
        tables.push(Vec::new());
    }
    let ids: Vec<String> = ids.split_whitespace().map(str::to_owned).collect();
    let mut scripts = Vec::new();
    for variables in tables {
        let values: Vec<_> = variables.iter().map(|(_, value)| value.as_str()).collect();
        let variant = if values.is_empty() {
            String::new()
        } else {
            format!(" [{}]", values.join(", "))
        };
        let mut reader = Reader::new(ids.clone(), format!("{title}{variant}"));
        reader.lines(&lines, &variables, blocks)?;
        if reader.script.expect.0.is_empty() {
            return Err(format!("line {}: nothing is expected", part.number));
        }
        reader.flush();
        scripts.push(reader.script);
    }
    Ok(scripts)
}

struct Reader {
    script: Script,
    /// Bytes that will leave in one write.
    output: Vec<u8>,
    mangled: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Reader {
    fn new(ids: Vec<String>, title: String) -> Self {
        Self {
            script: Script {
                ids,
                title,
                client: Vec::new(),
                expect: <(String, String, String)>::default(),
                released: "nothing".to_owned(),
                texts: Vec::new(),
                actions: Vec::new(),
            },
            output: Vec::new(),
            mangled: Vec::new(),
        }
    }

    fn lines(
        &mut self,
        lines: &[Line<'_>],
        variables: &[(String, String)],
        blocks: &HashMap<&str, Vec<Line<'_>>>,
    ) -> Result<(), String> {
        for (number, line) in lines {
            let line = substitute(line, variables);
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            if verb == "use" {
                let block = blocks
                    .get(rest)
                    .ok_or(format!("line {number}: no block {rest:?}"))?;
                self.lines(&block.clone(), variables, blocks)?;
            } else {
                self.line(verb, rest)
                    .map_err(|why| format!("line {number}: {why}"))?;
            }
        }
        Ok(())
    }

    fn line(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        match verb {
            "client" => {
                let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
                self.script.client.push((key.to_owned(), value.to_owned()));
            }
            "expect" => {
                let words: Vec<_> = rest.split_whitespace().collect();
                let [outcome, stage, status] = words[..] else {
                    return Err("expect needs outcome, stage and status".to_owned());
                };
                self.script.expect = (outcome.into(), stage.into(), status.into());
            }
            "released" => self.script.released = rest.to_owned(),
            "received" | "not-received" | "shown" | "not-shown" | "clear" => {
                let bytes = unescape(rest)?;
                self.script.texts.push(Text {
                    place: verb.to_owned(),
                    bytes,
                });
            }
            _ => self.act(verb, rest)?,
        }
        Ok(())
    }

    /// Parses an action of the peer.
    fn act(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        match verb {
            "send" => {
                let line = [unescape(rest)?, b"\r\n".to_vec()].concat();
                self.output.extend(mangle(&line, &self.mangled));
                return Ok(());
            }
            "raw" => {
                self.output.extend(mangle(&unescape(rest)?, &self.mangled));
                return Ok(());
            }
            "repeat" => {
                let (times, text) = counted(rest)?;
                let times = usize::try_from(times).map_err(|e| e.to_string())?;
                self.output.extend(unescape(text)?.repeat(times));
                return Ok(());
            }
            _ => self.flush(),
        }
        match verb {
            "flush" => {}
            "mangle" => {
                let (from, to) = rest.split_once(" -> ").ok_or("mangle expects FROM -> TO")?;
                self.mangled.push((unescape(from)?, unescape(to)?));
            }
            "split" => {
                let (size, text) = counted(rest)?;
                let size = usize::try_from(size).map_err(|e| e.to_string())?;
                let bytes = mangle(&unescape(text)?, &self.mangled);
                for piece in bytes.chunks(size.max(1)) {
                    self.step(Step::Send(piece.to_vec()));
                }
            }
            "drip" => {
                let (pause, text) = counted(rest)?;
                let pause = Duration::from_millis(pause);
                self.step(Step::Drip(unescape(text)?, pause));
            }
            "read" if rest.is_empty() => self.step(Step::ReadLine),
            "read" if rest == "message" => self.step(Step::ReadMessage),
            "read" if rest == "all" => self.step(Step::ReadToEnd),
            "read" => self.step(Step::expect(rest)),
            "read-bytes" => self.step(Step::ReadBytes(number(rest)?)),
            "inject" => {
                let bytes = unescape(rest)?;
                self.step(Step::Inject(bytes));
            }
            "corrupt" => {
                let bytes = unescape(rest)?;
                self.step(Step::Corrupt(bytes));
            }
            "key-updates" => self.step(Step::KeyUpdates(number(rest)?)),
            "tls" => self.tls(rest)?,
            "stall" => self.step(Step::Stall),
            "end" => self.step(Step::Close),
            "cut" => self.step(Step::Drop),
            "reset" => Step::reset().into_iter().for_each(|step| self.step(step)),
            _ => return Err(format!("{verb:?} is no command of the language")),
        }
        Ok(())
    }

    fn tls(&mut self, rest: &str) -> Result<(), String> {
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or("ours").to_owned();
        let versions = match words.next() {
            None => TlsVersions::Both,
            Some("1.2") => TlsVersions::Only12,
            Some("1.3") => TlsVersions::Only13,
            Some(other) => return Err(format!("{other:?} is no version")),
        };
        self.script.actions.push(Action::Tls(name, versions));
        Ok(())
    }

    fn step(&mut self, step: Step) {
        self.script.actions.push(Action::Step(step));
    }

    /// Adds a step that writes the collected bytes.
    fn flush(&mut self) {
        let output = std::mem::take(&mut self.output);
        if !output.is_empty() {
            self.step(Step::Send(output));
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{text:?} is no number"))
}

fn counted(rest: &str) -> Result<(u64, &str), String> {
    let (count, text) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok((number(count)?, text))
}
