"""Verifies DKIM signatures with dkimpy; runs in the Python of `make dkimpy`.

Reads one JSON object a line: {"file": path of a mail, "dns": {name: record}}; answers with one JSON list
a line: for each signature, from the top, true, false, or why it could not be verified.
"""

import json
import sys

import dkim


def verified(mail, records):
    lookup = lambda name, timeout=5: records.get(name if isinstance(name, str) else name.decode("ascii"))
    found = []
    count = sum(name.lower() == b"dkim-signature" for name, _ in dkim.DKIM(mail).headers)
    for place in range(count):
        try:
            found.append(dkim.DKIM(mail, minkey=2048).verify(place, dnsfunc=lookup))
        except dkim.DKIMException as reason:
            found.append(f"{type(reason).__name__}: {reason}")
    return found


for line in sys.stdin:
    asked = json.loads(line)
    with open(asked["file"], "rb") as file:
        content = file.read()
    try:
        answer = verified(content, {name: record.encode() for name, record in asked["dns"].items()})
    except dkim.DKIMException as reason:
        answer = f"{type(reason).__name__}: {reason}"
    print(json.dumps(answer), flush=True)
