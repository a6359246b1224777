"""include/secsmtp.h as data, read without the help of the generator that the tests look at."""

import re
from collections import namedtuple

from .peers import ROOT

PATH = ROOT / "include" / "secsmtp.h"

# parameters: (name, type) pairs; types with single blanks, as in "const char *".
Function = namedtuple("Function", "result parameters")


def code(path=PATH):
    """The header, or an older one, without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", path.read_text("utf-8"), flags=re.S)


def constants(path=PATH):
    """Name to value, of the plain numbers."""
    return {n: int(v) for n, v in re.findall(r"^#define (\w+) (-?\d+)$", code(path), re.M)}


def handles(path=PATH):
    return set(re.findall(r"typedef struct (\w+) \1;", code(path)))


def callbacks():
    return set(re.findall(r"typedef \w+ \(\*(\w+)\)", code()))


def functions(path=PATH):
    """Name to Function."""
    declarations = re.sub(r"^#.*$", "", code(path), flags=re.M)
    pattern = r"(?:^|[;{}])\s*((?:const )?\w+[\s*]+)(secsmtp_\w+)\(([^()]*)\)(?=;)"
    found = {}
    for result, name, parameters in re.findall(pattern, declarations):
        assert name not in found, f"{name} is declared twice"
        found[name] = Function(_type(result), _parameters(parameters))
    return found


def _parameters(text):
    if text.strip() == "void":
        return []
    pairs = [re.fullmatch(r"\s*(.*?)(\w+)\s*", p, re.S).groups() for p in text.split(",")]
    return [(name, _type(kind)) for kind, name in pairs]


def _type(text):
    return re.sub(r"\s*(\*+)$", r" \1", " ".join(text.split()))


def comments(path=PATH):
    """Name of a function to its comment, without the stars, as one line."""
    return _comments(r"[^;{}/#]*?\b(secsmtp_\w+)\(", path)


def comments_of_handles():
    return _comments(r"typedef struct (\w+) \2;", PATH)


def _comments(declaration, path):
    pattern = r"/\*\*\n((?: \*[^\n]*\n)+?) \*/\n" + declaration
    found = re.findall(pattern, path.read_text("utf-8"))
    return {name: " ".join(re.sub(r"^ \*", "", text, flags=re.M).split()) for text, name in found}
