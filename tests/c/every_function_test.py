"""Every function of the header with what a host gets wrong; the program is made from the header, so
that no function is forgotten. Built with the address and undefined sanitizers. (catalogue I07, I08)"""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import header, peers

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
# No handle, and handles that are none: freed, of another kind, invented.
BAD = ("NULL", "(void *)1", "(void *)&endless", "freed", "other")
# Their texts may be longer than the program's longest, so that one without an end has none to find.
LONG = ("message_add_finished_header", "message_add_header", "message_set_calendar", "message_set_html", "message_set_subject", "message_set_text")
# Lengths that no text and no bytes have.
LENGTHS = {
    "const char *": ("-2", "INT64_MIN", "INT64_MAX", "SECSMTP_NUL_TERMINATED"),
    "const uint8_t *": ("(size_t)-1", "(size_t)-2", "((size_t)-1) / 2"),
}
HEAD = r"""
#include <secsmtp.h>
#include <stdio.h>
#include <string.h>
static char endless[2000000];
static int wrong = 0, calls = 0;
static void number(const char *call, long long got, int zero_is_right) {
    calls++;
    if ((got == 0) != (zero_is_right != 0)) {
        printf("%s gives %lld\n", call, got);
        wrong = 1;
    }
}
static void text(const char *call, const char *got) {
    calls++;
    if (got == NULL || *got != 0) {
        printf("%s gives a text\n", call);
        wrong = 1;
    }
}
int main(void) {
    memset(endless, 'a', sizeof endless - 1);
    secsmtp_policy *policy = NULL, *gone = NULL;
    secsmtp_message *message = NULL;
    secsmtp_client *client = NULL;
    secsmtp_credential *credential = NULL;
    void *freed, *other;
    if (secsmtp_policy_new(&policy, NULL) || secsmtp_policy_new(&gone, NULL) || secsmtp_message_new(&message, NULL) ||
        secsmtp_policy_free(gone) || secsmtp_policy_add_mozilla_roots(policy, NULL) ||
        secsmtp_client_new("mail.test", 9, 0, policy, &client, NULL) ||
        secsmtp_credential_new_password("u", 1, (const uint8_t *)"p", 1, &credential, NULL)) {
        return 1;
    }
    freed = (void *)gone;
"""
TAIL = r"""
    secsmtp_policy_free(policy);
    secsmtp_message_free(message);
    secsmtp_client_free(client);
    secsmtp_credential_free(credential);
    if (secsmtp_debug_live_handles() != 0) {
        printf("%lld handles are left\n", (long long)secsmtp_debug_live_handles());
        wrong = 1;
    }
    printf("%d calls\n", calls);
    return wrong;
}
"""


def handle_of(kind):
    found = re.fullmatch(r"(?:const )?(secsmtp_\w+) \*", kind)
    return found[1] if found else None


def call(name, function, values):
    """The C text of one call, as a check of its result; values: parameter to C text, else NULL or 0."""
    pointer = lambda kind: kind.endswith("*") or kind in header.callbacks()
    arguments = [values.get(n, "NULL" if pointer(k) else "0") for n, k in function.parameters]
    text = f"{name}({', '.join(arguments)})"
    shown = text.replace('"', "'")
    if function.result == "const char *":
        return f'    text("{shown}", {text});\n'
    zero = function.result.startswith("uint") or (name.endswith("_free") and "NULL" in arguments[0])
    return f'    number("{shown}", (long long){text}, {int(zero)});\n'


def program():
    lines = [HEAD]
    called = set()
    for name, function in sorted(header.functions().items()):
        first = function.parameters[0] if function.parameters else None
        kind = handle_of(first[1]) if first else None
        if kind:
            other = "message" if kind != "secsmtp_message" else "policy"
            lines.append(f"    other = (void *){other};\n")
            for bad in BAD:
                lines.append(call(name, function, {first[0]: bad if bad == "NULL" else f"({first[1]}){bad}"}))
            called.add(name)
        # Texts and bytes of an unreasonable length, and texts without an end, on good handles.
        own = {"secsmtp_policy": "policy", "secsmtp_message": "message", "secsmtp_client": "client", "secsmtp_credential": "credential"}
        if kind and kind not in own:
            continue
        for n, k in function.parameters:
            if f"{n}_len" not in dict(function.parameters):
                continue
            for length in LENGTHS[k]:
                if length == "SECSMTP_NUL_TERMINATED" and name[len("secsmtp_") :] in LONG:
                    continue
                values = {first[0]: own[kind]} if kind else {}
                values |= {m: "endless" for m, t in function.parameters if t == "const char *"}
                values |= {m: "(const uint8_t *)endless" for m, t in function.parameters if t == "const uint8_t *"}
                values |= {f"{m}_len": "1" for m, _ in function.parameters if f"{m}_len" in dict(function.parameters)}
                values[f"{n}_len"] = length
                lines.append(call(name, function, values))
                called.add(name)
        if name not in called and function.parameters and function.result == "int32_t" and any(k.endswith("**") for _, k in function.parameters):
            # No place for the result.
            lines.append(call(name, function, {}))
            called.add(name)
    return "".join(lines) + TAIL, called


class EveryFunction(unittest.TestCase):
    def test_each_misuse_of_each_function_has_a_status(self):
        compiler = shutil.which("gcc")
        peers.require(compiler, "there is no gcc")
        source, called = program()
        # Those that take nothing, or one number, can't be called wrongly.
        harmless = {
            name
            for name, f in header.functions().items()
            if all(k in ("int32_t", "uint32_t") for _, k in f.parameters)
        }
        self.assertEqual(set(header.functions()) - called - harmless, set())
        with tempfile.TemporaryDirectory() as folder:
            file, binary = Path(folder) / "every.c", Path(folder) / "every"
            file.write_text(source)
            library = peers.library()
            command = [compiler, "-std=c99", *SANITIZERS, f"-I{header.PATH.parent}", str(file), "-o", str(binary)]
            subprocess.run([*command, f"-L{library.parent}", "-lsecsmtp", f"-Wl,-rpath,{library.parent}"], check=True)
            done = subprocess.run([str(binary)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertGreater(int(done.stdout.split()[-2]), 5 * 100)


if __name__ == "__main__":
    unittest.main()
