import base64
import unittest

from . import example  # noqa: F401
import standard_webhooks

# The example of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
STAMP = 1614265330
BODY = b'{"test": 2432232314}'
HEADERS = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": str(STAMP),
           "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}


class StandardWebhooksTests(unittest.TestCase):
    def verify(self, headers=None, body=BODY, secrets=(SECRET,), now=STAMP):
        return standard_webhooks.Verifier(secrets, clock=lambda: now).verify(HEADERS | (headers or {}), body)

    def test_takes_the_example_of_the_specification(self):
        self.assertEqual(self.verify(), HEADERS["webhook-id"])
        self.assertEqual(standard_webhooks.sign(SECRET, HEADERS["webhook-id"], BODY, STAMP), HEADERS)

    def test_takes_one_signature_of_several_and_one_secret_of_several(self):
        several = "v1,AAAA v9,x " + HEADERS["webhook-signature"]
        self.assertEqual(self.verify({"webhook-signature": several}, secrets=(OTHER, SECRET)), HEADERS["webhook-id"])

    def test_refuses_what_was_changed_or_is_old(self):
        for change in [
                {"headers": {"webhook-id": "msg_other"}}, {"headers": {"webhook-timestamp": str(STAMP + 1)}},
                {"headers": {"webhook-timestamp": "x"}}, {"headers": {"webhook-id": ""}}, {"body": BODY + b" "},
                {"headers": {"webhook-signature": ""}}, {"headers": {"webhook-signature": "v1,*"}},
                {"headers": {"webhook-signature": HEADERS["webhook-signature"].replace("v1", "v2")}},
                {"secrets": (OTHER,)}, {"now": STAMP + 301}, {"now": STAMP - 301}]:
            with self.assertRaises(standard_webhooks.BadSignature, msg=change):
                self.verify(**change)

    def test_takes_no_settings_that_would_let_everything_in(self):
        for secrets in [(), ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",), ("whsk_AAAA",), ("whsec_*",)]:
            with self.assertRaises(ValueError):
                standard_webhooks.Verifier(secrets)

    def test_verifies_asymmetric_signatures(self):
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        except ImportError:
            self.skipTest("the package cryptography is not here")
        key = Ed25519PrivateKey.generate()
        public = "whpk_" + base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        signed = f"{HEADERS['webhook-id']}.{STAMP}.".encode() + BODY
        signature = "v1a," + base64.b64encode(key.sign(signed)).decode()
        self.assertEqual(self.verify({"webhook-signature": signature}, secrets=(public,)), HEADERS["webhook-id"])
        with self.assertRaises(standard_webhooks.BadSignature):
            self.verify({"webhook-signature": signature}, body=b"{}", secrets=(public,))
        with self.assertRaises(standard_webhooks.BadSignature):
            self.verify({"webhook-signature": signature.replace("v1a", "v1")}, secrets=(SECRET,))


if __name__ == "__main__":
    unittest.main()
