"""Signatures of the Standard Webhooks form: https://www.standardwebhooks.com

A signature covers `id.timestamp.body`. The header may hold several, separated by blanks, while a secret is changed:
one that fits is enough. `v1` is HMAC-SHA256 with a shared secret (`whsec_…`), `v1a` Ed25519 with a public key (`whpk_…`).
"""

import base64
import binascii
import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """The message is not from a sender whose secret we know, or it is an old one."""


class Verifier:
    """Checks messages against every secret and public key that is in use now."""

    def __init__(self, secrets, tolerance=TOLERANCE_SECONDS, clock=time.time):
        self._keys = []
        self._public_keys = []
        self._tolerance = tolerance
        self._clock = clock
        for secret in secrets:
            kind, _, encoded = secret.partition("_")
            octets = base64.b64decode(encoded, validate=True)
            if kind == "whsec":
                self._keys.append(octets)
            elif kind == "whpk":
                # Only whoever uses v1a needs the package.
                from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
                self._public_keys.append(Ed25519PublicKey.from_public_bytes(octets))
            else:
                raise ValueError("a secret begins with whsec_, a public key with whpk_")
        if not self._keys and not self._public_keys:
            raise ValueError("at least one secret or public key is needed")

    def verify(self, headers, body):
        """Returns the message's id, or raises BadSignature."""
        message_id = headers.get("webhook-id") or ""
        stamp = headers.get("webhook-timestamp") or ""
        if not message_id or not stamp.isascii() or not stamp.isdigit():
            raise BadSignature("no webhook-id or webhook-timestamp")
        if abs(self._clock() - int(stamp)) > self._tolerance:
            raise BadSignature("the time stamp is too far from now")
        signed = message_id.encode() + b"." + stamp.encode() + b"." + body
        for part in (headers.get("webhook-signature") or "").split(" "):
            version, _, encoded = part.partition(",")
            try:
                signature = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                continue
            if version == "v1" and any(
                    hmac.compare_digest(signature, hmac.digest(key, signed, hashlib.sha256)) for key in self._keys):
                return message_id
            if version == "v1a" and any(self._fits(key, signature, signed) for key in self._public_keys):
                return message_id
        raise BadSignature("no signature fits")

    @staticmethod
    def _fits(key, signature, signed):
        from cryptography.exceptions import InvalidSignature
        try:
            key.verify(signature, signed)
            return True
        except InvalidSignature:
            return False


def sign(secret, message_id, body, stamp=None):
    """Headers for a message; for tests and for whoever wants to try a receiver by hand."""
    stamp = int(time.time() if stamp is None else stamp)
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{message_id}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{signature}"}
