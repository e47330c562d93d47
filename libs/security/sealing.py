"""Sealing: what only one reader may see on its way through topics and ledgers, as a compact JWE.

ECDH-ES+A256KW agrees on the key, A256GCM carries the content, `kid` names the reader's key, so that the
reader may rotate while messages are under way.
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from libs.security.errors import KeyMissing, Undecipherable

_AGREEMENT = "ECDH-ES+A256KW"
_CONTENT = "A256GCM"


class _Registry(jwe.JWERegistry):
    # A message is at most 900 KiB, and what is sealed inside it no more.
    max_ciphertext_length = 1_300_000


_REGISTRY = _Registry(algorithms=[_AGREEMENT, _CONTENT])


def seal(plaintext: bytes, recipient: ECKey) -> str:
    """The content, readable only with the private half of `recipient` (see `Keys.recipient`)."""
    header = {"alg": _AGREEMENT, "enc": _CONTENT, "kid": recipient.kid}
    return jwe.encrypt_compact(header, plaintext, recipient, registry=_REGISTRY)


def unseal(sealed: str, keys: Mapping[str, ECKey]) -> bytes:
    """The content of a JWE made by `seal`, with whichever of our keys it names (see `Keys.sealing`).

    Raises KeyMissing for a key we do not hold, Undecipherable for anything else.
    """
    key = keys.get(kid := sealed_for(sealed))
    if key is None:
        raise KeyMissing(kid)
    try:
        content = jwe.decrypt_compact(sealed, key, registry=_REGISTRY).plaintext
    except (JoseError, InvalidTag, ValueError, TypeError) as error:
        raise Undecipherable("a sealed content does not open") from error
    if content is None:
        raise Undecipherable("a sealed content is empty")
    return content


def sealed_for(sealed: str) -> str:
    """The id of the key that opens it. Raises Undecipherable for what is no JWE."""
    head = sealed.split(".", 1)[0]
    try:
        kid = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Undecipherable("no sealed content") from error
    if not isinstance(kid, str):
        raise Undecipherable("no sealed content")
    return kid
