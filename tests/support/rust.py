"""Rust sources, as far as tests look at them as text."""

import re

_SKIPPED = re.compile(
    r"//[^\n]*|/\*.*?\*/"  # comments
    r'|\bb?r(?P<hashes>#*)".*?"(?P=hashes)|b?"(?:\\.|[^"\\])*"'  # strings
    r"|b?'(?:\\.[^'\n]*|[^'\\\n])'",  # characters; a lifetime has no second quote
    re.S,
)


def code(path):
    """The file's text without comments and its own unit tests; strings are left empty."""
    text = _SKIPPED.sub(lambda m: " " if m[0].startswith("/") else '""', path.read_text("utf-8"))
    return re.split(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod \w+ \{", text)[0]


def closing(text, start):
    """The place of the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise AssertionError("a bracket is not closed")
