"""The generated declarations: complete, translatable, each status handled."""

import pickle
import re
import unittest

from . import common
from secsmtp import _abi, _errors, _library, _results

HEADER = common.TOP / "include" / "secsmtp.h"


class Declarations(unittest.TestCase):
    def test_every_signature_has_ctypes_types(self):
        for name, (result, parameters) in _abi.SIGNATURES.items():
            with self.subTest(name):
                _library.c_type(result, from_c=True)
                for parameter in parameters:
                    _library.c_type(parameter)

    def test_unknown_type_is_not_guessed(self):
        with self.assertRaises(_library.LibraryError):
            _library.c_type("struct thing")

    def test_handles_cannot_be_mixed_up(self):
        policy, client = _library.new_handle("policy"), _library.new_handle("client")
        with self.assertRaises(TypeError):
            type(client).from_param(policy)

    def test_every_function_is_used(self):
        # The package has the numbers; the version is there as text, the status as the result; the tests alone count handles.
        left_out = {
            "secsmtp_version_number",
            "secsmtp_constant",
            "secsmtp_error_status",
            "secsmtp_debug_live_handles",
            # The package gives secrets as bytes, which a caller can wipe.
            "secsmtp_credential_new_password_text",
            "secsmtp_credential_new_token_text",
            "secsmtp_client_answer_secret_text",
            "secsmtp_secret_request_answer_text",
            "secsmtp_signer_new_text",
            "secsmtp_policy_set_client_certificate_text",
            # send_many knows how many it put in.
            "secsmtp_batch_count",
            # Short forms in C of what the package does by part_new_... and message_preview.
            "secsmtp_message_attach_file",
            "secsmtp_message_attach_memory",
            "secsmtp_message_preview_buffer",
            # Events are polled for: one that is dispatched or waited for goes to one place alone.
            "secsmtp_client_set_event_callback",
            "secsmtp_client_dispatch",
            "secsmtp_client_wait",
            # The package polls in short slices: no poll need be ended.
            "secsmtp_client_wake",
        }
        package = common.TOP / "bindings" / "python" / "secsmtp"
        code = "".join(p.read_text("utf-8") for p in package.glob("*.py") if p.name != "_abi.py")
        words = set(re.findall(r"\w+", code))
        for name in set(_abi.SIGNATURES) - left_out:
            short = name[len("secsmtp_") :]
            # Some _free are called by the noun of their object.
            self.assertTrue({name, short} & words or short.endswith("_free"), name)

    def test_header_and_declarations_agree(self):
        common.peers.require(HEADER.is_file(), "there is no include/secsmtp.h")
        header = re.sub(r"/\*.*?\*/|//[^\n]*", "", HEADER.read_text("utf-8"), flags=re.S)
        functions = set(re.findall(r"\b(secsmtp_\w+)\(", header))
        self.assertEqual(functions, set(_abi.SIGNATURES))
        for name, value in re.findall(r"^#define SECSMTP_(\w+) (-?\d+)\s*$", header, re.M):
            self.assertEqual(getattr(_abi, name, None), int(value), name)


class Statuses(unittest.TestCase):
    def test_every_status_of_the_header_is_handled(self):
        numbers = {v: n for n, v in vars(_abi).items() if n == "OK" or n.startswith("E_")}
        self.assertGreater(len(numbers), 25)
        for number, name in numbers.items():
            with self.subTest(name):
                if number:
                    self.assertEqual(_abi.STATUS_NAMES[number], "SECSMTP_" + name)
                    # Each thousand has a class; a new one must be added on purpose.
                    self.assertIn(number // 1000, _errors._BY_THOUSAND)

    def test_classes(self):
        cases = [
            (_abi.E_HOST, "NOT_SENT", (_errors.ArgumentError, _errors.NotSent, ValueError)),
            (1999, "NOT_SENT", (_errors.ArgumentError,)),
            (_abi.E_CANCELLED, "NOT_SENT", (_errors.Cancelled, _errors.NotSent)),
            (_abi.E_CANCELLED, "UNKNOWN", (_errors.Cancelled, _errors.Unknown)),
            (_abi.E_TIMEOUT, "NOT_SENT", (_errors.TimedOut, _errors.NotSent)),
            (_abi.E_TIMEOUT, "UNKNOWN", (_errors.TimedOut, _errors.Unknown)),
            (3999, "NOT_SENT", (_errors.ConnectionFailed,)),
            (3999, "UNKNOWN", (_errors.Unknown,)),
            (_abi.E_PIN_MISMATCH, "NOT_SENT", (_errors.TrustError, _errors.NotSent)),
            (5999, "NOT_SENT", (_errors.ProtocolError,)),
            (6999, "REFUSED", (_errors.Refused,)),
            (9999, "NOT_SENT", (_errors.InternalError, _errors.NotSent)),
            (7777, "NOT_SENT", (_errors.NotSent,)),
            (_abi.E_HOST, "NONE", (_errors.ArgumentError,)),
            (_abi.E_NO_SECRET, "NONE", (_errors.NoSecret,)),
            (_abi.E_TIMEOUT, "NONE", (_errors.TimedOut,)),
            (_abi.E_CONNECT, "NONE", (_errors.ConnectionFailed,)),
            (_abi.E_NOT_TLS, "NONE", (_errors.TrustError,)),
            (_abi.E_CLOSING, "NONE", (_errors.ProtocolError,)),
            (_abi.E_PANIC, "NONE", (_errors.InternalError,)),
            (_abi.E_TAKEN, "NONE", (_errors.Error,)),
        ]
        for status, outcome, expected in cases:
            with self.subTest(status=status, outcome=outcome):
                kind = _errors.error_class(status, getattr(_abi, "OUTCOME_" + outcome))
                for base in expected:
                    self.assertTrue(issubclass(kind, base), kind)
                claims = (_errors.NotSent, _errors.Refused, _errors.Unknown)
                self.assertEqual(issubclass(kind, claims), outcome != "NONE", kind)
        # An outcome of a later library is never taken for "safe to retry".
        self.assertTrue(issubclass(_errors.error_class(3001, 99), _errors.Unknown))
        self.assertEqual(_results.retry_name(99), "unknown")

    def test_pickle_keeps_everything(self):
        error = _errors.ArgumentError("host is empty", status=1006, outcome="not_sent", stage="x")
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual(
            (type(copy), str(copy), vars(copy)), (type(error), str(error), vars(error))
        )


class WithLibrary(common.LibraryCase):
    def test_names_agree_with_the_library(self):
        lib = _library.library()
        self.assertEqual(lib.abi_version(), _abi.ABI_VERSION)
        for number, name in _abi.STATUS_NAMES.items():
            self.assertEqual(_library.static_text(lib.status_name, number), name)
            self.assertTrue(_library.static_text(lib.status_text, number), name)
        for name, value in vars(_abi).items():
            if name.startswith("OUTCOME_"):
                word = _library.static_text(lib.outcome_name, value)
                self.assertEqual(word, name[len("OUTCOME_") :].lower())
            if name.startswith("STAGE_") and value:
                word = _library.static_text(lib.stage_name, value)
                self.assertEqual(word, name[len("STAGE_") :].lower())


if __name__ == "__main__":
    unittest.main()
