"""Size of the shared library, and how long it takes to load."""
import statistics
import subprocess

from . import build

RUNS = 21


def figures():
    """Rows of text; the stripped library as `make all` leaves it."""
    rows = [("shared library", f"{build.LIBRARY.stat().st_size:,} octets")]
    load = build.compiled("load.c", "load", f"-I{build.ROOT / 'include'}", "-ldl")
    if load is None:
        return rows
    found = [[float(word) for word in subprocess.run([load, build.LIBRARY], capture_output=True, text=True,
                                                     check=True).stdout.split()]
             for _ in range(RUNS)]
    for index, what in enumerate(("loading it (dlopen)", "a policy with a pin and a client, the first of the process")):
        if index < len(found[0]):
            median = statistics.median(run[index] for run in found)
            rows.append((what, f"{median:,.0f} µs"))
    return rows
