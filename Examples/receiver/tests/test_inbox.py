import itertools
import pathlib
import tempfile
import unittest

from . import example
import inbox


class InboxTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def open(self, opener=None, name="inbox.db"):
        store = inbox.Inbox(str(pathlib.Path(self.folder.name) / name), opener)
        self.addCleanup(store.close)
        return store

    def test_keeps_an_event_once(self):
        store = self.open()
        self.assertTrue(store.take(example.event(), "webhook"))
        self.assertFalse(store.take(example.event(), "pull"))
        self.assertEqual(len(store.summary()["events"]), 1)
        # It is on the disk, not in this object.
        self.assertFalse(self.open().take(example.event(), "webhook"))

    def test_comes_to_the_same_whatever_the_order_of_arrival(self):
        life = [example.event("enrolled", 1, 1), example.event("held", 2, 2), example.event("resumed", 3, 3),
                example.event("reset", 4, 4)]
        for number, order in enumerate(itertools.permutations(life)):
            store = self.open(name=f"{number}.db")
            for event in order:
                store.take(event, "webhook")
                store.take(event, "webhook")
            self.assertEqual(store.device(example.DEVICE)["standing"], "retired")
            self.assertEqual([row["generation"] for row in store.summary()["events"]], [1, 2, 3, 4])

    def test_keeps_secrets_of_the_latest_enrollment(self):
        def account(token):
            return {"providerId": "Example", "clientName": "device", "clientNonce": "one", "serverNonce": "two",
                    "secrets": token}

        def opener(token):
            return {"device": example.DEVICE, "clientSecret": f"{token}-client", "serverSecret": f"{token}-server"}
        store = self.open(opener)
        store.take(example.event("enrolled", 5, 2, account=account("new")), "webhook")
        store.take(example.event("enrolled", 1, 1, account=account("old")), "webhook")
        self.assertEqual(store.account(example.DEVICE)["client_secret"], "new-client")
        store.keep_nonces(example.DEVICE, client="next")
        self.assertEqual(store.account(example.DEVICE)["client_nonce"], "next")
        self.assertEqual(store.account(example.DEVICE)["server_nonce"], "two")
        self.assertNotIn("new-client", str(store.summary()))

    def test_an_event_whose_secrets_cannot_be_opened_is_not_kept(self):
        def failing(_):
            raise RuntimeError

        def of_another(_):
            return {"device": "another", "clientSecret": "a", "serverSecret": "b"}
        event = example.event(account={"providerId": "Example", "secrets": "x"})
        for number, opener in enumerate((failing, of_another)):
            store = self.open(opener, name=f"{number}.db")
            with self.assertRaises(inbox.Unopened):
                store.take(event, "webhook")
            self.assertEqual(store.summary()["events"], [])

    def test_omitted_secrets_are_no_account(self):
        store = self.open(lambda _: self.fail("nothing to open"))
        store.take(example.event(account={"providerId": "Example", "secrets": "omitted"}), "webhook")
        self.assertIsNone(store.account(example.DEVICE))

    def test_takes_secrets_that_the_feed_left_out_from_the_webhook_that_comes_later(self):
        def event(secrets):
            return example.event(account={"providerId": "Example", "clientName": "device", "clientNonce": "one",
                                          "serverNonce": "two", "secrets": secrets})
        store = self.open(lambda _: {"device": example.DEVICE, "clientSecret": "a", "serverSecret": "b"})
        self.assertTrue(store.take(event("omitted"), "pull"))
        self.assertIsNone(store.account(example.DEVICE))
        self.assertFalse(store.take(event("sealed"), "webhook"))
        self.assertEqual(store.account(example.DEVICE)["client_secret"], "a")
        store.keep_nonces(example.DEVICE, client="next")
        # Once more, as after an answer that was lost.
        self.assertFalse(store.take(event("sealed"), "webhook"))
        self.assertEqual(store.account(example.DEVICE)["client_nonce"], "next")

    def test_remembers_where_it_was_in_the_feed(self):
        self.assertIsNone(self.open().cursor())
        self.open().move_cursor(17)
        self.assertEqual(self.open().cursor(), "17")


if __name__ == "__main__":
    unittest.main()
