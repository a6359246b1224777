"""Compares one run with the targets: every ratio is between figures of the same run."""


def targets(found):
    """The list of promises; value None where there is nothing to hold against it."""
    waits, line, small, file = (found.get(key, []) for key in ("waits", "line", "small", "file"))
    send, stream = ("ours", False), ("ours", True)
    limit_one, limit_stream = ("limit", False), ("limit", True)

    def of(rows, who, key):
        for row in rows:
            client = row["client"]
            if who in ((client.kind, client.streams), client.name):
                value = row.get(key)
                return value["median"] if isinstance(value, dict) else value
        return None

    def ratio(above, below):
        return None if above is None or not below else above / below

    rate = lambda who: of(small, who, "rate")
    cpu = lambda who: of(small, who, "cpu")
    ours_file = [row for row in file if row["client"].kind == "ours"]
    limit_file = [row for row in file if row["client"].kind == "limit"]
    file_rate = lambda rows: rows[0]["rate"]["median"] if rows else None
    start = found.get("start")
    soon = lambda step: start and start["steps"]["libsecsmtp"][step]["median"] / 1000
    peak = max((row["peak"]["most"] for row in ours_file), default=None)
    return [
        at_most("waits for the first mail, blocking send", of(waits, send, "cold"), 4),
        at_most("waits for each further mail, blocking send", of(waits, send, "further"), 1),
        at_most("waits for each further mail, streamed", of(waits, stream, "further"), 0.1),
        at_most("100 mails over a line of 50 ms, streamed", of(line, stream, "seconds"), 0.5, " s"),
        at_least("streamed, against the limit's rate", ratio(rate(stream), rate(limit_stream)), 0.5),
        at_least("streamed, against libcurl's rate", ratio(rate(stream), rate("libcurl")), 20, " times"),
        at_most("streamed, against libcurl's CPU", ratio(cpu(stream), cpu("libcurl")), 1 / 20),
        at_least("blocking send, against the limit's rate", ratio(rate(send), rate(limit_one)), 0.7),
        at_least("blocking send, against libcurl's rate", ratio(rate(send), rate("libcurl")), 4, " times"),
        at_most("system calls each, blocking send", of(small, send, "syscalls"), 6),
        at_most("instructions each, blocking send", of(small, send, "instructions"), 25_000),
        at_most("TLS records each, streamed", of(small, stream, "records"), 0.2),
        at_most("system calls each, streamed", of(small, stream, "syscalls"), 0.3),
        at_least("a file of 100 MB, against the limit's rate",
                 ratio(file_rate(ours_file), file_rate(limit_file)), 0.85),
        at_most("peak memory with a file of 100 MB", peak, 10, " MB"),
        at_most("peak memory with a file of 1 GB", found.get("peak_1gb"), 10, " MB"),
        at_most("the shared library", start and start["bytes"], 3_250_000, " bytes"),
        at_most("from dlopen to the first byte written", soon(2), 5, " ms"),
    ]


def at_most(what, value, bound, unit=""):
    return {"what": what, "value": value, "unit": unit, "text": f"at most {bound:,}{unit}",
            "met": value is not None and value <= bound}


def at_least(what, value, bound, unit=""):
    return {"what": what, "value": value, "unit": unit, "text": f"at least {bound}{unit}",
            "met": value is not None and value >= bound}
