"""The cases of the bench. Each gives a list of rows: the client, and its figures."""
import os
import sys
import threading

from . import counting, measure, samples
from .measure import Failed, spread

NAGLE_COUNT = 100       # where each message costs 40 ms, more of them add no information


def say(text):
    print(text, file=sys.stderr, flush=True)


def waits(built, clients, mail, *, count=20, delay=20):
    """(a) Waits for the first message, and for each further one. Clients run side by side."""
    def one(client):
        with measure.sink(built, delay=delay, starttls=client.starttls) as server:
            done = measure.run(client, server, count * (10 if client.streams else 1), mail)
        return {"client": client, "cold": done["cold_waits"], "further": done["waits_each"],
                "connections": done["connections"]}
    return beside(one, [client for client in clients if not nodelay_twin(client, clients)])


def long_line(built, clients, mail, *, count=100, delay=50, rounds=5):
    """(b) So many messages over a long line, from before the connection to the last answer."""
    def one(client):
        with measure.sink(built, delay=delay, starttls=client.starttls) as server:
            done = measure.run(client, server, count, mail, cold=True)
        return {"client": client, "seconds": done["total"], "waits": done["waits"]}
    fast = [client for client in clients if client.kind != "rival"]
    rows = beside(one, [client for client in clients if client not in fast])
    found = {client.label: [] for client in fast}
    for _ in range(rounds):
        for client in fast:
            # A run of seconds varies by milliseconds only.
            if not found[client.label] or found[client.label][0]["seconds"] < 2:
                found[client.label].append(one(client))
    ours = [{"client": client, "waits": found[client.label][0]["waits"],
             "seconds": spread([row["seconds"] for row in found[client.label]])} for client in fast]
    return ours + [{**row, "seconds": spread([row["seconds"]])} for row in rows]


def many_small(built, clients, mail, *, count=5000, rounds=5, streamed=10, real_time=False):
    """(c) Many small messages, client and sink on one CPU; rounds of all clients in turn."""
    found = {client.label: [] for client in clients}
    pinned = {"cpu": 0, "real_time": real_time}
    for number in range(rounds):
        for client in clients:
            messages = NAGLE_COUNT if client.nagle else count * (streamed if client.streams else 1)
            say(f"  round {number + 1}: {client.label}")
            with measure.sink(built, starttls=client.starttls, **pinned) as server:
                done = measure.run(client, server, messages, mail, **pinned)
            if client.kind != "rival" and done["content"] != (messages + 1) * 2048:
                raise Failed(f"{client.label}: the sink took {done['content']} bytes")
            found[client.label].append({
                "rate": messages / done["seconds"], "cpu": done["cpu"] / messages * 1e6,
                "sink_cpu": done["sink_cpu"] / messages * 1e6, "records": done["records_each"],
            })
    return [{"client": client, "messages": NAGLE_COUNT if client.nagle else count,
             **{key: spread([run[key] for run in found[client.label]])
                for key in ("rate", "cpu", "sink_cpu", "records")}} for client in clients]


def counted(built, clients, mail, rows, *, small=(100, 600), streamed=(2000, 12000)):
    """(c) System calls and instructions of the same rows."""
    for row in rows:
        client = row["client"]
        if client.nagle:
            continue
        counts = streamed if client.streams else small
        say(f"  counting: {client.label}")
        with measure.sink(built, starttls=client.starttls, cpu=0) as server:
            row["syscalls"] = counting.syscalls(client, server, counts, mail, cpu=0)
        if client.kind == "rival" and client.name not in ("libcurl", "libESMTP"):
            continue
        with measure.sink(built, starttls=client.starttls) as server:
            row["instructions"] = counting.instructions(client, server, counts, (mail, mail))
    return rows


def one_file(built, clients, path, encoded, *, megabytes=100, rounds=5, real_time=False):
    """(d) One mail with a file; the sink on a CPU of its own when there is one."""
    cpus = sorted(os.sched_getaffinity(0))
    found = {client.label: [] for client in clients}
    for number in range(rounds):
        for client in clients:
            slow = client.kind == "rival" and found[client.label] and found[client.label][0]["rate"] < 100
            if slow and len(found[client.label]) >= 2:
                continue
            say(f"  round {number + 1}: {client.label}")
            file = encoded if client.form == "encoded" else path
            with measure.sink(built, cpu=cpus[-1], real_time=real_time) as server:
                done = measure.run(client, server, 1, file, cpu=cpus[0], real_time=real_time)
            found[client.label].append({
                "rate": megabytes / done["seconds"], "cpu": done["cpu"] / megabytes * 1e3,
                "peak": done["peak_kb"] / 1024, "sink_cpu": done["sink_cpu"] / megabytes * 1e3,
            })
    return [{"client": client, "runs": len(found[client.label]),
             **{key: spread([run[key] for run in found[client.label]])
                for key in ("rate", "cpu", "peak", "sink_cpu")}} for client in clients]


def files(built, clients, directory, found, rounds, real_time):
    """(d) The whole case, with instructions a MB and the memory that 1 GB takes."""
    path = samples.attachment(directory, 100)
    found["file"] = one_file(built, clients, path, samples.encoded(directory, path),
                             rounds=rounds, real_time=real_time)
    small, large = (samples.attachment(directory, size) for size in (1, 5))
    for row in found["file"]:
        if row["client"].kind == "rival":
            continue
        with measure.sink(built) as server:
            each = counting.instructions(row["client"], server, (1, 1), (small, large))
        row["instructions"] = each and each / 4
    ours = [client for client in clients if client.kind == "ours"]
    if ours:
        huge = samples.attachment(directory, 1000)
        with measure.sink(built) as server:
            found["peak_1gb"] = measure.run(ours[-1], server, 1, huge)["peak_kb"] / 1024


def beside(one, clients):
    """Runs all at the same time: they wait, and need next to no CPU."""
    rows, failures = [None] * len(clients), []

    def work(index):
        try:
            rows[index] = one(clients[index])
        except (Failed, OSError) as failure:
            failures.append(failure)
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return rows


def nodelay_twin(client, clients):
    """Returns whether this is the second row of another client: the same dialogue without Nagle's algorithm."""
    return bool(client.environment) and any(
        other.name == client.name and not other.environment for other in clients)
