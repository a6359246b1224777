"""Many mails in one call, each with its own outcome."""

import ctypes
import uuid

from . import common
import secsmtp
from secsmtp import _abi
from secsmtp._library import new_handle


class SendMany(common.LibraryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = common.peers.reference_server("--reject", "unknown@mail.test")
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def client(self, **settings):
        server = self.server
        with secsmtp.Policy(ca_files=server.ca_file) as policy:
            with secsmtp.Password(server.user, server.password) as login:
                return secsmtp.Client(
                    server.name, policy=policy, credential=login, connect=server.implicit, timeout=30, **settings
                )

    def mails(self, marker, count, refused=()):
        for number in range(count):
            to = "unknown@mail.test" if number in refused else self.server.address
            content = f"Subject: {marker}-{number}-\r\n\r\n.{number}\r\n".encode()
            yield secsmtp.Mail(content, "a@mail.test", to)

    def test_each_mail_has_its_own_outcome_and_arrives(self):
        for settings in ({}, {"connections": 3}, {"window": (1, 0)}, {"batch_size": 7}):
            for idle in (None, 20):
                with self.subTest(settings, idle=idle), self.client(idle=idle) as client:
                    marker = uuid.uuid4().hex
                    refused = {0, 5, 11, 12, 39}
                    sent = list(client.send_many(self.mails(marker, 40, refused), **settings))
                    self.assertEqual([s.index for s in sent], list(range(40)))
                    self.assertEqual({s.index for s in sent if s.error}, refused)
                    for s in sent:
                        self.assertIsInstance(s.error or s.receipt, secsmtp.Refused if s.index in refused else secsmtp.Receipt)
                    for number in set(range(40)) - refused:
                        stored = self.server.wait_for_mail(f"{marker}-{number}-".encode())
                        self.assertEqual(stored, next(m for i, m in enumerate(self.mails(marker, 40)) if i == number).message)

    def test_mails_are_taken_as_they_are_wanted(self):
        taken = []

        def mails():
            for mail in self.mails("x", 100):
                taken.append(mail)
                yield mail

        with self.client(idle=20) as client:
            sent = client.send_many(mails(), batch_size=10)
            self.assertEqual(taken, [])
            next(sent)
            self.assertEqual(len(taken), 10)
            sent.close()

    def test_the_first_failure_can_end_it(self):
        with self.client() as client:
            sent = list(client.send_many(self.mails("x", 40, {3}), stop_on_error=True, window=(1, 0)))
            self.assertEqual([s.index for s in sent], [0, 1, 2, 3])
            self.assertIsInstance(sent[-1].error, secsmtp.Refused)

    def test_arguments_are_checked(self):
        with self.client() as client:
            for settings in ({"connections": 0}, {"connections": 65}, {"window": (0, 5)}):
                with self.subTest(settings), self.raises(secsmtp.ArgumentError):
                    list(client.send_many(self.mails("x", 1), **settings))
            with self.raises(secsmtp.ArgumentError):
                list(client.send_many([secsmtp.Mail(b"Subject: x\r\n\r\n", "a@mail.test", "no address")]))
            self.assertEqual(list(client.send_many([])), [])
            # An incomplete mail has its own error, and the others are sent.
            mails = [secsmtp.Mail(b"Subject: x\r\n\r\n", None, self.server.address), *self.mails("x", 1)]
            sent = list(client.send_many(mails))
            self.assertEqual([s.error and s.error.status_name for s in sent], ["SECSMTP_E_NO_SENDER", None])

    def test_without_a_listener_every_mail_is_not_sent(self):
        with secsmtp.Policy(ca_files=self.server.ca_file) as policy:
            with secsmtp.Client("mail.test", policy=policy, connect=("127.0.0.1", 1), timeout=30) as client:
                sent = list(client.send_many(self.mails("x", 20)))
        self.assertEqual(len(sent), 20)
        for kind in (secsmtp.ConnectionFailed, secsmtp.NotSent):
            self.assertTrue(all(isinstance(s.error, kind) for s in sent))
        self.assertEqual({s.error.outcome for s in sent}, {"not_sent"})

    def test_the_functions_reject_missing_arguments(self):
        lib = secsmtp._library.library()
        batch = new_handle("batch")
        self.assertEqual(lib.batch_new(None, None), _abi.E_NULL)
        self.assertEqual(lib.batch_new(ctypes.byref(batch), None), _abi.OK)
        for index in (-1, 0, 1):
            self.assertEqual(lib.batch_status(batch, index), -_abi.E_VALUE)
            out = new_handle("receipt")
            self.assertEqual(lib.batch_receipt(batch, index, ctypes.byref(out), None), _abi.E_VALUE)
            out = new_handle("error")
            self.assertEqual(lib.batch_error(batch, index, ctypes.byref(out), None), _abi.E_VALUE)
        message = new_handle("message")
        lib.message_new(ctypes.byref(message), None)
        self.assertEqual(lib.batch_add(batch, message, None), _abi.OK)
        lib.message_free(message)
        self.assertEqual((lib.batch_count(batch), lib.batch_status(batch, 0)), (1, _abi.E_NOTHING))
        out = new_handle("receipt")
        self.assertEqual(lib.batch_receipt(batch, 0, ctypes.byref(out), None), _abi.E_NOTHING)
        self.assertEqual(lib.batch_receipt(batch, 0, None, None), _abi.E_NULL)
        for stop in (-1, 2):
            self.assertEqual(lib.batch_set_stop_on_error(batch, stop, None), _abi.E_VALUE)
        with self.client() as client:
            # An incomplete message is an error of its own, and the call's.
            self.assertEqual(lib.client_send_batch(client._open_handle(), batch, None), _abi.E_NO_SENDER)
            self.assertEqual(lib.batch_status(batch, 0), _abi.E_NO_SENDER)
        self.assertEqual((lib.batch_clear(batch, None), lib.batch_count(batch)), (_abi.OK, 0))
        self.assertEqual((lib.batch_free(batch), lib.batch_free(batch), lib.batch_free(None)), (_abi.OK, _abi.E_BAD_HANDLE, _abi.OK))
        self.assertEqual(lib.batch_count(batch), -_abi.E_BAD_HANDLE)
