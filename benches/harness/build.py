"""The clients and the sink, built; what can't be built here is named and left out."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent
ROOT = BENCHES.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
# A separate target folder, so that no feature that a rival enables is enabled for the library.
CARGO_OUT = TARGET / "benches"
OUT = CARGO_OUT / "clients"
LIBRARY = TARGET / "release" / "libsecsmtp.so"
CC = os.environ.get("CC", "cc")
CARGO = os.environ.get("CARGO", "cargo")


def cargo(*packages):
    """Builds these members of the benches' own workspace; false if it can't be done."""
    command = [CARGO, "build", "--release", "--locked", "--quiet", "--target-dir", CARGO_OUT]
    for package in packages:
        command += ["-p", package]
    return subprocess.run(command, cwd=BENCHES, check=False).returncode == 0


def compiled(source, name, *arguments):
    """A C program, or None when its headers or libraries are not here."""
    path = OUT / name
    command = [CC, "-O2", "-Wall", "-Wextra", "-o", path, BENCHES / "c" / source, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        first = (done.stderr.splitlines() or ["no reason given"])[0]
        print(f"skipped: {name} can't be built: {first.rsplit('/', 1)[-1]}", file=sys.stderr)
        return None
    if done.stderr:
        print(done.stderr, file=sys.stderr)
    return path


def essentials():
    """The sink, the limit and our own client: without them there is no bench."""
    OUT.mkdir(parents=True, exist_ok=True)
    if not LIBRARY.is_file():
        sys.exit("the library is not built, or this is not Linux, where the benches run: make all")
    if not cargo("bench-sink", "bench-limit"):
        sys.exit("the sink can't be built")
    link = OUT / "libsecsmtp.so.1"
    link.unlink(missing_ok=True)
    shutil.copyfile(LIBRARY, link)
    ours = compiled("ours.c", "ours", f"-I{ROOT / 'include'}", link, "-Wl,-rpath,$ORIGIN")
    if ours is None:
        sys.exit("our own client can't be built")
    release = CARGO_OUT / "release"
    return {"sink": release / "bench-sink", "limit": release / "bench-limit", "ours": ours}


def rivals():
    """The others, those that can be built."""
    built = {
        "curl": compiled("curl.c", "curl", "-lcurl"),
        "esmtp": compiled("esmtp.c", "esmtp", "-lesmtp", "-lssl", "-lcrypto"),
        "nodelay": compiled("nodelay.c", "nodelay.so", "-shared", "-fPIC", "-ldl"),
    }
    if cargo("bench-rivals"):
        built["rivals"] = CARGO_OUT / "release" / "bench-rivals"
    else:
        print("skipped: lettre and mail-send can't be built", file=sys.stderr)
    built["python"] = BENCHES / "python" / "client.py"
    return {name: path for name, path in built.items() if path is not None}
