"""Makes Debian packages of what `make install` staged: deb.py STAGE VERSION OUTPUT MAINTAINER

libsecsmtp1     the shared library, with the symbols and the versions that brought them
libsecsmtp-dev  headers, static library, pkg-config, CMake, libsecsmtp(3), HTML reference
secsmtp         the command, its man pages and completions
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# One moment for all files and the changelog, so that the same sources give the same packages.
MOMENT = int(os.environ.get("SOURCE_DATE_EPOCH") or (ROOT / "CHANGELOG.md").stat().st_mtime)
LICENCE_FILES = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|COPYRIGHT)", re.I)

ABOUT = """\
 Delivers messages to a mail submission server over TLS, and only to the server
 that was meant: the peer is verified by certificate authorities or pinned keys
 before anything but EHLO and STARTTLS is sent. Each message has an exact
 outcome: accepted, refused, not sent, or unknown.
"""


def say(*command, **options):
    return subprocess.check_output([str(part) for part in command], text=True, **options).strip()


def packages(triplet):
    """Name to what its control file says and which of the staged paths are its own."""
    lib = f"usr/lib/{triplet}"
    return {
        "libsecsmtp1": {
            "Section": "libs",
            "Multi-Arch": "same",
            "Description": "secure mail submission (shared library)\n" + ABOUT,
            "paths": [f"{lib}/libsecsmtp.so.1"],
        },
        "libsecsmtp-dev": {
            "Section": "libdevel",
            "Multi-Arch": "same",
            "Description": "secure mail submission (development files)\n" + ABOUT
            + " .\n This package has the headers for C and C++ and the static library.\n",
            "paths": ["usr/include", f"{lib}/libsecsmtp.so", f"{lib}/libsecsmtp.a", f"{lib}/pkgconfig",
                      f"{lib}/cmake", "usr/share/man/man3", "usr/share/doc/libsecsmtp"],
        },
        "secsmtp": {
            "Section": "mail",
            "Multi-Arch": "foreign",
            "Description": "secure mail submission (command)\n" + ABOUT,
            "paths": ["usr/bin", "usr/share/man/man1", "usr/share/bash-completion", "usr/share/zsh",
                      "usr/share/fish"],
        },
    }


def symbols():
    """The symbols file of libsecsmtp1, from the list that the ABI tests hold to the library."""
    lines = (ROOT / "tests/abi/symbols.txt").read_text("utf-8").splitlines()
    named = sorted(line.split() for line in lines if line and not line.startswith("#"))
    return "libsecsmtp.so.1 libsecsmtp1 #MINVER#\n" + "".join(f" {name}@Base {since}\n" for name, since in named)


def crates():
    """The crates that are linked in: (name, version, licence, folder)."""
    tree = say("cargo", "tree", "--locked", "--offline", "-p", "secsmtp-capi", "-p", "secsmtp-cli", "-e", "normal",
               "--prefix", "none", "--format", "{p}", cwd=ROOT)
    used = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    host = re.search(r"^host: (\S+)$", say("rustc", "-vV"), re.M)[1]
    data = json.loads(say("cargo", "metadata", "--locked", "--offline", "--format-version", "1",
                          "--filter-platform", host, cwd=ROOT))
    found = [(p["name"], p["version"], p["license"] or "see its file", Path(p["manifest_path"]).parent)
             for p in data["packages"] if (p["name"], "v" + p["version"]) in used and p["source"]]
    assert found, "cargo names no crate"
    return sorted(found)


def copyright_text(linked):
    mit = (ROOT / "LICENSE-MIT").read_text("utf-8")
    owner = re.search(r"^Copyright \(c\) (.*)$", mit, re.M)[1]
    terms = mit[mit.index("Permission is hereby") :].strip().splitlines()
    body = "".join(f" {line}\n" if line.strip() else " .\n" for line in terms)
    comment = "".join(f" {name} {version}: {licence}\n" for name, version, licence, _ in linked)
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        "Upstream-Name: libsecsmtp\n"
        "Comment: These crates are linked in; their notices are in crates.txt.gz beside this file.\n"
        f"{comment}\nFiles: *\nCopyright: {owner}\nLicense: Expat or Apache-2.0\n\n"
        f"License: Expat\n{body}\n"
        "License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
    )


def notices(linked):
    parts = []
    for name, version, licence, folder in linked:
        parts.append(f"=== {name} {version} ({licence})\n\n")
        for file in sorted(folder.iterdir()):
            if file.is_file() and LICENCE_FILES.match(file.name):
                parts.append(f"--- {file.name}\n\n{file.read_text('utf-8', 'replace')}\n\n")
    return "".join(parts)


def write_gz(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text if isinstance(text, bytes) else text.encode(), 9, mtime=0))


def dependencies(files):
    """The dependencies on the system's own libraries, as dpkg-shlibdeps reports them."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "debian").mkdir()
        (Path(folder) / "debian/control").write_text("Source: libsecsmtp\n\nPackage: libsecsmtp1\nArchitecture: any\n")
        said = say("dpkg-shlibdeps", "-O", *[f"-e{file}" for file in files], cwd=folder, stderr=subprocess.DEVNULL)
    return said.removeprefix("shlibs:Depends=")


def make(name, about, stage, version, output, architecture, maintainer, linked, folder):
    root = folder / name
    for path in about["paths"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        source = stage / path
        if source.is_dir():
            shutil.copytree(source, root / path, symlinks=True)
        else:
            shutil.copy2(source, root / path, follow_symlinks=False)
    doc = root / "usr/share/doc" / name
    if (root / "usr/share/doc/libsecsmtp").exists():
        (root / "usr/share/doc/libsecsmtp").rename(doc)
    doc.mkdir(parents=True, exist_ok=True)
    (doc / "copyright").write_text(copyright_text(linked), "utf-8")
    write_gz(doc / "crates.txt.gz", notices(linked))
    change = f"libsecsmtp ({version}) unstable; urgency=medium\n\n  * See the project's CHANGELOG.\n\n"
    write_gz(doc / "changelog.gz", f"{change} -- {maintainer}  {formatdate(MOMENT)}\n")
    for page in list(root.glob("usr/share/man/*/*.[13]")):
        write_gz(page.with_name(page.name + ".gz"), page.read_bytes())
        page.unlink()
    programs = [*root.glob("usr/bin/*"), *root.glob("usr/lib/*/*.so.1")]
    for archive in root.glob("usr/lib/*/*.a"):
        subprocess.run(["strip", "--strip-debug", "--enable-deterministic-archives", str(archive)], check=True)
    for library in programs:
        subprocess.run(["strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", str(library)], check=True)
        library.chmod(0o755 if library.parent.name == "bin" else 0o644)

    files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
    size = sum((p.stat().st_size + 1023) // 1024 for p in files) + sum(p.is_dir() for p in root.rglob("*"))
    depends = f"libsecsmtp1 (= {version})" if name == "libsecsmtp-dev" else dependencies(programs)
    control = {
        "Package": name, "Source": "libsecsmtp", "Version": version, "Architecture": architecture,
        "Maintainer": maintainer, "Installed-Size": size, "Depends": depends, "Section": about["Section"],
        "Priority": "optional", "Multi-Arch": about["Multi-Arch"], "Description": about["Description"].rstrip("\n"),
    }
    meta = root / "DEBIAN"
    meta.mkdir()
    (meta / "control").write_text("".join(f"{key}: {value}\n" for key, value in control.items()))
    (meta / "md5sums").write_text("".join(f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n" for p in files))
    if name == "libsecsmtp1":
        (meta / "symbols").write_text(symbols())
        (meta / "shlibs").write_text("libsecsmtp 1 libsecsmtp1\n")
        (meta / "triggers").write_text("activate-noawait ldconfig\n")
    for path in [root, *root.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
        elif not path.is_symlink() and path not in programs:
            path.chmod(0o644)
        os.utime(path, (MOMENT, MOMENT), follow_symlinks=False)
    made = output / f"{name}_{version}_{architecture}.deb"
    say("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, made, env={**os.environ, "SOURCE_DATE_EPOCH": str(MOMENT)})
    return made


def main():
    stage, version, output, maintainer = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    output.mkdir(parents=True, exist_ok=True)
    architecture, triplet = say("dpkg", "--print-architecture"), say("dpkg-architecture", "-qDEB_HOST_MULTIARCH")
    linked = crates()
    with tempfile.TemporaryDirectory() as folder:
        for name, about in packages(triplet).items():
            print(make(name, about, stage, version, output, architecture, maintainer, linked, Path(folder)))


if __name__ == "__main__":
    main()
