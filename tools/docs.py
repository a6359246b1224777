"""Writes the man page libsecsmtp(3) and the HTML reference from the C header. The command writes its own
man pages.

    docs.py VERSION FOLDER
"""

import html
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STYLE = """body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 sans-serif;color:#222}
pre{background:#f5f5f2;padding:.6rem .8rem;overflow:auto;font-size:.85rem;line-height:1.4}
h1,h2{font-weight:600}h2{border-bottom:1px solid #ccc;margin-top:2.5rem}h3{margin:2rem 0 .3rem}
h3,code{font-family:monospace}nav{columns:3 14rem;font-size:.85rem}nav a{display:block}
dt{font-weight:600;float:left;clear:left;width:7rem}dd{margin:0 0 .2rem 7rem}
td,th{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0;font-size:.9rem}
a{color:#0a4b8c;text-decoration:none}"""


def main(version, folder):
    text = (ROOT / "include/secsmtp.h").read_text("utf-8")
    chapters, items = read(text)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "libsecsmtp.3").write_text(library_page(version, chapters, items), "utf-8")
    (folder / "secsmtp.html").write_text(reference(version, chapters, items), "utf-8")


def read(text):
    """The chapters [(title, body)] and the items [(name, comment, declaration)] of the header."""
    opening = re.search(r"/\*\n(.*?)\*/", text, re.S)[1]
    opening = re.sub(r"^ \* ?", "", opening, flags=re.M)
    parts = re.split(r"^([A-Z][A-Z ]+)\n", opening, flags=re.M)[1:]
    chapters = [(t, re.sub(r"^  ", "", b, flags=re.M).strip("\n")) for t, b in zip(parts[::2], parts[1::2])]
    items = []
    for comment, declaration in re.findall(r"/\*\*?\n((?: \*[^\n]*\n)+?) \*/\n((?:#define[^\n]+)|[^#;]+;)", text):
        name = re.search(r"#define (\w+)|typedef .*?\(\*(\w+)\)|typedef struct \w+ (\w+);|(secsmtp_\w+)\(", declaration, re.S)
        if name:
            body = re.sub(r"^ \* ?", "", comment, flags=re.M).strip()
            items.append((next(filter(None, name.groups())), body, declaration.strip()))
    return chapters, items


def roff(text):
    """Text that means nothing to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def verbatim(text):
    return ".nf\n" + roff(text) + "\n.fi\n"


def library_page(version, chapters, items):
    page = f'.TH LIBSECSMTP 3 "" "libsecsmtp {version}" "Library Functions"\n.SH NAME\n'
    page += "libsecsmtp \\- mail that reaches the named server over a proven channel\n"
    page += ".SH SYNOPSIS\n.nf\n#include <secsmtp.h>\ncc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs secsmtp)\n.fi\n"
    for title, body in chapters:
        page += f".SH {title}\n{roff(body)}\n"
    for title, kind in (("FUNCTIONS", "secsmtp_"), ("NUMBERS", "SECSMTP_")):
        page += f".SH {title}\n"
        for name, body, declaration in items:
            if name.startswith(kind):
                page += f".SS {name}\n{verbatim(declaration)}.PP\n{roff(body)}\n"
    return page + ".SH SEE ALSO\n.BR secsmtp (1)\n"


def reference(version, chapters, items):
    names = {name for name, _, _ in items}
    numbers = [i for i in items if i[2].startswith("#define")]
    others = [i for i in items if not i[2].startswith("#define")]
    out = [f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>libsecsmtp {version}</title>']
    out.append(f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>')
    out.append(f"<h1>libsecsmtp {version}</h1><p>The C interface, as <code>secsmtp.h</code> has it.</p><nav>")
    out += [f'<a href="#{t.replace(" ", "-")}">{t.capitalize()}</a>' for t, _ in chapters]
    out += [f'<a href="#{n}">{n.replace("secsmtp_", "", 1)}</a>' for n, _, _ in others]
    out.append('<a href="#numbers">Numbers</a></nav>')
    for title, body in chapters:
        out.append(f'<h2 id="{title.replace(" ", "-")}">{title.capitalize()}</h2>{prose(body, names)}')
    out.append("<h2>Types and functions</h2>")
    for name, body, declaration in others:
        out.append(f'<h3 id="{name}">{name}</h3><pre>{linked(declaration, names, name)}</pre>{comment(body, names)}')
    out.append('<h2 id="numbers">Numbers</h2><table>')
    for name, body, declaration in numbers:
        value = html.escape(declaration.split(None, 2)[2])
        out.append(f'<tr id="{name}"><td><code>{name}</code><td>{value}<td>{linked(body, names)}')
    return "\n".join([*out, "</table></html>", ""])


def comment(body, names):
    """The sentences, and the words on ownership, threads and errors as a list."""
    text, *parts = re.split(r"\b(Ownership|Threads|Errors): ", body)
    rows = "".join(f"<dt>{t}<dd>{linked(' '.join(b.split()), names)}" for t, b in zip(parts[::2], parts[1::2]))
    return prose(text.strip(), names) + (f"<dl>{rows}</dl>" if rows else "")


def prose(text, names):
    paragraphs = re.split(r"\n\n|\n(?=- )", text)
    return "".join(f"<p>{linked(p, names)}</p>" for p in paragraphs if p.strip())


def linked(text, names, but=None):
    def link(found):
        name = found[0]
        return f'<a href="#{name}">{name}</a>' if name in names and name != but else name

    return re.sub(r"\bsecsmtp_\w+|\bSECSMTP_\w+", link, html.escape(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
