"""Personal data at rest: encrypted for reading by those who may, digested for finding equals.

The two never share a key. The digest's key is one for the whole fleet, so that headquarters can match a
national list, and count the numbers of one identity, without seeing it.
"""

import binascii
import hashlib
import hmac
import os
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.security.errors import KeyMissing, Undecipherable
from libs.security.keys import Keys, Secret

_NONCE = 12


class FieldCipher:
    """Encrypts with the first key, decrypts with the one that a text names."""

    def __init__(self, field: Sequence[Secret], digest: Sequence[Secret]) -> None:
        self._current = field[0].kid
        self._ciphers = {secret.kid: AESGCM(secret.octets) for secret in field}
        self._digests = tuple(digest)

    @classmethod
    def of(cls, keys: Keys) -> "FieldCipher":
        return cls(keys.field, keys.digest)

    def encrypt(self, plain: str) -> str:
        """`"<key id>:<base64 of nonce, ciphertext and tag>"`; the same text never gives the same result
        twice."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._current].encrypt(nonce, plain.encode(), self._current.encode())
        return f"{self._current}:{b64encode(nonce + sealed).decode()}"

    def decrypt(self, kept: str) -> str:
        """What was encrypted. Raises KeyMissing for an unknown key, Undecipherable for a text that was
        changed."""
        kid, _, body = kept.partition(":")
        cipher = self._ciphers.get(kid)
        if cipher is None:
            raise KeyMissing(kid)
        try:
            octets = b64decode(body, validate=True)
            return cipher.decrypt(octets[:_NONCE], octets[_NONCE:], kid.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Undecipherable("an encrypted field does not open") from error

    def is_current(self, kept: str) -> bool:
        """Whether the newest key was used; where not, rotation has still to write it anew."""
        return kept.startswith(f"{self._current}:")

    def digest(self, kind: str, value: str) -> str:
        """`"<key id>:<base64url of HMAC-SHA256>"` of a value of one kind (`"resident-id"`): equal for equals.

        The value must be in its normal form; kinds keep a passport from matching a resident id.
        """
        return _digest(self._digests[0], kind, value)

    def digests(self, kind: str, value: str) -> list[str]:
        """The digests with every key we hold, newest first: what to look for while a rotation is under
        way."""
        return [_digest(secret, kind, value) for secret in self._digests]


def _digest(secret: Secret, kind: str, value: str) -> str:
    mac = hmac.digest(secret.octets, f"{kind}\0{value}".encode(), hashlib.sha256)
    return f"{secret.kid}:{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
