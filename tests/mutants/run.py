"""Finds changes of the code that no test notices.

    make mutants                        all of FOLDERS
    make mutants FOLDER=src/smtp        one folder, or one file
    make mutants SINCE=main~3           what changed since a commit
    make mutants AGAIN=1                after tests were added: only what survived the last time
    make mutants TESTS='^trust |trust::'    only by these tests

cargo-mutants chooses the changes; `rewrite` compiles all of them at once into a copy of the sources
(target/mutants/tree), each behind a switch. A recording run notes which of them each test reaches. Each
mutant then runs with the tests that reach it until one fails, crashes or takes ten times its time.

A survivor must stand in survivors.txt with its reason. The exit status is 1 if one is missing there, if one
there was caught, or if less than 90 % of a folder were caught.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants import rewrite, units

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SURVIVORS = HERE / "survivors.txt"
FOLDERS = ("src/smtp", "src/channel", "src/trust", "src/client", "src/ffi", "src/sasl")
NEEDED = 90  # per cent
ROUNDS = 40  # of dropping what does not compile

CAUGHT, SURVIVED, UNREACHED, NOT_VIABLE, ELSEWHERE = (
    "caught", "survived", "not reached", "not viable", "other platform",
)
NEVER = ("", "", "")


def write(path, text):
    """Writes a file unless it is the same already: cargo looks at its time."""
    text = text.encode() if isinstance(text, str) else text
    if not path.is_file() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def choose(folder, wanted):
    """Lists the mutants, with an `unsafe` before `fn` blanked: cargo-mutants leaves such functions out."""
    listing = folder / "list"
    shutil.rmtree(listing, ignore_errors=True)
    shutil.copytree(ROOT / "src", listing / "src")
    for path in (listing / "src").rglob("*.rs"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r'\bunsafe(?=\s+(?:extern "C" )?fn\b)', " " * len("unsafe"), text), "utf-8")
    write(
        listing / "Cargo.toml",
        '[package]\nname = "list"\nversion = "0.0.0"\nedition = "2024"\n[features]\ndkim = []\n[workspace]\n',
    )
    command = [folder / "bin" / "cargo-mutants", "mutants", "--list", "--json", "--no-config"]
    for pattern in wanted:
        command += ["-f", pattern, "-f", f"{pattern}/**"]
    listed = subprocess.run(command, cwd=listing, stdout=subprocess.PIPE, check=True)
    mutants = []
    for found in json.loads(listed.stdout):
        function, start, end = found["function"] or {}, found["span"]["start"], found["span"]["end"]
        around = function["span"] if found["genre"] == "FnValue" else found["span"]
        replacement = found["replacement"]
        pointer = re.match(r"-> \*(const|mut)\b", function.get("return_type", ""))
        if pointer:
            replacement = "std::ptr::null()" if pointer[1] == "const" else "std::ptr::null_mut()"
        mutant = rewrite.Mutant(
            found["file"],
            function.get("function_name", ""),
            found["genre"],
            replacement,
            (start["line"], start["column"]),
            (around["start"]["line"], around["end"]["line"]),
        )
        # Two values of `impl Trait` in one function have two types.
        if found["genre"] == "FnValue" and "-> impl " in function["return_type"]:
            mutant.state = NOT_VIABLE
        mutants.append(mutant)
    return mutants


def changed(since):
    """For each file the lines that changed since a commit."""
    diff = subprocess.run(
        ["git", "diff", "-U0", "--no-color", since, "--", "src"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    lines, file = defaultdict(set), None
    for line in diff.stdout.decode().splitlines():
        if line.startswith("+++ "):
            file = line[len("+++ b/") :]
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first = int(hunk[1])
            lines[file].update(range(first, first + int(hunk[2] or 1)))
    return lines


def conditions():
    """The `cfg` values of this machine, as a function of one attribute."""
    output = subprocess.run(["rustc", "--print", "cfg"], stdout=subprocess.PIPE, check=True).stdout.decode()
    true = {*output.split("\n"), 'feature="dkim"'}

    def holds(attribute):
        inner = re.match(r"#\[cfg\((.*)\)\]$", " ".join(attribute.split()))
        if not inner or "test" in inner[1]:
            return True
        text = re.sub(r'(\w+) = ("[^"]*")', lambda m: f"has('{m[1]}={m[2]}')", inner[1])
        text = re.sub(r"(?<![\w'\"=])(?!has\b|not\b|any\b|all\b)(\w+)(?![\w'\"=(])", r"has('\1')", text)
        text = text.replace("not(", "no(").replace("any(", "some(").replace("all(", "each(")
        return eval(
            text,
            {
                "has": true.__contains__,
                "no": lambda one: not one,
                "some": lambda *all_: any(all_),
                "each": lambda *all_: all(all_),
            },
        )

    return holds


class Copy:
    """The copy of the sources, with the mutants in it."""

    def __init__(self, folder, mutants):
        self.folder, self.tree = folder, folder / "tree"
        self.mutants = mutants
        self.sources = {}
        self.texts = {}
        holds = conditions()
        by_file = defaultdict(list)
        for number, mutant in enumerate(mutants, 1):
            mutant.number = number
            by_file[mutant.file].append(mutant)
        for file, inside in by_file.items():
            source = rewrite.Source((ROOT / file).read_text("utf-8"))
            self.sources[file] = source
            source.place(inside)
            keys = Counter()
            for mutant in inside:
                keys[mutant.key] += 1
                if keys[mutant.key] > 1:
                    mutant.change += f" ({keys[mutant.key]})"
                if mutant.node is None or not mutant.function:
                    mutant.state = NOT_VIABLE
                elif not all(holds(text) for text in source.attributes(*mutant.start)):
                    mutant.state = ELSEWHERE

    def fill(self):
        """Brings the copy up to date with the tree; the mutated files are written by `render`."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        files = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
        for name in files - set(self.sources) - {"src/lib.rs"}:
            write(self.tree / name, (ROOT / name).read_bytes())
            (self.tree / name).chmod((ROOT / name).stat().st_mode)
        for path in list(self.tree.rglob("*")):
            name = path.relative_to(self.tree).as_posix()
            if path.is_file() and name not in files and name != "src/mutant.rs" and "__pycache__" not in name:
                path.unlink()
        library = (ROOT / "src/lib.rs").read_text("utf-8")
        write(self.tree / "src/lib.rs", library + "\npub(crate) mod mutant;\n")
        switch = (HERE / "switch.rs").read_text("utf-8")
        write(self.tree / "src/mutant.rs", switch.replace("COUNT]", f"{len(self.mutants) + 1}]"))

    def render(self):
        for file, source in self.sources.items():
            viable = [mutant for mutant in self.mutants if mutant.file == file and not mutant.state]
            self.texts[file] = source.render(viable)
            write(self.tree / file, self.texts[file])

    def digest(self):
        """Names the sources with these mutants."""
        return hashlib.sha256("".join(self.texts[file] for file in sorted(self.texts)).encode()).hexdigest()

    def check(self):
        """Drops the mutants that the compiler refuses, until it refuses none."""
        command = ["cargo", "check", "-p", "secsmtp", "--features", "dkim", "--lib", "--profile=test", "--locked"]
        for _ in range(ROUNDS):
            self.render()
            checked = subprocess.run(
                [*command, "--message-format=json"],
                cwd=self.tree,
                env=units.environment(self.folder),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            if checked.returncode == 0:
                return
            dropped = self.drop(checked.stdout)
            print(f"not viable: {dropped} dropped", flush=True)
            if not dropped:
                sys.exit(checked.stderr.decode())
        sys.exit("the copy does not compile")

    def drop(self, output):
        numbers = {}
        for line in output.splitlines():
            message = json.loads(line).get("message") or {}
            if message.get("level") != "error" or not message.get("spans"):
                continue
            spans = sorted(message["spans"], key=lambda span: not span["is_primary"])
            found = []
            for span in spans:
                text = self.texts.get(span["file_name"])
                if text and not found:
                    found = rewrite.blamed(text.encode(), span["byte_start"], span["byte_end"])
            if not found:
                print(message["rendered"], flush=True)
            for number in found:
                numbers[number] = message["message"]
        for number, why in numbers.items():
            mutant = self.mutants[number - 1]
            mutant.state, mutant.detail = NOT_VIABLE, why
        return len(numbers)


class Runner:
    """Runs mutants with the units that reach them."""

    def __init__(self, copy, tests, budget):
        self.copy, self.budget = copy, budget
        # One that waits keeps its worker too.
        self.tests = sorted(tests, key=lambda unit: unit.work + unit.seconds / 10)
        self.catchers = defaultdict(Counter)  # of a function
        self.lock = threading.Lock()
        self.done = 0

    def run(self, mutant):
        reach = [unit for unit in self.tests if mutant.number in unit.reached]
        if not reach:
            mutant.state = UNREACHED
            return
        place = (mutant.file, mutant.function)
        with self.lock:
            often = self.catchers[place].copy()
        reach.sort(key=lambda unit: -often[unit.name])
        spent = 0.0
        for index, unit in enumerate(reach):
            if spent > self.budget:
                mutant.state, mutant.detail = SURVIVED, f"{index} of {len(reach)} tests"
                return
            spent += unit.work
            limit = max(15.0, 10 * unit.seconds)
            extra = {"SECSMTP_MUTANT": str(mutant.number)}
            result, *_ = units.run(unit, self.copy.folder, self.copy.tree, extra, limit)
            if result != "passed":
                with self.lock:
                    self.catchers[place][unit.name] += 1
                mutant.state, mutant.detail = CAUGHT, f"{unit.name} ({result})"
                return
        mutant.state, mutant.detail = SURVIVED, f"{len(reach)} tests"

    def run_all(self, mutants, pool, save):
        start = time.monotonic()
        cost = Counter()
        for unit in self.tests:
            cost.update(dict.fromkeys(unit.reached, unit.work))
        mutants = sorted(mutants, key=lambda mutant: cost[mutant.number])

        def one(mutant):
            self.run(mutant)
            with self.lock:
                self.done += 1
                if self.done % 50 == 0 or self.done == len(mutants):
                    minutes = (time.monotonic() - start) / 60
                    left = sum(each.state in (SURVIVED, UNREACHED) for each in mutants)
                    print(f"{self.done} of {len(mutants)}, {left} survived, {minutes:.1f} min", flush=True)
                    save()

        list(pool.map(one, mutants))


def read_reasons():
    """survivors.txt: lines `file: function: change`, and behind them, indented, their reason."""
    reasons, keys = {}, []
    for line in SURVIVORS.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            keys = [] if keys and keys[0] in reasons else keys
            keys.append(line.strip())
        else:
            for key in keys:
                reasons[key] = f"{reasons.get(key, '')} {line.strip()}".strip()
    return reasons


def report(mutants, complete):
    """Prints the table and what is wrong; True if nothing is."""
    reasons, good = read_reasons(), True
    by_folder = defaultdict(Counter)
    for mutant in mutants:
        by_folder["/".join(mutant.file.split("/")[:2])][mutant.state] += 1
    print("\nfolder        mutants  caught  survived  not reached  caught %   not viable  other platform")
    for name, states in sorted(by_folder.items()):
        left = states[SURVIVED] + states[UNREACHED]
        tried = states[CAUGHT] + left
        share = 100 * states[CAUGHT] / tried if tried else 100
        print(
            f"{name:13} {tried:7} {states[CAUGHT]:7} {states[SURVIVED]:9} {states[UNREACHED]:12} {share:9.1f}"
            f" {states[NOT_VIABLE]:12} {states[ELSEWHERE]:15}"
        )
        if complete and share < NEEDED:
            print(f"{name}: less than {NEEDED} % are caught")
            good = False
    print()
    for mutant in mutants:
        left = mutant.state in (SURVIVED, UNREACHED)
        place = f"{mutant.file}:{mutant.start[0]}: {mutant.function}: {mutant.change}"
        if left and mutant.key not in reasons:
            print(f"{mutant.state}: {place} [{mutant.detail}]")
            good = False
        elif mutant.key in reasons and mutant.state == CAUGHT:
            print(f"caught, but in {SURVIVORS.name}: {place} [{mutant.detail}]")
            good = False
    files = {mutant.file for mutant in mutants}
    known = {mutant.key for mutant in mutants}
    for key in reasons:
        if complete and key.split(": ")[0] in files and key not in known:
            print(f"in {SURVIVORS.name}, but not a mutant: {key}")
            good = False
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", action="append", help="a folder or file below src")
    parser.add_argument("--since", help="only what changed since this commit")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    parser.add_argument("--tests", default="", help="a regular expression that tests' names must match")
    parser.add_argument("--budget", type=float, default=30, help="seconds of the processor for each mutant")
    parser.add_argument("--workers", type=int, default=(os.cpu_count() or 2) + 1)
    options = parser.parse_args()
    if rewrite.LANGUAGE is None:
        sys.exit("tree-sitter is not installed: run `make mutants`")
    folder = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve() / "mutants"
    shutil.rmtree(folder / "tmp", ignore_errors=True)
    (folder / "tmp").mkdir(parents=True)

    mutants = choose(folder, FOLDERS)
    wanted = [name.rstrip("/") for name in options.folder or FOLDERS]
    chosen = [m for m in mutants if any(m.file == name or m.file.startswith(f"{name}/") for name in wanted)]
    if options.since:
        lines = changed(options.since)
        chosen = [m for m in chosen if lines[m.file].intersection(range(m.lines[0], m.lines[1] + 1))]
    print(f"{len(chosen)} mutants", flush=True)
    # All of them are compiled in, whichever are chosen: then nothing is built again for others.
    copy = Copy(folder, mutants)
    results = folder / "results.json"
    before = json.loads(results.read_text()) if results.is_file() else {}

    def save():
        now = {
            mutant.key: (mutant.state, mutant.detail, copy.sources[mutant.file].digest)
            for mutant in mutants
            if mutant.state
        }
        results.write_text(json.dumps({**before, **now}, indent=0))

    for mutant in mutants:
        state, detail, digest = before.get(mutant.key, NEVER)
        if state == NOT_VIABLE and digest == copy.sources[mutant.file].digest:
            mutant.state, mutant.detail = state, detail
    copy.fill()
    try:
        copy.check()
    finally:
        save()
    if options.again:
        for mutant in mutants:
            state, detail, _ = before.get(mutant.key, NEVER)
            if not mutant.state and state == CAUGHT:
                mutant.state, mutant.detail = CAUGHT, detail
    with ThreadPoolExecutor(options.workers) as pool:
        start = time.monotonic()
        tests = units.build(folder, copy.tree, options.tests)
        print(f"built in {(time.monotonic() - start) / 60:.1f} min", flush=True)
        start = time.monotonic()
        tests = units.record(tests, folder, copy.tree, pool, copy.digest())
        print(f"{len(tests)} tests recorded in {(time.monotonic() - start) / 60:.1f} min", flush=True)
        Runner(copy, tests, options.budget).run_all([m for m in chosen if not m.state], pool, save)
    save()
    sys.exit(0 if report(chosen, not options.since) else 1)


if __name__ == "__main__":
    main()
