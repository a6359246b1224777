"""Adding to a file of known mail servers. Nothing else here writes it."""

from __future__ import annotations

from ._arguments import port_argument
from ._errors import check
from ._library import PathLike, library, text_argument


def learn(path: PathLike, host: str, port: int, pin: str, by: str) -> None:
    """Add a pin that was confirmed for ``host`` and ``port`` to the file of known mail servers.

    ``path``: the file; it is made if there is none, and changes whole or not at all. ``pin``: one
    that its owner confirmed out of band, or of a server that was trusted. ``by``: who confirmed
    it, for readers of the file. Its other lines are left alone.

    Threads and processes: any; one waits for the other, for up to 5 seconds.
    Errors: :class:`ArgumentError`, which names the argument or the line of the file.
    """
    lib = library()
    check(
        lib,
        lib.known_servers_learn,
        *text_argument("path", path),
        *text_argument("host", host),
        port_argument("port", port),
        *text_argument("pin", pin),
        *text_argument("by", by),
        names={"known servers file": "path", "known server": "by"},
    )
