"""Requests to the server beyond delivery."""

import datetime

from . import common
import secsmtp


class Asked(common.LibraryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = common.peers.reference_server()
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def send(self, options, composed=False):
        server = self.server
        with secsmtp.Policy(ca_files=server.ca_file) as policy:
            with secsmtp.Password(server.user, server.password) as login:
                client = secsmtp.Client(server.name, policy=policy, credential=login, connect=server.implicit, timeout=30)
        with client:
            if composed:
                with secsmtp.Message(from_="a@mail.test", to=server.address, text="x", options=options) as message:
                    return client.send(message)
            return client.send(b"Subject: x\r\n\r\n", "a@mail.test", server.address, options=options)

    def test_a_missing_extension_is_named_and_nothing_is_sent(self):
        for options, extension in (
            (secsmtp.Options(notify=("success", "delay")), "DSN"),
            (secsmtp.Options(notify="never"), "DSN"),
            (secsmtp.Options(ret="header"), "DSN"),
            (secsmtp.Options(envelope_id="x"), "DSN"),
            (secsmtp.Options(original_recipients={0: "list@mail.test"}), "DSN"),
            (secsmtp.Options(deliver_by=(60, "return"), trace=True), "DELIVERBY"),
            (secsmtp.Options(hold=60), "FUTURERELEASE"),
            (secsmtp.Options(hold=datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)), "FUTURERELEASE"),
            (secsmtp.Options(mt_priority=-9), "MT-PRIORITY"),
            (secsmtp.Options(require_tls=True), "REQUIRETLS"),
        ):
            for composed in (False, True):
                with self.subTest(options), self.raises(secsmtp.Error, extension) as caught:
                    self.send(options, composed)
                self.assertEqual(caught.exception.status_name, "SECSMTP_E_EXTENSION_MISSING")
                self.assertEqual(caught.exception.outcome, "not_sent")

    def test_without_options_no_parameters_are_sent(self):
        self.assertEqual(self.send(secsmtp.Options()).outcome, "accepted")

    def test_arguments_are_checked(self):
        for wrong in (
            {"notify": "sometimes"},
            {"notify": ("never", "success")},
            {"ret": "all"},
            {"envelope_id": "a\r\nb"},
            {"original_recipients": {0: "no-address"}},
            {"original_recipients": {-1: "a@b.test"}},
            {"deliver_by": (0, "return")},
            {"deliver_by": (1, "soon")},
            {"hold": datetime.datetime(2030, 1, 1)},
            {"hold": 1_000_000_000},
            {"mt_priority": 10},
        ):
            with self.subTest(wrong), self.raises(secsmtp.ArgumentError):
                self.send(secsmtp.Options(**wrong))
