"""The documents name files, folders and sections that exist."""

import re
import unittest

from tests.support import peers

ROOT = peers.ROOT
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bindings/*/README.md"),
                    ROOT / "fuzz/README.md", ROOT / "benches/README.md"])
# Folders that builds make.
MADE = ("target", "build")


def slug(heading):
    """The fragment by which a heading is linked."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class Documents(unittest.TestCase):
    def test_links_lead_to_files_and_sections(self):
        for document in DOCUMENTS:
            for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
                if re.match(r"https?:", link):
                    continue
                with self.subTest(document=str(document.relative_to(ROOT)), link=link):
                    path, _, fragment = link.partition("#")
                    target = document.parent / path if path else document
                    self.assertTrue(target.exists())
                    if fragment:
                        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)
                        self.assertIn(fragment, map(slug, headings))

    def test_paths_in_the_architecture_and_for_contributors_exist(self):
        """The code map is updated with the commit that moves a folder."""
        for name in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
            text = (ROOT / name).read_text("utf-8")
            for path in re.findall(r"`((?:src|tests|docs|fuzz|tools|cli|bindings|include)/[\w./-]+)`", text):
                with self.subTest(document=name, path=path):
                    path = path.replace("VERSION", "0.1.0")
                    self.assertTrue((ROOT / path).exists())

    def test_entry_points_are_functions_of_the_files_that_are_named(self):
        text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
        table = text[text.index("## Entry points") : text.index("## Invariants")]
        points = [
            (path, name)
            for path, names in re.findall(r"`(src/[\w./-]+)` \(((?:`\w+`(?:, )?)+)\)", table)
            for name in re.findall(r"`(\w+)`", names)
        ]
        self.assertGreater(len(points), 10)
        for path, name in points:
            with self.subTest(path=path, function=name):
                self.assertRegex((ROOT / path).read_text("utf-8"), rf"\bfn {name}\b")

    def test_each_folder_of_the_sources_is_on_the_code_map(self):
        text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
        table = text[text.index("## Code map") : text.index("## Entry points")]
        listed = set(re.findall(r"`([\w./-]+)`", table))
        for path in (ROOT / "src").iterdir():
            if path.name != "lib.rs":
                with self.subTest(path.name):
                    self.assertTrue({f"src/{path.name}", path.name} & listed)

    def test_each_target_of_make_is_described(self):
        described = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
        targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)[1].split()
        for target in set(targets) - {"all", "clean", "install", *MADE}:
            with self.subTest(target):
                self.assertIn(f"make {target}", described)


if __name__ == "__main__":
    unittest.main()
