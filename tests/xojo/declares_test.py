"""The declares of the Xojo module: equal to the header, and good for sending mail.

No Xojo is needed. The declares are read back from the module; a small host then calls the shared
library with just what they say, as Xojo would do it.
"""

import ctypes
import re
import time
import unittest
import uuid
from collections import namedtuple

from tests.support import header, peers

MODULE = peers.ROOT / "bindings" / "xojo" / "SecSMTP.xojo_code"
SENDER = MODULE.parent / "SecSMTP" / "Sender.xojo_code"

Declare = namedtuple("Declare", "library alias parameters result")  # (name, type) pairs


def module(path=MODULE):
    return path.read_bytes().decode("utf-8")


def declares(path=MODULE):
    """Xojo name to Declare. A type is written as in the module, with ByRef before it."""
    pattern = (
        r"^\t#tag ExternalMethod, Flags = &h21\n"
        r"\t\tPrivate Soft Declare (Function|Sub) (\w+) Lib (\w+) Alias \"(\w+)\" \((.*)\)"
        r"(?: As (\w+))?\n"
        r"\t#tag EndExternalMethod$"
    )
    found = {}
    for kind, name, library, alias, parameters, result in re.findall(pattern, module(path), re.M):
        assert (kind == "Function") == bool(result), name
        assert name not in found, f"{name} is declared twice"
        found[name] = Declare(library, alias, _parameters(parameters), result)
    assert len(found) == module(path).count("#tag ExternalMethod"), "a declare has another form"
    return found


def _parameters(text):
    if not text:
        return []
    parsed = [re.fullmatch(r"(ByRef )?(\w+) As (\w+)", part).groups() for part in text.split(", ")]
    return [(name, (by_ref or "") + kind) for by_ref, name, kind in parsed]


def constants(path=MODULE):
    pattern = (
        r"^\t#tag Constant, Name = (\w+), Type = Double, Dynamic = False, "
        r"Default = \\\"(-?\d+)\", Scope = Protected$"
    )
    return {name: int(value) for name, value in re.findall(pattern, module(path), re.M)}


def xojo_type(kind):
    """The type in a declare of a type of the header."""
    plain = {
        "int32_t": "Int32",
        "uint32_t": "UInt32",
        "int64_t": "Int64",
        "uint64_t": "UInt64",
        "size_t": "UInteger",
        "const char *": "CString",
        "const uint8_t *": "Ptr",
        "uint8_t *": "Ptr",
        "void *": "Ptr",
        "size_t *": "Ptr",  # and not ByRef: Nil is allowed
        "uint64_t *": "ByRef UInt64",
        "int64_t *": "ByRef Int64",
    }
    if kind in plain:
        return plain[kind]
    if kind in header.callbacks():
        return "Ptr"
    handle, stars = re.fullmatch(r"(?:const )?(\w+) (\*+)", kind).groups()
    assert handle in header.handles(), kind
    return {"*": "Ptr", "**": "ByRef Ptr"}[stars]


class Module(unittest.TestCase):
    """The text of the file."""

    def test_every_function_is_declared_as_in_the_header(self):
        declared, functions = declares(), header.functions()
        self.assertEqual(set(declared), set(functions))
        for name, function in functions.items():
            with self.subTest(name):
                self.assertEqual(declared[name].alias, name)
                self.assertEqual(declared[name].library, "kLib")
                expected = [(n, xojo_type(kind)) for n, kind in function.parameters]
                self.assertEqual(declared[name].parameters, expected)
                self.assertEqual(declared[name].result, xojo_type(function.result))

    def test_every_number_is_that_of_the_header(self):
        expected = {n[len("SECSMTP_") :]: v for n, v in header.constants().items()}
        self.assertEqual(constants(), expected)

    def test_bodies_call_declares_with_the_right_number_of_arguments(self):
        text = module() + SENDER.read_text("utf-8")
        bodies = re.sub(r"Soft Declare .*|//.*|\"[^\"\n]*\"", "", text)
        calls = list(re.finditer(r"\b(secsmtp_\w+)\(", bodies))
        self.assertTrue(calls)
        for call in calls:
            with self.subTest(call[1]):
                self.assertEqual(
                    count_arguments(bodies[call.end() :]), len(declares()[call[1]].parameters)
                )

    def test_file_has_the_form_of_the_text_format(self):
        self.assertTrue(module().startswith("#tag Module\nProtected Module SecSMTP\n\t#tag "))
        self.assertTrue(module().endswith("\n\n\nEnd Module\n#tag EndModule\n"))
        self.check_tags(module())

    def test_sender_has_the_form_of_the_text_format(self):
        text = SENDER.read_bytes().decode("utf-8")
        head = "#tag Class\nProtected Class Sender\nInherits Timer\n\t#tag "
        self.assertTrue(text.startswith(head))
        self.assertTrue(text.endswith("\n\n\nEnd Class\n#tag EndClass\n"))
        self.check_tags(text.replace("#tag Class\n", "", 1).removesuffix("#tag EndClass\n"))
        numbers = set(re.findall(r"\b(?:EVENT|OUTCOME|LOG|STAGE|TLS)_\w+\b|\bE_\w+\b", text))
        self.assertLessEqual(numbers, set(constants()))
        for opening, closing in (("Try", "End Try"), ("While", "Wend"), ("Select Case", "End Select")):
            begun = len(re.findall(rf"^\s*{opening}\b", text, re.M))
            self.assertEqual(begun, len(re.findall(rf"^\s*{closing}\b", text, re.M)), opening)
        for name in re.findall(r"\b(secsmtp_\w+)\(", text):
            self.assertIn(name, declares())

    def test_sender_is_a_timer_that_waits_for_nothing_and_owes_nothing_when_it_calls_out(self):
        text = SENDER.read_text("utf-8")
        # A Timer's event on desktop, console and web; that of mobile has another name.
        action = re.search(r"\t\tSub Action\(\)\n(.*?)\t\tEnd Sub\n", text, re.S)[1]
        self.assertEqual(text.count("#tag Event\n"), 1)
        self.assertRegex(action, r"secsmtp_client_poll_event\(mClient, 0, ")
        self.assertNotRegex(text, r"secsmtp_client_(send|wait|dispatch|close)\b")
        # A handler may raise: the event is freed by then, and the count is right.
        calls = [m.start() for m in re.finditer("RaiseEvent", action)]
        self.assertEqual(len(calls), 2)
        self.assertLess(action.index("secsmtp_event_free(notice)"), min(calls))
        self.assertLess(action.index("mJobs = mJobs - 1"), max(calls))
        # Hook names are those that are raised, with as many arguments.
        hooks = re.findall(r"\t\tEvent (\w+)\((.*)\)\n", text)
        for name, parameters in hooks:
            raised = re.search(rf"RaiseEvent {name}\(", action)
            self.assertEqual(count_arguments(action[raised.end() :]), parameters.count(" As "))

    def test_members_stand_in_the_order_that_the_ide_saves(self):
        order = ["Event", "Method", "Hook", "Property"]
        tags = re.findall(r"^\t#tag (\w+).*\n(.*)\n", SENDER.read_text("utf-8"), re.M)
        members = [(order.index(t), line) for t, line in tags if not t.startswith("End")]
        names = [(o, re.search(r"(?:Sub|Function|Event|Private) (\w+)", line)[1].lower()) for o, line in members]
        self.assertEqual(names, sorted(names))

    def test_entry_points_report_first_where_a_missing_library_belongs(self):
        for text, entry in ((module(), "Sub SendMail"), (SENDER.read_text("utf-8"), "Sub Constructor")):
            body = text[text.index(entry) :]
            self.assertLess(body.index("DemandLibrary"), body.index("Utf8("))
            self.assertLess(body.index("DemandLibrary"), body.index("secsmtp_"))

    def check_tags(self, text):
        self.assertFalse(text.startswith("\ufeff"))
        self.assertNotIn("\r", text)
        open_tags = []
        for line in text.splitlines():
            tag = re.match(r"\t*#tag (End)?(\w+)", line)
            if tag and tag[1]:
                self.assertEqual(open_tags.pop(), tag[2])
            elif tag:
                open_tags.append(tag[2])
            # An unescaped comma or equals sign in a value ends it.
            for value in re.findall(r'\\"([^"]*)"', line if tag else ""):
                self.assertNotRegex(value, r"[,=]")
        self.assertEqual(open_tags, [])


def count_arguments(text):
    """The number of arguments before the bracket that closes a call."""
    depth, commas, empty = 1, 0, True
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return 0 if empty else commas + 1
        empty = empty and character.isspace()
        commas += character == "," and depth == 1
    raise AssertionError("a call is not closed")


class CString(ctypes.c_char_p):
    """A String that Xojo hands over as CString: it ends at its first NUL."""

    @classmethod
    def from_param(cls, text):
        return ctypes.c_char_p(text.encode("utf-8").split(b"\0")[0])


class Bytes(ctypes.c_void_p):
    """A Ptr: a handle, Nil, or a MemoryBlock (bytes)."""

    @classmethod
    def from_param(cls, value):
        if isinstance(value, bytes):
            return ctypes.cast(ctypes.create_string_buffer(value, len(value)), ctypes.c_void_p)
        return value if value is None else ctypes.c_void_p.from_param(value)


TYPES = {
    "Int32": ctypes.c_int32,
    "UInt32": ctypes.c_uint32,
    "Int64": ctypes.c_int64,
    "UInt64": ctypes.c_uint64,
    "UInteger": ctypes.c_size_t,
    "CString": CString,
    "Ptr": Bytes,
    "ByRef Ptr": ctypes.POINTER(ctypes.c_void_p),
    "ByRef UInt64": ctypes.POINTER(ctypes.c_uint64),
    "ByRef Int64": ctypes.POINTER(ctypes.c_int64),
}


class Failed(Exception):
    """The exception of Check: the status and the library's text."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def counted(value):
    """A text or bytes, and the length that goes with it."""
    return value, len(value.encode("utf-8") if isinstance(value, str) else value)


class Host:
    """Calls the shared library as a Xojo program with the module would."""

    def __init__(self, path=MODULE):
        library = ctypes.CDLL(str(peers.library()))
        for name, declare in declares(path).items():
            function = getattr(library, declare.alias)
            function.argtypes = [TYPES[kind] for _, kind in declare.parameters]
            # A CString result becomes a String, that is, it is copied, when it is assigned.
            results = {**TYPES, "CString": ctypes.c_char_p}
            function.restype = results[declare.result]
            setattr(self, name, function)

    def check(self, function, *arguments):
        """Calls a function whose last parameter is the error; raises what it says."""
        error = ctypes.c_void_p()
        status = function(*arguments, ctypes.byref(error))
        if status != 0:
            text = self.secsmtp_error_text(error, None).decode("utf-8")
            self.secsmtp_error_free(error)
            raise Failed(status, text)
        assert not error.value

    def send(self, server, mode, source, pin=None):
        """As SendMail of the module, to a server that is dialled by its address."""
        policy, credential, mail, client, receipt = (ctypes.c_void_p() for _ in range(5))
        numbers, check, out = constants(), self.check, ctypes.byref
        host, port = server.implicit if mode == "TLS_MODE_IMPLICIT" else server.starttls
        try:
            check(self.secsmtp_policy_new, out(policy))
            check(self.secsmtp_policy_set_tls_mode, policy, numbers[mode])
            check(self.secsmtp_policy_add_ca, policy, *counted(server.ca_file.read_bytes()))
            if pin:
                check(self.secsmtp_policy_add_pin, policy, *counted(pin))
            login = (*counted(server.user), *counted(server.password))
            check(self.secsmtp_credential_new_password, *login, out(credential))
            check(self.secsmtp_message_new, out(mail))
            check(self.secsmtp_message_set_sender, mail, *counted(server.address))
            check(self.secsmtp_message_add_recipient, mail, *counted(server.address))
            check(self.secsmtp_message_set_content, mail, *counted(source))
            check(self.secsmtp_client_new, *counted(server.name), 0, policy, out(client))
            check(self.secsmtp_client_set_connect, client, *counted(host), port)
            check(self.secsmtp_client_set_credential, client, credential)
            check(self.secsmtp_client_send, client, mail, out(receipt))
            return self.secsmtp_receipt_outcome(receipt)
        finally:
            self.secsmtp_receipt_free(receipt)
            self.secsmtp_client_free(client)
            self.secsmtp_message_free(mail)
            self.secsmtp_credential_free(credential)
            self.secsmtp_policy_free(policy)


class Sender:
    """The behaviour of the class of that name: submits, and polls as its Timer would."""

    def __init__(self, host, server):
        self.host = host
        self.tags = {}  # the events so far, with their jobs
        self.client = ctypes.c_void_p()
        policy, credential = ctypes.c_void_p(), ctypes.c_void_p()
        check, out = host.check, ctypes.byref
        check(host.secsmtp_policy_new, out(policy))
        check(host.secsmtp_policy_add_ca, policy, *counted(server.ca_file.read_bytes()))
        login = (*counted(server.user), *counted(server.password))
        check(host.secsmtp_credential_new_password, *login, out(credential))
        check(host.secsmtp_client_new, *counted(server.name), 0, policy, out(self.client))
        address, port = server.implicit
        check(host.secsmtp_client_set_connect, self.client, *counted(address), port)
        check(host.secsmtp_client_set_credential, self.client, credential)
        kinds = constants()["EVENT_PROGRESS"], constants()["LOG_INFO"]
        check(host.secsmtp_client_set_events, self.client, *kinds)
        host.secsmtp_credential_free(credential)
        host.secsmtp_policy_free(policy)

    def submit(self, server, source, tag=0):
        host, mail, job = self.host, ctypes.c_void_p(), ctypes.c_uint64()
        host.check(host.secsmtp_message_new, ctypes.byref(mail))
        host.check(host.secsmtp_message_set_sender, mail, *counted(server.address))
        host.check(host.secsmtp_message_add_recipient, mail, *counted(server.address))
        host.check(host.secsmtp_message_set_content, mail, *counted(source))
        host.check(host.secsmtp_client_submit, self.client, mail, tag, ctypes.byref(job))
        host.secsmtp_message_free(mail)
        return job.value

    def run(self):
        """One tick of the Timer: (job, kind, status) of each event."""
        host, notice, events = self.host, ctypes.c_void_p(), []
        while host.secsmtp_client_poll_event(self.client, 0, ctypes.byref(notice), None) == 0:
            kind, status = host.secsmtp_event_kind(notice), host.secsmtp_event_status(notice)
            self.tags[host.secsmtp_event_tag(notice)] = host.secsmtp_event_job(notice)
            events.append((host.secsmtp_event_job(notice), kind, status))
            host.secsmtp_event_free(notice)
        return events

    def close(self):
        self.host.secsmtp_client_free(self.client)


def a_mail(server):
    """A mail that no other is like, with what is easily damaged on the way."""
    marker = uuid.uuid4().hex
    lines = [
        f"From: <{server.address}>",
        f"To: <{server.address}>",
        "Subject: from the declares",
        "Date: Fri, 06 Feb 2026 10:00:00 +0000",
        f"Message-ID: <{marker}@example.org>",
        "",
        ".",
        "..two dots, a blank at the end ",
        "",
        "From here on nothing",
        "",
    ]
    return marker.encode(), "\r\n".join(lines).encode()


class Sending(unittest.TestCase):
    """The real library, through the declares."""

    MODULE = MODULE

    def setUp(self):
        self.host = Host(self.MODULE)
        handles = self.host.secsmtp_debug_live_handles()
        self.addCleanup(
            lambda: self.assertEqual(self.host.secsmtp_debug_live_handles(), handles, "leak")
        )

    def send_both_ways(self, server):
        for mode in ("TLS_MODE_IMPLICIT", "TLS_MODE_STARTTLS"):
            with self.subTest(mode):
                marker, source = a_mail(server)
                outcome = self.host.send(server, mode, source)
                self.assertEqual(outcome, constants()["OUTCOME_ACCEPTED"])
                stored = server.wait_for_mail(marker)
                self.check_equal(stored, source)

    def check_equal(self, stored, source):
        """Byte for byte, apart from the store's line ends and the server's lines on top."""
        if b"\r\n" not in stored:
            source = source.replace(b"\r\n", b"\n")
        self.assertEqual(stored[-len(source) :], source)
        trace = rb"((Return-Path|Delivered-To|X-Original-To|Received): .*\n([ \t].*\n)*)*"
        self.assertTrue(re.fullmatch(trace, stored[: -len(source)]))

    def test_library_is_the_one_declared(self):
        self.assertGreaterEqual(self.host.secsmtp_abi_version(), constants(self.MODULE)["ABI_VERSION"])
        self.assertEqual(
            self.host.secsmtp_status_name(constants()["E_PIN_MISMATCH"]), b"SECSMTP_E_PIN_MISMATCH"
        )

    def test_mail_reaches_our_server(self):
        with peers.reference_server() as server:
            self.send_both_ways(server)

    def test_jobs_complete_while_a_timer_polls(self):
        with peers.reference_server() as server:
            sender = Sender(self.host, server)
            jobs = [sender.submit(server, a_mail(server)[1], tag) for tag in range(5)]
            completed, progress = {}, set()
            until = time.monotonic() + 60
            while len(completed) < len(jobs) and time.monotonic() < until:
                for job, kind, status in sender.run():
                    if kind == constants()["EVENT_COMPLETED"]:
                        self.assertNotIn(job, completed)
                        completed[job] = status
                    else:
                        progress.add(job)
            self.assertEqual(completed, {job: 0 for job in jobs})
            self.assertEqual(progress, set(jobs))
            self.assertEqual(sender.tags, dict(enumerate(jobs)))
            sender.close()
            self.assertEqual(len(server.mails()), 5)

    def test_mail_reaches_postfix(self):
        self.send_both_ways(peers.postfix())

    def test_a_wrong_pin_is_rejected_with_an_explanation(self):
        with peers.reference_server() as server:
            marker, source = a_mail(server)
            with self.assertRaises(Failed) as failure:
                self.host.send(server, "TLS_MODE_IMPLICIT", source, pin="00" * 32)
            self.assertEqual(failure.exception.status, constants()["E_PIN_MISMATCH"])
            self.assertIn("pin", str(failure.exception))
            self.assertEqual(server.mails(), [])


if __name__ == "__main__":
    unittest.main()
