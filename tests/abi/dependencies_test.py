"""The lock files, Cargo.toml and docs/dependencies.md agree about the crates that we depend on."""

import re
import unittest

from tests.support import peers

ROOT = peers.ROOT
LOCKS = ("Cargo.lock", "benches/Cargo.lock")


def version(text):
    """A release as numbers: "1.2.0+spec" is (1, 2, 0)."""
    return tuple(int(number) for number in re.match(r"[\d.]+", text)[0].split("."))


def advisories():
    lines = (ROOT / "tests/advisories.txt").read_text("utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def locked(path):
    """Each name and version of a lock file; some names are there in several versions."""
    text = (ROOT / path).read_text("utf-8")
    return re.findall(r'\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"', text)


def section(name):
    """The lines of a section of Cargo.toml."""
    text = (ROOT / "Cargo.toml").read_text("utf-8")
    found = re.search(rf"^\[{re.escape(name)}\]\n(.*?)(?=^\[)", text, re.M | re.S)
    return found[1].splitlines()


def asked():
    """Each crate of the workspace and the release that is asked for at least."""
    for line in section("workspace.dependencies"):
        found = re.match(r'([\w-]+) = (?:\{ (?:package = "([^"]+)", )?version = )?"=?([\d.]+)"', line)
        if found:
            yield found[2] or found[1], found[3]


class Advisories(unittest.TestCase):
    def test_i12_no_locked_release_has_a_known_hole(self):
        for lock in LOCKS:
            crates = locked(lock)
            self.assertGreater(len(crates), 50, lock)
            for crate, free, advisory in advisories():
                for name, found in crates:
                    if name == crate:
                        self.assertGreaterEqual(version(found), version(free), f"{lock}: {name}, {advisory}")

    def test_i12_no_release_that_is_asked_for_has_one(self):
        """Another's lock file may hold whatever Cargo.toml allows."""
        floors = dict(asked())
        self.assertGreater(len(floors), 15, floors)
        for crate, free, advisory in advisories():
            if crate in floors:
                self.assertGreaterEqual(version(floors[crate]), version(free), f"{crate}, {advisory}")

    def test_the_list_names_only_what_is_used(self):
        used = {name for lock in LOCKS for name, _ in locked(lock)}
        for crate, _, _ in advisories():
            self.assertIn(crate, used)

    def test_versions_are_compared_as_numbers(self):
        self.assertLess(version("0.103.9"), version("0.103.12"))
        self.assertEqual(version("1.2.0+spec-1.1.0"), (1, 2, 0))


class Reasons(unittest.TestCase):
    def test_each_dependency_of_the_library_has_its_reason(self):
        names = set(library_dependencies())
        text = (ROOT / "docs/dependencies.md").read_text("utf-8")
        table = text[text.index("## Of the library") :].split("\n## ")[0]
        rows = re.findall(r"^\| ([\w, -]+?) \|", table, re.M)
        listed = {word for row in rows for word in re.split(r", (?:with )?", row)} - {"crate"}
        self.assertLessEqual(names, listed, "a dependency without its row in docs/dependencies.md")


def library_dependencies():
    """The dependencies of the library itself, by their names in the registry."""
    packages = dict(re.findall(r'^([\w-]+) = \{ package = "([^"]+)"', "\n".join(section("workspace.dependencies")), re.M))
    manifest = (ROOT / "Cargo.toml").read_text("utf-8")
    for found in re.finditer(r"^\[(?:target\.[^\n]*\.)?dependencies\]\n(.*?)(?=^\[)", manifest, re.M | re.S):
        for name in re.findall(r"^([\w-]+)(?:\.workspace)? =", found[1], re.M):
            if not name.startswith("secsmtp"):
                yield packages.get(name, name)


if __name__ == "__main__":
    unittest.main()
