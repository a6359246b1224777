"""The JSON texts that a C program gets, against their schemas. Built with the sanitizers."""

import json
import tempfile
import unittest

from tests.c.c_test import build, checked
from tests.support import peers, schema


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/c/json.c", folder)
            host, port = server.implicit
            arguments = [server.name, host, str(port), str(server.ca_file), server.pin, server.user]
            words, status = checked(program, *arguments, server.password.decode())
            assert status == 0, words
            cls.secret, cls.text = server.password.decode(), words
        cls.values = [schema.check(line) for line in cls.text.splitlines()]

    def of(self, kind, **fields):
        found = [v for v in self.values if v["kind"] == kind and fields.items() <= v.items()]
        self.assertTrue(found, (kind, fields))
        return found

    def test_each_kind_is_as_its_schema_says(self):
        self.assertEqual({value["kind"] for value in self.values}, {"receipt", "error", "report", "event"})

    def test_receipt_of_a_send(self):
        [receipt] = self.of("receipt", outcome="accepted")
        self.assertEqual(receipt["message_id"], "<1@mail.test>")
        self.assertIn(receipt["matched_pin"], receipt["spki"])
        self.assertEqual([r["address"] for r in receipt["recipients"]], ["b@mail.test"])

    def test_an_error_has_the_receipt_that_its_getter_gives(self):
        [error] = self.of("error", status_name="SECSMTP_E_CONNECT")
        [receipt] = self.of("receipt", outcome="not_sent")
        self.assertEqual(error["receipt"], receipt)
        [error] = self.of("error", status_name="SECSMTP_E_PIN")
        self.assertEqual((error["outcome"], error["receipt"]), ("none", None))

    def test_report_of_a_probe(self):
        [report] = self.of("report")
        self.assertTrue(report["trusted"])
        self.assertEqual((report["verdict"], report["verdict_name"]), (0, "SECSMTP_OK"))

    def test_events_of_every_kind(self):
        kinds = schema.SCHEMAS["event.schema.json"]["properties"]["event"]["enum"]
        for kind in kinds:
            for event in self.of("event", event=kind):
                tag, job = ("0", 0) if kind == "dropped" else (str(2**64 - 1), event["job"])
                self.assertEqual((event["tag"], event["job"]), (tag, job))
        [sent] = self.of("event", event="completed", status_name="SECSMTP_OK")
        self.assertEqual((sent["receipt"]["kind"], sent["error"]), ("receipt", None))
        [failed] = self.of("event", event="completed", status_name="SECSMTP_E_CONNECT")
        self.assertEqual((failed["receipt"], failed["error"]["receipt"]["outcome"]), (None, "not_sent"))
        [asked] = self.of("event", event="secret")
        self.assertEqual((asked["secret_kind"], asked["secret_reason"]), ("password", "first"))

    def test_no_text_has_the_secret(self):
        self.assertNotIn(json.dumps(self.secret)[1:-1], self.text)


if __name__ == "__main__":
    unittest.main()
