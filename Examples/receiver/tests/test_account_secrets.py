import unittest

from . import example  # noqa: F401

try:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    import account_secrets
except ImportError:
    account_secrets = None

# Made with PyPI's jwcrypto: an implementation that is not ours.
VECTORS = [
    ("SECP256R1", "2ae173e8cb3295604c6620dfbfac90e6b4653b9e4ab2839639536ec9276117c6",
     ("eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwi"
         "eCI6Ik1YaWN3X2dMQXA2SG1xbFBQMEpwSjlud0NwN09ublpsZXJsRkVkdEQ3MXciLCJ5Ijoidk5CMWY2VmdnY3Fl"
         "d2tRak95Z1VfQ0hhSEhueV9FWElfd0R2SEV1MlNqMCJ9fQ..4H_47BStRBmIATbf.wImXrCoP_PgMYCRrTVMabDq"
         "WYO7wZt0.gvGwx4tGxhj-m-t5q8tGKA")),
    ("SECP384R1", "1cc02e322fe90bd1fb57b0cca700aa3fb66232a9556b0729206f8c8f77048e91fa5bf5282207608545d883c0e0b7158c",
     ("eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJjcnYiOiJQLTM4NCIsImt0eSI6IkVDIiwi"
         "eCI6ImVlUzlCN1NDUTFzMjREUFgwN2JGUzM2Qm91RnlpckhpVXJJWnZXdV90ZkxZNjVhSWhQQWJkZ3NNRkhCaHBM"
         "dVgiLCJ5IjoiMnk5QXpKZHRiNGRXamFGS29Pb0NwUndfcWE5eHoxdlRaMndkUzJqaDlMZ2gzaFJ5S3cwbUdPZ2FB"
         "RUtCNHNkcCJ9fQ..06IaU8Aw3gVNNxq6.81QRTNSLFgkUUHkYPN7BYiAnzI8Xyjg.mzL-Vp6HvjYhFieIKlp0fw")),
]


@unittest.skipIf(account_secrets is None, "the package cryptography is not here")
class AccountSecretsTests(unittest.TestCase):
    def key(self, curve, digits):
        return ec.derive_private_key(int(digits, 16), getattr(ec, curve)())

    def test_opens_what_another_implementation_sealed(self):
        for curve, digits, token in VECTORS:
            self.assertEqual(account_secrets.open_token(token, self.key(curve, digits)), b'{"clientName":"device"}')

    def test_opens_rsa(self):
        key = rsa.generate_private_key(65537, 2048)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        head = example.base64url(b'{"alg":"RSA-OAEP-256","enc":"A256GCM"}')
        sealed = AESGCM(bytes(32)).encrypt(bytes(12), b"secret", head.encode())
        parts = [key.public_key().encrypt(bytes(32), oaep), bytes(12), sealed[:-16], sealed[-16:]]
        token = ".".join([head] + [example.base64url(part) for part in parts])
        self.assertEqual(account_secrets.open_token(token, key), b"secret")

    def test_refuses_what_is_not_for_its_key_or_was_touched(self):
        curve, digits, token = VECTORS[0]
        key = self.key(curve, digits)
        other = self.key(curve, digits[:-1] + ("0" if digits[-1] != "0" else "1"))
        head, wrapped, nonce, sealed, tag = token.split(".")
        flipped = ("A" if sealed[0] != "A" else "B") + sealed[1:]
        none = example.base64url(b'{"alg":"dir","enc":"A256GCM"}')
        weak = example.base64url(b'{"alg":"ECDH-ES","enc":"A128CBC-HS256"}')
        for bad, with_key in [
                (token, other), (token, rsa.generate_private_key(65537, 2048)), (token, self.key("SECP384R1", digits)),
                (".".join([head, wrapped, nonce, flipped, tag]), key), (".".join([none, wrapped, nonce, sealed, tag]), key),
                (".".join([weak, wrapped, nonce, sealed, tag]), key), (token[:40], key), ("", key)]:
            with self.assertRaises(account_secrets.Unreadable):
                account_secrets.open_token(bad, with_key)


if __name__ == "__main__":
    unittest.main()
