import json
import pathlib
import tempfile
import unittest

from . import example
import gatehouse_api
import inbox
import receiver
import standard_webhooks
import syncml

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CERTIFICATE = b"a certificate"


class Gatehouse:
    """Answers what a test wants."""

    def __init__(self):
        self.verdict = "current"
        self.feed = []
        self.pruned = 0
        self.contacts = []
        self.is_down = False

    def _check(self):
        if self.is_down:
            raise gatehouse_api.Unavailable("down")

    def identity(self, _):
        self._check()
        return {"identity": self.verdict, "device": {"id": example.DEVICE}}

    def confirm_contact(self, thumbprint):
        self._check()
        self.contacts.append(thumbprint)

    def events(self, after=None, wait=0, limit=200):
        self._check()
        after = self.pruned if after is None else int(after)
        if after < self.pruned:
            raise gatehouse_api.Gone(str(self.pruned))
        page = self.feed[after:after + 2]
        return page, str(after + len(page))


class ReceiverTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        receiver.log = lambda _: None
        receiver.PATIENCE_SECONDS = 0.1
        self.inbox = inbox.Inbox(str(pathlib.Path(folder.name) / "inbox.db"))
        self.addCleanup(self.inbox.close)
        self.gatehouse = Gatehouse()
        self.receiver = receiver.Receiver(
            self.inbox, standard_webhooks.Verifier([SECRET]), self.gatehouse, ["lee@corp.example"])

    def deliver(self, event, secret=SECRET, name=None):
        body = json.dumps(event).encode()
        return self.receiver.take_webhook(standard_webhooks.sign(secret, name or event["id"], body), body)

    def message(self, source="0123456789ABCDEF", number=1):
        return (f'<SyncML xmlns="{syncml.NAMESPACE}"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
                f"<SessionID>1</SessionID><MsgID>{number}</MsgID><Target><LocURI>https://mdm</LocURI></Target>"
                f"<Source><LocURI>{source}</LocURI></Source></SyncHdr><SyncBody><Alert><CmdID>2</CmdID>"
                "<Data>1201</Data></Alert><Final/></SyncBody></SyncML>").encode()

    def test_acknowledges_what_it_kept_and_what_it_had(self):
        self.assertEqual(self.deliver(example.event()), 204)
        self.assertEqual(self.deliver(example.event()), 204)
        self.assertEqual(len(self.inbox.summary()["events"]), 1)

    def test_acknowledges_nothing_else(self):
        self.assertEqual(self.deliver(example.event(), secret="whsec_AAAA"), 401)
        self.assertEqual(self.deliver(example.event(), name="another id"), 400)
        self.assertEqual(self.deliver(example.event() | {"specversion": "2"}), 400)
        self.assertEqual(self.inbox.summary()["events"], [])

    def test_reads_the_feed_to_its_end_and_goes_on_there(self):
        self.gatehouse.feed = [example.event("held", number, number) for number in range(1, 6)]
        self.deliver(self.gatehouse.feed[2])
        self.assertEqual(self.receiver.pull(), 4)
        self.assertEqual(self.inbox.cursor(), "5")
        self.gatehouse.feed.append(example.event("resumed", 6, 6))
        self.assertEqual(self.receiver.pull(), 1)

    def test_begins_with_what_is_kept_and_goes_on_behind_what_was_lost(self):
        lines = []
        receiver.log = lines.append
        self.gatehouse.feed = [example.event("held", number, number) for number in range(1, 5)]
        self.gatehouse.pruned = 2
        self.assertEqual(self.receiver.pull(), 2)
        self.assertEqual(lines, [])
        self.gatehouse.feed += [example.event("held", number, number) for number in range(5, 9)]
        self.gatehouse.pruned = 6
        self.assertEqual(self.receiver.pull(), 2)
        self.assertEqual(self.inbox.cursor(), "8")
        self.assertEqual(len(lines), 1)
        self.assertIn("between 4 and 6", lines[0])

    def test_lets_a_device_in_whose_certificate_is_current_and_says_so_once(self):
        self.deliver(example.event())
        status, answer = self.receiver.manage(CERTIFICATE, self.message())
        self.assertEqual(status, 200)
        self.assertIn(b"<Get>", answer)
        self.assertEqual(len(self.gatehouse.contacts), 1)
        self.receiver.manage(CERTIFICATE, self.message(number=2))
        self.assertEqual(len(self.gatehouse.contacts), 1)

    def test_fetches_the_event_of_a_device_that_was_faster(self):
        self.gatehouse.feed = [example.event()]
        self.assertEqual(self.receiver.manage(CERTIFICATE, self.message())[0], 200)

    def test_turns_away_everybody_else(self):
        self.deliver(example.event())
        self.assertEqual(self.receiver.manage(None, self.message())[0], 403)
        self.assertEqual(self.receiver.manage(CERTIFICATE, self.message("another"))[0], 403)
        self.assertEqual(self.receiver.manage(CERTIFICATE, b"<a/>")[0], 400)
        self.assertEqual(self.receiver.manage(CERTIFICATE, b"<!DOCTYPE a><a/>")[0], 400)
        for verdict in ("superseded", "held", "revoked", "expired", "unknown"):
            self.gatehouse.verdict = verdict
            self.assertEqual(self.receiver.manage(CERTIFICATE, self.message())[0], 403)
        self.gatehouse.verdict = "current"
        self.deliver(example.event("reset", 2, 2))
        self.assertEqual(self.receiver.manage(CERTIFICATE, self.message())[0], 403)
        self.assertEqual(self.gatehouse.contacts, [])

    def test_says_later_while_gatehouse_is_away_or_knows_a_device_that_we_do_not(self):
        self.assertEqual(self.receiver.manage(CERTIFICATE, self.message())[0], 503)
        self.gatehouse.is_down = True
        self.assertEqual(self.receiver.manage(CERTIFICATE, self.message())[0], 503)

    def test_answers_the_authorise_hook(self):
        for user, decision in (("kim@corp.example", "allow"), ("lee@corp.example", "deny")):
            body = json.dumps({"data": {"user": {"principalName": user}}}).encode()
            status, answer = self.receiver.authorise(standard_webhooks.sign(SECRET, "q", body), body)
            self.assertEqual((status, answer["decision"]), (200, decision))
            self.assertEqual(self.receiver.authorise(standard_webhooks.sign("whsec_AAAA", "q", body), body), (401, None))


if __name__ == "__main__":
    unittest.main()
