import json
import pathlib
import tempfile
import unittest

from . import example  # noqa: F401
import inbox
import receiver
import standard_webhooks

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "Config/schemas/events/examples"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@unittest.skipUnless(EXAMPLES.is_dir(), "this folder was taken out of its repository")
class ExampleTests(unittest.TestCase):
    """The examples of every event, as Gatehouse's own tests hold them against what it sends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        receiver.log = lambda _: None
        self.inbox = inbox.Inbox(str(pathlib.Path(folder.name) / "inbox.db"))
        self.addCleanup(self.inbox.close)
        self.receiver = receiver.Receiver(self.inbox, standard_webhooks.Verifier([SECRET]), denied=["sam@corp.example"])

    def example(self, name):
        return (EXAMPLES / f"{name}.json").read_bytes()

    def test_every_event_is_taken(self):
        names = {file.stem for file in EXAMPLES.glob("*.json")} - {"authorise", "authorise-answer"}
        self.assertGreaterEqual(len(names), 14)
        for number, name in enumerate(sorted(names)):
            # Some examples share an id, which no two events do.
            event = json.loads(self.example(name)) | {"id": f"event-{number}"}
            identifier, body = event["id"], json.dumps(event).encode()
            self.assertEqual(self.receiver.take_webhook(standard_webhooks.sign(SECRET, identifier, body), body), 204, name)
        taken = {event["type"].rpartition(".")[2] for event in self.inbox.summary()["events"]}
        self.assertLessEqual({"enrolled", "reset", "refused", "retired", "test"}, taken)

    def test_an_enrollment_says_what_a_session_needs(self):
        event = json.loads(self.example("enrolled"))
        event["data"]["account"]["secrets"] = "sealed"
        opener = {"device": event["subject"], "clientSecret": "one", "serverSecret": "two"}
        store = inbox.Inbox(":memory:", lambda _: opener)
        self.addCleanup(store.close)
        store.take(event, "webhook")
        self.assertEqual(store.account(event["subject"]), {
            "provider": "FleetEU", "client_name": event["subject"], "client_secret": "one",
            "client_nonce": "Y2xpZW50IG5vbmNlIDE2IQ==", "server_secret": "two", "server_nonce": "c2VydmVyIG5vbmNlIDE2IQ=="})
        self.assertEqual(store.device(event["subject"]),
                         {"standing": "managed", "claimed": "5B3A9E62C6E84D4B8E43F7F3C0A4F1D2"})

    def test_a_question_is_answered_in_the_form_of_the_example(self):
        body = self.example("authorise")
        status, answer = self.receiver.authorise(standard_webhooks.sign(SECRET, "q", body), body)
        self.assertEqual(status, 200)
        self.assertLessEqual(set(answer), {"decision", "reason", "attributes"})
        self.assertIn(answer["decision"], ("allow", "deny"))


if __name__ == "__main__":
    unittest.main()
