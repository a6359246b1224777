"""JSON texts: as their schemas say, and equal to what the getters give."""

import dataclasses
import json
import pickle

from . import common
import secsmtp
from tests.support import schema
from .scripted import scripted
from .test_client import ENVELOPE, MAIL, PASSWORD, ClientCase

# The surrogates leave as the bytes ff and c3, which are no UTF-8.
HOSTILE = 'no "quotes", \\back\\slashes, }]{[, \x01\x1b[31m, \u202e, \U0001f4a9, \ufeff, \udcff\udcc3( and é'


def of_receipt(receipt):
    """A receipt's object, from its attributes."""
    values = {"version": 1, "kind": "receipt", **dataclasses.asdict(receipt)}
    values.update(values.pop("peer"))
    values["spki"] = list(values.pop("spki_sha256"))
    values["recipients"] = list(values["recipients"])
    for value in [values, *values["recipients"]]:
        name = "server_text" if value is values else "text"
        value[name] = value[name] or None
    return values


def of_error(error):
    """An exception's object, from its attributes."""
    names = "status status_name stage secret_released content_released retry smtp_code enhanced_code argument"
    values = {name: getattr(error, name) for name in names.split()}
    values.update(version=1, kind="error", text=str(error), outcome=error.outcome or "none")
    values["server_text"] = error.server_text or None
    values["receipt"] = error.receipt and of_receipt(error.receipt)
    return values


class Json(ClientCase):
    maxDiff = None

    def check(self, value, expected):
        text = value.to_json()
        self.assertEqual(schema.check(text), expected)
        self.assertEqual(value.to_dict(), expected)
        self.assertNotIn(PASSWORD.decode(), text)
        self.assertEqual([c for c in text if c < " "], [])
        return text

    def fails(self, client, mail=MAIL, envelope=ENVELOPE):
        with self.raises(secsmtp.Error) as failed:
            client.send(mail, *envelope)
        self.check(failed.exception, of_error(failed.exception))
        return failed.exception

    def test_receipt(self):
        with scripted(CONTENT=f"250 2.0.0 {HOSTILE}") as server, self.client(server) as client:
            receipt = client.send(b"Message-ID: <1@script.test>\r\n" + MAIL, *ENVELOPE)
            again = client.send(MAIL, *ENVELOPE)
        self.check(receipt, of_receipt(receipt))
        text = self.check(again, of_receipt(again))
        self.assertEqual(again.to_json(), text)
        self.assertEqual(receipt.to_dict()["message_id"], "<1@script.test>")
        self.assertEqual(receipt.to_dict()["mechanism"], "PLAIN")

    def test_order_of_the_fields_is_that_of_the_schema(self):
        with scripted() as server, self.client(server) as client:
            receipt = client.send(MAIL, *ENVELOPE).to_dict()
        self.assertEqual(list(receipt), schema.SCHEMAS["receipt.schema.json"]["required"])

    def test_refusal_in_hostile_words(self):
        with scripted(CONTENT=f"550 5.7.1 {HOSTILE}") as server, self.client(server) as client:
            error = self.fails(client)
        self.assertEqual((error.outcome, error.to_dict()["receipt"]["smtp_code"]), ("refused", 550))
        self.assertIn('"quotes"', error.to_dict()["server_text"])
        for escaped in ("\\x01", "\\x1b", "\\u202e", "\\xff\\xc3(", "\\\\back"):
            self.assertIn(escaped, error.to_dict()["server_text"])

    def test_password_that_the_server_repeats(self):
        reply = f"535 5.7.8 {PASSWORD.decode()} is wrong"
        with scripted(AUTH=reply) as server, self.client(server) as client:
            self.fails(client)

    def test_a_thousand_recipients(self):
        many = ("a@script.test", [f"r{number}@script.test" for number in range(1000)])
        replies = {"RCPT": lambda line: "250 2.1.5 " + '"' * 400}
        with scripted(**replies) as server, self.client(server) as client:
            receipt = client.send(MAIL, *many)
        text = self.check(receipt, of_receipt(receipt))
        found = [recipient["address"] for recipient in receipt.to_dict()["recipients"]]
        self.assertEqual(found, many[1])
        self.assertLess(len(text), 1000 * 1200)

    def test_errors_without_a_connection_have_no_receipt(self):
        with scripted() as server, self.client(server) as client:
            error = self.fails(client, b"a\0b")
            self.assertEqual((error.to_dict()["receipt"], error.to_dict()["stage"]), (None, "local"))
        with self.raises(secsmtp.ArgumentError) as failed:
            secsmtp.Policy(pins="nonsense")
        self.assertEqual(self.check_error(failed.exception)["outcome"], "none")
        # Errors that the package itself finds did not reach the library.
        with self.raises(secsmtp.ArgumentError) as failed:
            secsmtp.Password("alice", PASSWORD, max_iterations=-1)
        self.assertEqual(self.check_error(failed.exception)["status_name"], "SECSMTP_E_VALUE")

    def check_error(self, error):
        self.check(error, of_error(error))
        return error.to_dict()

    def test_error_of_a_callback(self):
        def ask(_request):
            return b"with a\nline end"

        with scripted() as server, secsmtp.Policy(certificate_files=server.certificate) as policy:
            with secsmtp.Password("alice", ask) as login:
                with secsmtp.Client("script.test", policy=policy, credential=login, connect=server.address) as client:
                    with self.raises(secsmtp.ArgumentError) as failed:
                        client.send(MAIL, *ENVELOPE)
        self.assertEqual(self.check_error(failed.exception)["status_name"], "SECSMTP_E_SECRET")

    def test_nowhere(self):
        with self.to(("127.0.0.1", 1)) as client:
            receipt = self.fails(client).to_dict()["receipt"]
        self.assertEqual((receipt["outcome"], receipt["spki"], receipt["tls_version"]), ("not_sent", [], None))

    def test_report(self):
        with scripted() as server, self.client(server) as client:
            report = client.probe()
            found = schema.check(report.to_json())
        self.assertEqual(found, report.to_dict())
        for name in ("trusted", "verdict", "verdict_name", "verdict_text", "text", "greeting", "tls_version", "cipher_suite", "matched_pin"):
            self.assertEqual(found[name], getattr(report, name), name)
        self.assertEqual((found["capabilities"], found["mechanisms"]), (list(report.capabilities), list(report.mechanisms)))
        [certificate] = report.certificates
        expected = {**dataclasses.asdict(certificate), "spki": certificate.spki_sha256, "names": ["script.test"]}
        del expected["spki_sha256"]
        self.assertEqual(found["certificates"], [expected])
        self.assertEqual((found["host"], found["port"]), ("script.test", 465))

    def test_verdict_without_a_connection(self):
        with scripted() as server, secsmtp.Policy(pins="00" * 32) as policy:
            with open(server.certificate, "rb") as file:
                report = policy.verify_chain("script.test", file.read())
        found = schema.check(report.to_json())
        self.assertEqual((found["trusted"], found["port"], found["tls_version"]), (False, None, None))
        self.assertEqual(found["verdict_name"], "SECSMTP_E_PIN_MISMATCH")

    def test_events(self):
        with scripted() as server, self.client(server, events=("stage", "progress", "recipient", "log")) as client:
            job = client.submit(MAIL, *ENVELOPE, tag=2**64 - 1)
            events = list(job)
        self.assertEqual({event.kind for event in events}, {"stage", "progress", "recipient", "log"})
        for event in events:
            found = schema.check(event.to_json())
            self.assertEqual((found["event"], found["tag"], found["job"]), (event.kind, str(2**64 - 1), job.id))
            for name in ("text", "level", "stage", "written", "total", "index", "outcome", "smtp_code"):
                kinds = {"stage": ("log", "stage"), "level": ("log",), "text": ("log", "recipient")}
                kinds |= dict.fromkeys(("written", "total"), ("progress",))
                if event.kind in kinds.get(name, ("recipient",)):
                    self.assertEqual(found[name], getattr(event, name), name)
                else:
                    self.assertIsNone(found[name], name)

    def test_values_survive_pickle_and_what_the_library_did_not_make_has_no_text(self):
        with scripted(CONTENT="550 no") as server, self.client(server) as client:
            error = self.fails(client)
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual(copy.to_dict(), error.to_dict())
        other = dataclasses.replace(error.receipt, outcome="accepted")
        with self.raises(ValueError, "Receipt"):
            other.to_json()
        self.assertEqual(json.loads(secsmtp.Error("x").to_json())["text"], "x")
