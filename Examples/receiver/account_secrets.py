"""Opens the account secrets of an event: JWE in compact form (RFC 7516), content A256GCM.

Keys: ECDH-ES with P-256 or P-384 (RFC 7518 § 4.6, direct agreement), or RSA-OAEP-256. Needs the package `cryptography`.
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}


class Unreadable(Exception):
    """Not for our key, damaged, or of a form that is not agreed."""


def load_key(pem):
    """A private key from PEM."""
    return serialization.load_pem_private_key(pem, password=None)


def open_token(token, key):
    """The plain octets of a JWE."""
    try:
        parts = token.split(".")
        header_text, wrapped, nonce, sealed, tag = parts
        header = json.loads(_decode(header_text))
        if header.get("enc") != "A256GCM" or "crit" in header or "zip" in header:
            raise Unreadable("not A256GCM")
        content_key = _content_key(header, _decode(wrapped), key)
        return AESGCM(content_key).decrypt(_decode(nonce), _decode(sealed) + _decode(tag), header_text.encode())
    except Unreadable:
        raise
    except Exception as error:
        # Whatever it was, its text could help somebody who is guessing.
        raise Unreadable("the token cannot be opened") from error


def _decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _content_key(header, wrapped, key):
    if header.get("alg") == "ECDH-ES" and isinstance(key, ec.EllipticCurvePrivateKey) and not wrapped:
        peer = header["epk"]
        if not isinstance(key.curve, CURVES[peer["crv"]]):
            raise Unreadable("another curve")
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(_decode(peer["x"]), "big"), int.from_bytes(_decode(peer["y"]), "big"), key.curve)
        shared = key.exchange(ec.ECDH(), numbers.public_key())
        return _concatenated(shared, header)
    if header.get("alg") == "RSA-OAEP-256" and isinstance(key, rsa.RSAPrivateKey):
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return key.decrypt(wrapped, oaep)
    raise Unreadable("not for this key")


def _concatenated(shared, header):
    """Concat KDF of NIST SP 800-56A for 256 bits: one round (RFC 7518 § 4.6.2)."""
    def field(octets):
        return len(octets).to_bytes(4, "big") + octets
    information = (field(header["enc"].encode()) + field(_decode(header.get("apu", "")))
                   + field(_decode(header.get("apv", ""))) + (256).to_bytes(4, "big"))
    return hashlib.sha256((1).to_bytes(4, "big") + shared + information).digest()
