"""Each function of the header inside each callback: none hangs, and those that would have to wait for
the callback say so. The calls are made from the header, so that no function is forgotten. (catalogue I10)"""

import re
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import build, checked
from tests.c.jobs_test import POSIX, arguments
from tests.support import header, peers

# After these there is little left to call: each has a callback of its own. So has what belongs to a client.
ALONE = re.compile(r"secsmtp_(client_\w+|\w+_free|batch_clear)")
# Inside a callback they also give what is there; but they never say that the time is over.
MAY_HAVE_IT = ("secsmtp_client_wait", "secsmtp_client_poll_event")
NUMBERS = {"milliseconds": "SECSMTP_FOREVER", "job": "w->job", "port": "0", "size": "SECSMTP_SIZE_UNKNOWN",
           "rules": "0", "stage": "SECSMTP_STAGE_ALL"}
TEXTS = {"address": "carol@mail.test", "list": "carol@mail.test", "host": "mail.test",
         "path": "/nowhere/at/all", "id": "i@mail.test",
         "uri": "https://mail.test/", "value": "v", "name": "X-Name"}
CALLBACKS = {"secsmtp_read_callback": "no_read", "secsmtp_release_callback": "no_release",
             "secsmtp_write_callback": "no_write", "secsmtp_event_callback": "no_event",
             "secsmtp_log_callback": "no_log", "secsmtp_secret_callback": "no_secret"}


def argument(name, kind):
    """The C text of an argument, with what must stand before the call and after it."""
    handle = re.fullmatch(r"(const )?secsmtp_(\w+) \*", kind)
    made = re.fullmatch(r"secsmtp_(\w+) \*\*", kind)
    number = re.fullmatch(r"(size_t|u?int64_t) \*", kind)
    if handle:
        return f"w->{handle[2]}", "", ""
    if made:
        return f"&{name}", f"secsmtp_{made[1]} *{name} = NULL;", f"secsmtp_{made[1]}_free({name});"
    if number:
        return f"&{name}", f"{number[1]} {name} = 0;", ""
    if kind == "uint8_t *":
        return name, f"static uint8_t {name}[4096];", ""
    if kind == "const uint8_t *":
        return '(const uint8_t *)"bytes"', "", ""
    if kind == "const char *":
        return f'"{TEXTS.get(name, "x")}"', "", ""
    if kind == "void *":
        return "NULL", "", ""
    if kind in CALLBACKS:
        return CALLBACKS[kind], "", ""
    if name.endswith("_len"):
        return None, "", ""
    return NUMBERS.get(name, "4096" if name == "room" else "1"), "", ""


def calls():
    """The C text of a call of each function."""
    functions, comments = header.functions(), header.comments()
    lines, rows = [], []
    for name, function in sorted(functions.items()):
        kinds = dict(function.parameters)
        before, after, values = [], [], []
        for parameter, kind in function.parameters:
            text, first, last = argument(parameter, kind)
            if text is None:
                data = kinds[parameter.removesuffix("_len")] == "const uint8_t *"
                text = "6" if data else "SECSMTP_NUL_TERMINATED"
            before.append(first)
            after.append(last)
            values.append(text)
        result = f"{name}({', '.join(values)})"
        result = f"{result} == NULL" if function.result == "const char *" else f"(int64_t){result}"
        body = " ".join([*filter(None, before), f"int64_t got = {result};", *filter(None, after), "(void)w;"])
        if name in MAY_HAVE_IT:
            body += " got = got == SECSMTP_E_NOTHING ? got : SECSMTP_E_REENTRANT;"
        short = name.removeprefix("secsmtp_")
        lines.append(f"static int64_t call_{short}(struct world *w) {{ {body} return got; }}\n")
        says_so = int("SECSMTP_E_REENTRANT" in comments.get(name, ""))
        rows.append(f'    {{"{short}", call_{short}, {int(bool(ALONE.fullmatch(name)))}, {says_so}}},\n')
    return "".join([*lines, "static const struct call calls[] = {\n", *rows, "};\n"]), rows


class Reentrant(unittest.TestCase):
    def test_i10_no_function_hangs_inside_any_callback(self):
        text, rows = calls()
        waiting = {re.search('"(.*)"', row)[1] for row in rows if row.endswith(" 1},\n")}
        self.assertEqual(waiting, {"client_close", "client_dispatch", "client_poll_event", "client_wait"})
        self.assertEqual(set(CALLBACKS), header.callbacks())
        hangs, start = [], 0
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            Path(folder, "calls.h").write_text(text)
            program = build("tests/c/reentrant.c", folder, *POSIX, f"-I{folder}")
            while True:
                words, status = checked(program, str(start), *arguments(server), timeout=1200)
                hang = re.search(r"^hang (\d+): (.*)$", words, re.M)
                if not hang:
                    break
                start = int(hang[1])
                hangs.append(hang[2])
        self.assertEqual(hangs, [])
        self.assertEqual(status, 0, words)
        self.assertRegex(words, r"ok \d{3,} pairs")


if __name__ == "__main__":
    unittest.main()
