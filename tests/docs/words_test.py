"""Words that STYLE.md rules out do not come back to the documents, nor to comments and strings of the sources.

Text in backticks is quoted and not checked; in documents so is text in quotation marks.
"""

import io
import re
import tokenize
import unittest

from tests.support import peers

ROOT = peers.ROOT
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md", "GLOSSARY.md", "SECURITY.md",
             "CHANGELOG.md", "docs/*.md", "docs/decisions/*.md", "bindings/*/README.md", "cli/src/usage.txt",
             "include/secsmtp.h", "cbindgen.toml", "bindings/cpp/secsmtp.hpp", "bindings/xojo/*.xojo_code",
             "tests/wire/scripts/*.peer")
FOLDERS = ("src", "capi", "cli", "testservers", "tools", "tests", "bindings", "benches", "demo", "fuzz")
SUFFIXES = (".rs", ".c", ".h", ".cpp", ".py")
SCRIPTS = ("Makefile", ".ci/run", "fuzz/seeds.sh", "fuzz/instrument.sh")
# Generated from the names of tests; these rules; and the header of the first release, which is frozen.
LEFT_OUT = ("docs/catalogue.md", "tests/docs/words_test.py", "tests/abi/secsmtp-0.1.0.h")
# Has a list of its own, for messages.
LIST = "src/error/text.rs"
WORDS = {
    "nobody, somebody, anybody, whoever, whomever": r"\b(?:no|some|any)body\b|\bwho(?:m|)ever\b",
    "mishap, patience, unasked": r"\bmishaps?\b|\bpatience\b|\bunasked\b",
    "octet (say byte)": r"\boctets?\b(?!-stream)",
    "over another way (say out of band)": r"\bover another way\b",
    "to mend (say fix)": r"\b(?:to )?mend(?:s|ed|ing)?\b",
    "honest (say correct)": r"\bhonest\b",
}
SOURCE_WORDS = {
    "told, heard (say report, receive)": r"\b(?:told|heard)\b",
    "believe, believed (say trust, accept)": r"\bbeliev(?:e|es|ed)\b",
    "may be had, can be had (say is available)": r"\b(?:may|can) be had\b",
}
# A comment's subject is an item of the code; a documentation comment can be read alone.
BEGINNINGS = r"(?:The same|What|Whether|Of|Why|Who|Whom|Whose|Where|How)\b"
QUOTED = r"```.*?```|`[^`]*`|\"[^\"\n]*\""
MARKS = r"(?://[/!]?|/\*[*!]?|#[:!]?|\"\"\")\s*"
C_LIKE = re.compile(
    r"""(?P<comment>//[^\n]*(?:\n[ \t]*//[^\n]*)*|/\*.*?\*/)
      |(?P<string>\b[bc]?r(?P<hashes>\#*)".*?"(?P=hashes)|\b[bc]?"(?:\\.|[^"\\])*"|"(?:\\.|[^"\\])*")
      |b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^\\'\n])'""", re.S | re.X)


def documents():
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            if name(path) not in LEFT_OUT:
                yield path


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "target" not in path.parts and name(path) not in LEFT_OUT:
                yield path
    yield from (ROOT / script for script in SCRIPTS)


def name(path):
    return str(path.relative_to(ROOT))


def parts(path):
    """The line, the kind and the text of each comment (neighbouring lines are one) and string of a source."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from python_parts(text)
    elif path.suffix:
        for part in C_LIKE.finditer(text):
            if part["comment"] or part["string"]:
                yield line_at(text, part.start()), "comment" if part["comment"] else "string", part[0]
    else:
        for part in re.finditer(r"(?:^[ \t]*#[^\n]*\n)+", text, re.M):
            yield line_at(text, part.start()), "comment", part[0].lstrip()


def python_parts(text):
    before, comment, end = tokenize.NEWLINE, None, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind, line = token.type, token.start[0]
        if kind == tokenize.COMMENT:
            if comment and line == end + 1:
                comment = comment[0], comment[1], f"{comment[2]}\n{token.string}"
            else:
                if comment:
                    yield comment
                comment = line, "comment", token.string
            end = line
        elif kind == tokenize.STRING or tokenize.tok_name[kind] == "FSTRING_MIDDLE":
            begins = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
            yield line, "comment" if begins and '"""' in token.string else "string", token.string
        if kind not in (tokenize.COMMENT, tokenize.NL):
            before = kind
    if comment:
        yield comment


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def found(text, rules):
    """Line, rule and word of each place where a word occurs."""
    for rule, pattern in rules.items():
        for word in re.finditer(pattern, text, re.I):
            yield line_at(text, word.start()), rule, word[0]


def unquoted(text, quoted=QUOTED):
    return re.sub(quoted, lambda quote: "\n" * quote[0].count("\n"), text, flags=re.S)


class Words(unittest.TestCase):
    maxDiff = None

    def test_documents_do_not_have_the_words(self):
        paths = list(documents())
        self.assertGreater(len(paths), 30)
        places = []
        for path in paths:
            text = path.read_text("utf-8")
            text = unquoted(text) if path.suffix == ".md" else text
            places += [f"{name(path)}:{line}: {word}: {rule}" for line, rule, word in found(text, WORDS)]
        self.assertEqual("\n".join(places), "")

    def test_comments_and_strings_do_not_have_the_words(self):
        paths = list(sources())
        self.assertGreater(len(paths), 300)
        places = []
        for path in paths:
            for first, kind, text in parts(path):
                if name(path) == LIST and re.fullmatch(r'"\w+"', text):
                    continue
                text = unquoted(text, "`[^`]*`") if kind == "comment" else text
                places += [f"{name(path)}:{first + line - 1}: {word}: {rule}"
                           for line, rule, word in found(text, {**WORDS, **SOURCE_WORDS})]
                beginning = kind == "comment" and re.match(MARKS + BEGINNINGS, text)
                if beginning:
                    text = " ".join(text.split())[:60]
                    places.append(f"{name(path)}:{first}: {text}: a comment begins with its subject")
        self.assertEqual("\n".join(places), "")

    def test_each_rule_finds_its_words(self):
        rules = {**WORDS, **SOURCE_WORDS}
        for rule in rules:
            for word in re.sub(r"\(.*\)", "", rule).split(","):
                self.assertEqual([r for _, r, _ in found(f"x {word.strip()} x", rules)], [rule], word)

    def test_comments_and_strings_are_separated_from_code(self):
        text = "fn f() { // one\n// two\n    g('\"', r#\"three\"#, b\"fo\\\"ur\"); } /* five */"
        path = ROOT / "target" / "words_test.rs"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        self.addCleanup(path.unlink)
        self.assertEqual([(line, kind) for line, kind, _ in parts(path)],
                         [(1, "comment"), (3, "string"), (3, "string"), (3, "comment")])
        text = 'def f():\n    """One."""\n    g("two")  # three\n    # four\n'
        self.assertEqual(sorted((line, kind) for line, kind, _ in python_parts(text)),
                         [(2, "comment"), (3, "comment"), (3, "string")])


if __name__ == "__main__":
    unittest.main()
