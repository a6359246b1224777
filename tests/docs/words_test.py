"""Words that STYLE.md rules out, and that are gone from a text, do not come back to it.

A text joins TEXTS once it is free of them. What stands in quotation marks or backticks is quoted.
"""

import re
import unittest

from tests.support import peers

ROOT = peers.ROOT
TEXTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md", "GLOSSARY.md", "SECURITY.md", "CHANGELOG.md",
         "docs/*.md", "docs/decisions/*.md", "bindings/*/README.md", "cli/src/*.rs", "tools/docs.py",
         "include/secsmtp.h", "cbindgen.toml", "bindings/cpp/secsmtp.hpp", "bindings/xojo/*.xojo_code")
# Made from the tests' names and titles; and a list of codes of its own kind.
LEFT_OUT = ("docs/catalogue.md", "docs/scripts.md")
WORDS = {
    "nobody, somebody, anybody, whoever, whomever": r"\b(?:no|some|any)body\b|\bwho(?:m|)ever\b",
    "mishap, patience, unasked": r"\bmishaps?\b|\bpatience\b|\bunasked\b",
    "octet (say byte)": r"\boctets?\b",
    "over another way (say out of band)": r"\bover another way\b",
    "to mend (say fix)": r"\b(?:to )?mend(?:s|ed|ing)?\b",
    "honest (say correct)": r"\bhonest\b",
}
QUOTED = r"```.*?```|`[^`]*`|\"[^\"\n]*\""


def texts():
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            if str(path.relative_to(ROOT)) not in LEFT_OUT:
                yield path


def found(text):
    """Line, rule and word of each place where a word stands."""
    for rule, pattern in WORDS.items():
        for word in re.finditer(pattern, text, re.I):
            yield text.count("\n", 0, word.start()) + 1, rule, word[0]


class Words(unittest.TestCase):
    maxDiff = None

    def test_public_texts_are_free_of_them(self):
        paths = list(texts())
        self.assertGreater(len(paths), 30)
        places = []
        for path in paths:
            text = path.read_text("utf-8")
            if path.suffix == ".md":
                text = re.sub(QUOTED, lambda quoted: "\n" * quoted[0].count("\n"), text, flags=re.S)
            places += [f"{path.relative_to(ROOT)}:{line}: {word}: {rule}" for line, rule, word in found(text)]
        self.assertEqual("\n".join(places), "")

    def test_each_rule_finds_its_words(self):
        for rule in WORDS:
            for word in re.sub(r"\(.*\)", "", rule).split(","):
                self.assertEqual([r for _, r, _ in found(f"x {word.strip()} x")], [rule], word)


if __name__ == "__main__":
    unittest.main()
