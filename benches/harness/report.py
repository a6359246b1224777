"""The tables, as Markdown."""
from .table import table, number, with_spread


def waits_table(rows):
    return table(
        ["client", "first mail", "each further", "connections"],
        [[row["client"].label, row["cold"], number(row["further"]), row["connections"]] for row in rows])


def long_line_table(rows):
    fastest = min(row["seconds"]["median"] for row in rows)
    return table(
        ["client", "seconds", "times the limit", "waits"],
        [[row["client"].label, with_spread(row["seconds"]),
          number(row["seconds"]["median"] / fastest), row["waits"]] for row in rows])


def many_small_table(rows):
    cells = []
    for row in rows:
        cells.append([
            row["client"].label, with_spread(row["rate"]), with_spread(row["cpu"]),
            number(row["records"]["median"]), number(row.get("syscalls")),
            number(row.get("instructions")), number(row["sink_cpu"]["median"])])
    return table(
        ["client", "messages a second", "client's CPU, µs each", "records each", "system calls each",
         "instructions each", "sink's CPU, µs each"], cells)


def one_file_table(rows):
    return table(
        ["client", "MB a second", "client's CPU, ms a MB", "peak memory, MB", "instructions a MB"],
        [[row["client"].label, with_spread(row["rate"]), with_spread(row["cpu"]),
          number(row["peak"]["median"]), number(row.get("instructions"))] for row in rows])


def targets_table(targets):
    cells = []
    for target in targets:
        if target["value"] is None:
            cells.append([target["what"], "not measured", target["text"], ""])
        else:
            met = "yes" if target["met"] else "**no**"
            cells.append([target["what"], number(target["value"]) + target["unit"], target["text"], met])
    return table(["figure", "measured", "target", "met"], cells)


def start_table(found, steps):
    return table(["step", *found["steps"]],
                 [[step, *(with_spread(spreads[i]) for spreads in found["steps"].values())]
                  for i, step in enumerate(steps)])
