"""Rules of the sources that the compiler does not know."""

import re
import unittest

from tests.support import header, peers, rust

ROOT = peers.ROOT
SRC = ROOT / "src"

# From the bottom up: a module uses those of the rows below it. Modules of one row are one thing.
LAYERS = [
    {"status"},
    {"support"},
    {"argument", "memory", "sync"},
    {"trust"},
    {"error"},
    {"process"},
    {"deadline", "log"},
    {"sasl"},
    {"net"},
    {"channel"},
    {"credential", "message"},
    {"smtp"},
    {"client"},
    {"json"},
    {"ffi"},
]

EXPORT = r'\bno_mangle\)\]\s*pub\s+extern\s*""\s*fn\s+(\w+)'


class Exports(unittest.TestCase):
    """Each exported function is safe and one call of the boundary, which turns a panic into a status."""

    def test_body_is_one_call_of_the_boundary(self):
        exported = []
        for path in sorted((SRC / "ffi").rglob("*.rs")):
            text = rust.code(path)
            # Without no_mangle a function is not exported: a handler that the system is given.
            exports = list(re.finditer(EXPORT, text))
            for function in exports:
                name = function[1]
                exported.append(name)
                with self.subTest(name):
                    start = text.index("{", rust.closing(text, text.index("(", function.end())))
                    body = text[start + 1 : rust.closing(text, start)].strip()
                    call = re.match(r"boundary::\w+\(", body)
                    self.assertTrue(call, f"{name} does not begin with boundary::")
                    end = rust.closing(body, call.end() - 1)
                    self.assertEqual(body[end + 1 :], "", f"{name} does more than the call of the boundary")
            self.assertEqual(
                text.count("no_mangle"),
                len(exports),
                f"{path.name}: an exported function is not pub, safe and extern C",
            )
        self.assertEqual(sorted(exported), sorted(header.functions()))

    # Numbers, handles, and the types of arguments that only C makes.
    ARGUMENT = re.compile(
        r"[iu](?:32|64)|usize|TextIn|BytesIn|UserIn|ErrorOut|Out<(?:[iu](?:8|32|64)|usize)>"
        r"|HandleOut<secsmtp_\w+>|Argument<secsmtp_\w+_callback>"
        r"|\*(?:const|mut) secsmtp_\w+(?<!_callback)"
    )

    def test_an_argument_is_a_number_a_handle_or_of_a_type_that_only_c_makes(self):
        """So a safe function can't be given a pointer or function that is not what the header asks for."""
        for path in sorted((SRC / "ffi").rglob("*.rs")):
            text = rust.code(path)
            for function in re.finditer(EXPORT, text):
                start = text.index("(", function.end())
                for kind in re.findall(r":\s*([^,()]+)", text[start : rust.closing(text, start)]):
                    self.assertTrue(self.ARGUMENT.fullmatch(kind.strip()), f"{function[1]}: {kind}")


class Unsafe(unittest.TestCase):
    """`unsafe` in src/ffi is around one expression each."""

    # Conversions of arguments, callbacks, and functions of the system.
    BLOCKS = {
        "arguments.rs": 4,
        "client_object.rs": 2,
        "descriptor.rs": 4,
        "fork.rs": 1,
        "message_preview.rs": 1,
        "pin.rs": 4,
        "reader.rs": 2,
        "secret_request.rs": 1,
    }

    def test_stands_around_one_expression_in_these_files_alone(self):
        found = {}
        for path in sorted((SRC / "ffi").rglob("*.rs")):
            text = rust.code(path)
            blocks = list(re.finditer(r"\bunsafe \{", text))
            if blocks:
                found[path.name] = len(blocks)
            for block in blocks:
                start = block.end() - 1
                inner = text[start + 1 : rust.closing(text, start)].strip().removesuffix(";")
                self.assertNotRegex(inner, r"[;{]", f"{path.name}: more than an expression: {inner}")
        self.assertEqual(found, self.BLOCKS)

    def test_no_function_but_the_constructor_of_arguments_is_unsafe(self):
        functions = []
        for path in sorted((SRC / "ffi").rglob("*.rs")):
            functions += [(path.name, name) for name in re.findall(r"\bunsafe fn (\w+)", rust.code(path))]
        self.assertEqual(functions, [("arguments.rs", "new")])


class Layers(unittest.TestCase):
    def test_unsafe_is_in_ffi_alone(self):
        for path in sources("src", "capi", "cli", "testservers", "tools"):
            if SRC / "ffi" not in path.parents:
                self.assertNotRegex(rust.code(path), r"\bunsafe\b", str(path))

    def test_modules_use_only_what_is_below(self):
        rank = {module: row for row, modules in enumerate(LAYERS) for module in modules}
        for path in sources("src"):
            module = path.relative_to(SRC).parts[0].removesuffix(".rs")
            if module == "lib":
                continue
            with self.subTest(str(path.relative_to(SRC))):
                self.assertIn(module, rank, "a module that LAYERS does not know")
                for used in used_modules(rust.code(path)) - {module}:
                    self.assertIn(used, rank, "a module that LAYERS does not know")
                    below = rank[used] < rank[module] or {module, used} <= LAYERS[rank[module]]
                    self.assertTrue(below, f"{module} uses {used}")

    def test_files_of_the_command_use_each_other_in_one_direction(self):
        left = {path.stem: used_modules(rust.code(path)) - {path.stem} for path in sources("cli/src")}
        self.assertGreater(len(left), 20)
        while left:
            free = {module for module, used in left.items() if not used & left.keys()}
            self.assertTrue(free, f"these files use each other in a circle: {left}")
            left = {module: used for module, used in left.items() if module not in free}

    def test_c25_no_build_checks_less_than_another(self):
        """One feature, for signatures; what decides about trust knows builds by their system alone."""
        manifest = (ROOT / "Cargo.toml").read_text("utf-8")
        features = re.search(r"^\[features\]\n(.*?)(?=^\[)", manifest, re.M | re.S)[1]
        self.assertEqual(re.findall(r"^([\w-]+) = (.*)", features, re.M), [("dkim", "[]")])
        decisive = [SRC / name for name in ("trust", "channel", "smtp", "net", "credential", "client")]
        conditions = []
        for path in sources("src"):
            if any(place == path or place in path.parents for place in decisive):
                text = rust.code(path)
                self.assertNotRegex(text, r"debug_assert|env!", str(path))
                conditions += re.findall(r"\bcfg(?:!|_attr)?\(((?:[^()]|\([^()]*(?:\([^()]*\))?\))*)\)", text)
        self.assertGreater(len(conditions), 10)
        of_systems = r"\b(?:test|unix|windows|not|all|any|target_os|target_vendor)\b|[(),\s=\"]"
        of_code = [found for found in conditions if "clippy::" not in found]
        others = [found for found in of_code if re.sub(of_systems, "", found)]
        # The reader of files lends itself to the keys of signatures.
        self.assertEqual(others, ['feature = ""'])


def sources(*folders):
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.rs"))]


def used_modules(code):
    """The first names behind `crate::`, also of `use crate::{a, b::c}`. Types at the root are
    those of lib.rs, which may name anything."""
    used = set(re.findall(r"\bcrate::([a-z]\w*)", code))
    for group in re.finditer(r"\bcrate::\{", code):
        inner = code[group.end() : rust.closing(code, group.end() - 1)]
        while re.search(r"\{[^{}]*\}", inner):
            inner = re.sub(r"\{[^{}]*\}", "", inner)
        used |= set(re.findall(r"(?:^|,)\s*([a-z]\w*)", inner))
    return used


if __name__ == "__main__":
    unittest.main()
