"""Size of the shared library, and how soon it is of use: the first mail of a new process."""
import ctypes.util
import subprocess
import tempfile

from . import build, measure, samples

RUNS = 41
OPTIONS = (f"-I{build.ROOT / 'include'}", "-rdynamic", "-ldl")
# The figures that the programs print, in this order and in microseconds. The last two count from before dlopen.
STEPS = ("loading it (dlopen)", "all set and made, without the line", "until the first byte is written",
         "until the first mail is accepted")


def figures(built):
    """The library's bytes, and for each library the spread of each step."""
    programs = [("libsecsmtp", build.compiled("load.c", "load", *OPTIONS), build.LIBRARY)]
    curl = ctypes.util.find_library("curl")
    if curl:
        programs.append(("libcurl", build.compiled("load_curl.c", "load_curl", *OPTIONS), curl))
    programs = [row for row in programs if row[1] is not None]
    runs = {name: [] for name, _, _ in programs}
    with tempfile.TemporaryDirectory() as directory:
        mail = samples.mail(directory)
        with measure.sink(built) as server:
            # In turn, so that what else the machine does meets all alike.
            for _ in range(RUNS):
                for name, program, library in programs:
                    runs[name].append(first_mail(server, program, library, mail))
    return {"bytes": build.LIBRARY.stat().st_size,
            "steps": {name: [measure.spread(step) for step in zip(*found)] for name, found in runs.items()}}


def first_mail(server, program, library, mail):
    """One process from its start to the first mail."""
    command = [program, library, str(server.port), server.ca, mail]
    done = subprocess.run(command, capture_output=True, text=True, timeout=measure.PATIENCE, check=False)
    if done.returncode:
        raise measure.Failed(f"{program.name}: {done.returncode}")
    server.counts(1)
    return [float(word) for word in done.stdout.split()]
